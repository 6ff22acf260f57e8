/* SPDX-License-Identifier: MIT */
/* Is a live head before the camera: it is asked for a random sequence of movements at random times, and must do just these, in
   time, and turn like a body, not like a picture. Pure C over numbers.

   What it stops: a photograph, held still or moved; a recording that plays by itself; a screen that shows a photograph; a cut
   from one recording to another that makes the face jump.
   What it does not stop: our own masked output (which the invisible mark gives away: app/enroll_marked.c), and somebody who has
   a clip of every movement and picks the right one in time (`bauta evaluate liveness` counts both; evaluate/report has the kept
   figures); somebody who drives a puppet of another person's face live (a screen or a virtual camera that shows a
   deepfake does what it is asked, and turns like a head); a worn mask; an identical twin; a person who is made to sit there. It
   is no certified presentation attack detection (ISO/IEC 30107-3): it was measured on our own footage and on prints of it. */
#ifndef BT_ENROLL_CHALLENGE_H
#define BT_ENROLL_CHALLENGE_H

#include "base/status.h"
#include "enroll/meter.h"
#include "enroll/quality.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    BT_ENROLL_VERSION = 2, /* of these rules: receipts name it */
    BT_ENROLL_TASKS_LEAST = 5,
};

enum bt_enroll_phase {
    BT_ENROLL_REST, /* a pause of .4 to 1.2 s, at rest */
    BT_ENROLL_DO,   /* asked */
    BT_ENROLL_BACK, /* done; back to rest */
    BT_ENROLL_PASSED,
    BT_ENROLL_FAILED
};
enum bt_enroll_failure {
    BT_FAILURE_NONE,
    BT_FAILURE_EARLY,
    BT_FAILURE_LATE,
    BT_FAILURE_WRONG,
    BT_FAILURE_JUMP,
    BT_FAILURE_FLAT,
    BT_FAILURE_LOST,
    BT_FAILURE_TWO,
    BT_FAILURE_EXPIRED,
    BT_FAILURE_MASKED, /* not by the challenge, but by the program's own mark in the pictures */
    BT_FAILURE_COUNT
};

struct bt_enroll_challenge;
struct bt_enroll_challenge_params {
    const char *nonce;  /* 32 lower-case hex digits, fresh and random: the order and the timing follow from it */
    uint32_t tasks;     /* BT_ENROLL_TASKS_LEAST … BT_TASK_COUNT, all different; a turn to a side is always among them */
    int64_t expires_ns; /* on the clock of step's now_ns */
};
/* BT_E_ARGUMENT. */
BT_CHECKED bt_status bt_enroll_challenge_create(const struct bt_enroll_challenge_params *params,
                                                struct bt_enroll_challenge **out_challenge);
void bt_enroll_challenge_destroy(struct bt_enroll_challenge **challenge);

struct bt_enroll_state {
    enum bt_enroll_phase phase;
    enum bt_enroll_task task; /* asked now, or last */
    uint32_t done, of;
    float progress; /* of this task, 0 … 1 */
    enum bt_enroll_failure failure;
};
/* One frame. measure NULL: no face that can be read; `trouble` tells a second face from none. Allocates nothing. */
struct bt_enroll_state bt_enroll_challenge_step(struct bt_enroll_challenge *challenge, int64_t now_ns,
                                                const struct bt_enroll_measure *measure, enum bt_enroll_trouble trouble);
const char *bt_enroll_failure_text(enum bt_enroll_failure failure, bool chinese);

/* A head's relief (bt_enroll_measure) below this is a flat picture. On our footage, turned by 15 to 30 degrees, the head
   measures .27 to .29; a print of it, turned by up to 55 degrees, at most .07, and is read as turned by less than 9
   (tests/golden/enroll_footage.c). */
#define BT_ENROLL_RELIEF_LEAST 0.12f

#endif
