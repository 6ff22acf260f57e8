/* SPDX-License-Identifier: MIT */
/* Everything that lives as long as a session, put together in order: models, GPU, mask, consent, and only then the source. */
#ifndef BT_APP_SESSION_H
#define BT_APP_SESSION_H

#include "app/app.h"
#include "app/cache.h"
#include "app/described.h"
#include "app/shape.h"
#include "app/store.h"
#include "app/trust.h"
#include "app/worn.h"
#include "pipeline/output/output.h"
#include "pipeline/pipeline.h"
#include "trust/consent/consent.h"
#include "trust/policy/policy.h"

struct bt_source;
struct bt_gpu;
struct bt_match;
struct bt_attend;
struct bt_referral;
struct bt_wearer;
struct bt_rig;
struct bt_mask;
struct bt_audit;
struct json_t;

/* Who is asked, where it is not the person at the terminal. */
struct bt_session_person {
    struct bt_asker asker;
    bool attended, chinese;
};

struct bt_profiles_chosen;
struct bt_session {
    struct bt_log *log;
    const struct bt_session_person *person; /* set before prepare; NULL: at the terminal, whose Ctrl-C ends the session */
    struct bt_store models;
    struct bt_rig *rig;
    struct bt_mask *mask; /* what is worn: its own, or worn.mask */
    struct bt_worn worn;  /* a person's face */
    _Atomic bool lapsed;  /* its owner withdrew */
    struct bt_gpu *gpu;
    struct bt_trust trust;
    struct bt_cache cache;
    int64_t tune_ns;                     /* how long the start may measure */
    struct bt_profiles_chosen *profiles; /* the labelling rules it keeps to */
    struct bt_audit *audit;
    struct bt_grant *grant;
    struct bt_capture *capture;
    struct bt_track *track;
    struct bt_swap *swap;
    struct bt_disclose *disclose;
    struct bt_output *output;
    struct bt_pipeline *pipeline;
    struct bt_wearer *wearer;      /* of a live camera: who is masked, and nobody else */
    struct bt_referral *referral;  /* of the same: what a human decides */
    char *notice;                  /* as it was agreed to, of the same */
    struct bt_described described; /* its manifest */
    uint32_t width_px, height_px;
};

/* Models, rig, mask and GPU. No camera, and no question but for the vault's passphrase. `purposes`: what the session does, of
   enum bt_purpose; 0: only masks that belong to nobody. */
BT_CHECKED bt_status bt_session_prepare(struct bt_session *session, struct bt_app *app, uint32_t purposes);

struct bt_session_consent {
    enum bt_origin origin;
    bool leaves_machine;
    const char *source_name, *record_path;
    uint32_t purposes;
    bool logged; /* in this installation's log; else in memory (the demo) */
};
BT_CHECKED bt_status bt_session_consent(struct bt_session *session, const struct bt_session_consent *consent);

struct bt_session_run {
    struct bt_source *source; /* taken over, also on failure */
    const char *loopback, *record, *hash;
    struct bt_shape shape;
    bool watched;   /* a live camera: who sits before it is recognised again, and a human decides */
    bool always_on; /* also while nobody reads the virtual camera */
    uint64_t frames;
    struct bt_observer observer;
};
/* The tracker alone, for the session's width and height. */
BT_CHECKED bt_status bt_session_track(struct bt_session *session);
/* The nets that tell people apart, which no session loads but one that enrols, counts errors, or reads a live camera. */
BT_CHECKED bt_status bt_session_match(const struct bt_session *session, struct bt_match **out_match);
/* The stages, for a source of that format. */
BT_CHECKED bt_status bt_session_start(struct bt_session *session, const struct bt_session_run *run);
/* Until the source ends, the limit is reached or a signal comes; then the outputs are finished. */
BT_CHECKED bt_status bt_session_run(struct bt_session *session);
/* Withdraws the grant, so that no further frame is masked, and ends the run. Any thread, once started. */
void bt_session_stop(struct bt_session *session);
/* What stats and demo.json hold; the caller drops it. NULL: no memory. */
struct json_t *bt_session_stats(const struct bt_session *session);
/* Writes the audit's closing line and takes all down. Safe at any point, also twice. */
void bt_session_finish(struct bt_session *session, bt_status status);

#endif
