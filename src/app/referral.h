/* SPDX-License-Identifier: MIT */
/* What is referred to a human: somebody else in the chair, a picture that has been too bad to mask for long, and whether the
   mask may go live at all. The pipeline is paused, or its frames do not leave, until somebody decides; each step is a line of
   the session log, and so is every longer run of cards. What crosses between threads is one answer and one small picture. */
#ifndef BT_APP_REFERRAL_H
#define BT_APP_REFERRAL_H

#include "app/picture.h"
#include "base/status.h"
#include "pipeline/pipeline.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_audit;
struct bt_log;
struct bt_referral;
struct bt_wearer;

enum bt_answer {
    BT_ANSWER_NONE,
    BT_ANSWER_GO_ON,  /* look again; or: the picture may go live */
    BT_ANSWER_AGREED, /* who sits there now has read the notice and said yes */
};

struct bt_referral_params {
    struct bt_log *log;
    struct bt_audit *audit;
    const char *session;      /* outlives it */
    bool approve;             /* nothing leaves before BT_ANSWER_GO_ON to the first picture */
    bool attended;            /* else it tries again by itself, ever more seldom */
    struct bt_wearer *wearer; /* NULL: nobody is looked at */
    struct bt_observer next;
};
BT_CHECKED bt_status bt_referral_create(const struct bt_referral_params *params, struct bt_referral **out_referral);
/* Writes what is still to be logged. After the pipeline has ended, before the session's last line. */
void bt_referral_destroy(struct bt_referral **referral);
/* Before the run. */
void bt_referral_begin(struct bt_referral *referral, struct bt_pipeline *pipeline);

/* The pipeline's thread. */
struct bt_vouch bt_referral_vouch(struct bt_referral *referral);
struct bt_observer bt_referral_observer(struct bt_referral *referral);
/* One frame that left, at `now_ns`; the observer calls it. */
void bt_referral_step(struct bt_referral *referral, bt_status why, int64_t now_ns);

/* Any thread. */
/* Why it waits; BT_OK: it does not. BT_E_REFERRED: for the picture to be approved. */
bt_status bt_referral_why(struct bt_referral *referral);
/* BT_E_NOT_FOUND: nothing waits, or something else does than `why`. by: static, for the log. BT_ANSWER_AGREED to anything but
   BT_E_STRANGER, or where an enrolled or lent face is worn, is BT_E_CONSENT. */
BT_CHECKED bt_status bt_referral_answer(struct bt_referral *referral, bt_status why, enum bt_answer answer, const char *by);
/* A descriptor that can be read when there is something new to say; read it to clear it. */
int bt_referral_news(const struct bt_referral *referral);
/* The masked picture as others would see it. BT_E_NOT_FOUND: there is none yet, or it was taken; the next comes by itself. */
BT_CHECKED bt_status bt_referral_take_picture(struct bt_referral *referral, struct bt_picture_rgb *out_picture);
bool bt_referral_may_agree(const struct bt_referral *referral); /* may somebody else agree to this session? */

struct bt_referral_counts {
    uint64_t referred, approved, strangers; /* strangers: of those referred */
};
struct bt_referral_counts bt_referral_counts(const struct bt_referral *referral);

enum { BT_REFERRAL_BAD_S = 20, BT_REFERRAL_PICTURE_W = 96, BT_REFERRAL_PICTURE_MOST_H = 192 };

#endif
