/* SPDX-License-Identifier: MIT */
/* cmocka asks for these four before itself. */
#ifndef BT_TESTS_SUPPORT_CMOCKA_H
#define BT_TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
