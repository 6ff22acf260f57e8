/* SPDX-License-Identifier: MIT */
#include "pipeline/blend/blend.h"
#include "blend/compose.h"
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "pipeline/blend/cache.h"
#include "pipeline/blend/smooth.h"
#include "pipeline/faces.h"
#include "spv/blend_compose.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Blurs, in texels of a 256 px canonical map (the recipe's 3.5 and 7). The second smooths what the first has smoothed. */
static const float NEAR_SIGMA = 3.5f, FAR_SIGMA = 6.06f;
/* Flow and alpha are averaged over four taps so far apart, in texels of that map. */
static const float SOFTEN = .75f;
/* How much of the driver's grain, and of the dark lines at nostrils, lips and lids, is kept; how much noise is made up. */
static const float GRAIN = .75f, PASS = .7f, NOISE = 1.f;

enum pass { NEAR_X, NEAR_Y, FAR_X, FAR_Y, PASSES };
enum own { NEAR_HALFWAY, NEAR, FAR_HALFWAY, FAR, IMAGES };

struct bt_blend {
    struct bt_smooth *smooth;
    struct bt_kernel *compose;
    struct bt_image *image[IMAGES], *move;
    struct bt_bindings *bindings[PASSES];
    const struct bt_image *from[PASSES];
    struct bt_frame_cache frames, cut; /* without a matte, and with it */
    struct bt_texels *no_matte, *matte;
    const struct bt_buffer *matte_buffer;
    size_t matte_offset_bytes;
    uint32_t matte_w, matte_h;
    uint32_t width_px, height_px;
};

static int32_t rounded_up(int32_t value, int32_t by) {
    return (value + by - 1) / by;
}

static void record_pass(struct bt_blend *b, struct bt_commands *commands, enum pass pass, const int32_t area[4], float scale,
                        float sigma_px) {
    struct bt_smooth_pass p = {
        .bindings = b->bindings[pass],
        .from = b->from[pass],
        .x = area[0],
        .y = area[1],
        .w = area[2],
        .h = area[3],
        .scale = scale,
        .sigma_px = sigma_px,
        .vertical = pass == NEAR_Y || pass == FAR_Y,
    };
    bt_blend_smooth_record(b->smooth, commands, &p);
}

/* A matte of a size that the push block can say, where the first one lay. */
static bool usable(const struct bt_blend *b, const struct bt_faces *f) {
    if (!f || !f->matte || f->matte_w - 1 >= UINT16_MAX || f->matte_h - 1 >= UINT16_MAX) return false;
    return !b->matte || (f->matte == b->matte_buffer && f->matte_offset_bytes == b->matte_offset_bytes &&
                         f->matte_w == b->matte_w && f->matte_h == b->matte_h);
}

static bt_status look_at_matte(struct bt_blend *b, const struct bt_faces *f, struct bt_compose_push *push) {
    if (!b->matte) {
        bt_status st = bt_texels_create(f->matte, f->matte_offset_bytes, (size_t)f->matte_w * f->matte_h * sizeof(float),
                                        BT_TEXELS_R32F, &b->matte);
        if (st) return st;
        b->matte_buffer = f->matte;
        b->matte_offset_bytes = f->matte_offset_bytes;
        b->matte_w = f->matte_w;
        b->matte_h = f->matte_h;
        b->cut.bindings[BT_COMPOSE_MATTE].texels = b->matte;
    }
    memcpy(push->matte, &f->matte_from_frame, sizeof push->matte);
    push->matte_size = f->matte_w | f->matte_h << 16;
    return BT_OK;
}

bt_status bt_blend_record(struct bt_blend *b, struct bt_commands *commands, const struct bt_blend_job *job) {
    struct bt_bindings *set = NULL;
    struct bt_compose_push push = {0};
    bt_status st = BT_OK;
    bool cut = usable(b, job->faces);
    if (cut) st = look_at_matte(b, job->faces, &push);
    if (!st) st = bt_blend_cache_get(cut ? &b->cut : &b->frames, job->frame, &set);
    if (st) return st;
    const struct bt_area *a = &job->around;
    int32_t quarter[4] = {a->x / 4, a->y / 4, rounded_up(a->w, 4), rounded_up(a->h, 4)};
    float unit = job->texel_px;

    record_pass(b, commands, NEAR_X, quarter, 2, NEAR_SIGMA * unit / 4);
    bt_commands_barrier(commands);
    record_pass(b, commands, NEAR_Y, quarter, 1, NEAR_SIGMA * unit / 4);
    bt_commands_barrier(commands);
    record_pass(b, commands, FAR_X, quarter, 1, FAR_SIGMA * unit / 4);
    bt_commands_barrier(commands);
    record_pass(b, commands, FAR_Y, quarter, 1, FAR_SIGMA * unit / 4);
    bt_commands_barrier(commands);

    push.x = job->box.x;
    push.y = job->box.y;
    push.w = job->box.w;
    push.h = job->box.h;
    push.frame_w = (int32_t)b->width_px;
    push.frame_h = (int32_t)b->height_px;
    push.grid_scale = job->grid_scale;
    push.inverse_grid_w = 1 / (float)bt_image_width(b->move);
    push.inverse_grid_h = 1 / (float)bt_image_height(b->move);
    push.inverse_quarter_w = 1 / (4 * (float)bt_image_width(b->image[FAR]));
    push.inverse_quarter_h = 1 / (4 * (float)bt_image_height(b->image[FAR]));
    push.soften = fmaxf(.5f, SOFTEN * unit * job->grid_scale);
    push.grain = GRAIN;
    push.pass = PASS;
    push.noise = NOISE;
    push.seed = job->seed;
    memcpy(push.iris, job->iris_px, sizeof push.iris);
    memcpy(push.tint, job->tint, sizeof push.tint);
    bt_commands_dispatch(commands, b->compose, set, &push, (uint32_t)rounded_up(job->box.w, BT_COMPOSE_LOCAL),
                         (uint32_t)rounded_up(job->box.h, BT_COMPOSE_LOCAL), 1);
    return BT_OK;
}

static bt_status make_images(struct bt_blend *b, const struct bt_blend_params *p) {
    uint32_t half_w = bt_image_width(p->half), half_h = bt_image_height(p->half);
    const uint32_t size[IMAGES][2] = {
        [NEAR_HALFWAY] = {(half_w + 1) / 2, (half_h + 1) / 2},
        [NEAR] = {(half_w + 1) / 2, (half_h + 1) / 2},
        [FAR_HALFWAY] = {(half_w + 1) / 2, (half_h + 1) / 2},
        [FAR] = {(half_w + 1) / 2, (half_h + 1) / 2},
    };
    bt_status st = BT_OK;
    for (int i = 0; i < IMAGES && !st; i++)
        st = bt_image_create(p->gpu, size[i][0], size[i][1], BT_IMAGE_RGBA16F, &b->image[i]);
    return st;
}

static bt_status bind_passes(struct bt_blend *b, const struct bt_blend_params *p) {
    struct bt_image *const from[PASSES] = {p->half, b->image[NEAR_HALFWAY], b->image[NEAR], b->image[FAR_HALFWAY]};
    struct bt_image *const to[PASSES] = {b->image[NEAR_HALFWAY], b->image[NEAR], b->image[FAR_HALFWAY], b->image[FAR]};
    bt_status st = BT_OK;
    for (int i = 0; i < PASSES && !st; i++) {
        b->from[i] = from[i];
        st = bt_blend_smooth_bind(b->smooth, from[i], to[i], &b->bindings[i]);
    }
    return st;
}

bt_status bt_blend_create(const struct bt_blend_params *p, struct bt_blend **out_blend) {
    static const enum bt_slot slots[BT_COMPOSE_SLOTS] = {
        BT_SLOT_SAMPLED, BT_SLOT_SAMPLED, BT_SLOT_SAMPLED, BT_SLOT_SAMPLED,
        BT_SLOT_SAMPLED, BT_SLOT_UNIFORM, BT_SLOT_IMAGE,   BT_SLOT_TEXELS,
    };
    struct bt_kernel_params kernel = {
        .name = "blend.compose",
        .spirv = bt_spv_blend_compose,
        .spirv_bytes = bt_spv_blend_compose_bytes,
        .slots = slots,
        .slot_count = BT_COMPOSE_SLOTS,
        .push_bytes = sizeof(struct bt_compose_push),
    };
    struct bt_blend *b = calloc(1, sizeof *b);
    if (!b) return BT_E_MEMORY;
    b->smooth = p->smooth;
    b->move = p->move;
    b->width_px = p->width_px;
    b->height_px = p->height_px;
    bt_status st = make_images(b, p);
    if (!st) st = bind_passes(b, p);
    if (!st) st = bt_kernel_create(p->gpu, &kernel, &b->compose);
    if (!st) st = bt_texels_create(p->light, 0, sizeof(float), BT_TEXELS_R32F, &b->no_matte); /* something must be bound */
    if (st) goto fail;
    b->frames = (struct bt_frame_cache){
        .kernel = b->compose,
        .slots = BT_COMPOSE_SLOTS,
        .frame_slot = BT_COMPOSE_FRAME,
        .bindings =
            {
                [BT_COMPOSE_SOURCE] = {.image = p->copy, .sampler = BT_SAMPLER_LINEAR_EDGE},
                [BT_COMPOSE_NEAR] = {.image = b->image[NEAR], .sampler = BT_SAMPLER_LINEAR_EDGE},
                [BT_COMPOSE_FAR] = {.image = b->image[FAR], .sampler = BT_SAMPLER_LINEAR_EDGE},
                [BT_COMPOSE_PAINT] = {.image = p->paint, .sampler = BT_SAMPLER_LINEAR_EDGE},
                [BT_COMPOSE_MOVE] = {.image = b->move, .sampler = BT_SAMPLER_LINEAR_EDGE},
                [BT_COMPOSE_LIGHT] = {.buffer = p->light},
                [BT_COMPOSE_MATTE] = {.texels = b->no_matte},
            },
    };
    b->cut = b->frames;
    *out_blend = b;
    return BT_OK;
fail:
    bt_blend_destroy(&b);
    return st;
}

void bt_blend_destroy(struct bt_blend **blend) {
    struct bt_blend *b = *blend;
    if (!b) return;
    bt_blend_cache_finish(&b->frames);
    bt_blend_cache_finish(&b->cut);
    bt_texels_destroy(&b->matte);
    bt_texels_destroy(&b->no_matte);
    for (int i = 0; i < PASSES; i++) bt_bindings_destroy(&b->bindings[i]);
    for (int i = 0; i < IMAGES; i++) bt_image_destroy(&b->image[i]);
    bt_kernel_destroy(&b->compose);
    free(b);
    *blend = NULL;
}
