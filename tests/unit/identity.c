/* SPDX-License-Identifier: MIT */
#include "identity/identity.h"
#include "support/cmocka.h"

static void nothing(void **state) {
    (void)state;
    assert_true(bt_identity_encoded_bytes() > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
