/* SPDX-License-Identifier: MIT */
/* The manifest on disk while a session runs: there from the start, renewed with the counts as they stand, ended at the end; a
   reader never meets half a file. */
#include "app/sidecar.h"

#include "base/clock.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[2][128];
static struct bt_signer *signer;
static struct bt_manifest first;
static uint32_t told;

static int setup(void **state) {
    (void)state;
    struct bt_secret *seed = NULL;
    snprintf(folder, sizeof folder, "/tmp/bauta-sidecar-XXXXXX");
    if (!mkdtemp(folder) || bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, &signer)) return -1;
    bt_secret_destroy(&seed);
    for (int i = 0; i < 2; i++) snprintf(path[i], sizeof path[i], "%s/%d.json", folder, i);
    first = (struct bt_manifest){.session = "1a2b3c4d5e6f708192a3b4c5d6e7f809",
                                 .start_s = bt_clock_wall_ns() / 1000000000,
                                 .software = "bauta",
                                 .audit_lines = 4};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    bt_seal_signer_destroy(&signer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct bt_manifest read_back(const char *file) {
    static char text[BT_MANIFEST_MOST_BYTES];
    struct bt_manifest m = {0};
    const char *why = "";
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    const size_t size = fread(text, 1, sizeof text, f);
    fclose(f);
    if (bt_manifest_read((struct bt_bytes){(const uint8_t *)text, size}, &m, &why)) fail_msg("%s: %s", file, why);
    return m;
}

static void tell(void *user, const struct bt_report *report) {
    assert_ptr_equal(user, &told);
    (void)report;
    told++;
}

static struct bt_sidecar *started(int64_t every_ns) {
    struct bt_sidecar *sidecar = NULL;
    const struct bt_sidecar_params params = {.signer = signer,
                                             .manifest = &first,
                                             .file = {path[0], path[1]},
                                             .is_private = {true, false},
                                             .every_ns = every_ns,
                                             .next = {&told, tell}};
    assert_int_equal(bt_sidecar_create(&params, &sidecar), BT_OK);
    return sidecar;
}

static void show(struct bt_sidecar *sidecar, bt_status why, bool held) {
    const struct bt_observer observer = bt_sidecar_observer(sidecar);
    const struct bt_report report = {.why = why, .held = held};
    observer.frame(observer.user, &report);
}

static void tells_of_start_and_end(void **state) {
    (void)state;
    struct bt_sidecar *sidecar = started(0);
    struct stat st;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_back(path[i]).state, BT_MANIFEST_RUNNING);
        assert_int_equal(stat(path[i], &st), 0);
        assert_int_equal(st.st_mode & 0777, i ? 0644 : 0600);
    }
    static const struct {
        bt_status why;
        bool held;
    } frames[] = {{BT_E_NO_FACE, false}, {BT_OK, false},     {BT_OK, false}, {BT_E_NO_FACE, true},
                  {BT_E_NO_FACE, false}, {BT_E_POSE, false}, {BT_OK, false}, {BT_E_POSE, false}};
    told = 0;
    for (size_t i = 0; i < BT_COUNT(frames); i++) show(sidecar, frames[i].why, frames[i].held);
    assert_int_equal(told, BT_COUNT(frames));
    char *text = bt_sidecar_text(sidecar);
    struct bt_manifest m;
    const char *why = "";
    assert_non_null(text);
    assert_int_equal(bt_manifest_read((struct bt_bytes){(const uint8_t *)text, strlen(text)}, &m, &why), BT_OK);
    assert_int_equal(m.counts.masked, 3);
    assert_int_equal(m.state, BT_MANIFEST_RUNNING);
    free(text);
    static const char head[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    assert_int_equal(bt_sidecar_end(sidecar, BT_E_DEVICE_LOST, 5, head), BT_OK);
    bt_sidecar_destroy(&sidecar);
    for (int i = 0; i < 2; i++) {
        m = read_back(path[i]);
        assert_int_equal(m.state, BT_MANIFEST_ENDED);
        assert_int_equal(m.why, BT_E_DEVICE_LOST);
        assert_int_equal(m.counts.masked, 3);
        assert_int_equal(m.counts.held, 1);
        assert_int_equal(m.counts.placards[BT_E_NO_FACE], 2);
        assert_int_equal(m.counts.placards[BT_E_POSE], 2);
        assert_int_equal(m.counts.pauses, 2);
        assert_int_equal(m.audit_lines, 5);
        assert_string_equal(m.audit_head, head);
        assert_memory_equal(m.key, bt_seal_signer_public(signer), sizeof m.key);
    }
    assert_int_equal(unlink(path[0]) | unlink(path[1]), 0);
}

/* Nobody ends it, as after a kill: what is on disk is at most one period old, and whole whenever it is looked at. */
static void is_renewed_on_its_own(void **state) {
    (void)state;
    struct bt_sidecar *sidecar = started(2000000);
    const int64_t until_ns = bt_clock_now_ns() + INT64_C(20000000000);
    uint64_t seen = 0;
    for (uint32_t shown = 1; shown <= 5; shown++) {
        show(sidecar, BT_OK, false);
        do {
            const struct bt_manifest m = read_back(path[0]);
            assert_int_equal(m.state, BT_MANIFEST_RUNNING);
            assert_true(m.end_s >= m.start_s && m.counts.masked >= seen);
            seen = m.counts.masked;
        } while (seen < shown && bt_clock_now_ns() < until_ns);
        assert_int_equal(seen, shown);
    }
    bt_sidecar_destroy(&sidecar);
    assert_int_equal(read_back(path[0]).state, BT_MANIFEST_RUNNING);
}

static void needs_its_file(void **state) {
    (void)state;
    struct bt_sidecar *sidecar = NULL;
    const struct bt_sidecar_params params = {.signer = signer, .manifest = &first, .file = {"/proc/nowhere/m.json"}};
    assert_int_equal(bt_sidecar_create(&params, &sidecar), BT_E_IO);
    assert_null(sidecar);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_of_start_and_end),
        cmocka_unit_test(is_renewed_on_its_own),
        cmocka_unit_test(needs_its_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
