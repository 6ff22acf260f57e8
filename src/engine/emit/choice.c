/* SPDX-License-Identifier: MIT */
#include "engine/emit/choice.h"

#include "engine/emit/program.h"
#include "engine/tile.h"
#include <assert.h>
#include <string.h>

/* Invocations in a workgroup. A CPU driver runs one vector at a time. */
enum { CPU_LANES = 8, GPU_LANES = 64 };

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

/* conv.comp's work in instructions a lane on a CPU driver, read off Mesa 22.3's machine code: 46 for a fetch of four channels,
   2 for a shared weight, 2 for a multiply-accumulate, 5 to carry a sum over an iteration, 100 to finish and store a pixel, 500
   to begin. */
static uint64_t work(const struct dense *d, uint32_t pixels, uint32_t groups, uint32_t share) {
    uint64_t reach = (pixels - 1) * d->stride + (d->kernel_w - 1) * d->dilation + 1;
    uint64_t weights = (groups * 4 + share - 1) / share * 46 + (share > 1 ? groups * 32 : 0);
    uint64_t row = reach * 46 + d->kernel_w * (weights + pixels * groups * 32) + pixels * groups * 20;
    uint64_t tile = d->in_groups * d->kernel_h * row + pixels * groups * 100 + 500;
    uint64_t positions = (uint64_t)((d->out_w + pixels - 1) / pixels) * d->out_h;
    return (positions + share - 1) / share * ((d->out_groups + groups - 1) / groups) * share * tile;
}

/* Pixels of a row and groups for one invocation of conv.comp. More than 18 products of them make the inner loop longer than
   what a CPU keeps decoded, which costs a factor of 1.6. */
static void add_dense(struct list *l, const struct bt_layer *layer, bool texels) {
    struct dense d = dense_of(layer);
    uint32_t lanes = lanes_of(l->params);
    struct bt_choice first = {.way = BT_WAY_DENSE, .texels = texels, .share = 1, .lanes = lanes};
    first.pixels = d.out_w == 1 ? 1 : texels ? 8 : 4;
    first.groups = d.kernel_w <= 3 && d.out_groups > 1 ? 2 : 1;
    static const uint8_t shapes[][2] = {{4, 4}, {8, 2}, {6, 3}, {8, 1}, {2, 4}, {4, 2}, {4, 1}, {8, 4}, {1, 2}, {1, 4}};
    uint32_t share = texels ? l->params->share : 0;
    if (share) {
        uint64_t least = UINT64_MAX;
        for (uint32_t i = 0; i < (d.out_w == 1 ? 1 : 5); i++) { /* of vectors, one kind */
            uint32_t pixels = at_most(shapes[i][0], d.out_w), groups = at_most(shapes[i][1], d.out_groups);
            uint64_t here = work(&d, pixels, groups, share);
            if (here >= least) continue;
            least = here;
            first.pixels = pixels;
            first.groups = groups;
            first.share = share;
        }
    }
    first.pixels = at_most(first.pixels, d.out_w);
    add(l, first);
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bt_choice c = first;
        c.pixels = at_most(shapes[i][0], d.out_w);
        c.groups = at_most(shapes[i][1], d.out_groups);
        add(l, c);
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

/* Measured on a CPU driver: 4 x 4 reads 36 vectors for 16 results of a 3 x 3 kernel; larger kernels compile too long. For a GPU
   2 x 2: Mesa's compiler for AMD's gives it 84 registers, and 4 x 4 all 256 that there are, so that one wave runs at a time. */
static void add_depthwise(struct list *l, const struct bt_layer *layer, bool texels) {
    const uint32_t largest = layer->kernel_h <= 3 ? 4 : 2, share = texels ? l->params->share : 0;
    const uint32_t pixels = l->params->cpu ? 4 : 2, rows = l->params->cpu ? largest : 2;
    uint32_t tiles = (layer->out_w + pixels - 1) / pixels * ((layer->out_h + rows - 1) / rows);
    struct bt_choice first = {.way = BT_WAY_DEPTHWISE,
                              .texels = texels,
                              .pixels = pixels,
                              .rows = rows,
                              .share = share > 1 && tiles * 4 >= (tiles + share - 1) / share * share * 3 ? share : 1,
                              .lanes = lanes_of(l->params)};
    if (share > 1 && first.share == 1) first.pixels = first.rows = 2; /* small maps: as fast, and one kind for all of them */
    add(l, first);
    const uint32_t shapes[][2] = {{4, largest}, {4, 2}, {4, 1}, {2, 2}, {8, 1}, {1, 1}};
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bt_choice c = first;
        c.pixels = shapes[i][0];
        c.rows = shapes[i][1];
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
        if (depthwise)
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
