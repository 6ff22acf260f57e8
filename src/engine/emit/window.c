/* SPDX-License-Identifier: MIT */
/* Operators that slide a window over a C4 map: Conv, ConvTranspose, MaxPool, AveragePool. */
#include "engine/emit/emit.h"
#include "engine/emit/pack.h"

#include "engine/conv.h"
#include "engine/dw.h"
#include "engine/engine.h"
#include "engine/pool.h"
#include "engine/separable.h"
#include "engine/tile.h"
#include <float.h>
#include <string.h>

/* The epilogue in the kernels' terms. */
struct epilogue {
    int32_t fn;
    float low, high;
    float slope;         /* used when there is no slope tensor */
    const float *slopes; /* NULL, or slope_count of them */
    uint32_t slope_count;
    float bias_missing;
};

/* Of the step `s`: the emitter's, or one of two in it. */
static bt_status read_epilogue(struct bt_emitter *e, const struct bt_step *s, struct epilogue *out) {
    const struct bt_attr *a = s->attr;
    const uint32_t channels = s->out[0].shape.dim[1];
    struct epilogue ep = {.fn = BT_FN_LINEAR, .low = -FLT_MAX, .high = FLT_MAX, .slope = 1.0f, .slope_count = 1};
    switch (a->act) {
    case BT_ACT_NONE:
        break;
    case BT_ACT_RELU:
        ep.slope = 0.0f;
        break;
    case BT_ACT_LEAKY_RELU:
        ep.slope = a->low;
        break;
    case BT_ACT_HARD_SWISH:
        ep.fn = BT_FN_HARDSWISH;
        break;
    case BT_ACT_SIGMOID:
        ep.fn = BT_FN_SIGMOID;
        ep.bias_missing = -200.0f; /* sigmoid(-200) is 0 in float: lanes without a channel stay zero */
        break;
    case BT_ACT_CLIP:
        ep.fn = BT_FN_CLIP;
        ep.low = a->low;
        ep.high = a->high;
        if (ep.low > 0.0f || ep.high < 0.0f) return bt_emit_refuse(e, "Clip that excludes 0 after a convolution");
        break;
    case BT_ACT_PRELU: {
        if (bt_emit_absent(s, BT_CONV_SLOPE)) return bt_emit_refuse(e, "PRelu without a slope");
        const struct bt_place *p = &s->in[BT_CONV_SLOPE];
        size_t n = bt_shape_elements(&p->shape);
        ep.slopes = bt_emit_floats(e, p);
        if (!ep.slopes || (n != 1 && n != channels)) return bt_emit_refuse(e, "the slope is not one constant a channel");
        ep.slope_count = (uint32_t)n;
        break;
    }
    default:
        return bt_emit_refuse(e, "unknown activation");
    }
    *out = ep;
    return BT_OK;
}

struct weights {
    struct bt_operand operand;
    int32_t params;
};

enum weight_kind { WEIGHT_DENSE, WEIGHT_DEPTHWISE, WEIGHT_TRANSPOSE };

static bt_status read_weights(struct bt_emitter *e, const struct bt_step *s, const struct epilogue *ep,
                              struct bt_pack_conv *out) {
    const struct bt_attr *a = s->attr;
    struct bt_pack_conv p = {.out = s->out[0].shape.dim[1],
                             .in = s->in[BT_CONV_X].shape.dim[1],
                             .group = a->group,
                             .kernel_h = a->kernel[0],
                             .kernel_w = a->kernel[1],
                             .weight = bt_emit_floats(e, &s->in[BT_CONV_WEIGHT]),
                             .slope = ep->slopes ? ep->slopes : &ep->slope,
                             .slope_count = ep->slope_count,
                             .bias_missing = ep->bias_missing};
    if (!p.weight) return bt_emit_refuse(e, "the weight is not a constant of float");
    if (!bt_emit_absent(s, BT_CONV_BIAS)) {
        p.bias = bt_emit_floats(e, &s->in[BT_CONV_BIAS]);
        if (!p.bias) return bt_emit_refuse(e, "the bias is not a constant of float");
    }
    *out = p;
    return BT_OK;
}

static bt_status pack_weights(struct bt_emitter *e, const struct epilogue *ep, enum weight_kind kind, struct weights *out) {
    static size_t (*const bytes[])(const struct bt_pack_conv *) = {bt_emit_pack_conv_bytes, bt_emit_pack_depthwise_bytes,
                                                                   bt_emit_pack_transpose_bytes};
    static int32_t (*const write[])(const struct bt_pack_conv *, float *) = {
        bt_emit_pack_conv_write, bt_emit_pack_depthwise_write, bt_emit_pack_transpose_write};
    struct bt_pack_conv p;
    bt_status st = read_weights(e, e->step, ep, &p);
    if (st) return st;
    float *data = NULL;
    st = bt_emit_constant(e, bytes[kind](&p), &out->operand, &data);
    if (st) return st;
    out->params = write[kind](&p, data);
    if (e->params.half) bt_emit_halve(e, &out->operand, data);
    return BT_OK;
}

static bool has_residual(const struct bt_step *s) {
    return !bt_emit_absent(s, BT_CONV_RESIDUAL);
}

static int32_t at_most(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t at_least(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Whether pixels are stored by twos. Small maps are not: it would be one more kernel to compile. */
static bool pairs(const struct bt_emitter *e, int32_t pixels, int32_t width) {
    return e->params.share && pixels >= 4 && pixels % 2 == 0 && width % 2 == 0;
}

static int32_t residual_groups(const struct bt_step *s) {
    return has_residual(s) ? (int32_t)bt_emit_groups4(s->in[BT_CONV_RESIDUAL].shape.dim[1]) : 1;
}

static uint32_t residual_kind(const struct bt_step *s) {
    return !has_residual(s) ? 0 : s->attr->late ? 2 : 1;
}

/* The kernels' contracts begin alike: the same five constants, the same four operands. */
#define SAME(name) (BT_CONV2D_##name == BT_DW_##name && BT_CONV2D_##name == BT_TILE_##name && BT_CONV2D_##name == BT_SEP_##name)
_Static_assert(SAME(KW) && SAME(KH) && SAME(SX) && SAME(SY) && SAME(DILATION), "constants");
_Static_assert(SAME(IN) && SAME(WEIGHTS) && SAME(SHORTCUT) && SAME(OUT) && SAME(SLOTS), "operands");
#undef SAME

struct window {
    int32_t kw, kh, sx, sy, dilation;
};

static struct window window_of(const struct bt_attr *a) {
    return (struct window){(int32_t)a->kernel[1], (int32_t)a->kernel[0], (int32_t)a->stride[1], (int32_t)a->stride[0],
                           (int32_t)a->dilation[0]};
}

static void put_window(const struct window *w, int32_t *constants) {
    constants[BT_CONV2D_KW - 1] = w->kw;
    constants[BT_CONV2D_KH - 1] = w->kh;
    constants[BT_CONV2D_SX - 1] = w->sx;
    constants[BT_CONV2D_SY - 1] = w->sy;
    constants[BT_CONV2D_DILATION - 1] = w->dilation;
}

static void put_operands(const struct bt_step *s, const struct weights *w, struct bt_operand *operands) {
    operands[BT_CONV2D_IN] = bt_emit_operand(&s->in[BT_CONV_X]);
    operands[BT_CONV2D_WEIGHTS] = w->operand;
    operands[BT_CONV2D_SHORTCUT] = bt_emit_operand(&s->in[has_residual(s) ? BT_CONV_RESIDUAL : BT_CONV_X]);
    operands[BT_CONV2D_OUT] = bt_emit_operand(&s->out[0]);
}

static struct bt_layer layer_of(const struct bt_step *s, const struct epilogue *ep) {
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    return (struct bt_layer){
        .op = s->op,
        .in_channels = x->dim[1],
        .in_h = x->dim[2],
        .in_w = x->dim[3],
        .out_channels = y->dim[1],
        .out_h = y->dim[2],
        .out_w = y->dim[3],
        .kernel_h = a->kernel[0],
        .kernel_w = a->kernel[1],
        .stride_h = a->stride[0],
        .stride_w = a->stride[1],
        .dilation = a->dilation[0],
        .pad_top = a->pad_before[0],
        .pad_left = a->pad_before[1],
        .group = a->group,
        .act = (uint32_t)ep->fn,
        .residual = residual_kind(s),
    };
}

/* By how many pixels the kernel reaches outside of the input at most. */
static int32_t overreach(const struct bt_step *s) {
    const struct bt_attr *a = s->attr;
    int32_t most = 0;
    for (int i = 0; i < 2; i++) {
        int32_t in = (int32_t)s->in[BT_CONV_X].shape.dim[2 + i], out = (int32_t)s->out[0].shape.dim[2 + i];
        int32_t before = (int32_t)a->pad_before[i];
        int32_t last = (out - 1) * (int32_t)a->stride[i] + ((int32_t)a->kernel[i] - 1) * (int32_t)a->dilation[i] - before;
        most = at_least(most, at_least(before, last - (in - 1)));
    }
    return most;
}

static bt_status emit_depthwise(struct bt_emitter *e, const struct epilogue *ep) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    struct weights w;
    bt_status st = pack_weights(e, ep, WEIGHT_DEPTHWISE, &w);
    if (st) return st;
    struct bt_layer layer = layer_of(s, ep);
    struct bt_choice choice = bt_emit_choose(&layer, &e->params);
    int32_t out_w = (int32_t)y->dim[3], out_h = (int32_t)y->dim[2];
    int32_t pixels = at_most((int32_t)choice.pixels, out_w), rows = at_most((int32_t)choice.rows, out_h);
    const struct window window = window_of(a);
    int32_t constants[BT_DW_CONSTANTS - 1] = {
        [BT_DW_PIXELS - 1] = pixels,       [BT_DW_ROWS - 1] = rows,
        [BT_DW_ACT - 1] = ep->fn,          [BT_DW_RESIDUAL - 1] = (int32_t)residual_kind(s),
        [BT_DW_PADDED - 1] = overreach(s), [BT_DW_PAIRS - 1] = pairs(e, pixels, out_w),
    };
    struct bt_dw_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .out_w = out_w,
        .out_h = out_h,
        .groups = (int32_t)bt_emit_groups4(y->dim[1]),
        .pad_x = (int32_t)a->pad_before[1],
        .pad_y = (int32_t)a->pad_before[0],
        .shortcut_groups = residual_groups(s),
        .params = w.params,
        .tiles_x = (out_w + pixels - 1) / pixels,
        .tiles_y = (out_h + rows - 1) / rows,
        .low = ep->low,
        .high = ep->high,
    };
    struct bt_operand operands[BT_DW_SLOTS];
    put_window(&window, constants);
    put_operands(s, &w, operands);
    return bt_emit_add_chosen(e, BT_KERNEL_DW, constants, &push, operands,
                              (uint64_t)push.tiles_x * (uint64_t)push.tiles_y * (uint64_t)push.groups, &layer, &choice);
}

static bt_status emit_tiled(struct bt_emitter *e, const struct epilogue *ep, const struct weights *w,
                            const struct bt_layer *layer, const struct bt_choice *choice) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    int32_t columns = (int32_t)choice->lanes / BT_TILE_ROWS, pixels = (int32_t)choice->pixels, groups = (int32_t)choice->groups;
    int32_t width = columns * pixels, height = BT_TILE_ROWS * groups;
    struct bt_tile_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .in_groups = (int32_t)bt_emit_groups4(x->dim[1]),
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .out_groups = (int32_t)bt_emit_groups4(y->dim[1]),
        .pad_x = (int32_t)a->pad_before[1],
        .pad_y = (int32_t)a->pad_before[0],
        .shortcut_groups = residual_groups(s),
        .params = w->params,
        .low = ep->low,
        .high = ep->high,
    };
    push.tiles_x = (push.out_w * push.out_h + width - 1) / width;
    push.tiles = push.tiles_x * ((push.out_groups + height - 1) / height);
    const struct window window = window_of(a);
    int32_t constants[BT_TILE_CONSTANTS - 1] = {
        [BT_TILE_COLUMNS - 1] = columns,
        [BT_TILE_PIXELS - 1] = pixels,
        [BT_TILE_GROUPS - 1] = groups,
        [BT_TILE_ACT - 1] = ep->fn,
        [BT_TILE_RESIDUAL - 1] = (int32_t)residual_kind(s),
    };
    struct bt_operand operands[BT_TILE_SLOTS];
    put_window(&window, constants);
    put_operands(s, w, operands);
    return bt_emit_add_chosen(e, BT_KERNEL_TILE, constants, &push, operands, (uint64_t)push.tiles * choice->lanes, layer,
                              choice);
}

/* Shared by Conv (shuffle 1) and ConvTranspose (shuffle 2, kernel 1). */
static bt_status emit_dense(struct bt_emitter *e, const struct epilogue *ep, const struct weights *w, int32_t shuffle) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    struct bt_layer layer = layer_of(s, ep);
    struct bt_choice choice = bt_emit_choose(&layer, &e->params);
    if (choice.way == BT_WAY_TILED) return emit_tiled(e, ep, w, &layer, &choice);
    static const struct window one = {1, 1, 1, 1, 1}; /* the kernel's taps became channels */
    const struct window k = shuffle == 2 ? one : window_of(a);
    struct bt_conv_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .in_groups = (int32_t)bt_emit_groups4(x->dim[1]),
        .out_w = (int32_t)y->dim[3] / shuffle,
        .out_h = (int32_t)y->dim[2] / shuffle,
        .out_groups = (int32_t)bt_emit_groups4(y->dim[1]) * shuffle * shuffle,
        .pad_x = (int32_t)a->pad_before[1],
        .pad_y = (int32_t)a->pad_before[0],
        .shortcut_groups = residual_groups(s),
        .params = w->params,
        .low = ep->low,
        .high = ep->high,
    };
    if (k.kw == 1 && k.kh == 1 && k.sx == 1 && k.sy == 1 && shuffle == 1 && push.in_w == push.out_w &&
        push.in_h == push.out_h) {
        push.in_w *= push.in_h; /* one long row: no waste at its end */
        push.out_w = push.in_w;
        push.in_h = push.out_h = 1;
    }
    bool padded = push.pad_x || push.pad_y || (push.out_w - 1) * k.sx + (k.kw - 1) * k.dilation >= push.in_w ||
                  (push.out_h - 1) * k.sy + (k.kh - 1) * k.dilation >= push.in_h;
    int32_t pixels = at_most((int32_t)choice.pixels, push.out_w), groups = at_most((int32_t)choice.groups, push.out_groups);
    int32_t share = (int32_t)choice.share;
    push.tiles_x = (push.out_w + pixels - 1) / pixels;
    push.positions = (push.tiles_x * push.out_h + share - 1) / share * share;
    struct bt_operand operands[BT_CONV2D_SLOTS];
    put_operands(s, w, operands);
    int32_t constants[BT_CONV2D_CONSTANTS - 1] = {
        [BT_CONV2D_PIXELS - 1] = pixels,
        [BT_CONV2D_GROUPS - 1] = groups,
        [BT_CONV2D_ACT - 1] = ep->fn,
        [BT_CONV2D_RESIDUAL - 1] = (int32_t)residual_kind(s),
        [BT_CONV2D_PADDED - 1] = padded,
        [BT_CONV2D_SHUFFLE - 1] = shuffle,
        [BT_CONV2D_PLAIN - 1] = bt_emit_merge_plain(e, &operands[BT_CONV2D_OUT]),
        [BT_CONV2D_IN_LANES - 1] = x->dim[1] == 3 ? 3 : 4,
        [BT_CONV2D_PAIRS - 1] = shuffle == 1 && pairs(e, pixels, push.out_w),
        [BT_CONV2D_SHARE - 1] = share,
    };
    put_window(&k, constants);
    uint64_t tiles = (uint64_t)((push.out_groups + groups - 1) / groups);
    return bt_emit_add_chosen(e, BT_KERNEL_CONV, constants, &push, operands, (uint64_t)push.positions * tiles, &layer, &choice);
}

bt_status bt_emit_conv(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    if (a->dilation[0] != a->dilation[1]) return bt_emit_refuse(e, "dilation differs in y and x");
    struct epilogue ep;
    bt_status st = read_epilogue(e, s, &ep);
    if (st) return st;
    if (bt_conv_is_depthwise(a, &s->in[BT_CONV_X].shape, &s->out[0].shape)) return emit_depthwise(e, &ep);
    struct weights w;
    st = pack_weights(e, &ep, WEIGHT_DENSE, &w);
    return st ? st : emit_dense(e, &ep, &w, 1);
}

bt_status bt_emit_conv_transpose(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    bool plain = a->group == 1;
    for (int i = 0; i < 2; i++)
        plain &= a->kernel[i] == 2 && a->stride[i] == 2 && a->dilation[i] == 1 && !a->pad_before[i] && !a->pad_after[i] &&
                 y->dim[2 + i] == x->dim[2 + i] * 2;
    if (!plain) return bt_emit_refuse(e, "only kernel 2 x 2, stride 2, without padding or groups");
    struct epilogue ep;
    bt_status st = read_epilogue(e, s, &ep);
    if (st) return st;
    struct weights w;
    st = pack_weights(e, &ep, WEIGHT_TRANSPOSE, &w);
    return st ? st : emit_dense(e, &ep, &w, 2);
}

/* One depthwise and one pointwise convolution. */
struct separable {
    struct bt_attr attr[2];
    struct bt_place in[2][BT_CONV_INPUTS], between;
    struct bt_step step[2];
    struct epilogue epilogue[2];
    struct weights weights;
    int32_t params_inside, pointwise;
};

enum { INSIDE, OUTSIDE };

static void split(const struct bt_step *s, struct separable *out) {
    out->attr[INSIDE] = bt_separable_depthwise(s->attr);
    out->attr[OUTSIDE] = bt_separable_pointwise(s->attr);
    memcpy(out->in[OUTSIDE], s->in, sizeof out->in[OUTSIDE]);
    out->in[INSIDE][BT_CONV_X] = s->in[BT_CONV_X];
    out->in[INSIDE][BT_CONV_WEIGHT] = s->in[BT_SEPARABLE_WEIGHT];
    out->in[INSIDE][BT_CONV_BIAS] = s->in[BT_SEPARABLE_BIAS];
    out->in[INSIDE][BT_CONV_SLOPE] = s->in[BT_SEPARABLE_SLOPE];
    out->between = s->out[0];
    out->between.shape.dim[1] = s->in[BT_CONV_X].shape.dim[1];
    out->in[OUTSIDE][BT_CONV_X] = out->between;
    for (int i = INSIDE; i <= OUTSIDE; i++) {
        out->step[i] = *s;
        out->step[i].attr = &out->attr[i];
        out->step[i].in = out->in[i];
        out->step[i].in_count = BT_CONV_INPUTS;
    }
    out->step[INSIDE].out = &out->between;
}

/* Both convolutions' weights in one constant. */
static bt_status pack_separable(struct bt_emitter *e, struct separable *p) {
    struct bt_pack_conv pack[2];
    for (int i = INSIDE; i <= OUTSIDE; i++) {
        bt_status st = read_epilogue(e, &p->step[i], &p->epilogue[i]);
        if (!st) st = read_weights(e, &p->step[i], &p->epilogue[i], &pack[i]);
        if (st) return st;
    }
    const size_t vector = 4 * sizeof(float), inside = bt_emit_pack_depthwise_bytes(&pack[INSIDE]);
    float *data = NULL;
    bt_status st = bt_emit_constant(e, inside + bt_emit_pack_conv_bytes(&pack[OUTSIDE]), &p->weights.operand, &data);
    if (st) return st;
    p->pointwise = (int32_t)(inside / vector);
    p->params_inside = bt_emit_pack_depthwise_write(&pack[INSIDE], data);
    p->weights.params = p->pointwise + bt_emit_pack_conv_write(&pack[OUTSIDE], data + inside / sizeof *data);
    if (e->params.half) bt_emit_halve(e, &p->weights.operand, data);
    return BT_OK;
}

bt_status bt_emit_separable_conv(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[BT_CONV_X].shape, *y = &s->out[0].shape;
    if (a->dilation[0] != a->dilation[1]) return bt_emit_refuse(e, "dilation differs in y and x");
    struct separable parts = {0};
    split(s, &parts);
    bt_status st = pack_separable(e, &parts);
    if (st) return st;
    const struct epilogue *inside = &parts.epilogue[INSIDE], *ep = &parts.epilogue[OUTSIDE];
    struct bt_layer layer = layer_of(s, ep);
    struct bt_choice choice = bt_emit_choose(&layer, &e->params);
    int32_t pixels = (int32_t)choice.pixels, rows = (int32_t)choice.rows;
    const struct window window = window_of(a);
    int32_t constants[BT_SEP_CONSTANTS - 1] = {
        [BT_SEP_PIXELS - 1] = pixels,
        [BT_SEP_ROWS - 1] = rows,
        [BT_SEP_GROUPS - 1] = (int32_t)choice.groups,
        [BT_SEP_ACT - 1] = ep->fn,
        [BT_SEP_ACT_INSIDE - 1] = inside->fn,
        [BT_SEP_RESIDUAL - 1] = (int32_t)residual_kind(s),
        [BT_SEP_PADDED - 1] = overreach(s),
        [BT_SEP_PAIRS - 1] = e->params.share && pixels % 2 == 0 && y->dim[3] % 2 == 0,
        [BT_SEP_SHARE - 1] = (int32_t)choice.share,
    };
    struct bt_separable_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .in_groups = (int32_t)bt_emit_groups4(x->dim[1]),
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .pad_x = (int32_t)a->pad_before[1],
        .pad_y = (int32_t)a->pad_before[0],
        .shortcut_groups = residual_groups(s),
        .params_inside = parts.params_inside,
        .pointwise = parts.pointwise,
        .params = parts.weights.params,
        .low_inside = inside->low,
        .high_inside = inside->high,
        .low = ep->low,
        .high = ep->high,
    };
    push.tiles_x = (push.out_w + pixels - 1) / pixels;
    const uint64_t tiles_y = (uint64_t)((push.out_h + rows - 1) / rows);
    struct bt_operand operands[BT_SEP_SLOTS];
    put_window(&window, constants);
    put_operands(s, &parts.weights, operands);
    return bt_emit_add_chosen(e, BT_KERNEL_SEPARABLE, constants, &push, operands, (uint64_t)push.tiles_x * tiles_y, &layer,
                              &choice);
}

enum { POOL_PIXELS = 4 };

bt_status bt_emit_pool(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    int32_t pixels = at_most(POOL_PIXELS, (int32_t)y->dim[3]);
    struct bt_pool_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .groups = (int32_t)bt_emit_groups4(y->dim[1]),
        .stride_x = (int32_t)a->stride[1],
        .stride_y = (int32_t)a->stride[0],
        .dilation_x = a->dilation[1] ? (int32_t)a->dilation[1] : 1,
        .dilation_y = a->dilation[0] ? (int32_t)a->dilation[0] : 1,
        .pad_x = (int32_t)a->pad_before[1],
        .pad_y = (int32_t)a->pad_before[0],
        .pad_right = (int32_t)a->pad_after[1],
        .pad_bottom = (int32_t)a->pad_after[0],
        .count_pad = a->count_pad,
        .tiles_x = ((int32_t)y->dim[3] + pixels - 1) / pixels,
    };
    int32_t kw = (int32_t)a->kernel[1], kh = (int32_t)a->kernel[0];
    bool padded = push.pad_x || push.pad_y || (push.out_w - 1) * push.stride_x + (kw - 1) * push.dilation_x >= push.in_w ||
                  (push.out_h - 1) * push.stride_y + (kh - 1) * push.dilation_y >= push.in_h;
    int32_t constants[BT_POOL_CONSTANTS - 1] = {
        [BT_POOL_AVERAGE - 1] = s->op == BT_OP_AVERAGE_POOL,
        [BT_POOL_KW - 1] = kw,
        [BT_POOL_KH - 1] = kh,
        [BT_POOL_PADDED - 1] = padded,
        [BT_POOL_PIXELS - 1] = pixels,
        [BT_POOL_PAIRS - 1] = pairs(e, pixels, push.out_w),
    };
    struct bt_operand operands[BT_POOL_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    return bt_emit_add(e, BT_KERNEL_POOL, constants, &push, operands,
                       (uint64_t)push.tiles_x * (uint64_t)push.out_h * (uint64_t)push.groups);
}
