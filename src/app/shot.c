/* SPDX-License-Identifier: MIT */
#include "app/shot.h"

#include "base/log.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include "include/color.h"
#include "pipeline/frame.h"
#include "trust/vault/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t wait_ns = INT64_C(10000000000);
/* Around the landmarks' box: what builder and templates look at reaches to the hair. */
static const float around = 0.3f;
enum { TEXEL_BYTES = 8, CODES = 65536 };

struct bt_shot {
    struct bt_gpu *gpu;
    uint32_t width_px, height_px;
    struct bt_buffer *buffer;
    struct bt_commands *commands;
    struct bt_secret *linear, *coded;
    struct bt_shot_crop crop;
    float value[CODES]; /* of each half: a face's worth is decoded with every frame */
    uint8_t code[CODES];
};

/* IEEE 754 binary16; what is not finite or below 0 is 0. */
static float value_of(uint32_t code) {
    const uint32_t exponent = code >> 10 & 31u, mantissa = code & 1023u;
    if (code & 0x8000u || exponent == 31) return 0;
    return exponent ? ldexpf((float)(mantissa | 1024u), (int)exponent - 25) : ldexpf((float)mantissa, -24);
}

static uint8_t coded(float linear) {
    return (uint8_t)(255 * powf(fminf(1, linear), (float)(1 / BT_GAMMA)) + 0.5f);
}

bt_status bt_shot_create(struct bt_gpu *gpu, struct bt_log *log, uint32_t width_px, uint32_t height_px,
                         struct bt_shot **out_shot) {
    const size_t texels = (size_t)BT_SHOT_SIDE_MOST_PX * BT_SHOT_SIDE_MOST_PX;
    struct bt_shot *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->gpu = gpu;
    s->width_px = width_px;
    s->height_px = height_px;
    for (uint32_t i = 0; i < CODES; i++) s->value[i] = value_of(i), s->code[i] = coded(s->value[i]);
    bt_status status = bt_buffer_create(gpu, (size_t)width_px * height_px * TEXEL_BYTES, BT_MEMORY_READBACK, &s->buffer);
    if (!status) status = bt_commands_create(gpu, &s->commands);
    if (!status) status = bt_secret_create(log, texels * 3 * sizeof(float), &s->linear);
    if (!status) status = bt_secret_create(log, texels * 3, &s->coded);
    if (status)
        bt_shot_destroy(&s);
    else
        *out_shot = s;
    return status;
}

void bt_shot_wipe(struct bt_shot *s) {
    const size_t texels = (size_t)BT_SHOT_SIDE_MOST_PX * BT_SHOT_SIDE_MOST_PX;
    void *mapped = bt_buffer_map(s->buffer);
    if (mapped) bt_secret_wipe(mapped, bt_buffer_size(s->buffer));
    bt_secret_wipe(bt_secret_data(s->linear), texels * 3 * sizeof(float));
    bt_secret_wipe(bt_secret_data(s->coded), texels * 3);
    bt_secret_wipe(&s->crop, sizeof s->crop);
}

void bt_shot_destroy(struct bt_shot **shot) {
    struct bt_shot *s = *shot;
    if (!s) return;
    if (s->commands) bt_commands_destroy(&s->commands); /* waits for the GPU: first */
    if (s->buffer) {
        void *mapped = bt_buffer_map(s->buffer);
        if (mapped) bt_secret_wipe(mapped, bt_buffer_size(s->buffer));
        bt_buffer_destroy(&s->buffer);
    }
    bt_secret_destroy(&s->linear);
    bt_secret_destroy(&s->coded);
    bt_secret_wipe(&s->crop, sizeof s->crop);
    free(s);
    *shot = NULL;
}

static bt_status read_back(struct bt_shot *s, const struct bt_frame *frame) {
    uint64_t value = 0;
    bt_status status = bt_commands_begin(s->commands);
    if (status) return status;
    bt_commands_download_image(s->commands, s->buffer, 0, frame->linear);
    status = bt_commands_end(s->commands);
    if (!status) status = bt_gpu_submit(s->gpu, &s->commands, 1, &value);
    return status ? status : bt_gpu_wait(s->gpu, value, wait_ns);
}

static struct bt_rect box_of(const struct bt_face *face) {
    float low_x = INFINITY, low_y = INFINITY, high_x = -INFINITY, high_y = -INFINITY;
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        low_x = fminf(low_x, face->landmark[i].x), high_x = fmaxf(high_x, face->landmark[i].x);
        low_y = fminf(low_y, face->landmark[i].y), high_y = fmaxf(high_y, face->landmark[i].y);
    }
    return (struct bt_rect){low_x, low_y, high_x - low_x, high_y - low_y};
}

static uint32_t clamped(float v, uint32_t most) {
    return v <= 0 || !isfinite(v) ? 0 : v >= (float)most ? most : (uint32_t)v;
}

/* Whole frame pixels to one of the crop, so that nothing is resampled but by averaging. */
static void cut(struct bt_shot *s, const struct bt_face *face, const struct bt_rect *box) {
    const uint16_t *texel = bt_buffer_map(s->buffer);
    const uint32_t x0 = clamped(box->x - around * box->w, s->width_px), y0 = clamped(box->y - around * box->h, s->height_px);
    const uint32_t x1 = clamped(box->x + (1 + around) * box->w, s->width_px),
                   y1 = clamped(box->y + (1 + around) * box->h, s->height_px);
    if (x1 <= x0 || y1 <= y0) return;
    const uint32_t side = x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0;
    const uint32_t step = (side + BT_SHOT_SIDE_MOST_PX - 1) / BT_SHOT_SIDE_MOST_PX;
    struct bt_shot_crop *crop = &s->crop;
    crop->width_px = (x1 - x0) / step;
    crop->height_px = (y1 - y0) / step;
    if (!crop->width_px || !crop->height_px) return;
    float *linear = (float *)(void *)bt_secret_data(s->linear);
    uint8_t *bytes = bt_secret_data(s->coded);
    const float share = 1 / (float)(step * step);
    for (uint32_t row = 0; row < crop->height_px; row++)
        for (uint32_t col = 0; col < crop->width_px; col++) {
            float sum[3] = {0};
            for (uint32_t k = 0; k < step * step; k++) {
                const size_t at = (size_t)(y0 + row * step + k / step) * s->width_px + x0 + col * step + k % step;
                for (uint32_t c = 0; c < 3; c++) sum[c] += s->value[texel[4 * at + c]];
            }
            const size_t to = ((size_t)row * crop->width_px + col) * 3;
            for (uint32_t c = 0; c < 3; c++) {
                linear[to + c] = sum[c] * share;
                bytes[to + c] = coded(sum[c] * share);
            }
        }
    for (uint32_t i = 0; i < BT_LANDMARKS; i++)
        crop->landmark[i] =
            (struct bt_vec3){(face->landmark[i].x - (float)x0) / (float)step, (face->landmark[i].y - (float)y0) / (float)step,
                             face->landmark[i].z / (float)step};
    crop->rgb = linear;
    crop->bytes = bytes;
}

/* BT.709's weights on coded values, as video has it. */
static uint8_t luma_of(uint8_t r, uint8_t g, uint8_t b) {
    return (uint8_t)(0.2126f * (float)r + 0.7152f * (float)g + 0.0722f * (float)b + 0.5f);
}

/* The luma of the landmarks' box, out of the crop. */
static struct bt_enroll_look look_at(const struct bt_shot_crop *crop) {
    static const struct bt_enroll_look nothing;
    float low_x = INFINITY, low_y = INFINITY, high_x = -INFINITY, high_y = -INFINITY;
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        low_x = fminf(low_x, crop->landmark[i].x), high_x = fmaxf(high_x, crop->landmark[i].x);
        low_y = fminf(low_y, crop->landmark[i].y), high_y = fmaxf(high_y, crop->landmark[i].y);
    }
    const uint32_t x0 = clamped(low_x, crop->width_px), y0 = clamped(low_y, crop->height_px);
    const uint32_t x1 = clamped(high_x, crop->width_px), y1 = clamped(high_y, crop->height_px);
    uint8_t luma[BT_SHOT_SIDE_MOST_PX * BT_SHOT_SIDE_MOST_PX];
    if (x1 <= x0 || y1 <= y0) return nothing;
    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++) {
            const uint8_t *p = crop->bytes + ((size_t)y * crop->width_px + x) * 3;
            luma[(size_t)(y - y0) * (x1 - x0) + (x - x0)] = luma_of(p[0], p[1], p[2]);
        }
    const struct bt_enroll_look look = bt_enroll_look_at(luma, x1 - x0, y1 - y0, x1 - x0);
    bt_secret_wipe(luma, sizeof luma);
    return look;
}

bt_status bt_shot_take(struct bt_shot *s, const struct bt_frame *frame, const struct bt_faces *faces,
                       struct bt_enroll_scene *out_scene) {
    struct bt_enroll_scene scene = {.faces = faces->count,
                                    .found = faces->wearer >= 0 && (uint32_t)faces->wearer < faces->count,
                                    .width_px = s->width_px,
                                    .height_px = s->height_px};
    s->crop.rgb = NULL;
    if (scene.found) {
        const struct bt_face *face = &faces->face[faces->wearer];
        const struct bt_vec3 *a = &face->landmark[33], *b = &face->landmark[263]; /* the outer eye corners */
        bt_status status = read_back(s, frame);
        if (status) return status;
        scene.box_px = box_of(face);
        scene.eye_px = sqrtf((a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y) + (a->z - b->z) * (a->z - b->z));
        cut(s, face, &scene.box_px);
        if (s->crop.rgb) scene.look = look_at(&s->crop);
    }
    *out_scene = scene;
    return BT_OK;
}

void bt_shot_luma(const struct bt_shot *s, uint8_t *out_luma) {
    const uint16_t *texel = bt_buffer_map(s->buffer);
    for (size_t i = 0; i < (size_t)s->width_px * s->height_px; i++)
        out_luma[i] = luma_of(s->code[texel[4 * i]], s->code[texel[4 * i + 1]], s->code[texel[4 * i + 2]]);
}

const struct bt_shot_crop *bt_shot_crop_of(const struct bt_shot *shot) {
    return &shot->crop;
}
