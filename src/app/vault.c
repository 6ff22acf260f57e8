/* SPDX-License-Identifier: MIT */
/* bauta vault: where enrolled faces lie. */
#include "app/app.h"

#include "app/keyring.h"
#include "app/terminal.h"
#include "app/trust.h"
#include "base/log.h"
#include "trust/vault/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bt_status init(const struct bt_trust *trust, const struct bt_app_options *o) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    struct bt_secret *passphrase = NULL;
    char hex[65];
    bt_status status = BT_OK;
    if (bt_vault_exists(trust->vault)) {
        bt_log_error(trust->log, "there is a vault already in %s", trust->vault);
        return BT_E_BUSY;
    }
    if (!o->keyring) {
        status = bt_trust_new_passphrase(trust, &passphrase);
    } else { /* nobody has to remember it: 256 random bits */
        status = bt_secret_create(trust->log, sizeof hex - 1, &passphrase);
        if (!status) status = bt_vault_random_hex(32, hex);
        if (!status) memcpy(bt_secret_data(passphrase), hex, sizeof hex - 1);
        bt_secret_wipe(hex, sizeof hex);
        if (!status) status = bt_keyring_keep(trust->log, trust->vault, passphrase);
        if (status == BT_E_NOT_FOUND)
            bt_log_error(trust->log, "no keyring of the desktop can be reached: leave out --keyring to choose a passphrase");
    }
    if (!status) status = bt_vault_create(&params, passphrase);
    bt_secret_destroy(&passphrase);
    if (!status) printf("an empty vault is in %s\n", trust->vault);
    return status;
}

static bt_status check(const struct bt_trust *trust) {
    struct bt_vault *vault = NULL;
    struct bt_vault_report report;
    bt_status status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_vault_check(vault, &report);
    bt_vault_close(&vault);
    if (status) return status;
    printf("%u records, %u damaged, %u erased\n", report.records, report.damaged, report.gone);
    return report.damaged ? BT_E_FORMAT : BT_OK;
}

static bt_status rekey(const struct bt_trust *trust) {
    struct bt_vault *vault = NULL;
    struct bt_secret *passphrase = NULL;
    bt_status status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_trust_new_passphrase(trust, &passphrase);
    if (!status) status = bt_vault_rekey(vault, passphrase, false);
    bt_vault_close(&vault);
    bt_secret_destroy(&passphrase);
    if (status) return status;
    printf("the vault has a new passphrase and a new key; a backup made before still opens with the old one\n");
    status = bt_keyring_forget(trust->log, trust->vault); /* what it holds opens nothing any more */
    return status == BT_E_NOT_FOUND ? BT_OK : status;
}

static bt_status backup(const struct bt_trust *trust, const char *file) {
    struct bt_vault *vault = NULL;
    bt_status status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_vault_backup(vault, file);
    bt_vault_close(&vault);
    if (!status) printf("the vault is backed up, sealed as it is, to %s\n", file);
    return status;
}

static bt_status restore(const struct bt_trust *trust, const char *file) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    struct bt_secret *passphrase = NULL;
    bt_status status = bt_terminal_secret(trust->log, "Passphrase of the backup: ", &passphrase);
    if (!status) status = bt_vault_restore(&params, file, passphrase);
    bt_secret_destroy(&passphrase);
    if (!status) printf("the vault is restored to %s\n", trust->vault);
    return status;
}

bt_status bt_app_vault(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_trust trust;
    const char *word = o->words ? o->word[0] : "";
    bool with_file = !strcmp(word, "backup") || !strcmp(word, "restore");
    bool alone = !strcmp(word, "init") || !strcmp(word, "check") || !strcmp(word, "rekey");
    if (!(with_file && o->words == 2) && !(alone && o->words == 1)) {
        bt_log_error(app->log, "bauta vault init, check, rekey, backup FILE or restore FILE");
        return BT_E_ARGUMENT;
    }
    if (o->keyring && strcmp(word, "init") != 0) {
        bt_log_error(app->log, "--keyring is for bauta vault init");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_secret_harden(app->log);
    if (!status) status = bt_trust_open(app->log, &trust);
    if (status) return status;
    if (*word == 'i') status = init(&trust, o);
    if (*word == 'c') status = check(&trust);
    if (!strcmp(word, "rekey")) status = rekey(&trust);
    if (*word == 'b') status = backup(&trust, o->word[1]);
    if (!strcmp(word, "restore")) status = restore(&trust, o->word[1]);
    bt_trust_close(&trust);
    return status;
}
