/* SPDX-License-Identifier: MIT */
#include "enroll/coverage.h"

#include <math.h>

/* Where one cell ends and the next begins, radians: 5 and 13 degrees to the sides, 5 up and down. */
static const float yaw_edge[2] = {0.087f, 0.227f}, pitch_edge = 0.087f;
enum { MIDDLE_ROW = BT_COVER_PITCH / 2, MIDDLE_COLUMN = BT_COVER_YAW / 2 };

static void count(uint8_t *cell) {
    if (*cell < UINT8_MAX) (*cell)++;
}

bool bt_enroll_coverage_add(struct bt_enroll_coverage *coverage, const struct bt_enroll_measure *m) {
    const float yaw = m->angles.yaw, pitch = m->angles.pitch;
    if (!isfinite(yaw) || !isfinite(pitch)) return false;
    bool wanted = false, plain = true;
    const uint32_t far = (fabsf(yaw) > yaw_edge[0]) + (fabsf(yaw) > yaw_edge[1]);
    const uint32_t column = yaw > 0 ? MIDDLE_COLUMN + far : MIDDLE_COLUMN - far;
    const uint32_t row = pitch > pitch_edge ? MIDDLE_ROW + 1 : pitch < -pitch_edge ? MIDDLE_ROW - 1 : MIDDLE_ROW;
    for (uint32_t t = BT_TASK_SMILE; t < BT_TASK_COUNT; t++) {
        plain = plain && m->sign[t] < 0.6f;
        if (!(m->sign[t] >= 1) || far == 2 || row != MIDDLE_ROW) continue; /* from the side, expressions are read badly */
        wanted = wanted || coverage->task[t] < BT_COVER_SIDE;
        count(&coverage->task[t]);
    }
    if (!plain) return wanted;
    wanted = wanted || coverage->pose[row][column] < bt_enroll_coverage_need(row, column);
    count(&coverage->pose[row][column]);
    return wanted;
}

uint32_t bt_enroll_coverage_need(uint32_t pitch, uint32_t yaw) {
    if (pitch != MIDDLE_ROW && yaw != MIDDLE_COLUMN) return 0;
    return pitch == MIDDLE_ROW && yaw == MIDDLE_COLUMN ? BT_COVER_CENTRE : BT_COVER_SIDE;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

float bt_enroll_coverage_share(const struct bt_enroll_coverage *coverage) {
    uint32_t have = 0, need = 0;
    for (uint32_t r = 0; r < BT_COVER_PITCH; r++)
        for (uint32_t c = 0; c < BT_COVER_YAW; c++) {
            need += bt_enroll_coverage_need(r, c);
            have += least(coverage->pose[r][c], bt_enroll_coverage_need(r, c));
        }
    for (uint32_t t = BT_TASK_SMILE; t < BT_TASK_COUNT; t++) {
        need += BT_COVER_SIDE;
        have += least(coverage->task[t], BT_COVER_SIDE);
    }
    return (float)have / (float)need;
}

bool bt_enroll_coverage_missing(const struct bt_enroll_coverage *coverage, enum bt_enroll_task *out_task) {
    static const struct {
        uint8_t pitch, yaw;
        enum bt_enroll_task task;
    } order[] = {
        {MIDDLE_ROW, MIDDLE_COLUMN, BT_TASK_COUNT},     {MIDDLE_ROW, MIDDLE_COLUMN - 1, BT_TASK_RIGHT},
        {MIDDLE_ROW, MIDDLE_COLUMN - 2, BT_TASK_RIGHT}, {MIDDLE_ROW, MIDDLE_COLUMN + 1, BT_TASK_LEFT},
        {MIDDLE_ROW, MIDDLE_COLUMN + 2, BT_TASK_LEFT},  {MIDDLE_ROW - 1, MIDDLE_COLUMN, BT_TASK_UP},
        {MIDDLE_ROW + 1, MIDDLE_COLUMN, BT_TASK_DOWN},
    };
    for (uint32_t i = 0; i < BT_COUNT(order); i++)
        if (coverage->pose[order[i].pitch][order[i].yaw] < bt_enroll_coverage_need(order[i].pitch, order[i].yaw)) {
            *out_task = order[i].task;
            return true;
        }
    for (uint32_t t = BT_TASK_SMILE; t < BT_TASK_COUNT; t++)
        if (coverage->task[t] < BT_COVER_SIDE) {
            *out_task = (enum bt_enroll_task)t;
            return true;
        }
    return false;
}
