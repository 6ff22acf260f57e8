/* SPDX-License-Identifier: MIT */
/* What a detector remembers of the pictures: three sums, and what is left of them once the picture itself is taken away. */
#ifndef BT_WATERMARK_PLANES_H
#define BT_WATERMARK_PLANES_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

/* PLAIN adds pictures up; the other two add them with a sign that turns every second, half a second apart: whenever the mark
   turned, some mixture of the two follows it, and a picture that stands still is not in it. */
enum { BT_WATERMARK_PLAIN, BT_WATERMARK_TURNED, BT_WATERMARK_TURNED_LATE, BT_WATERMARK_PLANES };

struct bt_watermark_planes {
    uint32_t w, h;   /* of the sums */
    uint32_t shrink; /* a sum's px is a square of so many of the picture's px a side */
    int32_t *sum[BT_WATERMARK_PLANES];
    int32_t count[BT_WATERMARK_PLANES]; /* pictures, each with its sign */
};
BT_CHECKED bt_status bt_watermark_planes_init(uint32_t w, uint32_t h, struct bt_watermark_planes *out_planes);
void bt_watermark_planes_finish(struct bt_watermark_planes *planes);
void bt_watermark_planes_reset(struct bt_watermark_planes *planes);
void bt_watermark_planes_add(struct bt_watermark_planes *planes, const uint8_t *luma, size_t stride, int64_t time_ns);

/* One plane, halved `level` times, less its own neighbourhood's mean, by its own neighbourhood's deviation. Room in each
   buffer for w x h, in the last for a row more. */
void bt_watermark_planes_residual(const struct bt_watermark_planes *planes, uint32_t plane, uint32_t level, float *out,
                                  float *scratch, float *more_scratch);

#endif
