/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/canvas.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bt_status bt_disclose_canvas_init(struct bt_canvas *canvas, uint32_t w, uint32_t h) {
    if (w == 0 || h == 0 || w > 16384 || h > 16384) return BT_E_ARGUMENT;
    uint8_t *rgba = calloc((size_t)w * h, 4);
    if (!rgba) return BT_E_MEMORY;
    *canvas = (struct bt_canvas){rgba, w, h};
    return BT_OK;
}

void bt_disclose_canvas_finish(struct bt_canvas *canvas) {
    free(canvas->rgba);
    *canvas = (struct bt_canvas){0};
}

static uint32_t div255(uint32_t v) {
    return (v + 127) / 255;
}

static void over(uint8_t *at, struct bt_paint p, uint32_t coverage) {
    uint32_t a = div255(p.a * coverage);
    at[0] = (uint8_t)div255(p.r * a + at[0] * (255 - a));
    at[1] = (uint8_t)div255(p.g * a + at[1] * (255 - a));
    at[2] = (uint8_t)div255(p.b * a + at[2] * (255 - a));
    at[3] = (uint8_t)div255(255 * a + at[3] * (255 - a));
}

void bt_disclose_canvas_fill(struct bt_canvas *canvas, struct bt_paint paint) {
    for (size_t i = 0; i < (size_t)canvas->w * canvas->h; i++) over(canvas->rgba + 4 * i, paint, 255);
}

void bt_disclose_canvas_dot(struct bt_canvas *canvas, int32_t x, int32_t y, struct bt_paint paint, uint32_t coverage) {
    if (x < 0 || y < 0 || (uint32_t)x >= canvas->w || (uint32_t)y >= canvas->h || coverage == 0) return;
    over(canvas->rgba + 4 * ((size_t)y * canvas->w + (size_t)x), paint, coverage);
}

void bt_disclose_canvas_plate(struct bt_canvas *canvas, struct bt_rect rect, float radius_px, struct bt_paint paint) {
    float cx = rect.x + 0.5f * rect.w, cy = rect.y + 0.5f * rect.h;
    float hx = 0.5f * rect.w - radius_px, hy = 0.5f * rect.h - radius_px;
    for (int32_t y = (int32_t)floorf(rect.y); y < (int32_t)ceilf(rect.y + rect.h); y++)
        for (int32_t x = (int32_t)floorf(rect.x); x < (int32_t)ceilf(rect.x + rect.w); x++) {
            /* Distance to a rounded box: to the box of the corners' centres, less the radius. */
            float dx = fabsf((float)x + 0.5f - cx) - hx, dy = fabsf((float)y + 0.5f - cy) - hy;
            float outside = hypotf(fmaxf(dx, 0.0f), fmaxf(dy, 0.0f)) + fminf(fmaxf(dx, dy), 0.0f) - radius_px;
            float c = fminf(fmaxf(0.5f - outside, 0.0f), 1.0f);
            bt_disclose_canvas_dot(canvas, x, y, paint, (uint32_t)lrintf(255.0f * c));
        }
}

void bt_disclose_canvas_ink(struct bt_canvas *canvas, const struct bt_ink *ink, int32_t x, int32_t baseline,
                            struct bt_paint paint) {
    for (uint32_t j = 0; j < ink->h; j++)
        for (uint32_t i = 0; i < ink->w; i++)
            bt_disclose_canvas_dot(canvas, x + ink->left + (int32_t)i, baseline - ink->top + (int32_t)j, paint,
                                   ink->coverage[(size_t)j * ink->w + i]);
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

bt_status bt_disclose_canvas_polygon(struct bt_canvas *canvas, const struct bt_vec2 *point, uint32_t count,
                                     struct bt_paint paint) {
    enum { ROWS = 4 };
    float cross[256], top = INFINITY, bottom = -INFINITY;
    if (count > BT_COUNT(cross)) return BT_E_ARGUMENT;
    float *row = malloc(canvas->w * sizeof *row);
    if (!row) return BT_E_MEMORY;
    for (uint32_t i = 0; i < count; i++) top = fminf(top, point[i].y), bottom = fmaxf(bottom, point[i].y);
    for (uint32_t y = (uint32_t)fmaxf(top, 0.0f); y < canvas->h && (float)y < bottom; y++) {
        memset(row, 0, canvas->w * sizeof *row);
        for (uint32_t r = 0; r < ROWS; r++) {
            float at = (float)y + ((float)r + 0.5f) / (float)ROWS;
            uint32_t n = 0;
            for (uint32_t i = 0, k = count - 1; i < count; k = i++)
                if ((point[i].y > at) != (point[k].y > at))
                    cross[n++] = point[i].x + (point[k].x - point[i].x) * (at - point[i].y) / (point[k].y - point[i].y);
            qsort(cross, n, sizeof *cross, ascending);
            for (uint32_t i = 0; i + 1 < n; i += 2) {
                float x0 = fmaxf(cross[i], 0.0f), x1 = fminf(cross[i + 1], (float)canvas->w);
                for (uint32_t x = (uint32_t)x0; (float)x < x1; x++)
                    row[x] += (fminf(x1, (float)x + 1.0f) - fmaxf(x0, (float)x)) / (float)ROWS;
            }
        }
        for (uint32_t x = 0; x < canvas->w; x++)
            bt_disclose_canvas_dot(canvas, (int32_t)x, (int32_t)y, paint, (uint32_t)lrintf(255.0f * fminf(row[x], 1.0f)));
    }
    free(row);
    return BT_OK;
}

void bt_disclose_canvas_copy(struct bt_canvas *canvas, const struct bt_canvas *src, uint32_t x, uint32_t y) {
    if (x >= canvas->w) return;
    uint32_t w = src->w < canvas->w - x ? src->w : canvas->w - x;
    for (uint32_t j = 0; j < src->h && y + j < canvas->h; j++)
        memcpy(canvas->rgba + 4 * ((size_t)(y + j) * canvas->w + x), src->rgba + 4 * (size_t)j * src->w, 4 * (size_t)w);
}
