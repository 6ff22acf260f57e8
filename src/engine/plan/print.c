/* SPDX-License-Identifier: MIT */
#include "engine/graph/print.h"
#include "engine/plan/plan.h"
#include <stdlib.h>
#include <string.h>

static const char *const region_names[BT_REGION_COUNT] = {"-", "arena", "const", "input", "output"};

static void print_place(FILE *out, const struct bt_plan *plan, const struct bt_place *p) {
    if (p->region == BT_REGION_NONE) {
        fputc('-', out);
        return;
    }
    const struct bt_value *v = &plan->graph->value[p->value];
    if (p->region != BT_REGION_CONSTANT) fprintf(out, "%%%s ", v->name);
    bt_graph_print_shape(out, v->type, &p->shape);
    fprintf(out, "%s%s@%s", p->layout == BT_LAYOUT_C4 ? " c4" : "", p->half ? " half" : "", region_names[p->region]);
    if (p->region == BT_REGION_CONSTANT) {
        fprintf(out, "#%u", p->index);
    } else {
        fprintf(out, "+%zu", p->offset_bytes);
    }
}

bt_status bt_plan_print(const struct bt_plan *plan, char **out_text) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    uint32_t waits = 0, converts = 0;
    uint64_t macs = 0;
    for (uint32_t i = 0; i < plan->step_count; i++) {
        waits += plan->step[i].wait;
        converts += plan->step[i].op == BT_OP_CONVERT;
        macs += plan->step[i].macs;
    }
    fprintf(out, "plan %s: %u steps (%u conversions, %u barriers), %.1f MMACs\n", plan->graph->name, plan->step_count, converts,
            waits, (double)macs * 1e-6);
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const struct bt_step *s = &plan->step[i];
        fprintf(out, "%s", s->wait ? "| " : "  ");
        print_place(out, plan, s->out);
        fprintf(out, " = %s(", bt_op_info(s->op)->name);
        for (uint16_t k = 0; k < s->in_count; k++) {
            if (k) fputs(", ", out);
            print_place(out, plan, &s->in[k]);
        }
        fputc(')', out);
        bt_graph_print_attr(out, s->op, s->attr, s->in[0].shape.rank);
        fputc('\n', out);
    }
    fprintf(out, "memory: arena %zu bytes (%zu without sharing), constants %zu, inputs %zu, outputs %zu\n",
            plan->region_bytes[BT_REGION_ARENA], plan->unshared_bytes, plan->region_bytes[BT_REGION_CONSTANT],
            plan->region_bytes[BT_REGION_INPUT], plan->region_bytes[BT_REGION_OUTPUT]);
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
