/* SPDX-License-Identifier: MIT */
/* A model as its file says it, before anything is made of it. */
#include "engine/graph/build.h"
#include "engine/graph/print.h"
#include <inttypes.h>
#include <stdlib.h>

static void print_attribute(FILE *out, const struct bt_raw_attr *a) {
    fprintf(out, " %s=", a->name);
    switch (a->kind) {
    case BT_RAW_INT:
        fprintf(out, "%" PRId64, a->i);
        break;
    case BT_RAW_FLOAT:
        fprintf(out, "%g", (double)a->f);
        break;
    case BT_RAW_STRING:
        fprintf(out, "\"%s\"", a->s);
        break;
    case BT_RAW_INTS:
        for (size_t i = 0; i < a->count; i++) fprintf(out, "%s%" PRId64, i ? "," : "", a->ints[i]);
        break;
    case BT_RAW_FLOATS:
        for (size_t i = 0; i < a->count; i++) fprintf(out, "%s%g", i ? "," : "", (double)a->floats[i]);
        break;
    }
}

bt_status bt_graph_print_raw(const struct bt_graph *graph, char **out_text) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    fprintf(out, "model %s: opset %u, %u nodes\n", graph->name, graph->opset, graph->node_count);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const struct bt_value *v = &graph->value[graph->input[i]];
        fprintf(out, "input  %%%s ", v->name);
        bt_graph_print_shape(out, v->type, &v->shape);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->value_count; i++) {
        const struct bt_value *v = &graph->value[i];
        if (!v->data) continue;
        fprintf(out, "const  %%%s ", v->name);
        bt_graph_print_shape(out, v->type, &v->shape);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct bt_node *n = &graph->node[i];
        for (uint16_t k = 0; k < n->out_count; k++) {
            if (k) fputs(", ", out);
            bt_graph_print_operand(out, graph, n->out[k]);
        }
        fprintf(out, " = %s(", bt_op_info(n->op)->name);
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (k) fputs(", ", out);
            bt_graph_print_operand(out, graph, n->in[k]);
        }
        fputc(')', out);
        for (size_t k = 0; n->raw && k < n->raw->count; k++) print_attribute(out, &n->raw->attr[k]);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->output_count; i++) fprintf(out, "output %%%s\n", graph->value[graph->output[i]].name);
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
