/* SPDX-License-Identifier: MIT */
/* ConvTranspose in other operators. With stride s, result row Y (counted before pads are cropped) gets input row y by kernel
   row k where Y = y s + k d (dilation d). Rows of one phase p = Y mod s see only the k with k d = t s + p, at y = Y / s - t: an
   ordinary convolution. So one convolution makes all s x s phases as channels, DepthToSpace weaves them, Slice crops the pads.
 */
#include "engine/fuse/lower.h"
#include <string.h>

enum { WEIGHTS_MAX = 1 << 24 }; /* more is no network's, and much work to lay out */

/* What conv.comp does itself: windows that neither overlap nor leave gaps. */
static bool has_kernel(const struct bt_attr *a, const struct bt_shape *x, const struct bt_shape *y) {
    bool plain = a->group == 1;
    for (int i = 0; i < 2; i++) {
        plain &= a->kernel[i] == 2 && a->stride[i] == 2 && a->dilation[i] == 1 && !a->pad_before[i] && !a->pad_after[i] &&
                 y->dim[2 + i] == x->dim[2 + i] * 2;
    }
    return plain;
}

struct phases {
    uint32_t stride[2], taps[2], rows[2]; /* rows[0], rows[1]: height and width of the convolution's result */
    uint32_t outputs, each;               /* of all groups, of one */
};

/* [in][out / group][ky][kx] to [out, phase y, phase x][in / group][taps][taps], turned around. */
static void lay_out(const struct bt_attr *a, const struct phases *p, const struct bt_shape *w, const float *from, float *to) {
    uint32_t across = p->stride[1], in_each = w->dim[0] / a->group;
    for (uint32_t o = 0; o < p->outputs; o++) {
        for (uint32_t phase = 0; phase < p->stride[0] * across; phase++) {
            for (uint32_t i = 0; i < in_each; i++) {
                uint32_t in = o / p->each * in_each + i;
                const float *kernel = from + ((size_t)in * p->each + o % p->each) * a->kernel[0] * a->kernel[1];
                for (uint32_t ty = 0; ty < p->taps[0]; ty++) {
                    for (uint32_t tx = 0; tx < p->taps[1]; tx++) {
                        uint32_t ky = (p->taps[0] - 1 - ty) * p->stride[0] + phase / across,
                                 kx = (p->taps[1] - 1 - tx) * across + phase % across;
                        bool hit = ky % a->dilation[0] == 0 && kx % a->dilation[1] == 0;
                        ky /= a->dilation[0];
                        kx /= a->dilation[1];
                        *to++ = hit && ky < a->kernel[0] && kx < a->kernel[1] ? kernel[ky * a->kernel[1] + kx] : 0;
                    }
                }
            }
        }
    }
}

static uint16_t constant(struct bt_lowering *l, const struct bt_shape *shape, float **out_data) {
    uint16_t value = BT_NONE;
    void *data = NULL;
    if (!l->status) l->status = bt_graph_add_constant(l->graph, bt_fuse_lowered(l)->name, BT_TYPE_F32, shape, &value, &data);
    *out_data = data;
    return value;
}

static uint16_t view(struct bt_lowering *l, uint16_t from, const struct bt_shape *shape) {
    struct bt_node *n = bt_fuse_lower_step(l, BT_OP_RESHAPE, 1, &from, shape);
    return n ? n->out[0] : (uint16_t)BT_NONE;
}

/* Channels of phases to rows and columns: DepthToSpace, its CRD form, which keeps groups of channels together. */
static uint16_t weave(struct bt_lowering *l, const struct phases *p, uint16_t from) {
    uint32_t c = p->outputs, h = p->rows[0], w = p->rows[1], down = p->stride[0], across = p->stride[1];
    const struct bt_shape whole = {4, {1, c, h * down, w * across, 1, 1}};
    if (down * across == 1) return from;
    if (down != across) {
        uint16_t parts = view(l, from, &(struct bt_shape){5, {c, down, across, h, w, 1}});
        if (l->status) return BT_NONE;
        struct bt_node *n =
            bt_fuse_lower_step(l, BT_OP_TRANSPOSE, 1, &parts, &(struct bt_shape){5, {c, h, down, w, across, 1}});
        if (!n) return BT_NONE;
        memcpy(n->attr.perm, (const uint32_t[]){0, 3, 1, 4, 2}, 5 * sizeof(uint32_t));
        return view(l, n->out[0], &whole);
    }
    struct bt_node *n = bt_fuse_lower_step(l, BT_OP_DEPTH_TO_SPACE, 1, &from, &whole);
    if (!n) return BT_NONE;
    n->attr.block = down;
    n->attr.crd = true;
    return n->out[0];
}

void bt_fuse_lower_transpose(struct bt_lowering *l) {
    const struct bt_node *n = bt_fuse_lowered(l);
    const struct bt_value *x = &l->graph->value[n->in[0]], *w = &l->graph->value[n->in[1]];
    const struct bt_shape y = l->graph->value[n->out[0]].shape, xs = x->shape, ws = w->shape;
    const struct bt_attr a = n->attr;
    uint16_t bias = n->in_count > 2 ? n->in[2] : (uint16_t)BT_NONE;
    if (has_kernel(&a, &xs, &y) || xs.dim[0] != 1 || !w->data || (bias != BT_NONE && !l->graph->value[bias].data)) return;
    struct phases p = {.stride = {a.stride[0], a.stride[1]}, .outputs = y.dim[1], .each = ws.dim[1]};
    uint64_t channels = (uint64_t)p.outputs * p.stride[0] * p.stride[1], weights = channels * (ws.dim[0] / a.group);
    struct bt_attr conv = {.group = a.group, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    for (int i = 0; i < 2; i++) {
        p.taps[i] = (a.kernel[i] - 1) * a.dilation[i] / p.stride[i] + 1;
        uint32_t rows = (a.pad_before[i] + y.dim[2 + i] + p.stride[i] - 1) / p.stride[i];
        p.rows[i] = rows > xs.dim[2 + i] ? rows : xs.dim[2 + i];
        conv.kernel[i] = p.taps[i];
        conv.pad_before[i] = p.taps[i] - 1;
        conv.pad_after[i] = p.rows[i] - xs.dim[2 + i];
        if (weights > WEIGHTS_MAX || p.taps[i] > WEIGHTS_MAX) return;
        weights *= p.taps[i];
    }
    uint64_t area = (uint64_t)p.rows[0] * p.rows[1];
    if (weights > WEIGHTS_MAX || area > BT_GRAPH_ELEMENTS_MAX || channels * area > BT_GRAPH_ELEMENTS_MAX) return;
    uint32_t m = (uint32_t)channels;
    float *laid, *terms = NULL;
    uint16_t in[3] = {n->in[0], constant(l, &(struct bt_shape){4, {m, ws.dim[0] / a.group, p.taps[0], p.taps[1], 1, 1}}, &laid),
                      BT_NONE};
    if (bias != BT_NONE) in[2] = constant(l, &(struct bt_shape){1, {m, 1, 1, 1, 1, 1}}, &terms);
    if (l->status) return;
    lay_out(&a, &p, &ws, l->graph->value[bt_fuse_lowered(l)->in[1]].data, laid);
    for (uint32_t i = 0; terms && i < m; i++)
        terms[i] = ((const float *)l->graph->value[bias].data)[i / (p.stride[0] * p.stride[1])];

    struct bt_node *step =
        bt_fuse_lower_step(l, BT_OP_CONV, terms ? 3 : 2, in, &(struct bt_shape){4, {1, m, p.rows[0], p.rows[1], 1, 1}});
    if (!step) return;
    step->attr = conv;
    uint16_t woven = weave(l, &p, step->out[0]);
    if (l->status) return;
    struct bt_node *crop = bt_fuse_lowered(l);
    crop->op = BT_OP_SLICE;
    crop->in[0] = woven;
    crop->in_count = 1;
    crop->attr =
        (struct bt_attr){.begin = {0, 0, (int32_t)a.pad_before[0], (int32_t)a.pad_before[1]}, .step = {1, 1, 1, 1, 1, 1}};
}
