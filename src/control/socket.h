/* SPDX-License-Identifier: MIT */
/* Inside the drawer: where control sockets lie, and how one is made and found. */
#ifndef BT_CONTROL_SOCKET_H
#define BT_CONTROL_SOCKET_H

#include "base/status.h"
#include "control/server.h"

/* As bt_control_server_create says; the caller closes and unlinks. */
BT_CHECKED bt_status bt_control_socket_listen(struct bt_log *log, const char *folder, char out_path[BT_CONTROL_PATH_BYTES],
                                              int *out_fd);
/* A connection to whoever listens at `path`. BT_E_NOT_FOUND: nobody does. */
BT_CHECKED bt_status bt_control_socket_connect(const char *path, int *out_fd);

#endif
