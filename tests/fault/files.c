/* SPDX-License-Identifier: MIT */
/* Every open, read, write, sync and rename fails once, and writes stop half way: the session log keeps its chain and knows of
   every grant, files are whole or as they were, and nothing stays behind. */
#include "app/files.h"
#include "support/cmocka.h"
#include "support/faults.h"
#include "support/file_bytes.h"
#include "support/chain_lines.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 200 };

static char folder[64], path[128];

static const struct {
    int error;
    bool half;
} ways[] = {{EIO, false}, {ENOSPC, true}};

static int open_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bauta-files-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int close_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int entries(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* The log with one line; then a consent is obtained, in which the n-th call fails. */
static bool consent_with(uint64_t n, bool *out_fired) {
    struct bt_audit *audit = NULL;
    struct bt_grant *grant = NULL;
    uint64_t lines = 0, bad = 0;
    unlink(path);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    assert_int_equal(bt_audit_append(audit, 1, "session.ended", NULL, 0), BT_OK);
    bt_audit_close(&audit);
    const struct fault_held before = fault_held();
    fault_watch(FAULT_FILE, n);
    bt_status status = bt_audit_open(NULL, path, NULL, &audit);
    const bool opened = !status;
    if (opened) {
        const struct bt_consent_params params = {.audit = audit,
                                                 .facts = {.origin = BT_ORIGIN_BUILTIN, .leaves_machine = true},
                                                 .face_name = "bauta",
                                                 .source_name = "the test"};
        status = bt_consent_obtain(&params, &grant);
    }
    *out_fired = fault_rest();
    assert_int_equal(!status, grant != NULL);
    assert_int_equal(opened, audit != NULL);
    bt_audit_close(&audit);
    bt_grant_destroy(&grant);
    const struct fault_held after = fault_held();
    assert_int_equal(after.files, before.files);
    assert_int_equal(after.memory, before.memory);
    /* Whole, and with a line for the grant exactly if there was one. */
    assert_int_equal(chain_lines(path, NULL, &lines, &bad), BT_OK);
    assert_int_equal(lines, status ? 1 : 2);
    return !status;
}

static void test_the_session_log(void **state) {
    (void)state;
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        fault_file_says(ways[way].error, ways[way].half);
        bool fired = true;
        uint64_t n = 1;
        for (; fired && n < MOST; n++) {
            const bool granted = consent_with(n, &fired);
            /* Closing what was only read loses nothing. */
            if (granted && fired) print_message("consent came in spite of %s, call %d\n", fault_name(), (int)n);
            if (!fired) assert_true(granted);
        }
        assert_in_range(n, 8, MOST - 1);
        print_message("a consent with its log: %d file calls\n", (int)n - 2);
    }
}

static void test_a_written_file_is_whole_or_as_it_was(void **state) {
    (void)state;
    static const char old[] = "old", new[] = "a newer and longer text";
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        fault_file_says(ways[way].error, ways[way].half);
        bool fired = true;
        uint64_t n = 1;
        for (; fired && n < MOST; n++) {
            assert_int_equal(bt_files_write(NULL, path, old, sizeof old), BT_OK);
            const struct fault_held before = fault_held();
            fault_watch(FAULT_FILE, n);
            const bt_status status = bt_files_write(NULL, path, new, sizeof new);
            fired = fault_rest();
            assert_int_equal(fault_held().files, before.files);
            struct bt_bytes now = bt_test_read(path);
            assert_non_null(now.data);
            assert_int_equal(now.size, status ? sizeof old : sizeof new);
            assert_memory_equal(now.data, status ? old : new, now.size);
            bt_test_free(&now);
            assert_int_equal(entries(), 1);
        }
        assert_in_range(n, 6, MOST - 1);
    }
}

static void test_a_file_that_cannot_be_read(void **state) {
    (void)state;
    static char text[5000];
    assert_int_equal(bt_files_write(NULL, path, text, sizeof text), BT_OK);
    fault_file_says(EIO, false);
    for (int which = 0; which < 2; which++) {
        bool fired = true;
        for (uint64_t n = 1; fired && n < MOST; n++) {
            struct bt_bytes bytes = {0};
            const struct fault_held before = fault_held();
            fault_watch(which ? FAULT_FILE : FAULT_MEMORY, n);
            const bt_status status = bt_files_read(NULL, path, 1 << 20, &bytes);
            fired = fault_rest();
            assert_int_equal(!status, !fired);
            assert_int_equal(bytes.data != NULL, !status);
            free((void *)(uintptr_t)bytes.data);
            assert_int_equal(fault_held().files, before.files);
            assert_int_equal(fault_held().memory, before.memory);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_session_log),
        cmocka_unit_test(test_a_written_file_is_whole_or_as_it_was),
        cmocka_unit_test(test_a_file_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
