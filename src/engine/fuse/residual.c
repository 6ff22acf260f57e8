/* SPDX-License-Identifier: MIT */
#include "engine/fuse/rewrite.h"

/* A Pad that only appends zero channels: a residual with fewer channels stands for it. */
static bool appends_zero_channels(const struct bt_fuser *f, const struct bt_node *n) {
    if (n->op != BT_OP_PAD || n->attr.pad_mode || n->attr.value != 0 || bt_fuse_value(f, n->in[0])->shape.rank != 4)
        return false;
    for (int i = 0; i < 4; i++) {
        if (n->attr.before[i] || n->attr.after[i] < 0 || (i != 1 && n->attr.after[i])) return false;
    }
    return true;
}

static bool fuse_side(struct bt_fuser *f, struct bt_node *add, int side) {
    uint16_t sum = add->in[side], other = add->in[!side];
    struct bt_node *conv = bt_fuse_sole_maker(f, sum);
    const struct bt_shape *y = &bt_fuse_value(f, add->out[0])->shape;
    if (!conv || !bt_fuse_is_conv(conv) || conv->in[BT_CONV_RESIDUAL] != BT_NONE) return false;
    if (!bt_shape_equal(&bt_fuse_value(f, sum)->shape, y) || !bt_shape_equal(&bt_fuse_value(f, other)->shape, y)) return false;
    if (bt_fuse_value(f, other)->data) return false;
    /* The convolution moves to where the Add stands: by then the residual has been made. */
    uint16_t *in = conv->in;
    uint16_t in_count = conv->in_count;
    for (uint16_t k = 0; k < in_count; k++) {
        if (in[k] != BT_NONE) f->uses[in[k]]++; /* what bt_fuse_remove takes away */
    }
    const char *name = conv->name;
    add->op = conv->op;
    add->attr = conv->attr;
    add->attr.late = conv->attr.act != BT_ACT_NONE;
    bt_fuse_remove(f, conv);
    f->uses[sum]--;
    add->in = in;
    add->in_count = in_count;
    add->in[BT_CONV_RESIDUAL] = other;
    add->name = name;
    struct bt_node *pad = bt_fuse_sole_maker(f, other);
    if (pad && appends_zero_channels(f, pad)) {
        bt_fuse_set_input(f, add, BT_CONV_RESIDUAL, pad->in[0]);
        bt_fuse_remove(f, pad);
    }
    return true;
}

bool bt_fuse_residual(struct bt_fuser *f, struct bt_node *n) {
    if (n->op != BT_OP_ADD || n->in_count != 2 || n->in[0] == n->in[1]) return false;
    /* Of two convolutions the later one takes the other as its residual. */
    uint16_t a = bt_fuse_value(f, n->in[0])->producer, b = bt_fuse_value(f, n->in[1])->producer;
    int later = b != BT_NONE && (a == BT_NONE || b > a);
    return fuse_side(f, n, later) || fuse_side(f, n, !later);
}
