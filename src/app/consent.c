/* SPDX-License-Identifier: MIT */
/* bauta consent: what was agreed to, and taking it back. */
#include "app/app.h"

#include "app/files.h"
#include "app/terminal.h"
#include "app/trust.h"
#include "base/clock.h"
#include "base/log.h"
#include "trust/consent/notice.h"
#include "trust/vault/digest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MONTHS_DEFAULT = 6, MONTHS_MOST = 12, ANSWER_BYTES = 64 };
static const int64_t SECOND_NS = 1000000000, MONTH_S = INT64_C(30) * 86400;

static bool is_last(const struct bt_ledger *ledger, const struct bt_receipt *r) {
    return bt_ledger_find(ledger, r->record_id) == r;
}

/* Two lines, for 80 columns. */
static void print_line(const struct bt_receipt *r, const struct bt_consent_state *state) {
    char purposes[BT_RECEIPT_WORDS], until[16] = "";
    const time_t end = (time_t)r->valid_until_s;
    struct tm utc = {0};
    gmtime_r(&end, &utc);
    strftime(until, sizeof until, "%Y-%m-%d", &utc);
    bt_receipt_purposes(r->purposes, false, purposes);
    printf("%.8s  %-11s  until %s  %s\n          ", r->record_id, bt_receipt_event_word(r->event), until, purposes);
    if (*r->recipient) printf("lent to %.16s…: ", r->recipient);
    const bool face = strcmp(r->identity_id, BT_RECEIPT_NO_FACE) != 0;
    printf("%s\n", !state->usable ? state->why_not : face ? "may be worn" : "in force");
}

static bt_status list(const struct bt_app *app, const struct bt_ledger *ledger) {
    int64_t now_s = bt_clock_wall_ns() / SECOND_NS;
    json_t *all = json_array();
    uint32_t shown = 0;
    for (uint32_t i = 0; i < bt_ledger_count(ledger); i++) {
        const struct bt_receipt *r = bt_ledger_at(ledger, i);
        struct bt_consent_state state;
        char purposes[BT_RECEIPT_WORDS];
        if (!is_last(ledger, r) || bt_ledger_state(ledger, r->identity_id, now_s, &state)) continue;
        bt_receipt_purposes(r->purposes, false, purposes);
        shown++;
        if (app->options.json)
            json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:b,s:s,s:I}", "record_id", r->record_id, "subject", r->subject,
                                                 "event", bt_receipt_event_word(r->event), "usable", state.usable, "purposes",
                                                 purposes, "valid_until", (json_int_t)r->valid_until_s));
        else
            print_line(r, &state);
    }
    if (app->options.json) {
        json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        putchar('\n');
    } else if (!shown) {
        printf("No face is enrolled here. Masks that belong to nobody need no consent of an\n"
               "owner; you are asked for your own at each session.\n");
    }
    json_decref(all);
    return BT_OK;
}

/* All receipts of one consent, oldest first. */
static bt_status show(const struct bt_app *app, const struct bt_ledger *ledger, const struct bt_receipt *last) {
    bt_status status = BT_OK;
    for (uint32_t i = 0; !status && i < bt_ledger_count(ledger); i++) {
        const struct bt_receipt *r = bt_ledger_at(ledger, i);
        char *text = NULL;
        if (strcmp(r->record_id, last->record_id) != 0) continue;
        status = app->options.json ? bt_receipt_json(r, &text) : bt_receipt_text(r, bt_terminal_chinese(), &text);
        if (!status) printf("%s%s", text, app->options.json ? "\n" : "");
        free(text);
    }
    return status;
}

static bt_status export_to(const struct bt_app *app, const struct bt_ledger *ledger, const struct bt_receipt *last) {
    json_t *all = json_array();
    bt_status status = all ? BT_OK : BT_E_MEMORY;
    for (uint32_t i = 0; !status && i < bt_ledger_count(ledger); i++) {
        const struct bt_receipt *r = bt_ledger_at(ledger, i);
        char *text = NULL;
        if (strcmp(r->record_id, last->record_id) != 0) continue;
        status = bt_receipt_json(r, &text);
        if (!status && json_array_append_new(all, json_loads(text, 0, NULL))) status = BT_E_MEMORY;
        free(text);
    }
    char *text = status ? NULL : json_dumps(all, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(all);
    if (!status) status = text ? bt_files_write(app->log, app->options.output, text, strlen(text)) : BT_E_MEMORY;
    free(text);
    if (!status) printf("the receipts are in %s\n", app->options.output);
    return status;
}

static bt_status agree(const struct bt_app *app, const char *english, const char *chinese) {
    char answer[ANSWER_BYTES] = "";
    bt_status status = bt_terminal_line(bt_terminal_chinese() ? chinese : english, answer, sizeof answer);
    if (status || !bt_notice_agrees(answer)) {
        bt_log_info(app->log, "nothing is changed");
        return status ? status : BT_E_CONSENT;
    }
    return BT_OK;
}

/* Only whoever opens the vault may renew; and it must still hold the face. */
static bt_status renew(const struct bt_app *app, const struct bt_trust *trust, const struct bt_receipt *last) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_vault *vault = NULL;
    struct bt_secret *face = NULL;
    struct bt_receipt fresh = *last;
    uint32_t version = 0;
    uint64_t months = app->options.months ? app->options.months : MONTHS_DEFAULT;
    char *text = NULL;
    if (months > MONTHS_MOST) {
        bt_log_error(app->log, "--months: at most %d", MONTHS_MOST);
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_vault_get(vault, last->identity_id, BT_VAULT_IDENTITY, &version, &face);
    if (status == BT_E_NOT_FOUND) bt_log_error(app->log, "the face of this consent is no longer here: enrol it anew");
    bt_secret_destroy(&face);
    bt_vault_close(&vault);
    fresh.event = BT_RECEIPT_RENEWED;
    fresh.receipt_id[0] = 0;
    fresh.event_s = bt_clock_wall_ns() / SECOND_NS;
    fresh.valid_until_s = fresh.event_s + (int64_t)months * MONTH_S;
    if (!status) status = bt_receipt_text(&fresh, bt_terminal_chinese(), &text);
    if (!status) fprintf(stderr, "\n%s\n", text);
    free(text);
    if (!status)
        status = agree(app, "Do you, whose face it is, agree to this? Type yes, anything else to leave: ",
                       "您作为面部的本人是否同意?输入“同意”(或 yes),其他任何输入即退出:");
    if (!status) status = bt_ledger_append(&params, &fresh);
    if (!status) printf("renewed\n");
    return status;
}

static bt_status withdraw(const struct bt_app *app, const struct bt_trust *trust, const struct bt_receipt *last) {
    bt_status status =
        agree(app, "The face's key is destroyed, for good, also in a session that runs now. Type yes to withdraw: ",
              "面部的密钥将被永久销毁,正在进行的会话也立即停止使用。输入“同意”(或 yes)以撤回:");
    if (!status) status = bt_trust_end(trust, last, BT_RECEIPT_WITHDRAWN);
    if (!status) printf("withdrawn: the face cannot be worn any more, here\n");
    return status;
}

/* The wearer's own: it is about no enrolled face. Its digests are of the words that were agreed to. */
static bt_status stand(const struct bt_app *app, const struct bt_trust *trust) {
    static const char english[] =
        "Sessions may then start by themselves, with nobody to ask: the camera is opened and you are seen under a mask.\n"
        "Every frame is labelled as ever. bauta consent withdraw ends it. Type yes to agree: ";
    static const char chinese[] = "此后会话可在无人询问时自动开始:打开摄像头,您戴着面具出镜。每一帧照常带有标识。\n"
                                  "bauta consent withdraw 可随时撤回。输入“同意”(或 yes)表示同意:";
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    const char *words = bt_terminal_chinese() ? chinese : english;
    uint64_t months = app->options.months ? app->options.months : 1;
    struct bt_receipt r = {.event = BT_RECEIPT_REQUESTED,
                           .identity_id = BT_RECEIPT_NO_FACE,
                           .subject = BT_RECEIPT_NO_FACE,
                           .role = BT_SUBJECT_SELF,
                           .adult = true,
                           .purposes = BT_PURPOSE_UNATTENDED,
                           .notice_version = 1,
                           .chinese = bt_terminal_chinese()};
    if (months > MONTHS_MOST) {
        bt_log_error(app->log, "--months: at most %d", MONTHS_MOST);
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_vault_sha256_hex(words, strlen(words), r.notice_sha256);
    memcpy(r.statement_sha256, r.notice_sha256, sizeof r.statement_sha256);
    memcpy(r.identity_sha256, r.notice_sha256, sizeof r.identity_sha256);
    memcpy(r.template_sha256, r.notice_sha256, sizeof r.template_sha256);
    r.event_s = bt_clock_wall_ns() / SECOND_NS;
    r.valid_until_s = r.event_s + (int64_t)months * MONTH_S;
    if (!status) status = agree(app, english, chinese);
    if (!status) status = bt_ledger_append(&params, &r);
    r.event = BT_RECEIPT_GIVEN;
    r.receipt_id[0] = 0;
    if (!status) status = bt_ledger_append(&params, &r);
    if (!status)
        printf("sessions before a camera may start unattended for %" PRIu64 " months;\nwithdraw: bauta consent withdraw %.8s\n",
               months, r.record_id);
    return status;
}

bt_status bt_app_consent(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    static const char *const words[] = {"list", "show", "export", "renew", "withdraw", "standing"};
    struct bt_trust trust;
    struct bt_ledger *ledger = NULL;
    const struct bt_receipt *last = NULL;
    size_t word = 0;
    while (word < BT_COUNT(words) && (!o->words || strcmp(o->word[0], words[word]) != 0)) word++;
    if (word == BT_COUNT(words) || o->words != (word && word != 5 ? 2u : 1u) || (word == 2) != (o->output != NULL) ||
        (o->months && word != 3 && word != 5)) {
        bt_log_error(app->log, "bauta consent list, show ID, export ID --output FILE, renew ID [--months N], withdraw ID, or "
                               "standing [--months N]");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_trust_open(app->log, &trust);
    if (status) return status;
    const struct bt_ledger_params params = bt_trust_ledger(&trust);
    status = bt_ledger_read(&params, &ledger);
    if (!status && word && word != 5 && !(last = bt_ledger_find(ledger, o->word[1]))) {
        bt_log_error(app->log, "%s: no consent begins so, or more than one; bauta consent list shows them", o->word[1]);
        status = BT_E_NOT_FOUND;
    }
    if (!status && word == 0) status = list(app, ledger);
    if (!status && word == 1) status = show(app, ledger, last);
    if (!status && word == 2) status = export_to(app, ledger, last);
    if (!status && word == 3) status = renew(app, &trust, last);
    if (!status && word == 4) status = withdraw(app, &trust, last);
    if (!status && word == 5) status = stand(app, &trust);
    bt_ledger_free(&ledger);
    bt_trust_close(&trust);
    return status;
}
