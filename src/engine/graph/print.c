/* SPDX-License-Identifier: MIT */
#include "engine/graph/print.h"
#include <math.h>
#include <stdlib.h>

static const char *const type_names[BT_TYPE_COUNT] = {"f32", "i64", "i32", "bool"};
static const char *const act_names[BT_ACT_COUNT] = {"none", "relu", "prelu", "leaky", "hardswish", "sigmoid", "clip"};

void bt_graph_print_shape(FILE *out, enum bt_type type, const struct bt_shape *shape) {
    fprintf(out, "%s[", type_names[type]);
    for (uint32_t i = 0; i < shape->rank; i++) fprintf(out, i ? ",%u" : "%u", shape->dim[i]);
    fputc(']', out);
}

static void print_ints(FILE *out, const char *what, const int32_t *at, uint32_t count) {
    fprintf(out, " %s=", what);
    for (uint32_t i = 0; i < count; i++) fprintf(out, i ? ",%d" : "%d", at[i]);
}

static void print_activation(FILE *out, const char *what, enum bt_activation act, float low, float high) {
    if (act) fprintf(out, " %s=%s", what, act_names[act]);
    if (act == BT_ACT_CLIP) fprintf(out, "(%g,%g)", (double)low, (double)high);
    if (act == BT_ACT_LEAKY_RELU) fprintf(out, "(%g)", (double)low);
}

static void print_window(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    fprintf(out, " k%ux%u", a->kernel[0], a->kernel[1]);
    if (a->stride[0] != 1 || a->stride[1] != 1) fprintf(out, " s%ux%u", a->stride[0], a->stride[1]);
    if (a->dilation[0] != 1 || a->dilation[1] != 1) fprintf(out, " d%ux%u", a->dilation[0], a->dilation[1]);
    if (a->pad_before[0] || a->pad_before[1] || a->pad_after[0] || a->pad_after[1]) {
        fprintf(out, " p%u,%u,%u,%u", a->pad_before[0], a->pad_before[1], a->pad_after[0], a->pad_after[1]);
    }
    if (a->group > 1) fprintf(out, " g%u", a->group);
    if (a->count_pad) fputs(" count_pad", out);
    print_activation(out, "act", a->act, a->low, a->high);
    if (a->late) fputs(" late", out);
}

static void print_separable(FILE *out, const struct bt_attr *a, uint32_t rank) {
    print_window(out, a, rank);
    print_activation(out, "inside", a->act_inside, a->low_inside, a->high_inside);
}

static void print_clip(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    fprintf(out, " low=%g high=%g", (double)a->low, (double)a->high);
}

static void print_leaky(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    fprintf(out, " alpha=%g", (double)a->low);
}

static void print_axis(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    fprintf(out, " axis=%u", a->axis);
}

static void print_perm(FILE *out, const struct bt_attr *a, uint32_t rank) {
    fputs(" perm=", out);
    for (uint32_t i = 0; i < rank; i++) fprintf(out, i ? ",%u" : "%u", a->perm[i]);
}

static void print_pad(FILE *out, const struct bt_attr *a, uint32_t rank) {
    print_ints(out, "before", a->before, rank);
    print_ints(out, "after", a->after, rank);
    if (a->value != 0) fprintf(out, " value=%g", (double)a->value);
    if (a->pad_mode) fputs(a->pad_mode == BT_PAD_EDGE ? " edge" : " reflect", out);
}

static void print_slice(FILE *out, const struct bt_attr *a, uint32_t rank) {
    bool plain = true;
    for (uint32_t i = 0; i < rank; i++) plain &= a->step[i] == 1;
    print_ints(out, "begin", a->begin, rank);
    if (!plain) print_ints(out, "step", a->step, rank);
}

static void print_reduce(FILE *out, const struct bt_attr *a, uint32_t rank) {
    fputs(" axes=", out);
    const char *comma = "";
    for (uint32_t i = 0; i < rank; i++) {
        if (!a->axes[i]) continue;
        fprintf(out, "%s%u", comma, i);
        comma = ",";
    }
}

static void print_block(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    fprintf(out, " block=%u%s", a->block, a->crd ? " crd" : "");
}

static void print_resize(FILE *out, const struct bt_attr *a, uint32_t rank) {
    static const char *const coords[] = {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"};
    static const char *const nearests[] = {"prefer_floor", "prefer_ceil", "floor", "ceil"};
    (void)rank;
    if (a->resize == BT_RESIZE_LINEAR) {
        fprintf(out, " linear %s", coords[a->coord]);
    } else {
        fprintf(out, " nearest(%s) %s", nearests[a->nearest], coords[a->coord]);
    }
}

static void print_grid(FILE *out, const struct bt_attr *a, uint32_t rank) {
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    (void)rank;
    fprintf(out, " %s %s%s", a->resize == BT_RESIZE_LINEAR ? "linear" : "nearest", paddings[a->grid_padding],
            a->align_corners ? " align_corners" : "");
}

static void print_gemm(FILE *out, const struct bt_attr *a, uint32_t rank) {
    (void)rank;
    if (a->trans_a) fputs(" transA", out);
    if (a->trans_b) fputs(" transB", out);
    if (a->alpha != 1) fprintf(out, " alpha=%g", (double)a->alpha);
    if (a->beta != 1) fprintf(out, " beta=%g", (double)a->beta);
}

typedef void (*attr_printer)(FILE *out, const struct bt_attr *attr, uint32_t rank);
static const attr_printer printers[BT_OP_COUNT + 1] = {
    [BT_OP_CONV] = print_window,       [BT_OP_CONV_TRANSPOSE] = print_window, [BT_OP_SEPARABLE_CONV] = print_separable,
    [BT_OP_MAX_POOL] = print_window,   [BT_OP_AVERAGE_POOL] = print_window,   [BT_OP_CLIP] = print_clip,
    [BT_OP_LEAKY_RELU] = print_leaky,  [BT_OP_CONCAT] = print_axis,           [BT_OP_GATHER] = print_axis,
    [BT_OP_SOFTMAX] = print_axis,      [BT_OP_TRANSPOSE] = print_perm,        [BT_OP_PAD] = print_pad,
    [BT_OP_SLICE] = print_slice,       [BT_OP_REDUCE_MIN] = print_reduce,     [BT_OP_REDUCE_MAX] = print_reduce,
    [BT_OP_REDUCE_SUM] = print_reduce, [BT_OP_REDUCE_MEAN] = print_reduce,    [BT_OP_DEPTH_TO_SPACE] = print_block,
    [BT_OP_RESIZE] = print_resize,     [BT_OP_GRID_SAMPLE] = print_grid,      [BT_OP_GEMM] = print_gemm,
};

void bt_graph_print_attr(FILE *out, enum bt_op op, const struct bt_attr *attr, uint32_t rank) {
    if (op <= BT_OP_COUNT && printers[op]) printers[op](out, attr, rank);
}

void bt_graph_print_operand(FILE *out, const struct bt_graph *g, uint16_t index) {
    if (index == BT_NONE) {
        fputc('-', out);
        return;
    }
    const struct bt_value *v = &g->value[index];
    if (!v->data) {
        fprintf(out, "%%%s", v->name);
    } else if (v->type == BT_TYPE_F32 && bt_shape_elements(&v->shape) == 1) {
        fprintf(out, "%g", (double)*(const float *)v->data);
    } else {
        bt_graph_print_shape(out, v->type, &v->shape);
    }
}

bt_status bt_graph_print(const struct bt_graph *graph, char **out_text) {
    char *text = NULL;
    size_t size = 0, constants = 0, constant_bytes = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    for (uint32_t i = 0; i < graph->value_count; i++) {
        const struct bt_value *v = &graph->value[i];
        if (!v->data) continue;
        bool used = v->is_output;
        for (uint32_t k = 0; k < graph->node_count && !used; k++) {
            for (uint16_t j = 0; j < graph->node[k].in_count; j++) used |= graph->node[k].in[j] == i;
        }
        if (!used) continue;
        constants++;
        constant_bytes += bt_shape_elements(&v->shape) * bt_type_bytes(v->type);
    }
    fprintf(out, "graph %s: %u nodes, %zu constants of %zu bytes\n", graph->name, graph->node_count, constants, constant_bytes);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        const struct bt_value *v = &graph->value[graph->input[i]];
        fprintf(out, "input  %%%s ", v->name);
        bt_graph_print_shape(out, v->type, &v->shape);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct bt_node *n = &graph->node[i];
        const struct bt_value *v = &graph->value[n->out[0]];
        fprintf(out, "%%%s ", v->name);
        bt_graph_print_shape(out, v->type, &v->shape);
        fprintf(out, " = %s(", bt_op_info(n->op)->name);
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (k) fputs(", ", out);
            bt_graph_print_operand(out, graph, n->in[k]);
        }
        fputc(')', out);
        bt_graph_print_attr(out, n->op, &n->attr, n->in_count && n->in[0] != BT_NONE ? graph->value[n->in[0]].shape.rank : 0);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        const struct bt_value *v = &graph->value[graph->output[i]];
        fprintf(out, "output %%%s ", v->name);
        bt_graph_print_shape(out, v->type, &v->shape);
        fputc('\n', out);
    }
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
