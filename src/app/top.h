/* SPDX-License-Identifier: MIT */
/* The screen of bauta top. */
#ifndef BT_APP_TOP_H
#define BT_APP_TOP_H

#include <stddef.h>

struct bt_control_status;

enum { BT_TOP_COLUMNS = 80, BT_TOP_ROWS = 24, BT_TOP_BYTES = 8192 };

/* Text of at most 80 columns and 24 lines, each with its end; no escape sequences. */
void bt_top_draw(const struct bt_control_status *status, char *out_text, size_t bytes);

#endif
