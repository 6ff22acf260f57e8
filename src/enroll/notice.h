/* SPDX-License-Identifier: MIT */
/* What a person reads and agrees to before a mask is made of their face, in English and Chinese. Versioned: a change of meaning
   is a new version, and receipts hold the digest of the very words. */
#ifndef BT_ENROLL_NOTICE_H
#define BT_ENROLL_NOTICE_H

#include <stdbool.h>

enum { BT_ENROLL_NOTICE_VERSION = 1 };

const char *bt_enroll_notice(bool chinese);    /* several lines, UTF-8 */
const char *bt_enroll_statement(bool chinese); /* to be typed exactly */
/* Is this line the statement? White space around it does not matter; all else does. */
bool bt_enroll_agrees(const char *line, bool chinese);

#endif
