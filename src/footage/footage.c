/* SPDX-License-Identifier: MIT */
#include "footage/footage.h"
#include "base/clock.h"
#include "base/log.h"
#include "footage/figure.h"
#include "footage/shade.h"
#include "pipeline/capture/capture.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 25, SIDE_LEAST = 64, SIDE_MOST = 4096, RATE_MOST = 240 };

/* What the picture shows of the portrait: this many of its rows, around the middle of the face. */
static const float rows_px = 256, top_px = -24, middle_px = 226;

struct footage {
    struct bt_source source; /* first: the source is the footage */
    struct bt_footage_figure *figure;
    struct bt_footage_shade *shade;
    struct bt_footage_map map;
    float origin_x, zoom;
    uint64_t frame, frames;
    uint32_t rate;
    struct bt_footage_driver driver;
    int64_t start_ns;
    atomic_bool interrupted;
};

static void footage_destroy(struct bt_source *source) {
    struct footage *f = (struct footage *)source;
    bt_footage_figure_destroy(&f->figure);
    bt_footage_shade_destroy(&f->shade);
    free(f->map.texel);
    free(f);
}

static bt_status footage_read(struct bt_source *source, struct bt_picture *picture) {
    struct footage *f = (struct footage *)source;
    if (atomic_load(&f->interrupted)) {
        return BT_E_INTERRUPTED;
    }
    if (f->frame >= f->frames) {
        return BT_E_END;
    }
    if (!f->frame) {
        f->start_ns = bt_clock_now_ns();
    }
    struct bt_footage_pose pose = {0};
    if (f->driver.pose) {
        f->driver.pose(f->driver.user, (double)f->frame / f->rate, &pose);
    } else {
        pose = bt_footage_pose_at((double)f->frame / f->rate);
    }
    bt_footage_figure_draw(f->figure, &pose, f->origin_x, top_px, f->zoom, &f->map);
    bt_footage_shade_run(f->shade, &f->map, &pose, f->frame, picture->data);
    picture->pixels = source->format.pixels;
    picture->width_px = source->format.width_px;
    picture->height_px = source->format.height_px;
    picture->full_range = false;
    picture->bt709 = source->format.bt709;
    picture->capture_ns =
        f->start_ns + (int64_t)(f->frame * 1000000000U / f->rate); /* the script's own time, drawn fast or slowly */
    f->frame++;
    return BT_OK;
}

static void footage_interrupt(struct bt_source *source) {
    atomic_store(&((struct footage *)source)->interrupted, true);
}

static const struct bt_source_ops footage_ops = {footage_destroy, footage_read, footage_interrupt, NULL};

bt_status bt_footage_create(const struct bt_footage_params *params, struct bt_source **out_source) {
    bt_status st = BT_E_ARGUMENT;
    struct footage *f = NULL;
    uint32_t width = params->width_px ? params->width_px : 640, height = params->height_px ? params->height_px : 480;
    uint32_t rate = params->rate ? params->rate : RATE;
    if (width % 2 || height % 2 || width < SIDE_LEAST || height < SIDE_LEAST || width > SIDE_MOST || height > SIDE_MOST ||
        rate > RATE_MOST) {
        bt_log_error(params->log, "footage: cannot be %u x %u at %u", width, height, rate);
        goto fail;
    }
    st = BT_E_MEMORY;
    f = calloc(1, sizeof(*f));
    if (!f) {
        goto fail;
    }
    f->map = (struct bt_footage_map){
        .texel = calloc((size_t)width * height, sizeof(*f->map.texel)), .width_px = width, .height_px = height};
    if (!f->map.texel) {
        goto fail;
    }
    f->rate = rate;
    f->driver = params->driver;
    f->frames = params->frames ? params->frames : params->driver.pose ? UINT64_MAX : bt_footage_frames() * rate / RATE;
    f->zoom = (float)height / rows_px;
    f->origin_x = middle_px - (float)width / f->zoom / 2;
    st = bt_footage_figure_create(params->log, params->geometry, &f->figure);
    if (!st) {
        st = bt_footage_shade_create(params->log, width, height, f->origin_x, top_px, f->zoom, &f->shade);
    }
    if (st) {
        goto fail;
    }
    f->map.person = bt_footage_shade_person(f->shade);
    f->source.ops = &footage_ops;
    f->source.format = (struct bt_source_format){.pixels = BT_PIXELS_I420,
                                                 .width_px = width,
                                                 .height_px = height,
                                                 .rate_num = rate,
                                                 .rate_den = 1,
                                                 .bt709 = height >= 720};
    (void)snprintf(f->source.name, sizeof(f->source.name), "built-in footage");
    *out_source = &f->source;
    f = NULL;
fail:
    if (f) {
        footage_destroy(&f->source);
    }
    return st;
}

uint64_t bt_footage_frames(void) {
    return (uint64_t)(BT_FOOTAGE_SCRIPT_S * RATE);
}

struct bt_footage_truth bt_footage_truth(uint64_t frame) {
    struct bt_footage_pose pose = bt_footage_pose_at((double)frame / RATE);
    return (struct bt_footage_truth){pose.visible, pose.yaw_rad, pose.pitch_rad, pose.roll_rad,
                                     pose.mouth,   pose.blink,   pose.light};
}
