/* SPDX-License-Identifier: MIT */
/* How a convolution may be run on a device: the ways, and which of them are worth a measurement. tune/ measures, emit/ obeys.
   A new way to run a layer is a line here, its candidates in choice.c, and its emission in window.c. */
#ifndef BT_EMIT_CHOICE_H
#define BT_EMIT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

struct bt_emit_params;

enum bt_way {
    BT_WAY_DENSE,     /* conv.comp: `pixels` of a row x `groups` of four output channels an invocation */
    BT_WAY_DEPTHWISE, /* dw.comp: `pixels` of a row x `rows` */
    BT_WAY_TILED,     /* tile.comp: `pixels` x `groups` of four output channels an invocation, `lanes` of them a tile */
    BT_WAY_SEPARABLE, /* separable.comp: `pixels` of a row x `rows`, all groups */
    BT_WAY_COUNT
};

/* What tells one layer's running time from another's. Words only, so that layers compare as bytes and can be kept in a file. */
struct bt_layer {
    uint32_t op; /* enum bt_op: Conv, ConvTranspose or SeparableConv */
    uint32_t in_channels, in_h, in_w, out_channels, out_h, out_w;
    uint32_t kernel_h, kernel_w, stride_h, stride_w, dilation, pad_top, pad_left, group;
    uint32_t act;      /* BT_FN_* of shaders/engine/engine.h */
    uint32_t residual; /* 0: none, 1: added before the activation, 2: after it */
};

/* Words for the same reasons; what a way does not use is 0. */
struct bt_choice {
    uint32_t way;    /* enum bt_way */
    uint32_t texels; /* 1: reads through texel buffers (where they fit), 0: through storage buffers */
    uint32_t pixels, rows, groups;
    uint32_t share; /* lanes of a subgroup that share weights; 1: each reads its own */
    uint32_t lanes; /* invocations in a workgroup */
};

/* One measured layer. */
struct bt_tuned {
    struct bt_layer layer;
    struct bt_choice choice;
};

enum { BT_CHOICES_MAX = 32 };

/* The choices for a layer; the first is the one to take when nothing was measured. Returns their number, at least 1. */
uint32_t bt_emit_candidates(const struct bt_layer *layer, const struct bt_emit_params *params,
                            struct bt_choice out_choices[BT_CHOICES_MAX]);
/* The tuned choice if params have one that is still a candidate, else the first candidate. */
struct bt_choice bt_emit_choose(const struct bt_layer *layer, const struct bt_emit_params *params);

#endif
