/* SPDX-License-Identifier: MIT */
#include "pipeline/track/crops.h"
#include "engine/net.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "spv/track_crop.h"
#include "spv/track_light.h"
#include "track/crop.h"
#include "track/light.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 8, VARIANTS = BT_CROP_TAPS_MAX }; /* variant k takes k + 1 taps a side */
/* Up to here four texels a pixel miss little, and the picture is the one the nets' authors fed them (512 px on 192 is 2.67). */
static const float EXACT_SHRINK = 2.7f;
static const double NOISE_KNOWN = .8;

struct view {
    struct bt_image *image;
    struct bt_bindings *crop[BT_CROP_ROLES][VARIANTS], *light;
    uint64_t used;
};

struct bt_crops {
    struct bt_crop_target target[BT_CROP_ROLES];
    uint32_t first[BT_CROP_ROLES]; /* vec4s between the binding's start and the input's */
    size_t bind_offset[BT_CROP_ROLES];
    struct bt_kernel *crop[VARIANTS], *light;
    struct bt_buffer *sums;
    struct view view[IMAGES], *current;
    uint64_t clock;
};

static void close_view(struct view *v) {
    for (uint32_t r = 0; r < BT_CROP_ROLES; r++)
        for (uint32_t k = 0; k < VARIANTS; k++) bt_bindings_destroy(&v->crop[r][k]);
    bt_bindings_destroy(&v->light);
    *v = (struct view){0};
}

static bt_status open_view(struct bt_crops *c, struct bt_image *image, struct view *v) {
    bt_status st = BT_OK;
    for (uint32_t r = 0; r < BT_CROP_ROLES; r++) {
        for (uint32_t k = 0; k < VARIANTS; k++) {
            const struct bt_binding b[BT_CROP_SLOTS] = {
                [BT_CROP_FRAME] = {.image = image, .sampler = BT_SAMPLER_NEAREST_EDGE},
                [BT_CROP_NET] = {.buffer = c->target[r].input->buffer,
                                 .offset_bytes = c->bind_offset[r],
                                 .size_bytes =
                                     c->target[r].input->offset_bytes - c->bind_offset[r] + c->target[r].input->size_bytes},
            };
            st = bt_bindings_create(c->crop[k], b, BT_CROP_SLOTS, &v->crop[r][k]);
            if (st) goto fail;
        }
    }
    const struct bt_binding b[BT_LIGHT_SLOTS] = {
        [BT_LIGHT_FRAME] = {.image = image, .sampler = BT_SAMPLER_NEAREST_EDGE},
        [BT_LIGHT_SUMS] = {.buffer = c->sums},
    };
    st = bt_bindings_create(c->light, b, BT_LIGHT_SLOTS, &v->light);
    if (st) goto fail;
    v->image = image;
    return BT_OK;
fail:
    close_view(v);
    return st;
}

bt_status bt_track_crops_create(struct bt_gpu *gpu, const struct bt_crop_target target[BT_CROP_ROLES],
                                struct bt_crops **out_crops) {
    static const enum bt_slot crop_slots[BT_CROP_SLOTS] = {[BT_CROP_FRAME] = BT_SLOT_SAMPLED, [BT_CROP_NET] = BT_SLOT_STORAGE};
    static const enum bt_slot light_slots[BT_LIGHT_SLOTS] = {
        [BT_LIGHT_FRAME] = BT_SLOT_SAMPLED, [BT_LIGHT_SUMS] = BT_SLOT_STORAGE};
    bt_status st = BT_E_MEMORY;
    struct bt_crops *c = calloc(1, sizeof *c);
    if (!c) goto fail;
    const size_t align = bt_gpu_caps(gpu)->storage_align_bytes;
    for (uint32_t r = 0; r < BT_CROP_ROLES; r++) {
        const size_t offset = target[r].input->offset_bytes, bind = align ? offset / align * align : offset;
        c->target[r] = target[r];
        c->bind_offset[r] = bind;
        c->first[r] = (uint32_t)((offset - bind) / (4 * sizeof(float)));
    }
    for (uint32_t k = 0; k < VARIANTS; k++) {
        const uint32_t taps = k + 1; /* BT_CROP_TAPS_ID is 0 */
        st = bt_kernel_create(gpu,
                              &(struct bt_kernel_params){.name = "track crop",
                                                         .spirv = bt_spv_track_crop,
                                                         .spirv_bytes = bt_spv_track_crop_bytes,
                                                         .slots = crop_slots,
                                                         .slot_count = BT_CROP_SLOTS,
                                                         .constants = &taps,
                                                         .constant_count = 1,
                                                         .push_bytes = BT_CROP_PUSH_BYTES},
                              &c->crop[k]);
        if (st) goto fail;
    }
    st = bt_kernel_create(gpu,
                          &(struct bt_kernel_params){.name = "track light",
                                                     .spirv = bt_spv_track_light,
                                                     .spirv_bytes = bt_spv_track_light_bytes,
                                                     .slots = light_slots,
                                                     .slot_count = BT_LIGHT_SLOTS,
                                                     .push_bytes = BT_LIGHT_PUSH_BYTES},
                          &c->light);
    if (st) goto fail;
    st = bt_buffer_create(gpu, BT_LIGHT_LANES * BT_LIGHT_FLOATS * sizeof(float), BT_MEMORY_READBACK, &c->sums);
    if (st) goto fail;
    *out_crops = c;
    return BT_OK;
fail:
    bt_track_crops_destroy(&c);
    return st;
}

void bt_track_crops_destroy(struct bt_crops **crops) {
    struct bt_crops *c = *crops;
    if (!c) return;
    bt_track_crops_forget(c);
    for (uint32_t k = 0; k < VARIANTS; k++) bt_kernel_destroy(&c->crop[k]);
    bt_kernel_destroy(&c->light);
    bt_buffer_destroy(&c->sums);
    free(c);
    *crops = NULL;
}

void bt_track_crops_forget(struct bt_crops *crops) {
    for (uint32_t i = 0; i < IMAGES; i++) close_view(&crops->view[i]);
    crops->current = NULL;
}

bt_status bt_track_crops_aim(struct bt_crops *crops, struct bt_image *frame) {
    struct view *oldest = &crops->view[0];
    crops->current = NULL;
    for (uint32_t i = 0; i < IMAGES && !crops->current; i++) {
        struct view *v = &crops->view[i];
        if (v->image == frame) crops->current = v;
        if (v->used < oldest->used) oldest = v;
    }
    if (!crops->current) {
        close_view(oldest);
        const bt_status st = open_view(crops, frame, oldest);
        if (st) return st;
        crops->current = oldest;
    }
    crops->current->used = ++crops->clock;
    return BT_OK;
}

void bt_track_crops_record(struct bt_crops *crops, struct bt_commands *commands, enum bt_crop_role role,
                           const struct bt_affine *frame_from_crop) {
    const struct bt_crop_target *t = &crops->target[role];
    const float shrink = hypotf(frame_from_crop->m[0], frame_from_crop->m[3]);
    const uint32_t taps = shrink > EXACT_SHRINK ? (uint32_t)fminf(ceilf(shrink), (float)t->taps_limit) : 1;
    struct bt_crop_push push = {
        .frame_w = (int32_t)bt_image_width(crops->current->image),
        .frame_h = (int32_t)bt_image_height(crops->current->image),
        .crop_w = t->input->dim[3],
        .crop_h = t->input->dim[2],
        .scale = t->scale,
        .offset = t->offset,
        .first = crops->first[role],
    };
    memcpy(push.frame_from_crop, frame_from_crop->m, sizeof push.frame_from_crop);
    bt_commands_dispatch(commands, crops->crop[taps - 1], crops->current->crop[role][taps - 1], &push,
                         (push.crop_w + BT_CROP_LOCAL_X - 1) / BT_CROP_LOCAL_X,
                         (push.crop_h + BT_CROP_LOCAL_Y - 1) / BT_CROP_LOCAL_Y, 1);
}

void bt_track_crops_record_light(struct bt_crops *crops, struct bt_commands *commands,
                                 const struct bt_affine *frame_from_unit) {
    const struct bt_affine unit_from_grid = {{1.f / BT_LIGHT_GRID, 0, 0, 0, 1.f / BT_LIGHT_GRID, 0}};
    const struct bt_affine a = bt_affine_multiply(frame_from_unit, &unit_from_grid);
    struct bt_light_push push = {
        .frame_w = (int32_t)bt_image_width(crops->current->image),
        .frame_h = (int32_t)bt_image_height(crops->current->image),
    };
    memcpy(push.frame_from_grid, a.m, sizeof push.frame_from_grid);
    bt_commands_dispatch(commands, crops->light, crops->current->light, &push, 1, 1, 1);
}

_Static_assert(BT_FACES_CELLS == BT_LIGHT_CELLS, "cells");

struct bt_measures bt_track_crops_light(struct bt_crops *crops) {
    const float *s = bt_buffer_map(crops->sums);
    double sum[BT_LIGHT_FLOATS] = {0};
    for (uint32_t i = 0; i < BT_LIGHT_LANES; i++)
        for (uint32_t k = 0; k < BT_LIGHT_FLOATS; k++) sum[k] += (double)s[BT_LIGHT_FLOATS * i + k];
    const double n = sum[3];
    if (!(n > 0)) return (struct bt_measures){0};
    const double mean = sum[0] / n, contrast = sqrt(fmax(0, sum[1] / n - mean * mean));
    /* Immerkaer, Fast noise variance estimation, 1996: the mask has a norm of 6, and the mean of |x| is sqrt(2 / pi) sigma.
       Noise alone gives the Laplacian, 1 1 1 1 -4, a variance of 20 sigma^2; both are known to some percent only, and so that
       noise is never taken for a blur a part of it is left in. */
    const double noise = sqrt(M_PI_2) / 6 * sum[4] / n, of_noise = NOISE_KNOWN * 20 * noise * noise;
    const double detail = sqrt(fmax(0, sum[5] / n - of_noise));
    struct bt_measures m = {.light = (float)mean,
                            .contrast = (float)contrast,
                            .noise = (float)noise,
                            .burnt = (float)(sum[2] / n),
                            .sharpness = contrast > 0 ? (float)(detail / contrast) : 0};
    for (uint32_t i = 0; i < BT_LIGHT_LANES; i++) {
        const float *lane = s + BT_LIGHT_FLOATS * i;
        m.cell[i] = lane[3] > 0 ? lane[0] / lane[3] : m.light;
    }
    return m;
}
