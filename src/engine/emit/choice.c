/* SPDX-License-Identifier: MIT */
#include "engine/emit/choice.h"

#include "engine/emit/program.h"
#include "engine/tile.h"
#include <assert.h>
#include <string.h>

/* Invocations in a workgroup. A CPU driver runs one vector at a time, but takes memory for each workgroup. */
enum { CPU_LANES = 16, GPU_LANES = 64 };

struct list {
    const struct bt_emit_params *params;
    struct bt_choice *choice;
    uint32_t count;
};

/* What conv.comp sees of a layer. */
struct dense {
    uint32_t in_groups, out_groups, out_w, out_h, kernel_w, kernel_h, stride, dilation;
};

static uint32_t at_most(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* ConvTranspose is a 1 x 1 convolution to four parts; a 1 x 1 convolution is run as one row. */
static struct dense dense_of(const struct bt_layer *layer) {
    uint32_t shuffle = layer->op == BT_OP_CONV_TRANSPOSE ? 2 : 1;
    struct dense d = {.in_groups = (layer->in_channels + 3) / 4,
                      .out_groups = (layer->out_channels + 3) / 4 * shuffle * shuffle,
                      .out_w = layer->out_w / shuffle,
                      .out_h = layer->out_h / shuffle,
                      .kernel_w = shuffle == 2 ? 1 : layer->kernel_w,
                      .kernel_h = shuffle == 2 ? 1 : layer->kernel_h,
                      .stride = shuffle == 2 ? 1 : layer->stride_w,
                      .dilation = layer->dilation};
    if (shuffle == 1 && d.kernel_w == 1 && d.kernel_h == 1 && layer->out_w == layer->in_w && layer->out_h == layer->in_h) {
        d.out_w *= d.out_h;
        d.out_h = 1;
    }
    return d;
}

static uint32_t lanes_of(const struct bt_emit_params *params) {
    if (!params->cpu) return GPU_LANES;
    return params->share > CPU_LANES ? params->share : CPU_LANES; /* whole subgroups */
}

static void add(struct list *l, struct bt_choice c) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (!memcmp(&l->choice[i], &c, sizeof c)) return;
    }
    if (l->count < BT_CHOICES_MAX) l->choice[l->count++] = c;
}

/* conv.comp's work in instructions on a CPU driver, read off Mesa 22.3's machine code: 46 for a fetch of four channels, 2 for a
   shared weight, 2 for a multiply-accumulate, 5 to carry a sum over an iteration, 100 to finish and store a pixel, 500 to
   begin; times vectors of eight invocations. */
static uint64_t work(const struct dense *d, const struct bt_choice *c) {
    uint64_t p = c->pixels, g = c->groups, share = c->share;
    uint64_t reach = (p - 1) * d->stride + (d->kernel_w - 1) * d->dilation + 1;
    uint64_t weights = (g * 4 + share - 1) / share * 46 + (share > 1 ? g * 32 : 0);
    uint64_t row = reach * 46 + d->kernel_w * (weights + p * g * 32) + p * g * 20;
    uint64_t tile = d->in_groups * d->kernel_h * row + p * g * 100 + 500;
    uint64_t positions = ((d->out_w + p - 1) / p * d->out_h + share - 1) / share * share;
    return (positions * ((d->out_groups + g - 1) / g) + 7) / 8 * tile;
}

/* The best on a CPU driver whose subgroups share weights. Few kinds: each costs a compilation at the first start. More than 18
   products of pixels and groups make the inner loop longer than what a CPU keeps decoded: that costs a factor of 1.6. Small
   maps cannot fill a subgroup: there the lanes are other groups, with their own weights. */
static struct bt_choice least_work(const struct dense *d, const struct bt_choice *like, uint32_t subgroup) {
    static const uint8_t shapes[][3] = {{1, 1, 0}, {4, 4, 1}, {8, 2, 1}, {6, 3, 1}, {8, 1, 1}, {2, 4, 1}};
    struct bt_choice best = *like;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (i > 0 && d->out_w == 1) break; /* of vectors, one kind */
        struct bt_choice c = *like;
        c.pixels = at_most(shapes[i][0], d->out_w);
        c.groups = at_most(shapes[i][1], d->out_groups);
        c.share = shapes[i][2] ? subgroup : 1;
        uint64_t here = work(d, &c);
        if (here >= least) continue;
        least = here;
        best = c;
    }
    return best;
}

/* Pixels of a row and groups for one invocation of conv.comp. */
static void add_dense(struct list *l, const struct bt_layer *layer, bool texels) {
    struct dense d = dense_of(layer);
    struct bt_choice first = {.way = BT_WAY_DENSE, .texels = texels, .share = 1, .lanes = lanes_of(l->params)};
    first.pixels = at_most(texels ? 8 : 4, d.out_w);
    first.groups = at_most(d.kernel_w <= 3 ? 2 : 1, d.out_groups);
    uint32_t subgroup = texels && l->params->share ? l->params->share : 1;
    if (subgroup > 1) first = least_work(&d, &first, subgroup);
    add(l, first);
    static const uint8_t shapes[][2] = {{4, 4}, {8, 2}, {6, 3}, {8, 1}, {2, 4}, {4, 2}, {4, 1}, {8, 4}, {1, 4}, {1, 1}};
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bt_choice c = first;
        c.pixels = at_most(shapes[i][0], d.out_w);
        c.groups = at_most(shapes[i][1], d.out_groups);
        c.share = subgroup;
        add(l, c);
        c.share = 1;
        if (i >= 8) add(l, c); /* small ones also alone */
    }
}

/* Tiles of 16 x 32, 32 x 64 and 64 x 64 pixels x output channels. Last, so that nothing takes them unmeasured: no GPU was at
   hand when they were written. Never on a CPU driver, where each wait inside of a workgroup costs more than the tile saves. */
static void add_tiled(struct list *l, const struct bt_layer *layer) {
    static const struct bt_choice tiles[] = {
        {.way = BT_WAY_TILED, .pixels = 2, .groups = 1, .lanes = 64},
        {.way = BT_WAY_TILED, .pixels = 4, .groups = 2, .lanes = 64},
        {.way = BT_WAY_TILED, .pixels = 4, .groups = 2, .lanes = 128},
    };
    static_assert(BT_TILE_SHARED_BYTES(128 / BT_TILE_ROWS, 4, 2) <= 16384, "what every device has");
    if (layer->op != BT_OP_CONV || layer->out_channels < 16 || layer->out_w * layer->out_h < 16) return;
    for (uint32_t i = 0; i < sizeof tiles / sizeof *tiles; i++) add(l, tiles[i]);
}

/* Measured on a CPU driver: 4 x 4 reads 36 vectors for 16 results of a 3 x 3 kernel; larger kernels compile too long. Sharing
   the weights gains nothing: they are read once. For a GPU 2 x 2: Mesa's compiler for AMD's gives it 84 registers, and 4 x 4
   all 256 that there are, so that one wave runs at a time. */
static void add_depthwise(struct list *l, const struct bt_layer *layer, bool texels) {
    const uint32_t largest = layer->kernel_h <= 3 ? 4 : 2, side = at_most(layer->out_w, layer->out_h);
    uint32_t pixels = side >= 4 && l->params->cpu ? 4 : side >= 2 ? 2 : 1, rows = at_most(pixels, largest);
    struct bt_choice first = {
        .way = BT_WAY_DEPTHWISE, .texels = texels, .pixels = pixels, .rows = rows, .share = 1, .lanes = lanes_of(l->params)};
    add(l, first);
    const uint32_t shapes[][2] = {{4, largest}, {4, 2}, {4, 1}, {2, 2}, {8, 1}, {1, 1}};
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bt_choice c = first;
        c.pixels = at_most(shapes[i][0], layer->out_w);
        c.rows = at_most(shapes[i][1], layer->out_h);
        add(l, c);
    }
}

/* Sums of all output groups stay in registers: the more groups, the fewer pixels. Measured on a CPU driver. */
static void add_separable(struct list *l, const struct bt_layer *layer, bool texels) {
    static const uint8_t best[][2] = {{4, 4}, {4, 2}, {6, 1}, {2, 2}}; /* of 1 ... 4 groups */
    static const uint8_t shapes[][2] = {{4, 2}, {2, 2}, {6, 1}, {4, 1}, {2, 4}, {2, 1}, {8, 1}, {1, 1}};
    const uint32_t groups = (layer->out_channels + 3) / 4, last = sizeof best / sizeof *best;
    const uint8_t *first = best[at_most(groups, last) - 1];
    struct bt_choice c = {.way = BT_WAY_SEPARABLE,
                          .texels = texels,
                          .pixels = at_most(first[0], layer->out_w),
                          .rows = at_most(first[1], layer->out_h),
                          .groups = groups,
                          .share = texels && l->params->share ? l->params->share : 1,
                          .lanes = lanes_of(l->params)};
    add(l, c);
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        c.pixels = at_most(shapes[i][0], layer->out_w);
        c.rows = at_most(shapes[i][1], layer->out_h);
        add(l, c);
    }
}

uint32_t bt_emit_candidates(const struct bt_layer *layer, const struct bt_emit_params *params,
                            struct bt_choice out_choices[BT_CHOICES_MAX]) {
    struct list l = {.params = params, .choice = out_choices};
    bool depthwise = layer->op == BT_OP_CONV && layer->group > 1 && layer->group == layer->in_channels &&
                     layer->out_channels == layer->in_channels;
    for (int kind = 0; kind < (params->either ? 2 : 1); kind++) {
        bool texels = params->texels != (kind == 1);
        if (layer->op == BT_OP_SEPARABLE_CONV)
            add_separable(&l, layer, texels);
        else if (depthwise)
            add_depthwise(&l, layer, texels);
        else
            add_dense(&l, layer, texels);
        if (!depthwise && !texels && !params->cpu) add_tiled(&l, layer);
    }
    assert(l.count > 0);
    return l.count;
}

struct bt_choice bt_emit_choose(const struct bt_layer *layer, const struct bt_emit_params *params) {
    struct bt_choice choices[BT_CHOICES_MAX];
    uint32_t count = bt_emit_candidates(layer, params, choices);
    for (uint32_t t = 0; t < params->tuned_count; t++) {
        const struct bt_tuned *tuned = &params->tuned[t];
        if (memcmp(&tuned->layer, layer, sizeof *layer)) continue;
        for (uint32_t i = 0; i < count; i++) {
            if (!memcmp(&tuned->choice, &choices[i], sizeof choices[i])) return choices[i];
        }
    }
    return choices[0];
}
