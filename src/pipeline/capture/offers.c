/* SPDX-License-Identifier: MIT */
#include "pipeline/capture/internal.h"
#include <math.h>
#include <string.h>

static const struct {
    uint32_t fourcc;
    float cost; /* breaks ties: a raw picture costs no decoder and no artefacts */
} readable[] = {
    {V4L2_PIX_FMT_YUYV, 0.0f},
    {V4L2_PIX_FMT_NV12, 0.01f},
    {V4L2_PIX_FMT_MJPEG, 0.03f},
    {V4L2_PIX_FMT_JPEG, 0.03f},
};

bool bt_offers_readable(uint32_t fourcc) {
    for (size_t i = 0; i < BT_COUNT(readable); i++)
        if (readable[i].fourcc == fourcc) return true;
    return false;
}

/* Low is good. A wrong size shows all the time, so width and height weigh by their ratio to the wish; a rate below the wish
   makes the mask lag, so half the rate is worse than half the size a side; a rate above it costs little. */
static float cost_of(const struct bt_offer *offer, const struct bt_camera_params *wish) {
    const float w = (float)wish->width_px, h = (float)wish->height_px, rate = (float)wish->rate;
    float cost = 2 * (fabsf(logf((float)offer->width_px / w)) + fabsf(logf((float)offer->height_px / h)));
    if (offer->rate_num && offer->rate_den) {
        const float ratio = (float)offer->rate_num / (float)offer->rate_den / rate;
        cost += ratio < 1 ? -5 * logf(ratio) : 0.1f * logf(ratio);
    } else {
        cost += 0.05f;
    }
    for (size_t i = 0; i < BT_COUNT(readable); i++)
        if (readable[i].fourcc == offer->fourcc) cost += readable[i].cost;
    return cost;
}

int bt_offers_choose(const struct bt_offer *offers, uint32_t count, const struct bt_camera_params *wish) {
    const struct bt_camera_params full = {
        .width_px = wish->width_px ? wish->width_px : 1280,
        .height_px = wish->height_px ? wish->height_px : 720,
        .rate = wish->rate ? wish->rate : BT_CAPTURE_FPS,
    };
    int best = -1;
    float best_cost = INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_offer *o = &offers[i];
        if (!bt_offers_readable(o->fourcc)) continue;
        if (o->width_px < BT_CAPTURE_LEAST_PX || o->height_px < BT_CAPTURE_LEAST_PX || o->width_px > BT_CAPTURE_MOST_PX ||
            o->height_px > BT_CAPTURE_MOST_PX)
            continue;
        const float cost = cost_of(o, &full);
        if (cost < best_cost) {
            best_cost = cost;
            best = (int)i;
        }
    }
    return best;
}

static uint32_t clamp_step(uint32_t wish, uint32_t least, uint32_t most, uint32_t step) {
    if (least > most) most = least;
    if (wish < least) return least;
    if (wish > most) wish = most;
    if (step > 1) {
        const uint32_t down = least + (wish - least) / step * step;
        return wish - down > step / 2 && down + step <= most ? down + step : down;
    }
    return wish;
}

struct list {
    struct bt_offer *offers;
    uint32_t count, capacity;
};

static void add(struct list *list, const struct bt_offer *offer) {
    if (list->count < list->capacity) list->offers[list->count++] = *offer;
}

/* Intervals are seconds a frame, rates frames a second: numerator and denominator change places. */
static void add_rates(int fd, struct list *list, struct bt_offer offer, uint32_t wish) {
    bool any = false;
    for (uint32_t i = 0; i < 64; i++) {
        struct v4l2_frmivalenum f = {
            .index = i, .pixel_format = offer.fourcc, .width = offer.width_px, .height = offer.height_px};
        if (bt_node_ioctl(fd, VIDIOC_ENUM_FRAMEINTERVALS, &f)) break;
        if (f.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
            offer.rate_num = f.discrete.denominator;
            offer.rate_den = f.discrete.numerator;
            add(list, &offer);
            any = true;
            continue;
        }
        const struct v4l2_fract slow = f.stepwise.max, fast = f.stepwise.min;
        offer.rate_num = wish;
        offer.rate_den = 1;
        if ((uint64_t)wish * fast.numerator > fast.denominator) {
            offer.rate_num = fast.denominator;
            offer.rate_den = fast.numerator;
        } else if ((uint64_t)wish * slow.numerator < slow.denominator) {
            offer.rate_num = slow.denominator;
            offer.rate_den = slow.numerator;
        }
        add(list, &offer);
        any = true;
        break;
    }
    if (!any) add(list, &offer);
}

uint32_t bt_offers_list(int fd, const struct bt_camera_params *wish, struct bt_offer *out_offers, uint32_t capacity) {
    struct list list = {.offers = out_offers, .capacity = capacity};
    const uint32_t w = wish->width_px ? wish->width_px : 1280, h = wish->height_px ? wish->height_px : 720;
    const uint32_t rate = wish->rate ? wish->rate : BT_CAPTURE_FPS;
    for (uint32_t i = 0; i < 64; i++) {
        struct v4l2_fmtdesc desc = {.index = i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
        if (bt_node_ioctl(fd, VIDIOC_ENUM_FMT, &desc)) break;
        if (!bt_offers_readable(desc.pixelformat)) continue;
        struct bt_offer offer = {.fourcc = desc.pixelformat};
        bool any = false;
        for (uint32_t s = 0; s < 128; s++) {
            struct v4l2_frmsizeenum size = {.index = s, .pixel_format = desc.pixelformat};
            if (bt_node_ioctl(fd, VIDIOC_ENUM_FRAMESIZES, &size)) break;
            any = true;
            if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
                offer.width_px = size.discrete.width;
                offer.height_px = size.discrete.height;
                add_rates(fd, &list, offer, rate);
                continue;
            }
            offer.width_px = clamp_step(w, size.stepwise.min_width, size.stepwise.max_width, size.stepwise.step_width);
            offer.height_px = clamp_step(h, size.stepwise.min_height, size.stepwise.max_height, size.stepwise.step_height);
            add_rates(fd, &list, offer, rate);
            break;
        }
        if (!any) { /* an old driver that lists no sizes: it will say at S_FMT */
            offer.width_px = w;
            offer.height_px = h;
            add(&list, &offer);
        }
    }
    return list.count;
}
