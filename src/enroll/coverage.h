/* SPDX-License-Identifier: MIT */
/* Which poses and expressions have been captured: a small grid, so that a person sees what is missing. */
#ifndef BT_ENROLL_COVERAGE_H
#define BT_ENROLL_COVERAGE_H

#include "enroll/meter.h"

enum { BT_COVER_YAW = 5, BT_COVER_PITCH = 3, BT_COVER_CENTRE = 12, BT_COVER_SIDE = 2 };

struct bt_enroll_coverage {
    uint8_t pose[BT_COVER_PITCH][BT_COVER_YAW]; /* pictures, at most 255; row 0 looks up, column 0 to the person's right */
    uint8_t task[BT_TASK_COUNT];                /* of each expression */
};

/* Counts it. True: it was still wanted. */
bool bt_enroll_coverage_add(struct bt_enroll_coverage *coverage, const struct bt_enroll_measure *measure);
/* Needed are the middle row, the middle column and each expression; the corners are welcome. */
uint32_t bt_enroll_coverage_need(uint32_t pitch, uint32_t yaw);
float bt_enroll_coverage_share(const struct bt_enroll_coverage *coverage); /* 1: nothing is missing */
/* What to ask for next; BT_TASK_COUNT: to look straight ahead. False: nothing is missing. */
bool bt_enroll_coverage_missing(const struct bt_enroll_coverage *coverage, enum bt_enroll_task *out_task);

#endif
