/* SPDX-License-Identifier: MIT */
#include "watermark/dose.h"
#include <math.h>
#include <stdlib.h>

#define SECOND_NS INT64_C(1000000000)
/* How long a turn of the sign takes: at 30 frames a second, 8 steps of half a code. */
#define TURN_NS (SECOND_NS / 4)
/* Pictures that are compared lie between so far apart: sooner little has moved yet, later it is another picture. */
#define LEAST_NS (SECOND_NS / 40)
#define MOST_NS  (SECOND_NS / 2)
/* A place has changed if it did by more codes than the picture's mean: more than a camera's noise and the mark make. */
#define CHANGED_CODES 8.0f
/* The picture moves where at least this share of its places changes from one picture to the next. Of the bench's clips a pan
   changes .23 to .41, a second's mean; people who talk before a camera that stands still, .04 at most. */
#define MOVES_SHARE 0.12f
/* The amplitude at a level of 1, codes: where neighbours are alike, for each code between them, and at most. Of what was tried
   at the same PSNR this is read back most often (pipeline/disclose/README.md). */
#define LEAST 0.7f
#define SLOPE 0.6f
#define MOST  5.0f
/* The mean square of what the mark adds to a picture, codes squared: 45.1 dB, more where amplitudes lie below a jump. */
#define POWER 1.98f
/* Levels that are looked through: up to that of a flat picture. */
#define LEVEL_MOST (BT_WATERMARK_MOST / LEAST)
/* What a picture's texture leaves of what was known. */
#define KEEP 0.875f
/* A tenth of a code. */
#define TENTHS 10

/* The mean square of what an amplitude of so many tenths of a code adds to whole codes, once it is rounded: over a tile's
   pixels, and over a sign that turns. It jumps where the tile's middles come to be rounded up: so the next tenth counts. */
static const float power_of[] = {0.000f, 0.000f, 0.000f, 0.000f,  0.000f,  0.000f,  0.377f, 0.435f, 0.484f, 0.563f, 0.605f,
                                 0.640f, 0.660f, 0.667f, 0.683f,  0.988f,  1.432f,  1.590f, 1.852f, 1.969f, 2.005f, 2.050f,
                                 2.116f, 2.196f, 2.209f, 2.229f,  3.447f,  3.821f,  4.046f, 4.184f, 4.572f, 4.809f, 4.816f,
                                 4.871f, 4.903f, 5.680f, 6.638f,  6.943f,  7.040f,  7.289f, 7.361f, 7.496f, 7.995f, 8.256f,
                                 8.359f, 8.656f, 10.69f, 11.070f, 11.176f, 11.367f, 11.413f};

static int64_t second_of(int64_t time_ns) {
    return time_ns / SECOND_NS - (time_ns % SECOND_NS < 0);
}

static float steady(int64_t second) {
    return second & 1 ? -1.0f : 1.0f;
}

static float ramp(float from, float to, int64_t since_ns) {
    return since_ns >= TURN_NS ? to : from + (to - from) * ((float)since_ns / TURN_NS);
}

float bt_watermark_sign(int64_t time_ns) {
    const int64_t second = second_of(time_ns);
    return ramp(-steady(second), steady(second), time_ns - second * SECOND_NS);
}

static float next_sign(struct bt_watermark_doser *d, int64_t time_ns) {
    const int64_t second = second_of(time_ns);
    if (!d->started || second != d->second) {
        d->held = d->pairs && d->moved > MOVES_SHARE * (float)d->pairs;
        d->follows = d->pairs && !d->held;
        d->from = d->started ? d->to : -steady(second);
        d->to = d->held ? copysignf(BT_WATERMARK_HELD, d->from) : steady(second);
        d->started = true;
        d->second = second;
        d->moved = 0;
        d->pairs = 0;
    }
    return ramp(d->from, d->to, time_ns - second * SECOND_NS);
}

static struct bt_watermark_dose dose_at(float level, bool flat, float sign) {
    if (flat) return (struct bt_watermark_dose){sign, LEAST * level, 0, BT_WATERMARK_MOST};
    return (struct bt_watermark_dose){sign, LEAST * level, SLOPE * level, fminf(MOST * level, BT_WATERMARK_MOST)};
}

static float power_at(const float *differ, const struct bt_watermark_dose *dose) {
    float power = 0, count = 0;
    for (uint32_t i = 0; i < BT_WATERMARK_STEPS; i++) {
        const float at = ceilf(TENTHS * bt_watermark_gain(dose, 0, (float)i));
        power += differ[i] * power_of[at < BT_COUNT(power_of) ? (uint32_t)at : BT_COUNT(power_of) - 1];
        count += differ[i];
    }
    return power / count;
}

static float level_of(const float *differ, bool flat) {
    enum { ROUNDS = 16 };
    float least = 0, most = LEVEL_MOST, known = 0;
    for (uint32_t i = 0; i < BT_WATERMARK_STEPS; i++) known += differ[i];
    const float nothing[BT_WATERMARK_STEPS] = {1};
    if (!(known > 0)) differ = nothing;
    for (uint32_t round = 0; round < ROUNDS; round++) { /* the power grows with the level */
        const float middle = 0.5f * (least + most);
        const struct bt_watermark_dose dose = dose_at(middle, flat, 1);
        if (power_at(differ, &dose) < POWER)
            least = middle;
        else
            most = middle;
    }
    return least;
}

struct bt_watermark_dose bt_watermark_dose_next(struct bt_watermark_doser *doser, int64_t time_ns) {
    const float sign = next_sign(doser, time_ns);
    return dose_at(level_of(doser->differ, !doser->follows), !doser->follows, sign);
}

static uint32_t column(const struct bt_watermark_plane *plane, uint32_t i) {
    return (2 * i + 1) * plane->w / (2 * BT_WATERMARK_GRID_W);
}

static const uint8_t *row_of(const struct bt_watermark_plane *plane, uint32_t j) {
    return plane->luma + (size_t)((2 * j + 1) * plane->h / (2 * BT_WATERMARK_GRID_H)) * plane->stride;
}

/* Pairs of neighbours as the mark is put into them: the left one's x is even. */
static void see_texture(float *differ, const struct bt_watermark_plane *plane) {
    for (uint32_t i = 0; i < BT_WATERMARK_STEPS; i++) differ[i] *= KEEP;
    for (uint32_t j = 0; j < BT_WATERMARK_GRID_H; j++) {
        const uint8_t *row = row_of(plane, j);
        for (uint32_t i = 0; i < BT_WATERMARK_GRID_W; i++) {
            const uint8_t *left = row + (size_t)(column(plane, i) & ~1u) * plane->step;
            const uint32_t codes = (uint32_t)abs(left[0] - left[plane->step]);
            differ[codes < BT_WATERMARK_STEPS ? codes : BT_WATERMARK_STEPS - 1] += 1;
        }
    }
}

struct bt_watermark_dose bt_watermark_dose_of(const struct bt_watermark_plane *plane) {
    float differ[BT_WATERMARK_STEPS] = {0};
    if (plane) see_texture(differ, plane);
    return dose_at(level_of(differ, false), false, 1);
}

static void see_motion(struct bt_watermark_doser *d, const struct bt_watermark_plane *plane, int64_t time_ns) {
    const int64_t apart = time_ns - d->sampled_ns;
    if (d->sampled && apart >= 0 && apart < LEAST_NS) return;
    const bool pair = d->sampled && apart >= 0 && apart <= MOST_NS;
    int16_t change[BT_WATERMARK_GRID];
    int32_t sum = 0;
    for (uint32_t j = 0, k = 0; j < BT_WATERMARK_GRID_H; j++) {
        const uint8_t *row = row_of(plane, j);
        for (uint32_t i = 0; i < BT_WATERMARK_GRID_W; i++, k++) {
            const uint8_t code = row[(size_t)column(plane, i) * plane->step];
            change[k] = (int16_t)(code - d->sample[k]);
            sum += change[k];
            d->sample[k] = code;
        }
    }
    d->sampled = true;
    d->sampled_ns = time_ns;
    if (!pair) return;
    /* Less their mean: light that goes up and down moves nothing. */
    const float mean = (float)sum / BT_WATERMARK_GRID;
    uint32_t changed = 0;
    for (uint32_t k = 0; k < BT_WATERMARK_GRID; k++) changed += fabsf((float)change[k] - mean) > CHANGED_CODES;
    d->moved += (float)changed / BT_WATERMARK_GRID;
    d->pairs++;
}

void bt_watermark_dose_saw(struct bt_watermark_doser *doser, const struct bt_watermark_plane *plane, int64_t time_ns) {
    see_motion(doser, plane, time_ns);
    see_texture(doser->differ, plane);
}
