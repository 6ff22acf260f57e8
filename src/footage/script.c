/* SPDX-License-Identifier: MIT */
#include "footage/script.h"
#include "base/status.h"
#include <math.h>
#include <stddef.h>

static const float radians = 0.017453293F;

/* Between two keys every value eases in and out. Angles in degrees. */
struct key {
    float t, yaw, pitch, roll, x, y, scale, smile, brow, light, side, warm, talk;
};

static const struct key keys[] = {
    /*  t     yaw  pitch roll    x    y  scale smile brow light side  warm talk */
    {0.0F, 0, 0, 0, 0, 0, 1.00F, 0.9F, 0, 1.00F, 0, 0, 0},
    {1.0F, -2, 1, 1, 2, 0, 1.00F, 0.6F, 0, 1.00F, 0, 0, 0},
    {2.0F, 3, -2, -1, -2, 1, 1.02F, 0.4F, 0.2F, 1.00F, 0, 0, 1},
    {3.0F, -6, 2, 2, 3, 0, 1.00F, 0.3F, 0.5F, 1.00F, 0, 0, 1},
    {4.0F, 7, -1, -2, -3, 2, 1.03F, 0.3F, 0, 1.00F, 0, 0, 1},
    {5.0F, -14, 0, 1, 4, 0, 1.00F, 0.5F, 0, 1.00F, 0, 0, 0.8F},
    {5.9F, -26, 1, 2, 6, 0, 1.00F, 0.8F, 0, 1.00F, 0, 0, 0},
    {6.5F, -25, 0, 2, 6, 0, 1.00F, 0.8F, 0.2F, 1.00F, 0, 0, 0},
    {7.7F, 25, 1, -2, -6, 0, 1.00F, 0.4F, 0, 1.00F, 0, 0, 0.8F},
    {8.3F, 23, 2, -1, -5, 0, 1.00F, 0.4F, 0, 1.00F, 0, 0, 0.8F},
    {9.0F, 2, -11, 0, 0, -2, 1.00F, 0.3F, 0.9F, 1.00F, 0, 0, 0},
    {9.8F, 0, 11, 0, 0, 3, 1.00F, 0.3F, 0, 1.00F, 0, 0, 0},
    {10.5F, 4, 2, 12, 8, 2, 1.12F, 0.8F, 0, 1.00F, 0, 0, 0},
    {11.3F, -4, 1, -11, -8, 4, 1.24F, 1.0F, 0.3F, 1.00F, 0, 0, 0.6F},
    {12.0F, 2, 0, 0, 4, -2, 0.84F, 0.3F, 0, 1.00F, 0, 0, 1},
    {12.6F, 6, 1, 2, 0, 0, 0.92F, 0.3F, 0, 0.85F, 0.8F, 0, 1},
    {13.3F, -8, 1, 0, -4, 0, 1.00F, 0.3F, 0, 0.42F, 0.3F, 0, 1},
    {14.0F, 5, -1, -2, 2, 0, 1.02F, 0.4F, 0, 0.45F, -0.9F, 0.6F, 0.8F},
    {14.7F, 2, 1, 1, 8, 0, 1.00F, 0.6F, 0, 1.05F, -0.3F, 1, 0},
    {15.5F, 12, 2, 4, 250, 8, 1.02F, 0.8F, 0, 1.00F, 0, 0.4F, 0},
    {16.2F, 14, 2, 4, 290, 8, 1.02F, 0.8F, 0, 1.00F, 0, -0.5F, 0},
    {17.1F, -6, 0, -3, -6, 0, 1.00F, 0.7F, 0.3F, 1.00F, 0, -0.8F, 0},
    {17.7F, -53, 2, -2, -8, 0, 1.00F, 0.6F, 0, 1.00F, 0, -0.2F, 0},
    {17.82F, -53, 1, -2, -8, 0, 1.00F, 0.6F, 0, 1.00F, 0, 0, 0},
    {18.5F, 4, 0, 1, 2, 0, 1.00F, 0.5F, 0.2F, 1.00F, 0, 0, 1},
    {20.0F, 0, 0, 0, 0, 0, 1.00F, 0.9F, 0, 1.00F, 0, 0, 0},
};

static const float blinks_s[] = {0.7F, 2.9F, 4.6F, 6.9F, 8.6F, 10.1F, 11.7F, 13.6F, 14.6F, 17.2F, 19.1F};

static float ease(float a, float b, float part) {
    return a + (b - a) * part * part * (3 - 2 * part);
}

/* Down in 90 ms, shut for 50, up in 160: a quick blink, three to seven frames at 25 a second. */
static float blink_at(float t) {
    float most = 0;
    for (size_t i = 0; i < BT_COUNT(blinks_s); i++) {
        float since = t - blinks_s[i];
        float lid = since < 0       ? 0
                    : since < 0.09F ? since / 0.09F
                    : since < 0.14F ? 1
                    : since < 0.30F ? (0.30F - since) / 0.16F
                                    : 0;
        most = fmaxf(most, lid);
    }
    return most * most * (3 - 2 * most);
}

/* Syllables: two beats that drift against each other, closed between them, as lips are for m, b and p. */
static float syllables(float t) {
    float a = sinf(2 * 3.14159265F * (2.6F * t + 0.35F * sinf(1.9F * t)));
    float b = sinf(2 * 3.14159265F * (4.1F * t + 0.2F));
    return fmaxf(0, 0.62F * a + 0.38F * b + 0.12F);
}

struct bt_footage_pose bt_footage_pose_at(double time_s) {
    float t = (float)fmod(time_s, BT_FOOTAGE_SCRIPT_S);
    size_t i = 0;
    while (i + 2 < BT_COUNT(keys) && t >= keys[i + 1].t) {
        i++;
    }
    const struct key *a = &keys[i], *b = &keys[i + 1];
    float part = (t - a->t) / (b->t - a->t);
    float talk = ease(a->talk, b->talk, part), smile = ease(a->smile, b->smile, part);
    float rest = BT_FOOTAGE_REST_MOUTH * fmaxf(0, (smile - 0.45F) / 0.55F); /* a relaxed mouth is shut, a smile shows teeth */
    /* Idle movement: nobody holds still. Periods divide the script's, so that it joins at the end. */
    float sway = sinf(2 * 3.14159265F * t / 5), sway2 = sinf(2 * 3.14159265F * t / 4 + 1);
    struct bt_footage_pose pose = {
        .yaw_rad = (ease(a->yaw, b->yaw, part) + 1.2F * sway) * radians,
        .pitch_rad = (ease(a->pitch, b->pitch, part) + 0.8F * sway2 + 1.5F * talk * syllables(t * 0.5F)) * radians,
        .roll_rad = (ease(a->roll, b->roll, part) + 0.7F * sway2) * radians,
        .shift_x = ease(a->x, b->x, part) + 1.5F * sway2,
        .shift_y = ease(a->y, b->y, part) + 0.6F * sway,
        .scale = ease(a->scale, b->scale, part),
        .mouth = fminf(1, rest * (1 - talk) + talk * (0.6F + 0.25F * sway) * syllables(t)),
        .smile = smile,
        .blink = blink_at(t),
        .brow = ease(a->brow, b->brow, part),
        .gaze_x = -0.05F * ease(a->yaw, b->yaw, part),
        .gaze_y = 0.25F * sway2,
        .light = ease(a->light, b->light, part),
        .side = ease(a->side, b->side, part),
        .warm = ease(a->warm, b->warm, part),
    };
    /* At this shift half of the face is beyond the picture's edge (4:3, the narrowest that the footage is made in). */
    pose.visible = fabsf(pose.shift_x) < 150;
    return pose;
}
