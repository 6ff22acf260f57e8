/* SPDX-License-Identifier: MIT */
/* bauta enroll NAME: a person makes a mask of their own face. */
#include "app/enroll.h"

#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "trust/vault/digest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int64_t second_ns = 1000000000;

bool bt_enroll_name_is_valid(const char *name) {
    const size_t size = strlen(name);
    return size && size < BT_MASK_NAME_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size && *name != '-';
}

static bt_status check(struct bt_app *app) {
    const char *name = app->options.word[0];
    if (app->options.words != 1 || !bt_enroll_name_is_valid(name)) {
        bt_log_error(app->log, "bauta enroll wants a name for the face: up to %d of a-z, 0-9 and -", BT_MASK_NAME_BYTES - 1);
        return BT_E_ARGUMENT;
    }
    if (bt_worn_is_nobodys(name)) {
        bt_log_error(app->log, "there is a mask called %s already: choose another name", name);
        return BT_E_ARGUMENT;
    }
    if (!bt_terminal_attended()) {
        bt_log_error(app->log, "a face is enrolled by a person at a terminal; there is none");
        return BT_E_CONSENT;
    }
    return BT_OK;
}

/* All that can be missing is found out before anybody reads a notice. */
static bt_status prepare(struct bt_enrolment *e) {
    static const char *const nets[] = {"face_id_mobile", "face_id_resnet"};
    bt_status status = bt_secret_harden(e->log);
    if (!status) status = bt_session_prepare(&e->session, e->app, 0);
    for (size_t i = 0; !status && i < BT_COUNT(nets); i++) {
        char path[sizeof e->session.models.folder + 32];
        snprintf(path, sizeof path, "%s/%s.onnx", e->session.models.folder, nets[i]);
        if (!access(path, R_OK)) continue;
        bt_log_error(e->log, "%s is not there: without it, nobody can tell that all pictures are of one person", path);
        status = BT_E_NOT_FOUND;
    }
    if (!status) status = bt_trust_open(e->log, &e->trust);
    if (!status) status = bt_seal_new_seed(e->log, &e->seed);
    if (!status) status = bt_seal_pseudonym(e->seed, e->name, e->receipt.subject);
    if (!status) status = bt_enroll_pictures_create(e->log, &e->pictures);
    return status;
}

/* The request names the vault's record to be: should this process end before the consent is given, whoever comes next knows
   what to erase (trust.c). */
static bt_status request(struct bt_enrolment *e) {
    const struct bt_ledger_params ledger = bt_trust_ledger(&e->trust);
    e->receipt.event_s = bt_clock_wall_ns() / second_ns;
    bt_status status = bt_vault_random_hex(16, e->receipt.identity_id);
    if (!status) status = bt_ledger_append(&ledger, &e->receipt);
    e->requested = !status;
    return status;
}

/* A request that came to nothing is answered too. */
static void refuse(struct bt_enrolment *e) {
    const struct bt_ledger_params ledger = bt_trust_ledger(&e->trust);
    struct bt_receipt *r = &e->receipt;
    r->event = BT_RECEIPT_REFUSED;
    r->receipt_id[0] = r->identity_sha256[0] = r->template_sha256[0] = 0;
    r->event_s = bt_clock_wall_ns() / second_ns;
    if (bt_ledger_append(&ledger, r)) bt_log_error(e->log, "the refusal could not be recorded");
}

static void finish(struct bt_enrolment *e, bt_status status) {
    bt_identity_destroy(&e->identity);
    bt_identity_builder_destroy(&e->builder);
    bt_enroll_pictures_destroy(&e->pictures);
    bt_secret_destroy(&e->template);
    bt_secret_destroy(&e->seed);
    bt_trust_close(&e->trust);
    bt_session_finish(&e->session, status);
}

bt_status bt_app_enroll(struct bt_app *app) {
    struct bt_enrolment e = {.app = app, .log = app->log, .chinese = bt_terminal_chinese()};
    bt_status status = check(app);
    if (status) return status;
    snprintf(e.name, sizeof e.name, "%s", app->options.word[0]);
    bt_terminal_take_signals();
    status = prepare(&e);
    if (!status) status = bt_enroll_ask(&e);
    if (!status) status = request(&e);
    for (bool again = true; !status && again;) {
        again = false;
        status = bt_enroll_live(&e);
        if (!status) status = bt_enroll_match(&e);
        if (!status) status = bt_enroll_preview(&e, &again);
    }
    if (!status) status = bt_enroll_keep(&e);
    if (status == BT_E_CONSENT) {
        if (e.requested) refuse(&e);
        bt_log_info(e.log, "%s", e.chinese ? "未登记:没有保留您的面部" : "not enrolled: nothing of your face is kept");
    } else if (!status) {
        bt_log_info(e.log,
                    e.chinese ? "%s 已登记。佩戴:bauta run --face %s。撤回:bauta consent withdraw %.8s"
                              : "%s is enrolled. Wear it: bauta run --face %s. Take it back: bauta consent withdraw %.8s",
                    e.name, e.name, e.receipt.record_id);
    }
    finish(&e, status);
    return status;
}
