/* SPDX-License-Identifier: MIT */
/* The session log: chained, append-only, durable, and honest about damage. */
#include "support/chain_lines.h"
#include "trust/audit/audit.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[128];

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bauta-audit-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/deep/er/log", folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[160];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void append(struct bt_audit *audit, int count) {
    for (int i = 0; i < count; i++) {
        char value[16];
        snprintf(value, sizeof value, "v\"%d\n", i);
        struct bt_audit_field field = {"key", value};
        assert_int_equal(bt_audit_append(audit, 1700000000000000000 + i, "test", &field, 1), BT_OK);
    }
}

static size_t slurp(char **out) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    *out = calloc(1, 1 << 16);
    size_t n = fread(*out, 1, 1 << 16, f);
    fclose(f);
    return n;
}

static void spit(const char *data, size_t size) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void grows_and_checks(void **state) {
    (void)state;
    struct bt_audit *audit = NULL;
    uint64_t lines = 0, line = 0;
    struct stat st;
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    append(audit, 3);
    bt_audit_close(&audit);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    append(audit, 2);
    bt_audit_close(&audit);
    assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
    assert_int_equal(lines, 5);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void any_changed_byte_is_found(void **state) {
    (void)state;
    struct bt_audit *audit = NULL;
    char *bytes;
    uint64_t lines = 0, line = 0;
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    append(audit, 3);
    bt_audit_close(&audit);
    size_t size = slurp(&bytes), last = size - 1;
    while (bytes[last - 1] != '\n') last--;
    /* The last line has no follower to witness it; everything before it has. */
    for (size_t i = 0; i < last; i++) {
        bytes[i] ^= 1;
        spit(bytes, size);
        assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_E_FORMAT);
        assert_in_range(line, 1, 3);
        assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_E_FORMAT);
        bytes[i] ^= 1;
    }
    free(bytes);
}

static void a_torn_line_is_cut_at_every_length(void **state) {
    (void)state;
    struct bt_audit *audit = NULL;
    char *bytes;
    uint64_t lines = 0, line = 0;
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    append(audit, 2);
    bt_audit_close(&audit);
    size_t size = slurp(&bytes);
    size_t first = (size_t)(strchr(bytes, '\n') - bytes) + 1;
    for (size_t keep = first; keep <= size; keep++) {
        spit(bytes, keep);
        assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
        append(audit, 1);
        bt_audit_close(&audit);
        assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
        assert_int_equal(lines, keep == size ? 3 : 2);
    }
    free(bytes);
}

static void one_writer_at_a_time(void **state) {
    (void)state;
    struct bt_audit *first = NULL, *second = NULL;
    assert_int_equal(bt_audit_open(NULL, path, NULL, &first), BT_OK);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &second), BT_E_BUSY);
    assert_null(second);
    bt_audit_close(&first);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &second), BT_OK);
    bt_audit_close(&second);
}

static void a_link_is_not_followed(void **state) {
    (void)state;
    struct bt_audit *audit = NULL;
    snprintf(path, sizeof path, "%s/log", folder);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_E_IO);
    assert_null(audit);
}

/* A full disk, by a file size limit: the line that does not fit leaves the file as it was, and the next one that fits goes on.
 */
static void a_full_disk_loses_nothing(void **state) {
    (void)state;
    struct bt_audit *audit = NULL;
    struct rlimit before, tight;
    char *bytes;
    uint64_t lines = 0, line = 0;
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    append(audit, 2);
    size_t size = slurp(&bytes);
    free(bytes);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = size + 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(bt_audit_append(audit, 0, "too-much", NULL, 0), BT_E_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
    assert_int_equal(lines, 2);
    append(audit, 1);
    bt_audit_close(&audit);
    assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
    assert_int_equal(lines, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grows_and_checks, setup, teardown),
        cmocka_unit_test_setup_teardown(any_changed_byte_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_line_is_cut_at_every_length, setup, teardown),
        cmocka_unit_test_setup_teardown(one_writer_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
