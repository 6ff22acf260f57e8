/* SPDX-License-Identifier: MIT */
/* Which masks there are: the shipped ones, and those the user grew. */
#ifndef BT_APP_WORN_H
#define BT_APP_WORN_H

#include "base/status.h"

struct bt_log;
struct bt_rig;
struct bt_mask;

/* By name; NULL is the first shipped one. A file of the user's is worn only if its seed grows the very same bytes: so no
   mask file can hold somebody's face. BT_E_NOT_FOUND, BT_E_FORMAT, BT_E_CONSENT (not what its seed grows). */
BT_CHECKED bt_status bt_worn_find(struct bt_log *log, const struct bt_rig *rig, const char *name, struct bt_mask **out_mask);
/* Loads the geometry from the models' folder. */
BT_CHECKED bt_status bt_worn_rig(struct bt_log *log, const char *models, struct bt_rig **out_rig);

#endif
