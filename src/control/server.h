/* SPDX-License-Identifier: MIT */
/* A session's control socket: a thread of its own that serves a few clients of the same user, and never waits for any. */
#ifndef BT_CONTROL_SERVER_H
#define BT_CONTROL_SERVER_H

#include "base/status.h"
#include "control/protocol.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bt_log;
struct bt_control_server;

enum { BT_CONTROL_CLIENTS_MOST = 8, BT_CONTROL_PATH_BYTES = 108 }; /* sun_path of unix(7) */

struct bt_control_server_params {
    struct bt_log *log;
    const char *folder; /* where the socket is made: nobody else's, and made if it is not there. NULL: no socket */
    uid_t owner;        /* clients of this user alone are served */
    void *user;
    /* Both on the server's thread. answer: one request, taken as quickly as may be. */
    void (*answer)(void *user, const struct bt_control_request *request, struct bt_control_reply *out_reply);
    void (*each)(void *user); /* every each_ns; may be NULL */
    int64_t each_ns;
};

/* Starts the thread. The socket is FOLDER/ctl.sock, 0600; where another session has that, FOLDER/ctl-PID.sock. One that a dead
   session left behind is taken over. BT_E_IO, BT_E_CONSENT (the folder is somebody else's, or open to others), BT_E_MEMORY: the
   log says why. */
BT_CHECKED bt_status bt_control_server_create(const struct bt_control_server_params *params,
                                              struct bt_control_server **out_server);
/* Ends the thread, removes the socket. An answer that is being given is waited for. */
void bt_control_server_destroy(struct bt_control_server **server);
const char *bt_control_server_path(const struct bt_control_server *server); /* "": no socket */

#endif
