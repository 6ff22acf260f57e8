/* SPDX-License-Identifier: MIT */
/* Inside the drawer: status as a JSON value, both ways. */
#ifndef BT_CONTROL_JSON_H
#define BT_CONTROL_JSON_H

#include "base/status.h"
#include <jansson.h>

struct bt_control_status;

json_t *bt_control_status_pack(const struct bt_control_status *status); /* NULL: no memory */
/* What is missing is 0. BT_E_FORMAT: something has the wrong type. */
BT_CHECKED bt_status bt_control_status_unpack(json_t *json, struct bt_control_status *out_status);

#endif
