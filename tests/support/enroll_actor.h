/* SPDX-License-Identifier: MIT */
/* Somebody before the camera who does what is asked: the built-in portrait. Only in builds for tests. */
#ifndef BT_TESTS_ENROLL_ACTOR_H
#define BT_TESTS_ENROLL_ACTOR_H

#include "base/status.h"

struct bt_enrolment;
struct bt_source;

/* `what`: "portrait" does what is asked, "still" does nothing, "masked" does what is asked in pictures that carry
   the invisible mark, anything else is a recording's path. */
bt_status enroll_actor_open(struct bt_enrolment *enrolment, const char *what, struct bt_source **out_source);

#endif
