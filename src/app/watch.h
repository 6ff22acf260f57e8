/* SPDX-License-Identifier: MIT */
/* Looks after a session in which a person's face is worn: a withdrawal, made by another process, is noticed when it is written.
 */
#ifndef BT_APP_WATCH_H
#define BT_APP_WATCH_H

#include "base/status.h"

struct bt_trust;
struct bt_worn;
struct bt_watch;

/* Calls `lapsed` once, from a thread of its own, as soon as bt_worn_holds says no, or the watching itself fails. All borrowed.
   BT_E_IO: nothing can be watched, and so the face may not be worn. */
BT_CHECKED bt_status bt_watch_create(const struct bt_trust *trust, const struct bt_worn *worn, void (*lapsed)(void *user),
                                     void *user, struct bt_watch **out_watch);
void bt_watch_destroy(struct bt_watch **watch);

#endif
