/* SPDX-License-Identifier: MIT */
/* A line cut into runs of one script, one direction and one font, in the order in which they stand from left to right. */
#ifndef BT_PIPELINE_DISCLOSE_RUNS_H
#define BT_PIPELINE_DISCLOSE_RUNS_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct hb_font_t;

enum { BT_TEXT_CHARS_MAX = 512, BT_RUNS_MAX = 64, BT_FONTS_MAX = 4 };

struct bt_runs {
    uint32_t character[BT_TEXT_CHARS_MAX]; /* in reading order */
    uint32_t character_count, count;
    struct bt_run {
        uint32_t start, length; /* of character[] */
        uint32_t font;
        uint32_t script; /* an hb_script_t */
        bool rtl;
    } run[BT_RUNS_MAX];
};

enum bt_direction { BT_DIRECTION_OF_TEXT, BT_DIRECTION_LTR, BT_DIRECTION_RTL };

/* One character of well-formed UTF-8 (RFC 3629) and its bytes; false when what stands there is none. */
bool bt_text_character(const char *utf8, uint32_t length, uint32_t *out_character, uint32_t *out_bytes);
/* The paragraph's direction: that of its first strong character (UAX #9, P2 and P3). */
bool bt_text_is_rtl(const char *utf8, uint32_t length);
/* Fonts in the order of preference. A character that none has goes to the first. BT_E_ARGUMENT: not UTF-8, or too much of it.
   BT_E_MEMORY. */
BT_CHECKED bt_status bt_text_runs_of(struct hb_font_t *const *font, uint32_t font_count, const char *utf8, uint32_t length,
                                     enum bt_direction direction, struct bt_runs *out_runs);

#endif
