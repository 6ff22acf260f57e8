/* SPDX-License-Identifier: MIT */
#include "engine/fuse/rewrite.h"

static const struct {
    enum bt_op op;
    enum bt_activation act;
} table[] = {
    {BT_OP_RELU, BT_ACT_RELU},
    {BT_OP_PRELU, BT_ACT_PRELU},
    {BT_OP_LEAKY_RELU, BT_ACT_LEAKY_RELU},
    {BT_OP_HARD_SWISH, BT_ACT_HARD_SWISH},
    {BT_OP_SIGMOID, BT_ACT_SIGMOID},
    {BT_OP_CLIP, BT_ACT_CLIP},
};

/* One slope for all, or one a channel: C x 1 x 1, with ones in front. */
static bool slope_fits(const struct bt_value *slope, uint32_t channels) {
    if (!slope->data) return false;
    size_t count = bt_shape_elements(&slope->shape);
    if (count == 1) return true;
    uint32_t r = slope->shape.rank;
    return count == channels && r >= 3 && slope->shape.dim[r - 3] == channels;
}

bool bt_fuse_activation(struct bt_fuser *f, struct bt_node *n) {
    enum bt_activation act = BT_ACT_NONE;
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        if (table[i].op == n->op) act = table[i].act;
    }
    struct bt_node *conv = act ? bt_fuse_sole_maker(f, n->in[0]) : NULL;
    if (!conv || !bt_fuse_is_conv(conv) || conv->attr.act) return false;
    if (act == BT_ACT_PRELU) {
        if (!slope_fits(bt_fuse_value(f, n->in[1]), bt_fuse_value(f, n->in[0])->shape.dim[1])) return false;
        bt_fuse_set_input(f, conv, BT_CONV_SLOPE, n->in[1]);
    }
    conv->attr.act = act;
    conv->attr.low = n->attr.low;
    conv->attr.high = n->attr.high;
    uint16_t out = n->out[0];
    bt_fuse_remove(f, n);
    bt_fuse_take_output(f, conv, out);
    return true;
}
