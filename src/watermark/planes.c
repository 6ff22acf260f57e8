/* SPDX-License-Identifier: MIT */
#include "watermark/planes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HALF_NS INT64_C(500000000)
/* Larger pictures are added up at half their size or less: their marks have larger cells. */
enum { SUM_MOST_PX = 2560 };
/* Of the windows for mean and deviation, px at a level, where a cell is 3 to 6.5 px. */
enum { MEAN_RADIUS = 8, DEVIATION_RADIUS = 8 };
/* What is added to the deviation, codes, and how many deviations count at most: a picture's own edges are far out. */
#define FLOOR 0.3f
#define CLIP  2.5f

bt_status bt_watermark_planes_init(uint32_t w, uint32_t h, struct bt_watermark_planes *out_planes) {
    struct bt_watermark_planes p = {.shrink = 1};
    while ((w > h ? w : h) / p.shrink > SUM_MOST_PX) p.shrink *= 2;
    p.w = w / p.shrink, p.h = h / p.shrink;
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++)
        if (!(p.sum[k] = calloc((size_t)p.w * p.h, sizeof *p.sum[k]))) {
            bt_watermark_planes_finish(&p);
            return BT_E_MEMORY;
        }
    *out_planes = p;
    return BT_OK;
}

void bt_watermark_planes_finish(struct bt_watermark_planes *planes) {
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++) free(planes->sum[k]);
    memset(planes, 0, sizeof *planes);
}

void bt_watermark_planes_reset(struct bt_watermark_planes *planes) {
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++) {
        if (planes->sum[k]) explicit_bzero(planes->sum[k], (size_t)planes->w * planes->h * sizeof *planes->sum[k]);
        planes->count[k] = 0;
    }
}

void bt_watermark_planes_add(struct bt_watermark_planes *planes, const uint8_t *luma, size_t stride, int64_t time_ns) {
    int64_t quarter = time_ns / HALF_NS - (time_ns % HALF_NS < 0);
    uint32_t q = (uint32_t)(quarter & 3), n = planes->shrink;
    const int32_t sign[BT_WATERMARK_PLANES] = {1, q < 2 ? 1 : -1, q == 0 || q == 3 ? -1 : 1};
    int32_t turned = sign[BT_WATERMARK_TURNED], late = sign[BT_WATERMARK_TURNED_LATE];
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++) planes->count[k] += sign[k];
    for (uint32_t y = 0; y < planes->h; y++) {
        size_t at = (size_t)y * planes->w;
        int32_t *restrict a = planes->sum[BT_WATERMARK_PLAIN] + at, *restrict b = planes->sum[BT_WATERMARK_TURNED] + at;
        int32_t *restrict c = planes->sum[BT_WATERMARK_TURNED_LATE] + at;
        for (uint32_t x = 0; x < planes->w; x++) {
            int32_t code = 0;
            if (n == 1)
                code = luma[y * stride + x];
            else
                for (uint32_t i = 0; i < n * n; i++) code += luma[(n * y + i / n) * stride + n * x + i % n];
            a[x] += code;
            b[x] += turned * code;
            c[x] += late * code;
        }
    }
}

/* Mean over squares of 2 r + 1 px a side, cut at the borders: running sums down, then across. `row` holds w values. */
static void box(const float *in, float *out, uint32_t w, uint32_t h, uint32_t r, float *row) {
    memset(row, 0, w * sizeof *row);
    for (uint32_t y = 0; y < r && y < h; y++)
        for (uint32_t x = 0; x < w; x++) row[x] += in[(size_t)y * w + x];
    for (uint32_t y = 0; y < h; y++) {
        const float *enters = in + (size_t)(y + r) * w, *leaves = in + ((size_t)y - r - 1) * w;
        if (y + r < h)
            for (uint32_t x = 0; x < w; x++) row[x] += enters[x];
        if (y > r)
            for (uint32_t x = 0; x < w; x++) row[x] -= leaves[x];
        uint32_t top = y > r ? y - r : 0, end = y + r + 1 < h ? y + r + 1 : h;
        float sum = 0.0f, *to = out + (size_t)y * w;
        for (uint32_t x = 0; x < r && x < w; x++) sum += row[x];
        for (uint32_t x = 0; x < w; x++) {
            if (x + r < w) sum += row[x + r];
            if (x > r) sum -= row[x - r - 1];
            uint32_t left = x > r ? x - r : 0, right = x + r + 1 < w ? x + r + 1 : w;
            to[x] = sum / (float)((end - top) * (right - left));
        }
    }
}

void bt_watermark_planes_residual(const struct bt_watermark_planes *planes, uint32_t plane, uint32_t level, float *out,
                                  float *scratch, float *more_scratch) {
    uint32_t n = 1u << level, w = planes->w / n, h = planes->h / n;
    size_t px = (size_t)w * h;
    int32_t count = planes->count[BT_WATERMARK_PLAIN];
    if (!count || !px) {
        memset(out, 0, px * sizeof *out);
        return;
    }
    const int32_t *sum = planes->sum[plane], *plain = planes->sum[BT_WATERMARK_PLAIN];
    float unit = 1.0f / ((float)count * (float)(n * n * planes->shrink * planes->shrink));
    float still = plane == BT_WATERMARK_PLAIN ? 0.0f : (float)planes->count[plane] / (float)count;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            float value = 0.0f;
            for (uint32_t i = 0; i < n * n; i++) {
                size_t at = (size_t)(n * y + i / n) * planes->w + n * x + i % n;
                value += (float)sum[at] - still * (float)plain[at];
            }
            out[(size_t)y * w + x] = unit * value;
        }
    float *row = more_scratch; /* the first row of it: its own use comes later */
    box(out, scratch, w, h, MEAN_RADIUS, row);
    for (size_t i = 0; i < px; i++) out[i] -= scratch[i];
    for (size_t i = 0; i < px; i++) scratch[i] = fabsf(out[i]);
    float *deviation = more_scratch + w;
    box(scratch, deviation, w, h, DEVIATION_RADIUS, row);
    for (size_t i = 0; i < px; i++) out[i] = fmaxf(fminf(out[i] / (deviation[i] + FLOOR), CLIP), -CLIP);
}
