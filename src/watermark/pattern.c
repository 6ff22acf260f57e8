/* SPDX-License-Identifier: MIT */
#include "watermark/pattern.h"
#include "base/rng.h"
#include "disclose/mark.h"
#include <math.h>

_Static_assert(BT_MARK_TILE == BT_WATERMARK_TILE_PX, "tile");
_Static_assert(BT_WATERMARK_CELLS == 256, "a cell's number is a byte");

/* Cosine roll-off from one cell to the next, in cells. */
#define ROLL_OFF 1.0f
/* The generator's stream: what else is drawn from the same numbers elsewhere is not this. */
#define STREAM 0x776d

void bt_watermark_layout_init(uint16_t key, struct bt_watermark_layout *out_layout) {
    struct bt_rng rng;
    bt_rng_init(&rng, key, STREAM);
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) {
        out_layout->cell[i] = (uint8_t)i;
        out_layout->sign[i] = bt_rng_u32(&rng) & 1 ? 1 : -1;
    }
    for (uint32_t i = BT_WATERMARK_CELLS - 1; i > 0; i--) { /* Fisher and Yates */
        uint32_t j = bt_rng_u32(&rng) % (i + 1);
        uint8_t cell = out_layout->cell[i];
        out_layout->cell[i] = out_layout->cell[j];
        out_layout->cell[j] = cell;
    }
}

float bt_watermark_shape(float distance) {
    float d = (fabsf(distance) - 0.5f) / ROLL_OFF;
    if (d <= -0.5f) return 1.0f;
    if (d >= 0.5f) return 0.0f;
    return 0.5f - 0.5f * sinf((float)M_PI * d);
}

void bt_watermark_tile_init(uint32_t session, uint16_t key, struct bt_watermark_tile *out_tile) {
    enum { S = BT_WATERMARK_SIDE, T = BT_WATERMARK_TILE_PX, C = BT_WATERMARK_CELL_PX };
    struct bt_watermark_layout layout;
    int8_t coded[BT_WATERMARK_CODED];
    float cell[S][S];
    bt_watermark_layout_init(key, &layout);
    bt_watermark_code(session, key, coded);
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) {
        int value = layout.sign[i] * (i < BT_WATERMARK_SYNC ? 1 : coded[i - BT_WATERMARK_SYNC]);
        cell[layout.cell[i] / S][layout.cell[i] % S] = (float)value;
    }
    for (int y = 0; y < T; y++)
        for (int x = 0; x < T; x++) {
            float sum = 0.0f;
            for (int j = -1; j <= 1; j++)
                for (int i = -1; i <= 1; i++) {
                    int cx = x / C + i, cy = y / C + j;
                    float dx = ((float)x + 0.5f) / C - ((float)cx + 0.5f), dy = ((float)y + 0.5f) / C - ((float)cy + 0.5f);
                    sum += cell[(cy + S) % S][(cx + S) % S] * bt_watermark_shape(dx) * bt_watermark_shape(dy);
                }
            out_tile->at[y * T + x] = (int8_t)lrintf(127.0f * sum);
        }
}

float bt_watermark_gain(const struct bt_watermark_dose *dose, float left, float right) {
    return fminf(dose->least + dose->slope * fabsf(left - right), dose->most);
}

void bt_watermark_embed(const struct bt_watermark_tile *tile, const struct bt_watermark_dose *dose, uint8_t *luma,
                        size_t stride, uint32_t w, uint32_t h) {
    for (uint32_t y = 0; y < h; y++) {
        uint8_t *row = luma + y * stride;
        const int8_t *pattern = tile->at + (size_t)(y % BT_WATERMARK_TILE_PX) * BT_WATERMARK_TILE_PX;
        for (uint32_t x = 0; x + 1 < w; x += 2) {
            float gain = dose->sign * bt_watermark_gain(dose, row[x], row[x + 1]) / 127.0f;
            for (uint32_t k = 0; k < 2; k++) {
                float code = (float)row[x + k] + gain * (float)pattern[(x + k) % BT_WATERMARK_TILE_PX];
                row[x + k] = (uint8_t)lrintf(fminf(fmaxf(code, 0.0f), 255.0f));
            }
        }
    }
}
