/* SPDX-License-Identifier: MIT */
/* What a person at enrolment can be asked to do. Left and right are the person's own. */
#ifndef BT_ENROLL_TASK_H
#define BT_ENROLL_TASK_H

#include <stdbool.h>

enum bt_enroll_task {
    BT_TASK_LEFT,
    BT_TASK_RIGHT,
    BT_TASK_UP,
    BT_TASK_DOWN,
    BT_TASK_SMILE,
    BT_TASK_MOUTH,
    BT_TASK_BROWS,
    BT_TASK_EYES,
    BT_TASK_COUNT
};

/* One sentence. BT_TASK_COUNT: look straight ahead. */
const char *bt_enroll_instruction(enum bt_enroll_task task, bool chinese);

#endif
