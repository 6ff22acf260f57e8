/* SPDX-License-Identifier: MIT */
/* A signing key that nobody had before. */
#ifndef BT_TESTS_SUPPORT_NEW_SIGNER_H
#define BT_TESTS_SUPPORT_NEW_SIGNER_H

#include "support/cmocka.h"
#include "trust/vault/seal.h"
#include "trust/vault/secret.h"

static inline struct bt_signer *new_signer(void) {
    struct bt_secret *seed = NULL;
    struct bt_signer *made = NULL;
    assert_int_equal(bt_seal_new_seed(NULL, &seed), BT_OK);
    assert_int_equal(bt_seal_signer_create(NULL, seed, &made), BT_OK);
    bt_secret_destroy(&seed);
    return made;
}

#endif
