/* SPDX-License-Identifier: MIT */
#include "trust/consent/consent.h"

#include "base/clock.h"
#include "base/log.h"
#include "trust/audit/audit.h"
#include "trust/consent/notice.h"
#include "trust/vault/digest.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION_BYTES = 16, FACE_BYTES = 64 };
static const int64_t SECOND_NS = 1000000000, default_valid_ns = 12 * 3600 * INT64_C(1000000000);

struct bt_grant {
    atomic_bool withdrawn;
    int64_t expires_ns;
    char session[2 * SESSION_BYTES + 1];
    char face[FACE_BYTES];
    enum bt_owner owner;
};

/* Does whoever the face belongs to agree to all that this session does? Gives when that ends. */
static bool owner_agrees(const struct bt_consent_params *p, int64_t *out_until_s) {
    uint32_t needed = p->purposes | (p->facts.wearer_attended ? 0 : (uint32_t)BT_PURPOSE_UNATTENDED);
    const struct bt_consent_state *own = p->owner.own;
    const struct bt_pack_state *lent = p->owner.lent;
    if (own && p->owner.identity_sha256) {
        *out_until_s = own->last.valid_until_s;
        return own->usable && !strcmp(own->last.identity_sha256, p->owner.identity_sha256) && !(needed & ~own->last.purposes) &&
               p->now_s < own->last.valid_until_s;
    }
    if (lent) {
        *out_until_s = lent->terms.until_s;
        return !lent->withdrawn && !(needed & ~lent->terms.purposes) && p->now_s < lent->terms.until_s;
    }
    return false;
}

static bool stands(const struct bt_consent_params *p) {
    return p->standing && p->standing->usable && p->standing->last.purposes & BT_PURPOSE_UNATTENDED;
}

static const char *origin_name(enum bt_origin origin) {
    static const char *const names[BT_ORIGIN_COUNT] = {"camera", "file", "builtin"};
    return origin < BT_ORIGIN_COUNT ? names[origin] : "unknown";
}

static bt_status record(const struct bt_consent_params *p, const char *session, const char *event, const char *reason) {
    char version[12];
    snprintf(version, sizeof version, "%d", BT_NOTICE_VERSION);
    const struct bt_audit_field fields[] = {
        {"session", session},
        {"face", p->facts.owner == BT_OWNER_PERSON ? "a person's" : p->face_name}, /* people's names stay out of it */
        {"owner", p->owner.own       ? p->owner.own->last.record_id
                  : p->owner.request ? p->owner.request->record_id
                  : p->owner.lent    ? p->owner.lent->terms.pack_id
                                     : "nobody"},
        {"origin", origin_name(p->facts.origin)},
        {"notice", version},
        {"language", p->chinese ? "zh" : "en"},
        {"reason", reason},
        {"profiles", p->profiles ? p->profiles : ""},
    };
    return bt_audit_append(p->audit, bt_clock_wall_ns(), event, fields, BT_COUNT(fields) - !p->profiles);
}

static bt_status ask(const struct bt_consent_params *p) {
    char answer[64] = "";
    char notice[BT_NOTICE_BYTES];
    if (!p->asker) return BT_E_CONSENT;
    bt_notice_write(p, notice, sizeof notice);
    bt_status status = p->asker->ask(p->asker->user, notice, answer, sizeof answer);
    if (status) return status;
    return bt_notice_agrees(answer) ? BT_OK : BT_E_CONSENT;
}

bt_status bt_consent_obtain(const struct bt_consent_params *p, struct bt_grant **out_grant) {
    struct bt_policy_facts facts = p->facts;
    int64_t until_s = INT64_MAX;
    facts.receipt_live = facts.owner == BT_OWNER_PERSON && owner_agrees(p, &until_s);
    facts.standing = stands(p);
    facts.enrolling = p->owner.request && p->owner.request->event == BT_RECEIPT_REQUESTED && p->owner.request->adult;
    struct bt_policy_decision decision = bt_policy_decide(&facts);
    char session[2 * SESSION_BYTES + 1];
    struct bt_grant *grant = NULL;
    bt_status status;
    if (!p->audit || !p->face_name || strlen(p->face_name) >= FACE_BYTES) return BT_E_ARGUMENT;
    status = bt_vault_random_hex(SESSION_BYTES, session);
    if (status) return status;
    switch (decision.verdict) {
    case BT_VERDICT_ALLOW:
        break;
    case BT_VERDICT_ASK:
        status = ask(p);
        break;
    default:
        status = BT_E_CONSENT;
        bt_log_error(p->log, "refused: %s", decision.reason);
    }
    if (status) {
        if (status == BT_E_CONSENT && decision.verdict == BT_VERDICT_ASK)
            bt_log_info(p->log, "not agreed to: nothing was opened");
        bt_status kept = record(p, session, "consent.refused", decision.reason);
        return kept ? kept : status;
    }
    /* Durable before a grant exists: there is no session that the log does not know. */
    status = record(p, session, decision.verdict == BT_VERDICT_ASK ? "consent.given" : "consent.not-needed", decision.reason);
    if (status) return status;
    grant = calloc(1, sizeof *grant);
    if (!grant) return BT_E_MEMORY;
    atomic_init(&grant->withdrawn, false);
    int64_t valid_ns = p->valid_ns ? p->valid_ns : default_valid_ns;
    if (facts.owner == BT_OWNER_PERSON && (until_s - p->now_s) < valid_ns / SECOND_NS)
        valid_ns = (until_s - p->now_s) * SECOND_NS;
    grant->expires_ns = bt_clock_now_ns() + valid_ns;
    memcpy(grant->session, session, sizeof session);
    strcpy(grant->face, p->face_name);
    grant->owner = facts.owner;
    *out_grant = grant;
    return BT_OK;
}

bt_status bt_consent_change(struct bt_log *log, struct bt_audit *audit, struct bt_grant *grant, const char *face_name) {
    const struct bt_audit_field fields[] = {
        {"session", grant->session},
        {"face", face_name},
        {"owner", "nobody"},
        {"reason", "the wearer, who agreed to this session, chose another mask that belongs to nobody"},
    };
    if (strlen(face_name) >= FACE_BYTES) return BT_E_ARGUMENT;
    if (grant->owner != BT_OWNER_NOBODY || !bt_grant_live(grant, bt_clock_now_ns())) {
        bt_log_error(log, "refused: the consent of this session does not cover another face");
        return BT_E_CONSENT;
    }
    bt_status status = bt_audit_append(audit, bt_clock_wall_ns(), "face.changed", fields, BT_COUNT(fields));
    if (!status) strcpy(grant->face, face_name);
    return status;
}

void bt_grant_destroy(struct bt_grant **grant) {
    free(*grant);
    *grant = NULL;
}

bool bt_grant_live(const struct bt_grant *grant, int64_t now_ns) {
    return grant && !atomic_load(&grant->withdrawn) && now_ns < grant->expires_ns;
}

void bt_grant_withdraw(struct bt_grant *grant) {
    if (grant) atomic_store(&grant->withdrawn, true);
}

const char *bt_grant_session(const struct bt_grant *grant) {
    return grant->session;
}

const char *bt_grant_face(const struct bt_grant *grant) {
    return grant->face;
}
