/* SPDX-License-Identifier: MIT */
/* One separable Gaussian for every image that swap and blend smooth. */
#ifndef BT_BLEND_SMOOTH_H
#define BT_BLEND_SMOOTH_H

#include "base/status.h"
#include <stdint.h>

struct bt_gpu;
struct bt_image;
struct bt_bindings;
struct bt_commands;
struct bt_smooth;

BT_CHECKED bt_status bt_blend_smooth_create(struct bt_gpu *gpu, struct bt_smooth **out_smooth);
void bt_blend_smooth_destroy(struct bt_smooth **smooth);

/* One direction: RGBA16F `to` from any sampled image `from`, which differ and both outlive the bindings (the caller's). */
BT_CHECKED bt_status bt_blend_smooth_bind(struct bt_smooth *smooth, struct bt_image *from, struct bt_image *to,
                                          struct bt_bindings **out_bindings);

struct bt_smooth_pass {
    struct bt_bindings *bindings;
    const struct bt_image *from;
    int32_t x, y, w, h; /* px of `to` to write */
    float scale;        /* px of `from` a px of `to` */
    float sigma_px;     /* in px of `to` */
    int vertical;
};
/* Records one dispatch; barriers are the caller's. */
void bt_blend_smooth_record(struct bt_smooth *smooth, struct bt_commands *commands, const struct bt_smooth_pass *pass);

#endif
