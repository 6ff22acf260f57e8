/* SPDX-License-Identifier: MIT */
/* A session while it runs, seen and steered from outside: the control socket and the metrics file. What crosses between their
   thread and the pipeline's is a mailbox of numbers, and one mask that waits to be worn. */
#ifndef BT_APP_LIVE_H
#define BT_APP_LIVE_H

#include "base/status.h"
#include "pipeline/pipeline.h"

struct bt_live;
struct bt_session;

/* session: borrowed. metrics: the Prometheus text file, or NULL. */
BT_CHECKED bt_status bt_live_create(struct bt_session *session, const char *metrics, struct bt_live **out_live);
/* For bt_session_start. */
struct bt_observer bt_live_observer(struct bt_live *live);
/* Once the session has started, before it runs. A socket that cannot be had is a warning; a metrics file that cannot be written
   is BT_E_IO. */
BT_CHECKED bt_status bt_live_begin(struct bt_live *live);
/* Before the session is finished; the metrics then say that it has ended. */
void bt_live_end(struct bt_live **live);

#endif
