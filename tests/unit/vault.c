/* SPDX-License-Identifier: MIT */
/* The vault: what goes in comes out, what is changed is noticed, what is erased is gone, and nobody else gets in. */
#include "trust/vault/vault.h"

#include "support/cmocka.h"
#include "support/file_bytes.h"
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64], path[96], copy[96];

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bauta-vault-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/data/vault", folder);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct bt_vault_params params(void) {
    return (struct bt_vault_params){.path = path, .weak = true};
}

static struct bt_secret *word(const char *text) {
    struct bt_secret *secret = NULL;
    assert_int_equal(bt_secret_create(NULL, strlen(text), &secret), BT_OK);
    memcpy(bt_secret_data(secret), text, strlen(text));
    return secret;
}

static bt_status try_open(const char *passphrase, struct bt_vault **out) {
    struct bt_vault_params p = params();
    struct bt_secret *secret = word(passphrase);
    bt_status status = bt_vault_open(&p, secret, out);
    bt_secret_destroy(&secret);
    return status;
}

static void make(const char *passphrase) {
    struct bt_vault_params p = params();
    struct bt_secret *secret = word(passphrase);
    assert_int_equal(bt_vault_create(&p, secret), BT_OK);
    assert_int_equal(bt_vault_create(&p, secret), BT_E_BUSY);
    bt_secret_destroy(&secret);
}

static struct bt_vault *open_vault(const char *passphrase) {
    struct bt_vault *vault = NULL;
    assert_int_equal(try_open(passphrase, &vault), BT_OK);
    return vault;
}

/* Bytes that say which they are. */
static struct bt_bytes pattern(uint8_t seed, size_t size) {
    static uint8_t bytes[200000];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
    return (struct bt_bytes){bytes, size};
}

static void put(struct bt_vault *vault, uint8_t seed, size_t size, char id[BT_VAULT_ID_HEX]) {
    assert_int_equal(bt_vault_put(vault, BT_VAULT_IDENTITY, 3, pattern(seed, size), id), BT_OK);
}

static void holds(struct bt_vault *vault, const char *id, uint8_t seed, size_t size) {
    struct bt_secret *plain = NULL;
    uint32_t version = 0;
    assert_int_equal(bt_vault_get(vault, id, BT_VAULT_IDENTITY, &version, &plain), BT_OK);
    assert_int_equal(version, 3);
    assert_int_equal(bt_secret_size(plain), size);
    assert_memory_equal(bt_secret_data(plain), pattern(seed, size).data, size);
    bt_secret_destroy(&plain);
}

static void keeps_and_gives_back(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    char id[6][BT_VAULT_ID_HEX] = {{0}};
    make("a good passphrase");
    struct bt_vault *vault = open_vault("a good passphrase");
    for (uint8_t i = 0; i < 6; i++) put(vault, i, sizes[i], id[i]);
    for (uint8_t i = 0; i < 6; i++) holds(vault, id[i], i, sizes[i]);
    put(vault, 40, 7000, id[2]); /* in place of what was there */
    bt_vault_close(&vault);
    vault = open_vault("a good passphrase");
    holds(vault, id[2], 40, 7000);
    for (uint8_t i = 0; i < 6; i++) {
        if (i != 2) holds(vault, id[i], i, sizes[i]);
    }
    struct bt_secret *plain = NULL;
    uint32_t version = 0;
    assert_int_equal(bt_vault_get(vault, id[0], BT_VAULT_TEMPLATES, &version, &plain), BT_E_FORMAT);
    assert_int_equal(bt_vault_get(vault, "00000000000000000000000000000000", BT_VAULT_IDENTITY, &version, &plain),
                     BT_E_NOT_FOUND);
    assert_int_equal(bt_vault_get(vault, "../../etc/passwd", BT_VAULT_IDENTITY, &version, &plain), BT_E_NOT_FOUND);
    assert_null(plain);
    struct bt_vault_report report;
    assert_int_equal(bt_vault_check(vault, &report), BT_OK);
    assert_int_equal(report.records, 6);
    assert_int_equal(report.damaged + report.gone, 0);
    bt_vault_close(&vault);
}

static void is_nobody_elses(void **state) {
    (void)state;
    struct bt_vault *vault = NULL;
    struct stat info;
    char name[160], id[BT_VAULT_ID_HEX] = "";
    assert_int_equal(try_open("x", &vault), BT_E_NOT_FOUND);
    make("a good passphrase");
    assert_int_equal(try_open("a good passphrasE", &vault), BT_E_CONSENT);
    assert_int_equal(try_open("", &vault), BT_E_CONSENT);
    assert_null(vault);
    vault = open_vault("a good passphrase");
    put(vault, 1, 100, id);
    bt_vault_close(&vault);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    snprintf(name, sizeof name, "%s/keys", path);
    assert_int_equal(stat(name, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* How many files lie in the folder of bodies. */
static int bodies(void) {
    char name[160];
    int count = 0;
    snprintf(name, sizeof name, "%s/bodies", path);
    DIR *list = opendir(name);
    assert_non_null(list);
    for (const struct dirent *entry; (entry = readdir(list));) count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static void erases_without_a_passphrase(void **state) {
    (void)state;
    struct bt_vault_params p = params();
    char id[2][BT_VAULT_ID_HEX] = {{0}};
    struct bt_secret *plain = NULL;
    uint32_t version = 0, count = 0;
    make("p");
    struct bt_vault *vault = open_vault("p");
    put(vault, 1, 100, id[0]);
    put(vault, 2, 200, id[1]);
    bt_vault_close(&vault);
    char keys[160];
    snprintf(keys, sizeof keys, "%s/keys", path);
    struct bt_bytes before = bt_test_read(keys);
    assert_int_equal(bt_vault_erase(&p, id[0]), BT_OK);
    assert_int_equal(bt_vault_erase(&p, id[0]), BT_OK);
    assert_int_equal(bt_vault_erase(&p, "ffffffffffffffffffffffffffffffff"), BT_E_NOT_FOUND);
    assert_int_equal(bodies(), 1);
    struct bt_bytes after = bt_test_read(keys);
    /* The wrapped key of the first record is nowhere in the new file. */
    const size_t slots_at = 60 + 24 + 48 + 4, wrapped_at = slots_at + 16 + 4 + 4 + 8 + 8 + 4 + 8 + 24;
    assert_null(memmem(after.data, after.size, before.data + wrapped_at, 32));
    assert_non_null(memmem(after.data, after.size, before.data + wrapped_at + 124, 32));
    bt_test_free(&before);
    bt_test_free(&after);
    vault = open_vault("p");
    assert_int_equal(bt_vault_get(vault, id[0], BT_VAULT_IDENTITY, &version, &plain), BT_E_NOT_FOUND);
    holds(vault, id[1], 2, 200);
    assert_int_equal(bt_vault_put(vault, BT_VAULT_IDENTITY, 1, pattern(1, 1), id[0]), BT_E_NOT_FOUND);
    assert_int_equal(bt_vault_put_new(vault, id[0], BT_VAULT_IDENTITY, 1, pattern(1, 1)), BT_E_BUSY);
    assert_int_equal(bt_vault_put_new(vault, id[1], BT_VAULT_IDENTITY, 1, pattern(1, 1)), BT_E_BUSY);
    assert_int_equal(bt_vault_put_new(vault, "xy", BT_VAULT_IDENTITY, 1, pattern(1, 1)), BT_E_ARGUMENT);
    bt_vault_close(&vault);
    struct bt_vault_entry *entries = NULL;
    assert_int_equal(bt_vault_list(&p, &entries, &count), BT_OK);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].id, id[0]);
    assert_true(entries[0].gone && entries[0].gone_wall_ns > 1700000000000000000 && entries[0].size_bytes == 0);
    assert_true(!entries[1].gone && entries[1].size_bytes == 200 && entries[1].version == 3);
    free(entries);
}

static void spoil(const char *name, const struct bt_bytes *bytes, size_t size) {
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes->data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void notices_every_change(void **state) {
    (void)state;
    char id[2][BT_VAULT_ID_HEX] = {{0}}, keys[160], body[480] = "", other[160];
    struct bt_vault *vault = NULL;
    make("p");
    vault = open_vault("p");
    put(vault, 1, 300, id[0]);
    snprintf(other, sizeof other, "%s/bodies", path);
    DIR *list = opendir(other);
    for (const struct dirent *entry; (entry = readdir(list));)
        if (entry->d_name[0] != '.') snprintf(body, sizeof body, "%s/%s", other, entry->d_name);
    closedir(list);
    put(vault, 2, 400, id[1]);
    bt_vault_close(&vault);
    snprintf(keys, sizeof keys, "%s/keys", path);
    struct bt_bytes good = bt_test_read(keys);
    for (size_t i = 0; i < good.size; i++) { /* one bit each */
        uint8_t *byte = (uint8_t *)(uintptr_t)good.data + i;
        *byte ^= (uint8_t)(1u << i % 8);
        spoil(keys, &good, good.size);
        assert_int_equal(try_open("p", &vault), BT_E_FORMAT);
        *byte ^= (uint8_t)(1u << i % 8);
    }
    for (size_t size = 0; size < good.size; size += 11) {
        spoil(keys, &good, size);
        assert_int_equal(try_open("p", &vault), BT_E_FORMAT);
    }
    spoil(keys, &good, good.size);
    struct bt_bytes sealed = bt_test_read(body);
    for (size_t i = 0; i < sealed.size; i += 5) {
        uint8_t *byte = (uint8_t *)(uintptr_t)sealed.data + i;
        struct bt_secret *plain = NULL;
        struct bt_vault_report report;
        uint32_t version = 0;
        *byte ^= 0x10;
        spoil(body, &sealed, sealed.size);
        *byte ^= 0x10;
        vault = open_vault("p");
        assert_int_equal(bt_vault_get(vault, id[0], BT_VAULT_IDENTITY, &version, &plain), BT_E_FORMAT);
        holds(vault, id[1], 2, 400); /* the others are unharmed */
        assert_int_equal(bt_vault_check(vault, &report), BT_OK);
        assert_true(report.damaged == 1 && report.records == 2);
        bt_vault_close(&vault);
    }
    spoil(body, &sealed, sealed.size);
    vault = open_vault("p");
    holds(vault, id[0], 1, 300);
    bt_vault_close(&vault);
    bt_test_free(&good);
    bt_test_free(&sealed);
}

/* Bodies of two records exchanged: each is bound to its own slot. */
static void knows_whose_body_is_whose(void **state) {
    (void)state;
    char id[2][BT_VAULT_ID_HEX] = {{0}}, name[2][480], other[160];
    struct bt_secret *plain = NULL;
    uint32_t version = 0;
    int found = 0;
    make("p");
    struct bt_vault *vault = open_vault("p");
    put(vault, 1, 300, id[0]);
    put(vault, 2, 300, id[1]);
    bt_vault_close(&vault);
    snprintf(other, sizeof other, "%s/bodies", path);
    DIR *list = opendir(other);
    for (const struct dirent *entry; (entry = readdir(list));)
        if (entry->d_name[0] != '.' && found < 2) snprintf(name[found++], sizeof name[0], "%s/%s", other, entry->d_name);
    closedir(list);
    assert_int_equal(found, 2);
    struct bt_bytes a = bt_test_read(name[0]), b = bt_test_read(name[1]);
    spoil(name[0], &b, b.size);
    spoil(name[1], &a, a.size);
    vault = open_vault("p");
    assert_int_equal(bt_vault_get(vault, id[0], BT_VAULT_IDENTITY, &version, &plain), BT_E_FORMAT);
    assert_int_equal(bt_vault_get(vault, id[1], BT_VAULT_IDENTITY, &version, &plain), BT_E_FORMAT);
    bt_vault_close(&vault);
    bt_test_free(&a);
    bt_test_free(&b);
}

static void changes_its_passphrase(void **state) {
    (void)state;
    char id[2][BT_VAULT_ID_HEX] = {{0}};
    struct bt_vault *vault = NULL;
    make("old");
    vault = open_vault("old");
    put(vault, 1, 100, id[0]);
    put(vault, 2, 100, id[1]);
    assert_int_equal(bt_vault_forget(vault, id[1]), BT_OK);
    struct bt_secret *fresh = word("new");
    assert_int_equal(bt_vault_rekey(vault, fresh, true), BT_OK);
    bt_secret_destroy(&fresh);
    holds(vault, id[0], 1, 100);
    bt_vault_close(&vault);
    assert_int_equal(try_open("old", &vault), BT_E_CONSENT);
    vault = open_vault("new");
    holds(vault, id[0], 1, 100);
    bt_vault_close(&vault);
}

static void comes_back_from_a_backup(void **state) {
    (void)state;
    struct bt_vault_params p = params();
    char id[2][BT_VAULT_ID_HEX] = {{0}}, moved[160];
    struct bt_vault *vault = NULL;
    struct bt_signer *signer = NULL;
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    make("p");
    assert_int_equal(bt_vault_device_signer(&p, &signer), BT_OK);
    memcpy(key, bt_seal_signer_public(signer), sizeof key);
    bt_seal_signer_destroy(&signer);
    vault = open_vault("p");
    put(vault, 1, 70000, id[0]);
    put(vault, 2, 10, id[1]);
    assert_int_equal(bt_vault_forget(vault, id[1]), BT_OK);
    assert_int_equal(bt_vault_backup(vault, copy), BT_OK);
    assert_int_equal(bt_vault_backup(vault, copy), BT_E_BUSY);
    bt_vault_close(&vault);
    struct bt_secret *right = word("p"), *wrong = word("q");
    assert_int_equal(bt_vault_restore(&p, copy, right), BT_E_BUSY); /* never over a vault */
    snprintf(moved, sizeof moved, "%s.away", path);
    assert_int_equal(rename(path, moved), 0);
    assert_int_equal(bt_vault_restore(&p, copy, wrong), BT_E_CONSENT);
    assert_false(bt_vault_exists(path));
    struct bt_bytes good = bt_test_read(copy);
    for (size_t i = 0; i < good.size; i += i < 700 ? 1 : 997) {
        uint8_t *byte = (uint8_t *)(uintptr_t)good.data + i;
        *byte ^= 4;
        spoil(copy, &good, good.size);
        *byte ^= 4;
        assert_int_equal(bt_vault_restore(&p, copy, right), BT_E_FORMAT);
    }
    for (size_t size = 0; size < good.size; size += 1511) {
        spoil(copy, &good, size);
        assert_int_equal(bt_vault_restore(&p, copy, right), BT_E_FORMAT);
    }
    assert_false(bt_vault_exists(path));
    spoil(copy, &good, good.size);
    assert_int_equal(bt_vault_restore(&p, copy, right), BT_OK);
    vault = open_vault("p");
    holds(vault, id[0], 1, 70000);
    bt_vault_close(&vault);
    assert_int_equal(bt_vault_device_signer(&p, &signer), BT_OK);
    assert_memory_equal(key, bt_seal_signer_public(signer), sizeof key);
    bt_seal_signer_destroy(&signer);
    bt_secret_destroy(&right);
    bt_secret_destroy(&wrong);
    bt_test_free(&good);
}

static void serves_one_at_a_time(void **state) {
    (void)state;
    make("p");
    struct bt_vault *vault = open_vault("p");
    int state_of_child = 0;
    pid_t child = fork();
    if (!child) {
        struct bt_vault *mine = NULL;
        struct bt_secret *secret = NULL;
        struct bt_vault_params patient = params();
        bt_vault_close(&vault); /* a lock is the open file's, and this is the same one */
        bool refused = try_open("p", &mine) == BT_E_BUSY;
        patient.wait_ns = 10000000000;
        bool waited = bt_secret_create(NULL, 1, &secret) == BT_OK;
        *bt_secret_data(secret) = 'p';
        kill(getppid(), SIGUSR1); /* now let go */
        waited = waited && bt_vault_open(&patient, secret, &mine) == BT_OK;
        _exit(refused && waited ? 0 : 1);
    }
    sigset_t signal;
    sigemptyset(&signal);
    sigaddset(&signal, SIGUSR1);
    const struct timespec most = {.tv_sec = 20};
    sigtimedwait(&signal, NULL, &most);
    bt_vault_close(&vault);
    assert_int_equal(waitpid(child, &state_of_child, 0), child);
    assert_true(WIFEXITED(state_of_child) && WEXITSTATUS(state_of_child) == 0);
}

/* Run in a child: what it does there cannot be undone, or ends it. */
static int in_a_child(void (*act)(void)) {
    int status = 0;
    pid_t child = fork();
    if (!child) {
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void harden(void) {
    struct rlimit core = {1, 1};
    if (bt_secret_harden(NULL) || getrlimit(RLIMIT_CORE, &core) || core.rlim_cur || core.rlim_max ||
        prctl(PR_GET_DUMPABLE, 0, 0, 0, 0))
        _exit(1);
}

static void write_past_the_end(void) {
    struct bt_secret *secret = NULL;
    static const struct rlimit none;
    if (setrlimit(RLIMIT_CORE, &none) || bt_secret_create(NULL, 16, &secret)) _exit(0);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would make an exit code of it */
    volatile uint8_t *end = bt_secret_data(secret) + 16;
    *end = 1;
}

/* No core dumps, nobody may trace us, and memory of secrets ends where a guard page begins. */
static void memory_is_guarded(void **state) {
    (void)state;
    assert_int_equal(in_a_child(harden), 0);
    const int status = in_a_child(write_past_the_end);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void signs_and_seals(void **state) {
    (void)state;
    struct bt_secret *seed[2] = {NULL, NULL}, *plain = NULL;
    struct bt_signer *signer[2] = {NULL, NULL};
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES], box[5 + BT_SEAL_OVERHEAD_BYTES];
    const struct bt_bytes text = {(const uint8_t *)"hello", 5};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bt_seal_new_seed(NULL, &seed[i]), BT_OK);
        assert_int_equal(bt_seal_signer_create(NULL, seed[i], &signer[i]), BT_OK);
    }
    bt_seal_sign(signer[0], text, signature);
    assert_int_equal(bt_seal_verify(bt_seal_signer_public(signer[0]), text, signature), BT_OK);
    assert_int_equal(bt_seal_verify(bt_seal_signer_public(signer[1]), text, signature), BT_E_FORMAT);
    signature[9] ^= 1;
    assert_int_equal(bt_seal_verify(bt_seal_signer_public(signer[0]), text, signature), BT_E_FORMAT);
    assert_int_equal(bt_seal_box(bt_seal_signer_public(signer[1]), text, box), BT_OK);
    assert_int_equal(bt_seal_open(NULL, signer[0], (struct bt_bytes){box, sizeof box}, &plain), BT_E_FORMAT);
    assert_int_equal(bt_seal_open(NULL, signer[1], (struct bt_bytes){box, sizeof box}, &plain), BT_OK);
    assert_memory_equal(bt_secret_data(plain), "hello", 5);
    bt_secret_destroy(&plain);
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 1;
        assert_int_equal(bt_seal_open(NULL, signer[1], (struct bt_bytes){box, sizeof box}, &plain), BT_E_FORMAT);
        box[i] ^= 1;
    }
    assert_int_equal(bt_seal_open(NULL, signer[1], (struct bt_bytes){box, 10}, &plain), BT_E_FORMAT);
    char one[BT_SEAL_PSEUDONYM_HEX], two[BT_SEAL_PSEUDONYM_HEX];
    assert_int_equal(bt_seal_pseudonym(seed[0], "Ada", one), BT_OK);
    assert_int_equal(bt_seal_pseudonym(seed[1], "Ada", two), BT_OK);
    assert_string_not_equal(one, two);
    assert_int_equal(bt_seal_pseudonym(seed[0], "Ada", two), BT_OK);
    assert_string_equal(one, two);
    for (int i = 0; i < 2; i++) {
        bt_seal_signer_destroy(&signer[i]);
        bt_secret_destroy(&seed[i]);
    }
}

int main(void) {
    sigset_t signal; /* waited for, not handled */
    sigemptyset(&signal);
    sigaddset(&signal, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signal, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_and_gives_back, setup, teardown),
        cmocka_unit_test_setup_teardown(is_nobody_elses, setup, teardown),
        cmocka_unit_test_setup_teardown(erases_without_a_passphrase, setup, teardown),
        cmocka_unit_test_setup_teardown(notices_every_change, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_whose_body_is_whose, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_its_passphrase, setup, teardown),
        cmocka_unit_test_setup_teardown(comes_back_from_a_backup, setup, teardown),
        cmocka_unit_test_setup_teardown(serves_one_at_a_time, setup, teardown),
        cmocka_unit_test(memory_is_guarded),
        cmocka_unit_test(signs_and_seals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
