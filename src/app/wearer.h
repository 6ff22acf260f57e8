/* SPDX-License-Identifier: MIT */
/* Is the person before the camera still the one who is to be masked? Asked by the pipeline of every face that is new, and of
   the one it knows every two seconds, at once where a change shows (change.h), and before it turns away. Templates are in
   guarded memory only, and are wiped at the end. One thread. */
#ifndef BT_APP_WEARER_H
#define BT_APP_WEARER_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_faces;
struct bt_frame;
struct bt_gpu;
struct bt_log;
struct bt_match;
struct bt_wearer;

struct bt_wearer_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_match *match; /* taken over, also on failure */
    uint32_t width_px, height_px;
    /* bt_match_encode's, of whom the worn face belongs to; borrowed during create. None: who is seen first is the wearer, since
       that is who agreed. */
    struct bt_bytes enrolled;
    bool owned; /* the worn face is a person's, enrolled or lent: a session is one wearer's */
};
/* BT_E_FORMAT: `enrolled` is no template. */
BT_CHECKED bt_status bt_wearer_create(const struct bt_wearer_params *params, struct bt_wearer **out_wearer);
void bt_wearer_destroy(struct bt_wearer **wearer); /* wipes */

/* As struct bt_vouch's `person`; the user is the wearer. BT_OK: it is them, or was a few seconds ago. BT_E_STRANGER: looks that
   are half a second apart agree that it is not. BT_E_REFERRED: a new face, or one that changed, and one look says no so far.
   BT_E_POSE: a face has to be looked at from the front, and is turned away. Else why no look could be had. */
bt_status bt_wearer_vouch(void *wearer, const struct bt_frame *frame, const struct bt_faces *faces);
/* Somebody else has agreed: who is seen next is the wearer. Nothing happens where the face is owned. */
void bt_wearer_forget(struct bt_wearer *wearer);
/* After a pause: who is seen next is looked at as anybody new. */
void bt_wearer_again(struct bt_wearer *wearer);
bool bt_wearer_owned(const struct bt_wearer *wearer); /* a person's face is worn: nobody else can agree to it. Any thread */

enum { BT_WEARER_EVERY_MS = 2000, BT_WEARER_SLOW_MS = 1000, BT_WEARER_AGAIN_MS = 500, BT_WEARER_SOON_MS = 200 };

#endif
