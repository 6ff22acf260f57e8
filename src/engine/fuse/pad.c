/* SPDX-License-Identifier: MIT */
#include "engine/fuse/rewrite.h"

bool bt_fuse_pad(struct bt_fuser *f, struct bt_node *n) {
    if (n->op != BT_OP_CONV || !bt_fuse_is_conv(n)) return false;
    struct bt_node *pad = bt_fuse_sole_maker(f, n->in[BT_CONV_X]);
    if (!pad || pad->op != BT_OP_PAD || pad->attr.pad_mode || pad->attr.value != 0) return false;
    for (int i = 0; i < 4; i++) {
        int32_t before = pad->attr.before[i], after = pad->attr.after[i];
        if (before < 0 || after < 0 || (i < 2 && (before || after))) return false;
    }
    for (int i = 0; i < 2; i++) {
        n->attr.pad_before[i] += (uint32_t)pad->attr.before[2 + i];
        n->attr.pad_after[i] += (uint32_t)pad->attr.after[2 + i];
    }
    bt_fuse_set_input(f, n, BT_CONV_X, pad->in[0]);
    bt_fuse_remove(f, pad);
    return true;
}
