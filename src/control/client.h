/* SPDX-License-Identifier: MIT */
/* The other end: asks a running session. */
#ifndef BT_CONTROL_CLIENT_H
#define BT_CONTROL_CLIENT_H

#include "base/status.h"
#include "control/protocol.h"
#include <stdint.h>

struct bt_log;
struct bt_control_client;

/* The session `pid` in that folder; 0: the one that has ctl.sock, else the only one there is. BT_E_NOT_FOUND: there is none;
   BT_E_BUSY: several, and none of them is to be preferred. The log says what to do. */
BT_CHECKED bt_status bt_control_client_create(struct bt_log *log, const char *folder, uint64_t pid,
                                              struct bt_control_client **out_client);
void bt_control_client_destroy(struct bt_control_client **client);
/* One request, one reply. BT_E_TIMEOUT; BT_E_END: the session is over; BT_E_FORMAT: it speaks another language. */
BT_CHECKED bt_status bt_control_client_ask(struct bt_control_client *client, const struct bt_control_request *request,
                                           int64_t timeout_ns, struct bt_control_reply *out_reply);

#endif
