/* SPDX-License-Identifier: MIT */
/* What shaders/disclose/pack.comp does, in plain C: the kernel's reference, and the packer of placards. */
#ifndef BT_PIPELINE_DISCLOSE_PACK_H
#define BT_PIPELINE_DISCLOSE_PACK_H

#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/overlay.h"
#include "pipeline/disclose/place.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_pack_format {
    uint32_t w, h; /* px, even */
    enum bt_egress egress;
    bool bt709;
};

/* The invisible mark; NULL for none. */
struct bt_pack_mark {
    const struct bt_watermark_tile *tile;
    struct bt_watermark_dose dose;
};

size_t bt_disclose_pack_bytes(const struct bt_pack_format *format);

/* Gamma-coded RGB, 0 … 1, at a pixel. */
typedef void (*bt_pack_source)(const void *context, uint32_t x, uint32_t y, float *out_rgb);
/* Packs the rectangle from (x0, y0), inclusive, to (x1, y1), exclusive; all even. */
void bt_disclose_pack_region(const struct bt_pack_format *format, const struct bt_pack_mark *mark, uint8_t *out, uint32_t x0,
                             uint32_t y0, uint32_t x1, uint32_t y1, bt_pack_source source, const void *context);

/* Source: an opaque canvas. */
void bt_disclose_pack_canvas(const void *canvas, uint32_t x, uint32_t y, float *out_rgb);
/* Source: a linear frame with the overlay on it. */
struct bt_pack_frame {
    const float *rgba; /* linear, 4 floats a pixel */
    uint32_t w;
    const struct bt_overlay *overlay;
    struct bt_placement place;
    bool banner;
    float fade; /* 0 … 1, into the placards' ground */
};
void bt_disclose_pack_linear(const void *pack_frame, uint32_t x, uint32_t y, float *out_rgb);

#endif
