/* SPDX-License-Identifier: MIT */
/* What the options of run say of the picture's shape, checked. */
#ifndef BT_APP_SHAPE_H
#define BT_APP_SHAPE_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_app_options;
struct bt_log;

struct bt_shape {
    bool mirror, letterbox;
    uint32_t turn_deg, width_px, height_px, rate; /* size and rate of what leaves; 0: the source's */
    bool i420;                                    /* the virtual camera's pixels, else YUYV */
};

/* BT_E_ARGUMENT: the log says which option, and what it takes. */
BT_CHECKED bt_status bt_shape_read(struct bt_log *log, const struct bt_app_options *options, struct bt_shape *out_shape);

#endif
