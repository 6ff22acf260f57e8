/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "trust/chain/chain.h"
#include "trust/receipt/receipt.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct bt_ledger {
    struct bt_log *log;
    uint32_t count, room;
    struct bt_receipt *receipt;
};

static const int64_t DAY_S = 86400, WAIT_NS = 5000000000;

static bt_status keep(void *user, const char *line) {
    struct bt_ledger *ledger = user;
    if (ledger->count == ledger->room) {
        uint32_t room = ledger->room ? ledger->room * 2 : 16;
        struct bt_receipt *grown = realloc(ledger->receipt, room * sizeof *grown);
        if (!grown) return BT_E_MEMORY;
        ledger->receipt = grown;
        ledger->room = room;
    }
    bt_status status = bt_receipt_parse(ledger->log, line, strlen(line), &ledger->receipt[ledger->count]);
    ledger->count += !status;
    return status;
}

bt_status bt_ledger_read(const struct bt_ledger_params *params, struct bt_ledger **out_ledger) {
    struct bt_chain_report report = {0};
    struct bt_ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) return BT_E_MEMORY;
    ledger->log = params->log;
    bt_status status = bt_chain_walk(params->log, params->path, bt_seal_signer_public(params->signer), keep, ledger, &report);
    if (status == BT_E_NOT_FOUND) status = BT_OK;
    if (status == BT_E_FORMAT && report.bad_line)
        bt_log_error(params->log, "the receipts %s are not as they were left, at line %" PRIu64 ": %s", params->path,
                     report.bad_line, report.why);
    if (status)
        bt_ledger_free(&ledger);
    else
        *out_ledger = ledger;
    return status;
}

void bt_ledger_free(struct bt_ledger **ledger) {
    if (!*ledger) return;
    free((*ledger)->receipt);
    free(*ledger);
    *ledger = NULL;
}

uint32_t bt_ledger_count(const struct bt_ledger *ledger) {
    return ledger->count;
}

const struct bt_receipt *bt_ledger_at(const struct bt_ledger *ledger, uint32_t index) {
    return index < ledger->count ? &ledger->receipt[index] : NULL;
}

const struct bt_receipt *bt_ledger_find(const struct bt_ledger *ledger, const char *record_id) {
    const struct bt_receipt *found = NULL;
    size_t letters = strlen(record_id);
    for (uint32_t i = 0; letters && i < ledger->count; i++) {
        const struct bt_receipt *r = &ledger->receipt[i];
        if (strncmp(r->record_id, record_id, letters)) continue;
        if (found && strcmp(found->record_id, r->record_id)) return NULL; /* two begin so */
        found = r;
    }
    return found;
}

/* Why the receipt may not follow `last` (NULL: it is the first of its consent). */
static const char *wrong_order(const struct bt_receipt *last, const struct bt_receipt *r) {
    bool live = last && (last->event == BT_RECEIPT_GIVEN || last->event == BT_RECEIPT_RENEWED);
    switch (r->event) {
    case BT_RECEIPT_REQUESTED:
        return last ? "a consent is requested only once" : NULL;
    case BT_RECEIPT_GIVEN:
    case BT_RECEIPT_REFUSED:
        return last && last->event == BT_RECEIPT_REQUESTED ? NULL : "only what was requested is given or refused";
    case BT_RECEIPT_RENEWED:
        return live || (last && last->event == BT_RECEIPT_EXPIRED) ? NULL : "only a live or an expired consent is renewed";
    case BT_RECEIPT_WITHDRAWN:
        return live || (last && last->event == BT_RECEIPT_EXPIRED) ? NULL : "there is nothing to withdraw";
    case BT_RECEIPT_EXPIRED:
        return live && r->event_s >= last->valid_until_s ? NULL : "it has not expired";
    case BT_RECEIPT_INVALIDATED:
        return live ? NULL : "it is not live";
    default:
        return "no such event";
    }
}

static bt_status wrong_terms(struct bt_log *log, const struct bt_receipt *r) {
    const char *why = NULL;
    if (!r->adult)
        why = "only who is 18 or over can agree";
    else if (!r->purposes || r->purposes & ~(uint32_t)BT_PURPOSES_ALL)
        why = "it names no purpose that there is";
    else if (r->valid_until_s <= r->event_s || r->valid_until_s > r->event_s + BT_RECEIPT_DAYS_MOST * DAY_S)
        why = "it must end, and within 12 months";
    else if (!*r->notice_sha256 || !*r->statement_sha256 || !*r->identity_sha256 || !*r->template_sha256 || !*r->subject)
        why = "it does not say what was agreed to";
    if (!why) return BT_OK;
    bt_log_error(log, "the consent cannot be recorded: %s", why);
    return BT_E_CONSENT;
}

bt_status bt_ledger_append(const struct bt_ledger_params *params, struct bt_receipt *inout_receipt) {
    struct bt_ledger *ledger = NULL;
    struct bt_chain *chain = NULL;
    struct bt_receipt r = *inout_receipt;
    char *json = NULL;
    const struct bt_chain_params chain_params = {
        .log = params->log, .path = params->path, .what = "the receipts", .signer = params->signer, .wait_ns = WAIT_NS};
    bt_status status = bt_chain_open(&chain_params, &chain); /* from here on nobody else writes */
    if (!status) status = bt_ledger_read(params, &ledger);
    if (status) goto done;
    const struct bt_receipt *newest = ledger->count ? &ledger->receipt[ledger->count - 1] : NULL;
    if (newest && r.event_s < newest->event_s - BT_RECEIPT_SLACK_S) {
        bt_log_error(params->log, "the clock stands before the last receipt: set it right first");
        status = BT_E_CONSENT;
        goto done;
    }
    if (!*r.record_id) status = bt_receipt_uuid(r.record_id);
    if (!status && !*r.receipt_id) status = bt_receipt_uuid(r.receipt_id);
    if (status) goto done;
    const char *why = strlen(r.record_id) == BT_RECEIPT_UUID - 1 ? wrong_order(bt_ledger_find(ledger, r.record_id), &r)
                                                                 : "its record id is not a UUID";
    if (why) {
        bt_log_error(params->log, "the receipt cannot be written: %s", why);
        status = BT_E_ARGUMENT;
    } else if (r.event == BT_RECEIPT_GIVEN || r.event == BT_RECEIPT_RENEWED) {
        status = wrong_terms(params->log, &r);
    }
    if (!status) status = bt_receipt_json(&r, &json);
    if (!status) status = bt_chain_append(chain, json);
    if (!status) *inout_receipt = r;
done:
    free(json);
    bt_ledger_free(&ledger);
    bt_chain_close(&chain);
    return status;
}

bt_status bt_ledger_state(const struct bt_ledger *ledger, const char *identity_id, int64_t now_s,
                          struct bt_consent_state *out_state) {
    const struct bt_receipt *last = NULL;
    for (uint32_t i = 0; i < ledger->count; i++) {
        if (!strcmp(ledger->receipt[i].identity_id, identity_id)) last = &ledger->receipt[i];
    }
    if (!last) return BT_E_NOT_FOUND;
    static const char *const why[BT_RECEIPT_EVENTS] = {"its owner has not answered yet",
                                                       NULL,
                                                       "its owner refused",
                                                       NULL,
                                                       "its owner has withdrawn the consent",
                                                       "the consent has expired: renew it",
                                                       "the face is no longer the one that was agreed to"};
    struct bt_consent_state state = {.last = *last, .why_not = why[last->event]};
    if (!state.why_not && now_s >= last->valid_until_s) state.why_not = why[BT_RECEIPT_EXPIRED];
    if (!state.why_not && now_s < ledger->receipt[ledger->count - 1].event_s - BT_RECEIPT_SLACK_S)
        state.why_not = "the clock was set back: set it right first";
    state.usable = !state.why_not;
    *out_state = state;
    return BT_OK;
}
