/* SPDX-License-Identifier: MIT */
#include "base/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_every_status_has_its_own_text(void **state) {
    (void)state;
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) {
        const char *text = bauta_status_text((bauta_status)i);
        assert_non_null(text);
        assert_true(strlen(text) > 0);
        assert_string_not_equal(text, "unknown status");
        for (int j = 0; j < i; j++) assert_string_not_equal(text, bauta_status_text((bauta_status)j));
    }
}

static void test_nonsense_has_a_text_too(void **state) {
    (void)state;
    assert_string_equal(bauta_status_text(BAUTA_STATUS_COUNT), "unknown status");
    assert_string_equal(bauta_status_text((bauta_status)4711), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_has_its_own_text),
        cmocka_unit_test(test_nonsense_has_a_text_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
