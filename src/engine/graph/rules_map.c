/* SPDX-License-Identifier: MIT */
/* Shape rules of spatial operators. Formulas are those of the ONNX operator pages, opset 17 (Operators.md). */
#include "engine/graph/rules.h"
#include <math.h>
#include <string.h>

enum {
    SIDE_MAX = 1 << 20,   /* of a stride, dilation or pad: keeps products far inside 64 bits */
    KERNEL_MAX = 1 << 12, /* a kernel's side: what is wider is a mistake or an attack */
};

enum auto_pad { AUTO_NOTSET, AUTO_SAME_UPPER, AUTO_SAME_LOWER, AUTO_VALID };
static const char *const auto_pad_names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};

/* A list attribute of exactly `count` numbers in a range; false: not given. */
static bool list_of(struct bt_infer *c, const char *name, size_t count, int64_t least, uint32_t *out) {
    const int64_t *v = NULL;
    size_t n = 0;
    if (!bt_graph_infer_ints(c, name, &v, &n)) return false;
    if (n != count) {
        bt_graph_infer_fail(c, n < count ? BT_E_FORMAT : BT_E_UNSUPPORTED, "attribute '%s' has %zu numbers, not %zu", name, n,
                            count);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i] < least || v[i] > SIDE_MAX)
            bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "attribute '%s' is %lld", name, (long long)v[i]);
        out[i] = c->status ? 1 : (uint32_t)v[i];
    }
    return true;
}

/* Kernel, stride, dilation, pads. Returns the way of padding. */
static enum auto_pad window_attributes(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    for (int i = 0; i < 2; i++) a->kernel[i] = a->stride[i] = a->dilation[i] = 1;
    list_of(c, "kernel_shape", 2, 1, a->kernel);
    if (a->kernel[0] > KERNEL_MAX || a->kernel[1] > KERNEL_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "kernel too large");
    list_of(c, "strides", 2, 1, a->stride);
    list_of(c, "dilations", 2, 1, a->dilation);
    uint32_t pads[4] = {0};
    if (list_of(c, "pads", 4, 0, pads)) {
        a->pad_before[0] = pads[0], a->pad_before[1] = pads[1];
        a->pad_after[0] = pads[2], a->pad_after[1] = pads[3];
    }
    return (enum auto_pad)bt_graph_infer_choice(c, "auto_pad", AUTO_NOTSET, auto_pad_names, 4);
}

/* Size of one axis of a convolution or pool, resolving auto_pad into the attributes. */
static int64_t window_size(struct bt_infer *c, int i, int64_t in, enum auto_pad how, bool ceil_mode) {
    struct bt_attr *a = &c->node->attr;
    int64_t span = (int64_t)(a->kernel[i] - 1) * a->dilation[i] + 1, stride = a->stride[i];
    if (how == AUTO_VALID) a->pad_before[i] = a->pad_after[i] = 0;
    if (how == AUTO_SAME_UPPER || how == AUTO_SAME_LOWER) {
        int64_t out = (in + stride - 1) / stride, pad = (out - 1) * stride + span - in;
        if (pad < 0) pad = 0;
        if (pad > SIDE_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "kernel too large");
        int64_t less = pad / 2, more = pad - less;
        a->pad_before[i] = (uint32_t)(how == AUTO_SAME_UPPER ? less : more);
        a->pad_after[i] = (uint32_t)(how == AUTO_SAME_UPPER ? more : less);
        return out;
    }
    int64_t room = in + a->pad_before[i] + a->pad_after[i] - span;
    if (room < 0) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "kernel is larger than the padded input");
        return 1;
    }
    return (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
}

static void need_float(struct bt_infer *c, const struct bt_value *v) {
    if (v->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input '%.60s' is not of floats", v->name);
}

static void check_conv_weight(struct bt_infer *c, const struct bt_value *w, int64_t want, int64_t outputs) {
    struct bt_attr *a = &c->node->attr;
    need_float(c, w);
    if (w->shape.dim[1] != want)
        bt_graph_infer_fail(c, BT_E_FORMAT, "weight takes %u channels, not %lld", w->shape.dim[1], (long long)want);
    for (int i = 0; i < 2; i++) {
        if (w->shape.dim[2 + i] != a->kernel[i]) bt_graph_infer_fail(c, BT_E_FORMAT, "weight and kernel_shape differ");
    }
    const struct bt_value *b = bt_graph_infer_in(c, 2);
    if (!b) return;
    need_float(c, b);
    if (b->shape.rank != 1 || b->shape.dim[0] != outputs) bt_graph_infer_fail(c, BT_E_FORMAT, "bias is not one a channel");
}

static bool said(const struct bt_infer *c, const char *name) {
    for (size_t i = 0; c->node->raw && i < c->node->raw->count; i++) {
        if (!strcmp(c->node->raw->attr[i].name, name)) return true;
    }
    return false;
}

static void kernel_from_weight(struct bt_infer *c, const struct bt_value *w) {
    for (int i = 0; i < 2; i++) {
        if (w->shape.dim[2 + i] > KERNEL_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "kernel too large");
        c->node->attr.kernel[i] = c->status ? 1 : w->shape.dim[2 + i];
    }
}

void bt_graph_rule_conv(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4), *w = bt_graph_infer_need(c, 1, 4);
    if (c->status) return;
    bool has_kernel = said(c, "kernel_shape");
    enum auto_pad how = window_attributes(c);
    if (!has_kernel) kernel_from_weight(c, w);
    a->group = (uint32_t)bt_graph_infer_int(c, "group", 1, 1, SIDE_MAX);
    need_float(c, x);
    uint32_t channels = x->shape.dim[1], outputs = w->shape.dim[0];
    if (channels % a->group || outputs % a->group) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "%u channels to %u in %u groups", channels, outputs, a->group);
        return;
    }
    check_conv_weight(c, w, channels / a->group, outputs);
    int64_t dim[4] = {x->shape.dim[0], outputs};
    for (int i = 0; i < 2 && !c->status; i++) dim[2 + i] = window_size(c, i, x->shape.dim[2 + i], how, false);
    bt_graph_infer_out(c, BT_TYPE_F32, 4, dim);
}

void bt_graph_rule_conv_transpose(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4), *w = bt_graph_infer_need(c, 1, 4);
    if (c->status) return;
    bool has_kernel = said(c, "kernel_shape");
    enum auto_pad how = window_attributes(c);
    if (!has_kernel) kernel_from_weight(c, w);
    a->group = (uint32_t)bt_graph_infer_int(c, "group", 1, 1, SIDE_MAX);
    uint32_t extra[2] = {0}, size[2] = {0};
    list_of(c, "output_padding", 2, 0, extra);
    bool has_size = list_of(c, "output_shape", 2, 1, size);
    need_float(c, x);
    uint32_t channels = x->shape.dim[1];
    if (channels % a->group) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "%u channels in %u groups", channels, a->group);
        return;
    }
    int64_t outputs = (int64_t)w->shape.dim[1] * a->group;
    if (w->shape.dim[0] != channels)
        bt_graph_infer_fail(c, BT_E_FORMAT, "weight takes %u channels, not %u", w->shape.dim[0], channels);
    check_conv_weight(c, w, w->shape.dim[1], outputs);
    int64_t dim[4] = {x->shape.dim[0], outputs};
    for (int i = 0; i < 2 && !c->status; i++) {
        int64_t in = x->shape.dim[2 + i], span = (int64_t)(a->kernel[i] - 1) * a->dilation[i] + 1;
        int64_t full = a->stride[i] * (in - 1) + extra[i] + span;
        if (has_size || how == AUTO_SAME_UPPER || how == AUTO_SAME_LOWER) {
            int64_t want = has_size ? size[i] : in * a->stride[i], pad = full - want;
            if (pad < 0) pad = 0;
            if (pad > SIDE_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "kernel too large");
            /* Operators.md: the odd one goes to the end for SAME_UPPER, else to the beginning. */
            int64_t less = pad / 2, more = pad - less;
            a->pad_before[i] = (uint32_t)(how == AUTO_SAME_UPPER ? less : more);
            a->pad_after[i] = (uint32_t)(how == AUTO_SAME_UPPER ? more : less);
            dim[2 + i] = want;
        } else {
            if (how == AUTO_VALID) a->pad_before[i] = a->pad_after[i] = 0;
            dim[2 + i] = full - a->pad_before[i] - a->pad_after[i];
        }
    }
    bt_graph_infer_out(c, BT_TYPE_F32, 4, dim);
}

void bt_graph_rule_pool(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4);
    if (!said(c, "kernel_shape")) bt_graph_infer_fail(c, BT_E_FORMAT, "no kernel_shape");
    enum auto_pad how = window_attributes(c);
    bool ceil_mode = bt_graph_infer_int(c, "ceil_mode", 0, 0, 1);
    if (c->node->op == BT_OP_AVERAGE_POOL) a->count_pad = bt_graph_infer_int(c, "count_include_pad", 0, 0, 1);
    if (c->node->op == BT_OP_MAX_POOL)
        bt_graph_infer_int(c, "storage_order", 0, 0, 1); /* orders the second output, which is refused */
    need_float(c, x);
    int64_t dim[4] = {x->shape.dim[0], x->shape.dim[1]};
    for (int i = 0; i < 2 && !c->status; i++) {
        dim[2 + i] = window_size(c, i, x->shape.dim[2 + i], how, ceil_mode);
        /* A window of nothing but padding has no maximum and no mean. */
        if (a->pad_before[i] >= a->kernel[i] * (uint64_t)a->dilation[i] ||
            a->pad_after[i] >= a->kernel[i] * (uint64_t)a->dilation[i]) {
            bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "pads are not smaller than the kernel");
        }
    }
    bt_graph_infer_out(c, BT_TYPE_F32, 4, dim);
}

void bt_graph_rule_global_pool(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4);
    need_float(c, x);
    bt_graph_infer_out(c, BT_TYPE_F32, 4, (int64_t[]){x->shape.dim[0], x->shape.dim[1], 1, 1});
}

void bt_graph_rule_global_max_pool(struct bt_infer *c) {
    bt_graph_rule_global_pool(c);
    c->node->op = BT_OP_REDUCE_MAX;
    c->node->attr = (struct bt_attr){.axes = {[2] = true, [3] = true}, .keepdims = true};
}

/* Inputs 1 … count: constants, one number a channel. */
static void need_channels(struct bt_infer *c, const struct bt_value *x, uint16_t count) {
    need_float(c, x);
    if (x->shape.rank < 2) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "the input has no axis of channels");
    for (uint16_t k = 1; k <= count && !c->status; k++) {
        const struct bt_value *v = bt_graph_infer_need(c, k, 1);
        if (c->status) return;
        need_float(c, v);
        if (!v->data) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input %u ('%.60s') is not a constant", k, v->name);
        if (v->shape.dim[0] != x->shape.dim[1]) bt_graph_infer_fail(c, BT_E_FORMAT, "input %u is not one a channel", k);
    }
    int64_t dim[BT_RANK_MAX];
    for (uint32_t i = 0; i < x->shape.rank; i++) dim[i] = x->shape.dim[i];
    bt_graph_infer_out(c, BT_TYPE_F32, x->shape.rank, dim);
}

void bt_graph_rule_batch_norm(struct bt_infer *c) {
    c->node->attr.epsilon = bt_graph_infer_float(c, "epsilon", 1e-5f);
    bt_graph_infer_float(c, "momentum", 0); /* only for training, which is refused */
    if (bt_graph_infer_int(c, "training_mode", 0, 0, 1)) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "training_mode");
    if (c->graph->opset < 7 && !bt_graph_infer_int(c, "is_test", 0, 0, 1)) /* training_mode's forerunner */
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "is_test is 0");
    if (!bt_graph_infer_int(c, "spatial", 1, 0, 1)) /* up to opset 8 */
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "statistics for each element (spatial 0)");
    need_channels(c, bt_graph_infer_need(c, 0, 0), 4);
}

void bt_graph_rule_instance_norm(struct bt_infer *c) {
    c->node->attr.epsilon = bt_graph_infer_float(c, "epsilon", 1e-5f);
    need_channels(c, bt_graph_infer_need(c, 0, 0), 2);
    if (!c->status && bt_graph_infer_need(c, 0, 0)->shape.rank < 3)
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "the input has no axes to take a mean over");
}

void bt_graph_rule_depth_to_space(struct bt_infer *c) {
    static const char *const modes[] = {"DCR", "CRD"};
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4);
    struct bt_attr *a = &c->node->attr;
    a->block = (uint32_t)bt_graph_infer_int(c, "blocksize", 0, 1, 1024);
    a->crd = bt_graph_infer_choice(c, "mode", 0, modes, 2) == 1;
    if (!a->block || x->shape.dim[1] % (a->block * a->block)) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "%u channels in blocks of %u", x->shape.dim[1], a->block);
        return;
    }
    bt_graph_infer_out(c, x->type, 4,
                       (int64_t[]){x->shape.dim[0], x->shape.dim[1] / (a->block * a->block),
                                   (int64_t)x->shape.dim[2] * a->block, (int64_t)x->shape.dim[3] * a->block});
}

void bt_graph_rule_grid_sample(struct bt_infer *c) {
    static const char *const modes[] = {"nearest", "bilinear"}, *const paddings[] = {"zeros", "border", "reflection"};
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4), *grid = bt_graph_infer_need(c, 1, 4);
    a->resize = (enum bt_resize_mode)bt_graph_infer_choice(c, "mode", BT_RESIZE_LINEAR, modes, 2);
    a->grid_padding = (enum bt_grid_padding)bt_graph_infer_choice(c, "padding_mode", BT_GRID_ZEROS, paddings, 3);
    a->align_corners = bt_graph_infer_int(c, "align_corners", 0, 0, 1);
    need_float(c, x);
    need_float(c, grid);
    if (grid->shape.dim[0] != x->shape.dim[0] || grid->shape.dim[3] != 2)
        bt_graph_infer_fail(c, BT_E_FORMAT, "grid does not fit");
    bt_graph_infer_out(c, BT_TYPE_F32, 4,
                       (int64_t[]){x->shape.dim[0], x->shape.dim[1], grid->shape.dim[1], grid->shape.dim[2]});
}

/* Scales as constant floats, one an axis. An empty tensor counts as absent (opset 11 has to name the input). */
static bool resize_scales(struct bt_infer *c, uint16_t k, uint32_t rank, float *out) {
    const struct bt_value *v = bt_graph_infer_in(c, k);
    if (!v || (v->data && !bt_shape_elements(&v->shape))) return false;
    if (!v->data || v->type != BT_TYPE_F32 || bt_shape_elements(&v->shape) != rank) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "scales are not one constant float an axis");
        return false;
    }
    memcpy(out, v->data, rank * sizeof *out);
    for (uint32_t i = 0; i < rank; i++) {
        if (!(out[i] > 0 && out[i] < SIDE_MAX)) bt_graph_infer_fail(c, BT_E_FORMAT, "scale of axis %u", i);
    }
    return true;
}

void bt_graph_rule_resize(struct bt_infer *c) {
    static const char *const modes[] = {"nearest", "linear"};
    static const char *const coords[] = {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"};
    static const char *const nearests[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4);
    bool old = c->graph->opset < 11; /* Resize-10: X, scales; asymmetric, floor */
    a->resize = (enum bt_resize_mode)bt_graph_infer_choice(c, "mode", BT_RESIZE_NEAREST, modes, 2);
    a->coord =
        old ? BT_COORD_ASYMMETRIC
            : (enum bt_resize_coord)bt_graph_infer_choice(c, "coordinate_transformation_mode", BT_COORD_HALF_PIXEL, coords, 4);
    a->nearest = old ? BT_NEAREST_FLOOR
                     : (enum bt_resize_nearest)bt_graph_infer_choice(c, "nearest_mode", BT_NEAREST_PREFER_FLOOR, nearests, 4);
    bt_graph_infer_float(c, "cubic_coeff_a", 0); /* only for cubic, only for tf_crop_and_resize: both refused */
    bt_graph_infer_float(c, "extrapolation_value", 0);
    if (bt_graph_infer_int(c, "exclude_outside", 0, 0, 1)) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "exclude_outside");
    need_float(c, x);
    int64_t dim[4] = {0};
    struct bt_int_list sizes = {0};
    if (!old) bt_graph_infer_list(c, 3, NULL, &sizes);
    if (sizes.present && sizes.count) {
        if (sizes.count != 4) bt_graph_infer_fail(c, BT_E_FORMAT, "%zu sizes", sizes.count);
        for (int i = 0; i < 4 && !c->status; i++) {
            dim[i] = sizes.at[i];
            a->scale[i] = (float)dim[i] / (float)x->shape.dim[i];
        }
    } else if (resize_scales(c, old ? 1 : 2, 4, a->scale)) {
        for (int i = 0; i < 4; i++) dim[i] = (int64_t)floor((double)x->shape.dim[i] * (double)a->scale[i]);
    } else {
        bt_graph_infer_fail(c, BT_E_FORMAT, "neither scales nor sizes");
    }
    /* align_corners takes the size before rounding (onnx 1.12's reference); runtimes differ, so only whole sizes are known. */
    for (int i = 2; i < 4 && !c->status && a->coord == BT_COORD_ALIGN_CORNERS; i++) {
        double size = (double)x->shape.dim[i] * (double)a->scale[i];
        if (fabs(size - (double)dim[i]) > 1e-3) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "align_corners to a broken size");
    }
    if (!c->status && (dim[0] != x->shape.dim[0] || dim[1] != x->shape.dim[1])) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "resizes other axes than height and width");
    }
    bt_graph_infer_out(c, BT_TYPE_F32, 4, dim);
    bt_graph_infer_drop(c, 1);
}

/* Resize's forerunner, gone with opset 10. */
void bt_graph_rule_upsample(struct bt_infer *c) {
    static const char *const modes[] = {"nearest", "linear"};
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 4);
    if (c->graph->opset > 9) bt_graph_infer_fail(c, BT_E_FORMAT, "not of opset %u", c->graph->opset);
    a->resize = (enum bt_resize_mode)bt_graph_infer_choice(c, "mode", BT_RESIZE_NEAREST, modes, 2);
    a->coord = BT_COORD_ASYMMETRIC;
    a->nearest = BT_NEAREST_FLOOR;
    need_float(c, x);
    int64_t dim[4] = {0};
    if (!resize_scales(c, 1, 4, a->scale)) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "no scales as an input");
    for (int i = 0; i < 4 && !c->status; i++) dim[i] = (int64_t)floor((double)x->shape.dim[i] * (double)a->scale[i]);
    if (!c->status && (dim[0] != x->shape.dim[0] || dim[1] != x->shape.dim[1]))
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "resizes other axes than height and width");
    bt_graph_infer_out(c, BT_TYPE_F32, 4, dim);
    bt_graph_infer_drop(c, 1);
    c->node->op = BT_OP_RESIZE;
}

/* Only fuse/ makes it, which needs no rule: in a model it is unknown. */
void bt_graph_rule_separable_conv(struct bt_infer *c) {
    bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "not an operator of ONNX");
}
