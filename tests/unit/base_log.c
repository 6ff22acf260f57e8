/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    int count;
    enum bt_log_level level;
    char line[4096];
};

static void sink(void *user, enum bt_log_level level, const char *line) {
    struct seen *seen = user;
    seen->count++;
    seen->level = level;
    strncpy(seen->line, line, sizeof seen->line - 1);
}

static void test_levels_and_text(void **state) {
    (void)state;
    struct seen seen = {0};
    struct bt_log *log = bt_log_create(sink, &seen, BT_LOG_INFO);
    assert_non_null(log);
    bt_log_debug(log, "no %d", 1);
    assert_int_equal(seen.count, 0);
    bt_log_warning(log, "yes %s %d", "two", 3);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.level, BT_LOG_WARNING);
    assert_string_equal(seen.line, "yes two 3");
    bt_log_error(log, "a\nb\x1b[0m");
    assert_string_equal(seen.line, "a b [0m");
    bt_log_destroy(&log);
    assert_null(log);
    bt_log_destroy(&log);
    bt_log_destroy(NULL);
}

static void test_null_log_is_silent(void **state) {
    (void)state;
    bt_log_error(NULL, "nothing %d", 1);
    struct bt_log *log = bt_log_create(NULL, NULL, BT_LOG_DEBUG);
    bt_log_error(log, "nothing");
    bt_log_destroy(&log);
}

static void test_long_lines_are_cut_between_characters(void **state) {
    (void)state;
    struct seen seen = {0};
    struct bt_log *log = bt_log_create(sink, &seen, BT_LOG_DEBUG);
    char text[3001];
    for (int shift = 0; shift < 3; shift++) {
        memset(text, 'x', sizeof text);
        for (int i = shift; i + 3 <= 3000; i += 3) memcpy(text + i, "\xe7\x94\x9f", 3); /* U+751F */
        text[3000] = 0;
        bt_log_info(log, "%s", text);
        const size_t length = strlen(seen.line);
        assert_true(length < 1024 && length > 1015);
        assert_string_equal(seen.line + length - 3, "...");
        assert_int_equal((length - 3 - (size_t)shift) % 3, 0);
    }
    bt_log_destroy(&log);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_and_text),
        cmocka_unit_test(test_null_log_is_silent),
        cmocka_unit_test(test_long_lines_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
