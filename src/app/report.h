/* SPDX-License-Identifier: MIT */
/* What was measured, for a person and for a program. */
#ifndef BT_APP_REPORT_H
#define BT_APP_REPORT_H

#include "app/session.h"

struct bt_report_extra {
    uint64_t with_face;   /* frames that truly show a face */
    double source_cpu_ms; /* CPU time a frame that went into drawing the footage: not the program's own */
};

void bt_report_print(const struct bt_session *session); /* a few lines on standard error */
/* JSON; `extra` may be NULL. */
BT_CHECKED bt_status bt_report_write(const struct bt_session *session, const char *path, const struct bt_report_extra *extra);

#endif
