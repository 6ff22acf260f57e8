/* SPDX-License-Identifier: MIT */
#include "footage/degrade.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { BLACK = 16, WHITE = 235, GREY = 128, REACH_MOST = 96 };
static const float range = WHITE - BLACK, gamma_of_camera = 2.2f;
static const float sensor_noise = 0.01f, veil = 0.6f;
static const float board[3] = {0.35f, 0.48f, 0.53f}; /* luma, Cb, Cr of the range: cardboard */

struct plane {
    uint8_t *data;
    uint32_t w, h;
    float low, span, shrink; /* value = low + span x (0 … 1); shrink: picture px a plane px */
};

static uint8_t byte(float v) {
    return (uint8_t)(v < 0 ? 0 : v > 254.5f ? 255 : v + 0.5f);
}

static void scale(const struct plane *p, float about, float gain) {
    uint8_t table[256];
    for (int i = 0; i < 256; i++) table[i] = byte(about + ((float)i - about) * gain);
    for (size_t i = 0; i < (size_t)p->w * p->h; i++) p->data[i] = table[p->data[i]];
}

/* Each channel burns out by itself. ITU-R BT.601-7; the chroma of four pixels from their mean. */
static void expose(const struct plane *plane, float gain) {
    const uint32_t w = plane->w;
    for (uint32_t y = 0; y < plane->h; y += 2)
        for (uint32_t x = 0; x < w; x += 2) {
            const size_t c = (size_t)(y / 2) * (w / 2) + x / 2;
            const float u = ((float)plane[1].data[c] - GREY) / 224, v = ((float)plane[2].data[c] - GREY) / 224;
            float chroma[2] = {0, 0};
            for (uint32_t k = 0; k < 4; k++) {
                uint8_t *luma = &plane->data[(size_t)(y + k / 2) * w + x + k % 2];
                const float l = ((float)*luma - BLACK) / range;
                const float r = fminf(gain * (l + 1.402f * v), 1), b = fminf(gain * (l + 1.772f * u), 1),
                            g = fminf(gain * (l - 0.344136f * u - 0.714136f * v), 1);
                const float burnt = 0.299f * r + 0.587f * g + 0.114f * b;
                *luma = byte(BLACK + range * burnt);
                chroma[0] += (b - burnt) / 1.772f / 4, chroma[1] += (r - burnt) / 1.402f / 4;
            }
            plane[1].data[c] = byte(GREY + 224 * chroma[0]);
            plane[2].data[c] = byte(GREY + 224 * chroma[1]);
        }
}

static void add_noise(const struct plane *p, float sigma, uint64_t seed, uint64_t stream) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, stream);
    for (size_t i = 0; i < (size_t)p->w * p->h; i++)
        p->data[i] = byte((float)p->data[i] + sigma * p->span * bt_rng_normal(&rng));
}

static void blur(const struct plane *p, float sigma_px, uint8_t *scratch) {
    float weight[2 * REACH_MOST + 1], sum = 0;
    if (!(sigma_px > 0.05f)) return;
    int32_t reach = (int32_t)ceilf(2.5f * sigma_px);
    if (reach > REACH_MOST) reach = REACH_MOST;
    for (int32_t k = -reach; k <= reach; k++) sum += weight[k + reach] = expf(-0.5f * (float)(k * k) / (sigma_px * sigma_px));
    for (int pass = 0; pass < 2; pass++) { /* along rows, along columns */
        const int32_t length = (int32_t)(pass ? p->h : p->w);
        memcpy(scratch, p->data, (size_t)p->w * p->h);
        for (int32_t y = 0; y < (int32_t)p->h; y++)
            for (int32_t x = 0; x < (int32_t)p->w; x++) {
                float v = 0;
                for (int32_t k = -reach; k <= reach; k++) {
                    int32_t at = (pass ? y : x) + k;
                    at = at < 0 ? 0 : at >= length ? length - 1 : at;
                    v += weight[k + reach] *
                         (float)scratch[pass ? (size_t)at * p->w + (size_t)x : (size_t)y * p->w + (size_t)at];
                }
                p->data[(size_t)y * p->w + (size_t)x] = byte(v / sum);
            }
    }
}

static struct bt_vec2 middle(struct bt_rect r) {
    return (struct bt_vec2){r.x + r.w / 2, r.y + r.h / 2};
}

/* Area averages, as a lens and a sensor farther away would take. */
static void shrink(const struct plane *p, float factor, struct bt_vec2 about, uint8_t *scratch) {
    memcpy(scratch, p->data, (size_t)p->w * p->h);
    const float cx = about.x / p->shrink, cy = about.y / p->shrink, side = 1 / factor;
    for (uint32_t y = 0; y < p->h; y++)
        for (uint32_t x = 0; x < p->w; x++) {
            const float x0 = cx + ((float)x - cx) * side, y0 = cy + ((float)y - cy) * side;
            const int32_t left = (int32_t)floorf(x0), top = (int32_t)floorf(y0);
            int32_t right = (int32_t)ceilf(x0 + side), bottom = (int32_t)ceilf(y0 + side);
            uint32_t sum = 0, n = 0;
            if (left >= 0 && top >= 0 && right <= (int32_t)p->w && bottom <= (int32_t)p->h)
                for (int32_t v = top; v < bottom; v++)
                    for (int32_t u = left; u < right; u++, n++) sum += scratch[(size_t)v * p->w + (size_t)u];
            p->data[(size_t)y * p->w + x] = n ? (uint8_t)((sum + n / 2) / n) : GREY;
        }
}

static void cover(const struct plane *p, float share, struct bt_rect face, float value) {
    const float top = (face.y + face.h * (1.05f - 1.05f * share)) / p->shrink, left = (face.x - 0.1f * face.w) / p->shrink,
                right = (face.x + 1.1f * face.w) / p->shrink, bottom = (face.y + 1.4f * face.h) / p->shrink;
    if (!(share > 0)) return;
    for (uint32_t y = 0; y < p->h; y++)
        for (uint32_t x = 0; x < p->w; x++)
            if ((float)x >= left && (float)x < right && (float)y >= top && (float)y < bottom)
                p->data[(size_t)y * p->w + x] = byte(p->low + p->span * value);
}

void bt_footage_degrade(enum bt_footage_fault fault, float level, struct bt_rect face_px, uint64_t seed, uint32_t width_px,
                        uint32_t height_px, uint8_t *i420, uint8_t *scratch) {
    const size_t luma = (size_t)width_px * height_px;
    const struct plane plane[3] = {{i420, width_px, height_px, BLACK, range, 1},
                                   {i420 + luma, width_px / 2, height_px / 2, BLACK, 224, 2},
                                   {i420 + luma * 5 / 4, width_px / 2, height_px / 2, BLACK, 224, 2}};
    for (int i = 0; i < 3; i++) {
        const struct plane *p = &plane[i];
        switch (fault) {
        case BT_FOOTAGE_DARK: /* a factor of linear light is one of its power law's codes too */
            scale(p, i ? GREY : BLACK, powf(level, 1 / gamma_of_camera));
            add_noise(p, i ? sensor_noise / 2 : sensor_noise, seed, (uint64_t)i);
            break;
        case BT_FOOTAGE_BRIGHT:
            if (!i) expose(plane, powf(level, 1 / gamma_of_camera));
            break;
        case BT_FOOTAGE_HAZE:
            scale(p, i ? GREY : BLACK + veil * range, level);
            break;
        case BT_FOOTAGE_NOISE:
            add_noise(p, i ? level / 2 : level, seed, (uint64_t)i);
            break;
        case BT_FOOTAGE_BLUR:
            blur(p, level * face_px.w / p->shrink, scratch);
            break;
        case BT_FOOTAGE_FAR:
            shrink(p, level, middle(face_px), scratch);
            break;
        case BT_FOOTAGE_COVER:
            cover(p, level, face_px, board[i]);
            break;
        case BT_FOOTAGE_FAULTS:
            break;
        }
    }
}

struct bt_vec2 bt_footage_degrade_point(enum bt_footage_fault fault, float level, struct bt_rect face_px,
                                        struct bt_vec2 point) {
    const struct bt_vec2 about = middle(face_px);
    if (fault != BT_FOOTAGE_FAR) return point;
    return (struct bt_vec2){about.x + (point.x - about.x) * level, about.y + (point.y - about.y) * level};
}
