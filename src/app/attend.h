/* SPDX-License-Identifier: MIT */
/* The wearer at the terminal while a session runs: shows them the masked picture before it goes live, says why the mask is off
   and what would help, and takes what they decide. A thread of its own. */
#ifndef BT_APP_ATTEND_H
#define BT_APP_ATTEND_H

#include "base/status.h"
#include <stdbool.h>

struct bt_attend;
struct bt_log;
struct bt_referral;

struct bt_attend_params {
    struct bt_log *log;
    struct bt_referral *referral; /* borrowed */
    const char *notice;           /* the session's own, for somebody else who would agree; borrowed */
    bool chinese;
    void (*stop)(void *user); /* the wearer ends the session; any thread */
    void *user;
};
BT_CHECKED bt_status bt_attend_create(const struct bt_attend_params *params, struct bt_attend **out_attend);
void bt_attend_destroy(struct bt_attend **attend); /* before the referral */

#endif
