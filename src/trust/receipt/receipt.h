/* SPDX-License-Identifier: MIT */
/* Consent receipts: one per event, with the fields of ISO/IEC TS 27560:2023, in a chain signed by the installation. The ledger
   says at any time which face may be worn, for what, until when. It holds pseudonyms; no names, pictures or templates. */
#ifndef BT_TRUST_RECEIPT_H
#define BT_TRUST_RECEIPT_H

#include "base/status.h"
#include "trust/vault/seal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_ledger;

/* Stored by name: receipt.c has the words. */
enum bt_receipt_event {
    BT_RECEIPT_REQUESTED,
    BT_RECEIPT_GIVEN,
    BT_RECEIPT_REFUSED,
    BT_RECEIPT_RENEWED,
    BT_RECEIPT_WITHDRAWN,
    BT_RECEIPT_EXPIRED,
    BT_RECEIPT_INVALIDATED, /* the face's bytes are no longer what was agreed to */
    BT_RECEIPT_EVENTS
};
/* What a face may be used for: a closed list, as bits. */
enum bt_purpose {
    BT_PURPOSE_WEAR_LIVE = 1,
    BT_PURPOSE_RECORD = 2,
    BT_PURPOSE_LEND = 4,
    BT_PURPOSE_UNATTENDED = 8, /* sessions may start with nobody to ask */
};
enum { BT_PURPOSES_ALL = 15 };
enum bt_subject_role { BT_SUBJECT_SELF, BT_SUBJECT_OTHER };
/* What is shown while the face is lost: the card, or the last masked frame, labelled, for at most 5 s and then the card. */
enum bt_lost { BT_LOST_PLACARD, BT_LOST_FREEZE };

enum {
    BT_RECEIPT_UUID = 37,
    BT_RECEIPT_DIGEST = 65,
    BT_RECEIPT_WORDS = 128,
    BT_RECEIPT_DAYS_MOST = 366,    /* 12 months */
    BT_RECEIPT_CHALLENGE_S = 1800, /* a nonce is good for so long, as video consent services allow at most */
    BT_RECEIPT_SLACK_S = 300,      /* how far the clock may step back before it counts as set back */
};

/* The identity id of a consent that is about no enrolled face: the wearer's own, to start unattended. */
#define BT_RECEIPT_NO_FACE "00000000000000000000000000000000"

struct bt_receipt {
    char record_id[BT_RECEIPT_UUID];  /* of the consent: the same for all its events */
    char receipt_id[BT_RECEIPT_UUID]; /* of this event; made by append when "" */
    enum bt_receipt_event event;
    int64_t event_s;      /* seconds since 1970, UTC, as all times here */
    char identity_id[33]; /* the vault's record */
    char subject[BT_SEAL_PSEUDONYM_HEX];
    enum bt_subject_role role;
    bool adult; /* said that they are 18 or over */
    uint32_t purposes;
    enum bt_lost lost;
    int64_t valid_until_s;
    uint32_t notice_version;
    char notice_sha256[BT_RECEIPT_DIGEST], statement_sha256[BT_RECEIPT_DIGEST];
    bool chinese; /* language of both */
    char identity_sha256[BT_RECEIPT_DIGEST], template_sha256[BT_RECEIPT_DIGEST];
    char nonce[33]; /* of the liveness challenge */
    int64_t challenge_s;
    char liveness[BT_RECEIPT_WORDS]; /* its result and version, in words */
    float match_score, match_threshold, match_fmr;
    float match_fmr_95[2];              /* 95 % interval of match_fmr; 0, 0 in receipts of schema 1 */
    char match_claim[BT_RECEIPT_WORDS]; /* what may be claimed of it, and on which evidence; "" there */
    char recipient[BT_RECEIPT_DIGEST];  /* public key, where the face is lent; else "" */
    uint32_t uses_most;                 /* where it is lent; 0: as often as you like */
    char jurisdiction[8];               /* ISO 3166-1, "" unknown */
    char controller[BT_RECEIPT_WORDS]; /* who keeps the data, as they wish to be called; "" : the person at this installation */
};

struct bt_ledger_params {
    struct bt_log *log;
    const char *path;
    const struct bt_signer *signer; /* the installation's */
};
/* All receipts so far; an absent file is an empty ledger. BT_E_FORMAT: changed; the log says at which line. */
BT_CHECKED bt_status bt_ledger_read(const struct bt_ledger_params *params, struct bt_ledger **out_ledger);
void bt_ledger_free(struct bt_ledger **ledger);
uint32_t bt_ledger_count(const struct bt_ledger *ledger);
const struct bt_receipt *bt_ledger_at(const struct bt_ledger *ledger, uint32_t index); /* oldest first; NULL past the end */
/* The last event of a consent, by its record id or by the first letters of it, if no other begins so; NULL. */
const struct bt_receipt *bt_ledger_find(const struct bt_ledger *ledger, const char *record_id);

/* Checks that the event may follow, then writes it; durable when BT_OK. BT_E_ARGUMENT: it may not follow what is there, or
   lacks a field (the log says which). BT_E_CONSENT: not an adult, or valid for longer than 12 months, or the clock stands
   before the last receipt. */
BT_CHECKED bt_status bt_ledger_append(const struct bt_ledger_params *params, struct bt_receipt *inout_receipt);

/* The state rule: usable only while the last event is given or renewed, unexpired, and the clock has not been set back. */
struct bt_consent_state {
    bool usable;
    const char *why_not; /* static English when not usable */
    struct bt_receipt last;
};
/* BT_E_NOT_FOUND: no receipt speaks of that face. */
BT_CHECKED bt_status bt_ledger_state(const struct bt_ledger *ledger, const char *identity_id, int64_t now_s,
                                     struct bt_consent_state *out_state);

const char *bt_receipt_event_word(enum bt_receipt_event event);
/* "wear-live, record"; into room of BT_RECEIPT_WORDS. */
void bt_receipt_purposes(uint32_t purposes, bool chinese, char out_words[BT_RECEIPT_WORDS]);
/* For people, several lines, malloc'ed. */
BT_CHECKED bt_status bt_receipt_text(const struct bt_receipt *receipt, bool chinese, char **out_text);
/* With every mandatory field of TS 27560, one line, malloc'ed. */
BT_CHECKED bt_status bt_receipt_json(const struct bt_receipt *receipt, char **out_json);
/* A door: reads what bt_receipt_json wrote; unknown keys are passed over. BT_E_FORMAT: the log names the field. */
BT_CHECKED bt_status bt_receipt_parse(struct bt_log *log, const char *json, size_t size_bytes, struct bt_receipt *out_receipt);
/* A random UUID (RFC 4122, version 4). */
BT_CHECKED bt_status bt_receipt_uuid(char out_uuid[BT_RECEIPT_UUID]);

#endif
