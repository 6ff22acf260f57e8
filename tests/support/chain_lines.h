/* SPDX-License-Identifier: MIT */
/* Follows a chained log, for tests: how many lines, and the first bad one. */
#ifndef BT_TESTS_SUPPORT_CHAIN_LINES_H
#define BT_TESTS_SUPPORT_CHAIN_LINES_H

#include "trust/chain/chain.h"

static inline bt_status chain_lines(const char *path, const uint8_t *public_key, uint64_t *out_lines, uint64_t *out_bad_line) {
    struct bt_chain_report report = {0};
    bt_status status = bt_chain_walk(NULL, path, public_key, NULL, NULL, &report);
    *out_lines = report.lines;
    *out_bad_line = report.bad_line;
    return status;
}

#endif
