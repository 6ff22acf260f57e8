/* SPDX-License-Identifier: MIT */
/* Constants multiplied or added to a convolution's result go into its weights and bias: what is left of BatchNormalization
   after lower.c, and biases that exporters add in a node of their own. */
#include "engine/fuse/rewrite.h"
#include <string.h>

/* One number for all, or one a channel of a rank-4 map: C x 1 x 1 with ones in front. */
static bool fits_channels(const struct bt_value *v, uint32_t channels) {
    size_t count = bt_shape_elements(&v->shape);
    if (!v->data || v->type != BT_TYPE_F32 || v->shape.rank > 4) return false;
    if (count == 1) return true;
    uint32_t r = v->shape.rank;
    return count == channels && r >= 3 && v->shape.dim[r - 3] == channels;
}

/* A copy of the convolution's bias (zeros if it has none) for us to change; NULL: no memory. */
static float *fresh_bias(struct bt_fuser *f, struct bt_node *conv, uint32_t channels) {
    const struct bt_shape shape = {.rank = 1, .dim = {channels, 1, 1, 1, 1, 1}};
    uint16_t old = conv->in[BT_CONV_BIAS];
    float *bias;
    uint16_t fresh = bt_fuse_add_constant(f, conv->name, &shape, &bias);
    if (fresh == BT_NONE) return NULL;
    if (old != BT_NONE) memcpy(bias, bt_fuse_value(f, old)->data, channels * sizeof *bias);
    bt_fuse_set_input(f, conv, BT_CONV_BIAS, fresh);
    return bias;
}

static float *fresh_weights(struct bt_fuser *f, struct bt_node *conv) {
    uint16_t old = conv->in[BT_CONV_WEIGHT];
    const struct bt_shape shape = bt_fuse_value(f, old)->shape;
    float *weights;
    uint16_t fresh = bt_fuse_add_constant(f, conv->name, &shape, &weights);
    if (fresh == BT_NONE) return NULL;
    memcpy(weights, bt_fuse_value(f, old)->data, bt_shape_elements(&shape) * sizeof *weights);
    bt_fuse_set_input(f, conv, BT_CONV_WEIGHT, fresh);
    return weights;
}

static bool is_constant(const struct bt_fuser *f, uint16_t value) {
    return value == BT_NONE || bt_fuse_value(f, value)->data;
}

bool bt_fuse_scale(struct bt_fuser *f, struct bt_node *n) {
    bool product = n->op == BT_OP_MUL || n->op == BT_OP_DIV, swaps = n->op == BT_OP_MUL || n->op == BT_OP_ADD;
    if ((!product && n->op != BT_OP_ADD && n->op != BT_OP_SUB) || n->in_count != 2) return false;
    int side = swaps && bt_fuse_value(f, n->in[0])->data ? 1 : 0;
    struct bt_node *conv = bt_fuse_sole_maker(f, n->in[side]);
    if (!conv || conv->op != BT_OP_CONV || !bt_fuse_is_conv(conv) || conv->attr.act) return false;
    if (conv->in[BT_CONV_RESIDUAL] != BT_NONE || !is_constant(f, conv->in[BT_CONV_WEIGHT]) ||
        !is_constant(f, conv->in[BT_CONV_BIAS]))
        return false;
    const struct bt_value *by = bt_fuse_value(f, n->in[!side]), *y = bt_fuse_value(f, n->out[0]);
    uint32_t channels = bt_fuse_value(f, conv->out[0])->shape.dim[1];
    if (!fits_channels(by, channels) || !bt_shape_equal(&y->shape, &bt_fuse_value(f, conv->out[0])->shape)) return false;
    const float *k = by->data;
    size_t stride = bt_shape_elements(&by->shape) > 1;
    size_t each = bt_shape_elements(&bt_fuse_value(f, conv->in[BT_CONV_WEIGHT])->shape) / channels;
    float *weights = product ? fresh_weights(f, conv) : NULL;
    float *bias = f->status || (product && conv->in[BT_CONV_BIAS] == BT_NONE) ? NULL : fresh_bias(f, conv, channels);
    if (f->status) return false;
    for (uint32_t c = 0; c < channels; c++) {
        float one = k[c * stride], factor = n->op == BT_OP_DIV ? 1 / one : one;
        for (size_t i = 0; product && i < each; i++) weights[c * each + i] *= factor;
        if (bias) bias[c] = product ? bias[c] * factor : n->op == BT_OP_SUB ? bias[c] - one : bias[c] + one;
    }
    uint16_t out = n->out[0];
    bt_fuse_remove(f, n);
    bt_fuse_take_output(f, conv, out);
    return true;
}
