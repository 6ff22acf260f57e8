/* SPDX-License-Identifier: MIT */
/* BAUTA_TEST_BRIEF asks for a smaller amount of the same work: under valgrind everything takes some thirty times as long, and
   what it looks for shows in a few rounds as in many. Nothing else sets it. */
#ifndef BT_TESTS_SUPPORT_BRIEF_H
#define BT_TESTS_SUPPORT_BRIEF_H

#include <stdlib.h>

static inline unsigned test_brief(size_t full, size_t brief) {
    return (unsigned)(getenv("BAUTA_TEST_BRIEF") ? brief : full);
}

#endif
