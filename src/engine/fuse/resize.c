/* SPDX-License-Identifier: MIT */
#include "engine/fuse/rewrite.h"

/* Makes y and x larger, nothing else. */
static bool enlarges(const struct bt_fuser *f, const struct bt_node *n) {
    const struct bt_shape *from = &bt_fuse_value(f, n->in[0])->shape, *to = &bt_fuse_value(f, n->out[0])->shape;
    return n->op == BT_OP_RESIZE && n->attr.resize != BT_RESIZE_CUBIC && from->rank == 4 && from->dim[0] == to->dim[0] &&
           from->dim[1] == to->dim[1] && from->dim[2] <= to->dim[2] && from->dim[3] <= to->dim[3] &&
           (from->dim[2] < to->dim[2] || from->dim[3] < to->dim[3]);
}

/* A bare 1 x 1 convolution: each pixel of its result is one linear function of that pixel of x, plus the bias. */
static bool is_pointwise(const struct bt_node *n) {
    const struct bt_attr *a = &n->attr;
    if (n->op != BT_OP_CONV || !bt_fuse_is_conv(n) || a->act != BT_ACT_NONE || n->in[BT_CONV_RESIDUAL] != BT_NONE) return false;
    return bt_conv_is_pointwise(a);
}

bool bt_fuse_resize(struct bt_fuser *f, struct bt_node *n) {
    if (!is_pointwise(n)) return false;
    struct bt_node *resize = bt_fuse_sole_maker(f, n->in[BT_CONV_X]);
    const uint16_t between = n->in[BT_CONV_X];
    if (!resize || !enlarges(f, resize)) return false;
    const struct bt_shape *small = &bt_fuse_value(f, resize->in[0])->shape;
    const uint32_t channels = bt_fuse_value(f, n->out[0])->shape.dim[1];
    if (channels > small->dim[1]) return false;            /* the Resize would have more to make */
    for (int k = BT_CONV_WEIGHT; k <= BT_CONV_BIAS; k++) { /* the convolution moves to where the Resize stands */
        if (n->in[k] != BT_NONE && !bt_fuse_value(f, n->in[k])->data) return false;
    }
    struct bt_value *mid = &f->graph->value[between];
    const uint16_t from = resize->in[0], last = n->out[0];
    struct bt_shape shape = *small;
    shape.dim[1] = channels;
    const struct bt_node later = *n;
    *n = *resize;
    *resize = later;
    resize->in[BT_CONV_X] = from;
    n->in[0] = between;
    mid->shape = shape;
    resize->out[0] = between;
    n->out[0] = last;
    mid->producer = (uint16_t)(resize - f->graph->node);
    f->graph->value[last].producer = (uint16_t)(n - f->graph->node);
    return true;
}
