/* SPDX-License-Identifier: MIT */
/* Enrolling a person: what the files of bauta enroll share. */
#ifndef BT_APP_ENROLL_H
#define BT_APP_ENROLL_H

#include "app/session.h"
#include "app/trust.h"
#include "enroll/challenge.h"
#include "enroll/coverage.h"
#include "identity/identity.h"
#include <stdatomic.h>

struct bt_enroll_marked;
struct bt_enroll_pictures;
struct bt_enroll_screen;
struct bt_match;
struct bt_secret;
struct bt_shot;
struct bt_source;

/* What is asked of the person at the moment. */
struct bt_enroll_wish {
    bool asked;
    enum bt_enroll_task task; /* BT_TASK_COUNT: look straight ahead */
};

struct bt_enrolment {
    struct bt_app *app;
    struct bt_log *log;
    bool chinese;
    char name[BT_MASK_NAME_BYTES];
    struct bt_trust trust;
    struct bt_receipt receipt; /* as far as it is known */
    bool requested;            /* that receipt was written: it must be answered */
    struct bt_secret *seed;    /* the subject's signing seed; also the key of the pseudonym */
    struct bt_session session; /* models, rig, GPU, capture, tracker */
    struct bt_shot *shot;
    struct bt_enroll_marked *marked;
    struct bt_enroll_meter *meter;
    struct bt_identity_builder *builder;
    struct bt_enroll_coverage coverage;
    struct bt_enroll_pictures *pictures; /* some of those that were accepted, until they have been matched */
    struct bt_enroll_screen *screen;
    struct bt_enroll_wish wish;
    atomic_bool stopped; /* Ctrl-C */
    struct bt_identity *identity;
    struct bt_secret *template; /* bt_match_encode's bytes */
};

/* Notice, statement, age, purposes, term, lost face: fills the receipt. BT_E_CONSENT: said no, or left. No camera is open. */
BT_CHECKED bt_status bt_enroll_ask(struct bt_enrolment *enrolment);

/* The camera, nothing else; which: enroll_source.c. */
BT_CHECKED bt_status bt_enroll_open_source(struct bt_enrolment *enrolment, struct bt_source **out_source);

/* Rest, challenge and capture before the camera, up to three times; the camera is closed on the way out. Then the builder and
   the pictures hold what was accepted. BT_E_CONSENT: three times failed, or once by the program's own mark
   (the last failure is in `receipt.liveness`). */
BT_CHECKED bt_status bt_enroll_live(struct bt_enrolment *enrolment);

/* Do all pictures show one person? Fills template and the receipt's match fields. BT_E_CONSENT: no. Then the pictures are
   wiped. */
BT_CHECKED bt_status bt_enroll_match(struct bt_enrolment *enrolment);
/* Makes the face, and shows it. BT_E_CONSENT: the person does not want it; *out_again: wants to do it again. */
BT_CHECKED bt_status bt_enroll_preview(struct bt_enrolment *enrolment, bool *out_again);
bool bt_enroll_name_is_valid(const char *name);
/* Vault and receipt, both durable, or neither. */
BT_CHECKED bt_status bt_enroll_keep(struct bt_enrolment *enrolment);

/* Small crops of accepted pictures, in guarded memory. */
enum { BT_ENROLL_PICTURES_MOST = 16, BT_ENROLL_PICTURE_SIDE_PX = 224 };
BT_CHECKED bt_status bt_enroll_pictures_create(struct bt_log *log, struct bt_enroll_pictures **out_pictures);
void bt_enroll_pictures_destroy(struct bt_enroll_pictures **pictures);
void bt_enroll_pictures_clear(struct bt_enroll_pictures *pictures);
/* When full, the newest takes the place of the one before it, so that first and last stay far apart. */
void bt_enroll_pictures_add(struct bt_enroll_pictures *pictures, const struct bt_shot *shot);
uint32_t bt_enroll_pictures_count(const struct bt_enroll_pictures *pictures);

/* ---- the program's own mark, in what the camera sees (enroll_marked.c) ---- */

BT_CHECKED bt_status bt_enroll_marked_create(struct bt_log *log, uint32_t width_px, uint32_t height_px,
                                             struct bt_enroll_marked **out_marked);
void bt_enroll_marked_destroy(struct bt_enroll_marked **marked); /* wipes */
void bt_enroll_marked_reset(struct bt_enroll_marked *marked);
/* The whole frame that the shot took last. */
void bt_enroll_marked_add(struct bt_enroll_marked *marked, const struct bt_shot *shot, int64_t now_ns);
/* In all that was added since the last reset. About a second of CPU. */
bool bt_enroll_marked_is(struct bt_enroll_marked *marked);

/* ---- the screen, redrawn in place (enroll_screen.c) ---- */

struct bt_enroll_show {
    uint32_t attempt, attempts;
    const char *instruction; /* what to do now */
    const char *hint;        /* what is wrong; "" */
    float progress;          /* 0 … 1 */
    uint32_t done, of;       /* steps; of 0: none are counted now */
    const struct bt_enroll_coverage *coverage;
    uint32_t pictures;
    float covered; /* of the face, 0 … 1 */
};
BT_CHECKED bt_status bt_enroll_screen_create(bool chinese, struct bt_enroll_screen **out_screen);
void bt_enroll_screen_destroy(struct bt_enroll_screen **screen);
/* On standard error; written only when something changed, at most ten times a second by `now_ns`. */
void bt_enroll_screen_draw(struct bt_enroll_screen *screen, const struct bt_enroll_show *show, int64_t now_ns);
/* The next drawing starts below what has been said since. */
void bt_enroll_screen_leave(struct bt_enroll_screen *screen);

#endif
