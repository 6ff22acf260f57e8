/* SPDX-License-Identifier: MIT */
#include "footage/shade.h"
#include "base/rng.h"
#include "embed/bt_footage_alpha_jpg.h"
#include "embed/bt_footage_inner_jpg.h"
#include "embed/bt_footage_plate_jpg.h"
#include "embed/bt_footage_portrait_jpg.h"
#include "footage/decode.h"
#include "footage/portrait.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE = 65536, FRACTION = 256 };

struct bt_footage_shade {
    uint32_t width_px, height_px;
    struct bt_footage_picture person; /* its fourth channel is alpha */
    struct bt_footage_picture inner;
    struct bt_footage_picture neck;
    float jump;                    /* portrait px between neighbours: more is an edge */
    float slow;                    /* less is a narrow part of the photograph drawn wide */
    uint8_t *room;                 /* R, G, B, unused; width x height */
    uint16_t *room_lit;            /* one row, 8.8 */
    int16_t *row[3];               /* two rows each of R, G, B */
    int8_t *noise;                 /* deviation 32 */
    int32_t luma[3], cb[3], cr[3]; /* 16.16 */
};

/* Limited range: ITU-R BT.601-7 2.5.1 and BT.709-6 3, Y' 16 … 235, C 16 … 240. */
static void init_matrix(struct bt_footage_shade *s) {
    bool bt709 = s->height_px >= 720;
    double kr = bt709 ? 0.2126 : 0.299, kb = bt709 ? 0.0722 : 0.114, kg = 1 - kr - kb;
    const double y[3] = {kr, kg, kb}, b[3] = {-kr, -kg, 1 - kb}, r[3] = {1 - kr, -kg, -kb};
    for (int i = 0; i < 3; i++) {
        s->luma[i] = (int32_t)lround(y[i] * 219 / 255 * 65536);
        s->cb[i] = (int32_t)lround(b[i] / (2 * (1 - kb)) * 224 / 255 * 65536);
        s->cr[i] = (int32_t)lround(r[i] / (2 * (1 - kr)) * 224 / 255 * 65536);
    }
}

/* Bilinear in 8 bits of fraction; (x, y) in texels, centres at .5; held at the border. */
static inline void sample(const struct bt_footage_picture *picture, float x, float y, int32_t out[4]) {
    float fx = x - 0.5F, fy = y - 0.5F;
    float limit_x = (float)(picture->width_px - 1), limit_y = (float)(picture->height_px - 1);
    fx = fx < 0 ? 0 : fx > limit_x ? limit_x : fx;
    fy = fy < 0 ? 0 : fy > limit_y ? limit_y : fy;
    uint32_t ax = (uint32_t)(fx * FRACTION), ay = (uint32_t)(fy * FRACTION);
    uint32_t ix = ax / FRACTION, iy = ay / FRACTION;
    int32_t px = (int32_t)(ax % FRACTION), py = (int32_t)(ay % FRACTION);
    size_t right = ix + 1 < picture->width_px ? 4 : 0;
    size_t down = iy + 1 < picture->height_px ? (size_t)picture->width_px * 4 : 0;
    const uint8_t *p = picture->data + ((size_t)iy * picture->width_px + ix) * 4;
    for (size_t c = 0; c < 4; c++) {
        int32_t top = p[c] * (FRACTION - px) + p[c + right] * px;
        int32_t bottom = p[c + down] * (FRACTION - px) + p[c + down + right] * px;
        out[c] = (top * (FRACTION - py) + bottom * py + 32768) >> 16;
    }
}

static bt_status load(struct bt_footage_shade *s, struct bt_log *log, float origin_x, float origin_y, float zoom) {
    struct bt_footage_picture alpha = {0}, plate = {0};
    bt_status st =
        bt_footage_decode(log, (struct bt_bytes){bt_footage_portrait_jpg, bt_footage_portrait_jpg_bytes}, 4, &s->person);
    if (!st) {
        st = bt_footage_decode(log, (struct bt_bytes){bt_footage_alpha_jpg, bt_footage_alpha_jpg_bytes}, 1, &alpha);
    }
    if (!st) {
        st = bt_footage_decode(log, (struct bt_bytes){bt_footage_inner_jpg, bt_footage_inner_jpg_bytes}, 4, &s->inner);
    }
    if (!st) {
        st = bt_footage_decode(log, (struct bt_bytes){bt_footage_plate_jpg, bt_footage_plate_jpg_bytes}, 4, &plate);
    }
    if (!st && (alpha.width_px != s->person.width_px || alpha.height_px != s->person.height_px)) {
        st = BT_E_FORMAT;
    }
    if (st) {
        goto fail;
    }
    for (size_t i = 0; i < (size_t)alpha.width_px * alpha.height_px; i++) {
        s->person.data[4 * i + 3] = alpha.data[i];
    }
    for (size_t i = 0; i < (size_t)s->inner.width_px * s->inner.height_px; i++) {
        s->inner.data[4 * i + 3] = 255;
    }
    for (uint32_t y = 0; y < s->height_px; y++) {
        for (uint32_t x = 0; x < s->width_px; x++) {
            int32_t rgb[4];
            sample(&plate, ((float)x + 0.5F) / zoom + origin_x - BT_FOOTAGE_PLATE_X,
                   ((float)y + 0.5F) / zoom + origin_y - BT_FOOTAGE_PLATE_Y, rgb);
            uint8_t *out = s->room + ((size_t)y * s->width_px + x) * 4;
            for (int c = 0; c < 3; c++) {
                out[c] = (uint8_t)rgb[c];
            }
        }
    }
fail:
    free(alpha.data);
    free(plate.data);
    return st;
}

/* At the outline of face, ears and neck the photograph's colours are mixed with its pale room. In front of the neck or of hair
   that would be a halo: they become those of the nearest opaque pixels. */
static void clean_outline(struct bt_footage_picture *person) {
    enum { TOP = 112 * BT_FOOTAGE_TEXELS, BOTTOM = 184 * BT_FOOTAGE_TEXELS, REACH = 7, OPAQUE = 250 };
    const int width = (int)person->width_px, bottom = (int)person->height_px < BOTTOM ? (int)person->height_px : BOTTOM;
    for (int y = TOP; y < bottom; y++) {
        for (int x = REACH; x < width - REACH; x++) {
            uint8_t *out = person->data + ((size_t)y * (size_t)width + (size_t)x) * 4;
            if (!out[3] || out[3] >= OPAQUE) {
                continue;
            }
            uint32_t sum[3] = {0}, found = 0;
            for (int reach = 1; reach <= REACH && found < 3; reach++) {
                for (int i = 0; i < (2 * reach + 1) * (2 * reach + 1); i++) {
                    int dx = i % (2 * reach + 1) - reach, dy = i / (2 * reach + 1) - reach;
                    if (y + dy < TOP || y + dy >= bottom) {
                        continue;
                    }
                    const uint8_t *near = out + (dx + dy * width) * 4;
                    if (near[3] >= OPAQUE) {
                        sum[0] += near[0], sum[1] += near[1], sum[2] += near[2], found++;
                    }
                }
            }
            for (int c = 0; c < 3 && found; c++) {
                out[c] = (uint8_t)(sum[c] / found);
            }
        }
    }
}

/* The whole neck: the skin of the strip under the chin, blurred and carried upwards into the head's shadow. The photograph
   hides it; a turned head does not. Its outline stays inside the photographed one. */
static bt_status paint_neck(struct bt_footage_shade *s) {
    enum { SIDE = BT_FOOTAGE_NECK_SIDE, FIRST = 200, LAST = 248, TOP = 178, BOTTOM = 182 }; /* skin in the portrait */
    static const float warm[3] = {1.06F, 1, 0.97F}; /* light in the shadow comes off skin */
    s->neck = (struct bt_footage_picture){SIDE, SIDE, 4, malloc((size_t)SIDE * SIDE * 4)};
    if (!s->neck.data) {
        return BT_E_MEMORY;
    }
    for (int x = 0; x < SIDE; x++) {
        float skin[3] = {0}, weight = 0;
        for (int u = FIRST; u <= LAST; u++) {
            for (int v = TOP; v <= BOTTOM; v++) {
                int32_t here[4];
                float off = (float)(u - BT_FOOTAGE_NECK_X - x) / 7, w = expf(-off * off / 2) + 1e-6F;
                sample(&s->person, (float)(u * BT_FOOTAGE_TEXELS), (float)(v * BT_FOOTAGE_TEXELS), here);
                for (int c = 0; c < 3; c++) {
                    skin[c] += w * (float)here[c];
                }
                weight += w;
            }
        }
        for (int y = 0; y < SIDE; y++) {
            float down = fminf((float)y / (TOP - BT_FOOTAGE_NECK_Y), 1); /* 0 under the hair … 1 at the collar */
            float flare = (1 - down) * (1 - down);
            float left = 196 - BT_FOOTAGE_NECK_X - 4 * flare, right = 251 - BT_FOOTAGE_NECK_X + 6 * flare;
            float across = ((float)x - (left + right) / 2) / ((right - left) / 2); /* -1 … 1 between the outlines */
            float inside = fminf((float)x - left, right - (float)x) / 1.5F;
            float round = 1 - 0.16F * across * across * across * across;
            float shadow = (0.74F + 0.26F * down) * fmaxf(round, 0.5F) / weight;
            uint8_t *out = s->neck.data + ((size_t)y * SIDE + (size_t)x) * 4;
            for (int c = 0; c < 3; c++) {
                out[c] = (uint8_t)fminf(skin[c] * shadow * warm[c], 255);
            }
            out[3] = (uint8_t)(255 * fminf(fmaxf(inside + 0.5F, 0), 1));
        }
    }
    return BT_OK;
}

bt_status bt_footage_shade_create(struct bt_log *log, uint32_t width_px, uint32_t height_px, float origin_x, float origin_y,
                                  float px_per_portrait_px, struct bt_footage_shade **out_shade) {
    bt_status st = BT_E_MEMORY;
    struct bt_footage_shade *s = calloc(1, sizeof(*s));
    if (!s) {
        goto fail;
    }
    s->width_px = width_px;
    s->height_px = height_px;
    s->room = calloc((size_t)width_px * height_px, 4);
    s->room_lit = calloc(width_px, sizeof(*s->room_lit));
    s->noise = malloc(NOISE);
    for (int c = 0; c < 3; c++) {
        s->row[c] = calloc((size_t)width_px * 2, sizeof(**s->row));
    }
    if (!s->room || !s->room_lit || !s->noise || !s->row[0] || !s->row[1] || !s->row[2]) {
        goto fail;
    }
    s->jump = 3 / px_per_portrait_px;
    s->slow = 0.6F / px_per_portrait_px;
    st = load(s, log, origin_x, origin_y, px_per_portrait_px);
    if (!st) {
        clean_outline(&s->person);
        st = paint_neck(s);
    }
    if (st) {
        goto fail;
    }
    init_matrix(s);
    struct bt_rng rng;
    bt_rng_init(&rng, 20, 25);
    for (size_t i = 0; i < NOISE; i++) {
        s->noise[i] = (int8_t)lroundf(fminf(fmaxf(bt_rng_normal(&rng) * 32, -127), 127));
    }
    *out_shade = s;
    s = NULL;
fail:
    bt_footage_shade_destroy(&s);
    return st;
}

const struct bt_footage_picture *bt_footage_shade_person(const struct bt_footage_shade *shade) {
    return &shade->person;
}

void bt_footage_shade_destroy(struct bt_footage_shade **shade) {
    struct bt_footage_shade *s = *shade;
    if (!s) {
        return;
    }
    free(s->person.data);
    free(s->inner.data);
    free(s->neck.data);
    free(s->room);
    free(s->room_lit);
    free(s->noise);
    for (int c = 0; c < 3; c++) {
        free(s->row[c]);
    }
    free(s);
    *shade = NULL;
}

static inline uint8_t clamp8(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static inline void cover(int32_t rgb[3], const int32_t here[4], int32_t lit, int32_t alpha) {
    for (int c = 0; c < 3; c++) {
        rgb[c] += (here[c] * lit - rgb[c]) / 255 * alpha;
    }
}

/* The side of a turned face is a few columns of the photograph drawn wide. Their grain would be streaks: it is blurred along
   them. `next` is the neighbour to the right. Only where the portrait has cheek and jaw. */
static inline void sample_person(const struct bt_footage_shade *s, const struct bt_footage_texel *texel,
                                 const struct bt_footage_texel *next, int32_t here[4]) {
    float u = texel->u * BT_FOOTAGE_TEXELS, v = texel->v * BT_FOOTAGE_TEXELS;
    sample(&s->person, u, v, here);
    float narrow = s->slow - fabsf(next->u - texel->u);
    if (narrow > 0 && texel->v > 98 && texel->v < 165) {
        float spread = fminf(narrow / s->slow, 1) * fminf((texel->v - 98) / 10, 1) * fminf((165 - texel->v) / 10, 1) * 6;
        int32_t count = 1;
        for (int i = -2; i <= 2; i++) {
            int32_t near[4];
            sample(&s->person, u, v + (float)i * spread, near);
            if (i && near[3] >= 192) { /* not the room below the ear */
                here[0] += near[0], here[1] += near[1], here[2] += near[2], count++;
            }
        }
        here[0] /= count, here[1] /= count, here[2] /= count;
    }
}

/* One pixel: room, neck, person. Colours in 8.8. */
static inline void colour(const struct bt_footage_shade *s, const struct bt_footage_texel *texel,
                          const struct bt_footage_texel *next, const uint8_t *room, int32_t room_lit, int32_t light,
                          int32_t rgb[3]) {
    int32_t front[4], alpha = 0, lit = (int32_t)(texel->lit * FRACTION);
    if (texel->layer == BT_FOOTAGE_PERSON) {
        sample_person(s, texel, next, front);
        alpha = (int32_t)((float)front[3] * texel->cover);
    } else if (texel->layer == BT_FOOTAGE_INNER) {
        sample(&s->inner, (texel->u - BT_FOOTAGE_INNER_X) * BT_FOOTAGE_TEXELS,
               (texel->v - BT_FOOTAGE_INNER_Y) * BT_FOOTAGE_TEXELS, front);
        alpha = 255;
    }
    if (alpha == 255) {
        for (int c = 0; c < 3; c++) {
            rgb[c] = front[c] * lit;
        }
        return;
    }
    for (int c = 0; c < 3; c++) {
        rgb[c] = room[c] * room_lit;
    }
    if (texel->neck_u >= 0) {
        int32_t neck[4];
        sample(&s->neck, texel->neck_u - BT_FOOTAGE_NECK_X, texel->neck_v - BT_FOOTAGE_NECK_Y, neck);
        cover(rgb, neck, light, neck[3]);
    }
    if (alpha) {
        cover(rgb, front, lit, alpha);
    }
}

static inline bool differ(const struct bt_footage_texel *a, const struct bt_footage_texel *b, float jump) {
    return a->layer != b->layer || (a->layer != BT_FOOTAGE_NOTHING && fabsf(a->u - b->u) + fabsf(a->v - b->v) > jump);
}

/* Where one part of the figure ends in front of another, the map changes within a pixel: a step that a lens would not show.
   There the pixel is a mean of itself and its neighbours, 1 2 1 each way. */
static void colour_row(struct bt_footage_shade *s, const struct bt_footage_map *map, const struct bt_footage_pose *pose,
                       uint32_t y, const int32_t tint[3], size_t at) {
    const size_t width = s->width_px;
    const int32_t light = (int32_t)(pose->light * FRACTION);
    const struct bt_footage_texel *texel = map->texel + y * width;
    const uint8_t *room = s->room + y * width * 4;
    const bool rows = y > 0 && y + 1 < s->height_px;
    bool left = false;
    for (size_t x = 0; x < width; x++, texel++, room += 4) {
        int32_t rgb[3];
        bool right = x + 1 < width && differ(texel, texel + 1, s->jump);
        bool edge = rows && (left || right || differ(texel, texel - width, s->jump) || differ(texel, texel + width, s->jump));
        left = right;
        if (edge && x > 0 && x + 1 < width) {
            int32_t sum[3] = {0};
            for (int i = 0; i < 9; i++) {
                int dx = i % 3 - 1, dy = i / 3 - 1, weight = (2 - abs(dx)) * (2 - abs(dy));
                ptrdiff_t off = dx + dy * (ptrdiff_t)width;
                colour(s, texel + off, texel + off + (dx < 1), room + off * 4, s->room_lit[x], light, rgb);
                for (int c = 0; c < 3; c++) {
                    sum[c] += weight * rgb[c];
                }
            }
            for (int c = 0; c < 3; c++) {
                rgb[c] = sum[c] / 16;
            }
        } else {
            colour(s, texel, texel + (x + 1 < width), room, s->room_lit[x], light, rgb);
        }
        for (int c = 0; c < 3; c++) {
            int32_t value = (rgb[c] >> 8) * tint[c] >> 8;
            s->row[c][at + x] = (int16_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

void bt_footage_shade_run(struct bt_footage_shade *shade, const struct bt_footage_map *map, const struct bt_footage_pose *pose,
                          uint64_t frame, uint8_t *out_i420) {
    struct bt_footage_shade *s = shade;
    const uint32_t width = s->width_px, height = s->height_px;
    const int32_t tint[3] = {(int32_t)(FRACTION * (1 + 0.10F * pose->warm)), FRACTION,
                             (int32_t)(FRACTION * (1 - 0.22F * pose->warm))};
    for (uint32_t x = 0; x < width; x++) {
        float across = ((float)x + 0.5F) / (float)width - 0.5F;
        s->room_lit[x] = (uint16_t)(FRACTION * pose->light * (1 + 0.5F * pose->side * across));
    }
    /* A dark picture is amplified: its noise grows. Deviation in luma steps, times 256 / 32. */
    const int32_t grain = (int32_t)((1.6F + 2.2F * fmaxf(0, 1 - pose->light)) * 8);
    struct bt_rng rng;
    bt_rng_init(&rng, frame, 7);
    uint8_t *luma = out_i420, *cb = luma + (size_t)width * height, *cr = cb + (size_t)width * height / 4;
    for (uint32_t y = 0; y < height; y += 2) {
        for (uint32_t k = 0; k < 2; k++) {
            size_t at = (size_t)(y + k) * width;
            colour_row(s, map, pose, y + k, tint, (size_t)k * width);
            uint32_t start = bt_rng_u32(&rng);
            for (uint32_t x = 0; x < width; x++) {
                size_t i = (size_t)k * width + x;
                int32_t v = s->luma[0] * s->row[0][i] + s->luma[1] * s->row[1][i] + s->luma[2] * s->row[2][i];
                int32_t n = s->noise[(start + x) % NOISE] * grain;
                luma[at + x] = clamp8((v + (16 << 16) + n * 256 + 32768) >> 16);
            }
        }
        uint32_t start = bt_rng_u32(&rng);
        for (uint32_t x = 0; x < width / 2; x++) {
            int32_t mean[3];
            for (int c = 0; c < 3; c++) {
                const int16_t *p = s->row[c] + 2 * (size_t)x;
                mean[c] = p[0] + p[1] + p[width] + p[width + 1];
            }
            int32_t b = s->cb[0] * mean[0] + s->cb[1] * mean[1] + s->cb[2] * mean[2];
            int32_t r = s->cr[0] * mean[0] + s->cr[1] * mean[1] + s->cr[2] * mean[2];
            int32_t nb = s->noise[(start + 2 * x) % NOISE] * grain, nr = s->noise[(start + 2 * x + 1) % NOISE] * grain;
            cb[(size_t)y / 2 * (width / 2) + x] = clamp8((b + (512 << 16) + nb * 512 + 131072) >> 18);
            cr[(size_t)y / 2 * (width / 2) + x] = clamp8((r + (512 << 16) + nr * 512 + 131072) >> 18);
        }
    }
}
