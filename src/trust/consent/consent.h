/* SPDX-License-Identifier: MIT */
/* The only maker of grants: may this face be worn now. */
#ifndef BT_TRUST_CONSENT_H
#define BT_TRUST_CONSENT_H

#include "base/status.h"
#include "trust/pack/pack.h"
#include "trust/policy/policy.h"
#include "trust/receipt/receipt.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_audit;
struct bt_grant;

/* How the person is asked. The terminal's own asker is in app/; tests bring theirs. */
struct bt_asker {
    void *user;
    /* Shows `notice` (UTF-8, several lines) and takes one line of answer. BT_E_CONSENT: there is nobody to ask. */
    bt_status (*ask)(void *user, const char *notice, char *out_answer, uint32_t answer_bytes);
};

/* Whose consent a person's face rests on: one of the first three; none for a mask that is nobody's. */
struct bt_consent_owner {
    const struct bt_consent_state *own; /* of the face's own receipts */
    const struct bt_pack_state *lent;   /* what its owner signed; its use is counted and kept already (bt_pack_use) */
    const struct bt_receipt *request;   /* the owner's own, in the receipts: they are shown their face before it is kept */
    const char *identity_sha256;        /* of the bytes that are about to be worn; not with a request */
};

/* How often whoever is compared with the wearer passes for them, as it was counted: the notice says it. */
struct bt_consent_match {
    double fmr, fmr_95[2];
    uint64_t comparisons;
    uint32_t people;
    const char *date;
};

struct bt_consent_params {
    struct bt_log *log;
    struct bt_audit *audit;       /* the line is durable here before a grant exists */
    const struct bt_asker *asker; /* may be NULL when policy asks for no consent */
    struct bt_policy_facts facts; /* receipt_live, standing and enrolling are found here, whatever they say */
    struct bt_consent_owner owner;
    uint32_t purposes;                       /* of enum bt_purpose: what this session does */
    const struct bt_consent_state *standing; /* the wearer's own, to start unattended; NULL: none */
    int64_t now_s;                           /* wall clock, seconds */
    const char *face_name;
    const char *profiles;    /* names of the labelling rules that the session keeps to, for the audit; NULL: not a session */
    const char *source_name; /* camera or file that is about to be opened, as the notice names it */
    const char *record_path; /* where the wearer asked the masked video to be kept, or NULL: nothing is stored */
    const struct bt_consent_match *match; /* where a match decides who is masked; NULL: none does */
    bool chinese;                         /* language of notice and answer */
    int64_t valid_ns;                     /* how long the grant lives; 0: 12 h. Never longer than the owner's consent */
};

/* Looks whether the face's owner agrees to these purposes, by the receipts or by what was lent. Runs policy over the facts,
   asks if it says so, writes the audit line, makes the grant. The camera must not be open yet. BT_E_CONSENT: refused, no
   answer, nobody to ask, or policy forbids (the log says which). */
BT_CHECKED bt_status bt_consent_obtain(const struct bt_consent_params *params, struct bt_grant **out_grant);
void bt_grant_destroy(struct bt_grant **grant);
/* The wearer, by the consent that stands, changes to another mask that belongs to nobody (what the notice says they may): once
   the line "face.changed" is durable, the grant names `face_name`. On the thread that asks bt_grant_face, and audit's.
   BT_E_CONSENT: the grant is no longer live, or is for a person's face, which is agreed to by itself. */
BT_CHECKED bt_status bt_consent_change(struct bt_log *log, struct bt_audit *audit, struct bt_grant *grant,
                                       const char *face_name);

/* Asked on every tick. False once expired or withdrawn; then it stays false. Any thread. now: CLOCK_MONOTONIC. */
bool bt_grant_live(const struct bt_grant *grant, int64_t now_ns);
/* Any thread, at any time: the next tick shows the placard. */
void bt_grant_withdraw(struct bt_grant *grant);
/* Random, 32 hex digits: names the session in audit and stats. */
const char *bt_grant_session(const struct bt_grant *grant);
/* The face that was consented to; swap refuses any other (compared with bt_identity's own name). */
const char *bt_grant_face(const struct bt_grant *grant);

#endif
