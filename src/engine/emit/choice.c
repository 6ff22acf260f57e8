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

static void add(struct list *l, struct bt_choice c) {
    for (uint32_t i = 0; i < l->count; i++) {
        if (!memcmp(&l->choice[i], &c, sizeof c)) return;
    }
    if (l->count < BT_CHOICES_MAX) l->choice[l->count++] = c;
}

/* Pixels of a row and groups for one invocation of conv.comp. Measured on a CPU driver: 8 pixels where a row has them (fewer
   reuse less, 16 spill), one for vectors. Few kinds by default: each costs a compilation at the first start. */
static void add_dense(struct list *l, const struct bt_layer *layer, bool texels) {
    uint32_t shuffle = layer->op == BT_OP_CONV_TRANSPOSE ? 2 : 1;
    uint32_t out_groups = (layer->out_channels + 3) / 4 * shuffle * shuffle;
    uint32_t kernel_w = shuffle == 2 ? 1 : layer->kernel_w;
    bool line = kernel_w == 1 && layer->kernel_h == 1 && layer->stride_w == 1 && layer->stride_h == 1;
    uint32_t row = layer->out_w / shuffle * (line ? layer->out_h : 1);
    uint32_t pixels = row == 1 ? 1 : texels ? 8 : 4;
    uint32_t groups = kernel_w <= 3 && out_groups > 1 ? 2 : 1;
    uint32_t lanes = l->params->cpu ? CPU_LANES : GPU_LANES;
    struct bt_choice first = {.way = BT_WAY_DENSE, .texels = texels, .pixels = pixels, .groups = groups, .lanes = lanes};
    add(l, first);
    static const uint8_t shapes[][2] = {{8, 1}, {4, 2}, {4, 1}, {4, 4}, {2, 4}, {8, 4}, {1, 2}, {1, 4}};
    for (uint32_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bt_choice c = first;
        c.pixels = shapes[i][0];
        c.groups = shapes[i][1];
        if (c.groups <= out_groups && c.pixels < 2 * row) add(l, c);
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

/* Measured on a CPU driver: 4 x 4 reads 36 vectors for 16 results of a 3 x 3 kernel; larger kernels compile too long. */
static void add_depthwise(struct list *l, const struct bt_layer *layer, bool texels) {
    struct bt_choice first = {.way = BT_WAY_DEPTHWISE,
                              .texels = texels,
                              .pixels = 4,
                              .rows = layer->kernel_h <= 3 ? 4 : 2,
                              .lanes = l->params->cpu ? CPU_LANES : GPU_LANES};
    add(l, first);
    static const uint8_t shapes[][2] = {{4, 2}, {4, 1}, {2, 2}, {8, 1}, {1, 1}};
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
