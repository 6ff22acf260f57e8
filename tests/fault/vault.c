/* SPDX-License-Identifier: MIT */
/* The vault, killed or refused at every system call that touches a file: it opens afterwards, with the old or with the new
   state, and nothing else is harmed. */
#include "trust/vault/vault.h"
#include "support/cmocka.h"
#include "support/syscalls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OLD = 1, NEW = 2, OTHER = 3, SIZE = 5000 };

static char folder[64], path[96], spare[96], command[512];
static char changed[BT_VAULT_ID_HEX], other[BT_VAULT_ID_HEX];

static struct bt_vault_params params(void) {
    return (struct bt_vault_params){.path = path, .weak = true};
}

static struct bt_secret *word(char letter) {
    struct bt_secret *secret = NULL;
    if (bt_secret_create(NULL, 1, &secret)) abort();
    *bt_secret_data(secret) = (uint8_t)letter;
    return secret;
}

static bt_status open_with(char letter, struct bt_vault **out) {
    struct bt_vault_params p = params();
    struct bt_secret *secret = word(letter);
    bt_status status = bt_vault_open(&p, secret, out);
    bt_secret_destroy(&secret);
    return status;
}

static struct bt_bytes pattern(int which) {
    static uint8_t bytes[SIZE];
    memset(bytes, which, sizeof bytes);
    return (struct bt_bytes){bytes, sizeof bytes};
}

/* Which pattern the record holds; 0: there is none; -1: damaged. */
static int which_of(struct bt_vault *vault, const char *id) {
    struct bt_secret *plain = NULL;
    uint32_t version = 0;
    bt_status status = bt_vault_get(vault, id, BT_VAULT_IDENTITY, &version, &plain);
    if (status == BT_E_NOT_FOUND) return 0;
    if (status || bt_secret_size(plain) != SIZE) return -1;
    int which = bt_secret_data(plain)[SIZE / 2];
    bt_secret_destroy(&plain);
    return which;
}

static int do_put(void *user) {
    (void)user;
    struct bt_vault *vault = NULL;
    if (open_with('p', &vault)) return 1;
    bt_status status = bt_vault_put(vault, BT_VAULT_IDENTITY, 1, pattern(NEW), changed);
    bt_vault_close(&vault);
    return status ? 2 : 0;
}

static int do_erase(void *user) {
    (void)user;
    struct bt_vault_params p = params();
    return bt_vault_erase(&p, changed) ? 1 : 0;
}

static int do_rekey(void *user) {
    (void)user;
    struct bt_vault *vault = NULL;
    struct bt_secret *fresh = word('n');
    if (open_with('p', &vault)) return 1;
    bt_status status = bt_vault_rekey(vault, fresh, true);
    bt_vault_close(&vault);
    bt_secret_destroy(&fresh);
    return status ? 2 : 0;
}

static int do_restore(void *user) {
    (void)user;
    struct bt_vault_params p = params();
    struct bt_secret *secret = word('p');
    bt_status status = bt_vault_restore(&p, spare, secret);
    bt_secret_destroy(&secret);
    return status ? 1 : 0;
}

static int do_create(void *user) {
    (void)user;
    struct bt_vault_params p = params();
    struct bt_secret *secret = word('p');
    bt_status status = bt_vault_create(&p, secret);
    bt_secret_destroy(&secret);
    return status ? 1 : 0;
}

static void shell(const char *format, const char *a, const char *b) {
    snprintf(command, sizeof command, format, a, b);
    assert_int_equal(system(command), 0);
}

static int setup(void **state) {
    (void)state;
    struct bt_vault *vault = NULL;
    snprintf(folder, sizeof folder, "/tmp/bauta-fault-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/vault", folder);
    snprintf(spare, sizeof spare, "%s/spare", folder);
    if (do_create(NULL) || open_with('p', &vault)) return -1;
    changed[0] = other[0] = 0;
    bt_status status = bt_vault_put(vault, BT_VAULT_IDENTITY, 1, pattern(OLD), changed);
    if (!status) status = bt_vault_put(vault, BT_VAULT_IDENTITY, 1, pattern(OTHER), other);
    if (!status) status = bt_vault_backup(vault, spare);
    bt_vault_close(&vault);
    shell("cp -a %s %s.good", path, path);
    return status ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    shell("rm -rf %s%s", folder, "");
    return 0;
}

static void begin_anew(bool empty) {
    shell("rm -rf %s %s", path, "");
    if (!empty) shell("cp -a %s.good %s", path, path);
}

struct act {
    const char *name;
    int (*body)(void *user);
    bool empty; /* begins without a vault */
    int after;  /* what the record holds when it went well */
    char passphrase_after;
};

/* The state after a broken act: entirely the old or entirely the new one. */
static void is_old_or_new(const struct act *act, bool went_well, uint64_t at) {
    struct bt_vault *vault = NULL;
    bool is_new = false;
    if (act->empty && !bt_vault_exists(path)) {
        assert_false(went_well);
    } else if (act->body == do_create) {
        assert_int_equal(open_with('p', &vault), BT_OK);
        is_new = true;
    } else {
        bt_status status = open_with(act->passphrase_after, &vault);
        if (status == BT_E_CONSENT && act->passphrase_after != 'p')
            status = open_with('p', &vault);
        else if (act->passphrase_after != 'p')
            is_new = true;
        if (status)
            fail_msg("%s broken at call %llu: the vault does not open: %s", act->name, (unsigned long long)at,
                     bauta_status_text(status));
        int which = which_of(vault, changed);
        if (which != OLD && which != act->after)
            fail_msg("%s broken at call %llu: %d", act->name, (unsigned long long)at, which);
        if (which_of(vault, other) != OTHER)
            fail_msg("%s broken at call %llu harmed another record", act->name, (unsigned long long)at);
        is_new |= which == act->after && act->after != OLD;
        is_new |= act->empty;
    }
    bt_vault_close(&vault);
    if (went_well && !is_new) fail_msg("%s said at call %llu that it was done, and was not", act->name, (unsigned long long)at);
    /* And it can still be worked with. */
    if (bt_vault_exists(path) && act->body != do_create && !is_new) {
        struct syscalls_outcome again;
        assert_true(syscalls_run(act->empty ? do_put : act->body, NULL, 0, 0, &again));
        assert_int_equal(again.status, 0);
    } else if (!bt_vault_exists(path)) {
        assert_int_equal(act->body(NULL), 0);
    }
}

static const struct act acts[] = {
    {"put", do_put, false, NEW, 'p'},        {"erase", do_erase, false, 0, 'p'},    {"rekey", do_rekey, false, OLD, 'n'},
    {"restore", do_restore, true, OLD, 'p'}, {"create", do_create, true, OLD, 'p'},
};

static void broken_everywhere(int error) {
    for (size_t a = 0; a < BT_COUNT(acts); a++) {
        struct syscalls_outcome outcome;
        uint64_t at = 1;
        for (;; at++) {
            begin_anew(acts[a].empty);
            if (!syscalls_run(acts[a].body, NULL, at, error, &outcome)) {
                print_message("processes cannot be traced here\n");
                skip();
            }
            if (!outcome.broken) break;
            is_old_or_new(&acts[a], outcome.status == 0, at);
        }
        assert_int_equal(outcome.status, 0);
        assert_true(at > 8); /* it did look */
        print_message("%s: %llu calls\n", acts[a].name, (unsigned long long)at - 1);
    }
}

static void killed_anywhere(void **state) {
    (void)state;
    broken_everywhere(SYSCALLS_KILL);
}

static void full_anywhere(void **state) {
    (void)state;
    broken_everywhere(ENOSPC);
}

static void failing_anywhere(void **state) {
    (void)state;
    broken_everywhere(EIO);
}

static void read_only(void **state) {
    (void)state;
    broken_everywhere(EROFS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(full_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(failing_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(read_only, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
