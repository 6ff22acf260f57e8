/* SPDX-License-Identifier: MIT */
#include "watermark/turn.h"
#include <math.h>

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

float bt_watermark_turn_next(struct bt_watermark_turn *turn, int64_t time_ns) {
    const int64_t second = second_of(time_ns);
    if (!turn->started || second != turn->second) {
        const bool moves = turn->pairs && turn->moved > MOVES_SHARE * (float)turn->pairs;
        turn->from = turn->started ? turn->to : -steady(second);
        turn->to = moves ? copysignf(BT_WATERMARK_HELD, turn->from) : steady(second);
        turn->started = true;
        turn->second = second;
        turn->moved = 0;
        turn->pairs = 0;
    }
    return ramp(turn->from, turn->to, time_ns - second * SECOND_NS);
}

void bt_watermark_turn_saw(struct bt_watermark_turn *turn, const struct bt_watermark_plane *plane, int64_t time_ns) {
    const int64_t apart = time_ns - turn->sampled_ns;
    if (turn->sampled && apart >= 0 && apart < LEAST_NS) return;
    const bool pair = turn->sampled && apart >= 0 && apart <= MOST_NS;
    int16_t change[BT_WATERMARK_GRID];
    int32_t sum = 0;
    for (uint32_t j = 0, k = 0; j < BT_WATERMARK_GRID_H; j++) {
        const uint8_t *row = plane->luma + (size_t)((2 * j + 1) * plane->h / (2 * BT_WATERMARK_GRID_H)) * plane->stride;
        for (uint32_t i = 0; i < BT_WATERMARK_GRID_W; i++, k++) {
            const uint8_t code = row[(size_t)((2 * i + 1) * plane->w / (2 * BT_WATERMARK_GRID_W)) * plane->step];
            change[k] = (int16_t)(code - turn->sample[k]);
            sum += change[k];
            turn->sample[k] = code;
        }
    }
    turn->sampled = true;
    turn->sampled_ns = time_ns;
    if (!pair) return;
    /* Less their mean: light that goes up and down moves nothing. */
    const float mean = (float)sum / BT_WATERMARK_GRID;
    uint32_t changed = 0;
    for (uint32_t k = 0; k < BT_WATERMARK_GRID; k++) changed += fabsf((float)change[k] - mean) > CHANGED_CODES;
    turn->moved += (float)changed / BT_WATERMARK_GRID;
    turn->pairs++;
}
