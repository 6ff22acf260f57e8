/* SPDX-License-Identifier: MIT */
#include "app/shape.h"

#include "app/app.h"
#include "base/log.h"
#include "pipeline/disclose/disclose.h"

#include <stdio.h>
#include <string.h>

enum { RATE_MOST = 240 };

static bt_status refuse(struct bt_log *log, const char *option, const char *value, const char *takes) {
    bt_log_error(log, "--%s %s: expected %s", option, value, takes);
    return BT_E_ARGUMENT;
}

bt_status bt_shape_read(struct bt_log *log, const struct bt_app_options *o, struct bt_shape *out_shape) {
    struct bt_shape shape = {.mirror = o->mirror};
    char more;
    uint64_t n = 0;
    if (o->rotate) {
        if (!bt_app_number(o->rotate, &n) || n > 270 || n % 90) return refuse(log, "rotate", o->rotate, "90, 180 or 270");
        shape.turn_deg = (uint32_t)n;
    }
    if (o->fit) {
        shape.letterbox = !strcmp(o->fit, "letterbox");
        if (!shape.letterbox && strcmp(o->fit, "crop")) return refuse(log, "fit", o->fit, "crop or letterbox");
    }
    if (o->output_size) {
        const int got = sscanf(o->output_size, "%5ux%5u%c", &shape.width_px, &shape.height_px, &more);
        const uint32_t least = shape.width_px < shape.height_px ? shape.width_px : shape.height_px;
        const uint32_t most = shape.width_px < shape.height_px ? shape.height_px : shape.width_px;
        if (got != 2 || least < BT_DISCLOSE_LEAST_PX || most > BT_DISCLOSE_MOST_PX || (least | most) % 2)
            return refuse(log, "output-size", o->output_size, "a size such as 1280x720, even, of at least 120x120");
    }
    if (o->output_rate) {
        if (!bt_app_number(o->output_rate, &n) || !n || n > RATE_MOST)
            return refuse(log, "output-rate", o->output_rate, "a whole number from 1 to 240");
        shape.rate = (uint32_t)n;
    }
    if (o->pixels) {
        shape.i420 = !strcmp(o->pixels, "i420");
        if (!shape.i420 && strcmp(o->pixels, "yuyv")) return refuse(log, "pixels", o->pixels, "yuyv or i420");
    }
    *out_shape = shape;
    return BT_OK;
}
