/* SPDX-License-Identifier: MIT */
/* strings.def as arrays (bt_string_LABEL …) and as a table of cards, one a status. */
#ifndef BT_PIPELINE_DISCLOSE_STRINGS_H
#define BT_PIPELINE_DISCLOSE_STRINGS_H

#include "base/status.h"

#define BT_CARD(status, what_en, what_zh, help_en, help_zh)
#define BT_STRING(name, text) static const char bt_string_##name[] __attribute__((unused)) = text;
#include "pipeline/disclose/strings.def"
#undef BT_STRING
#undef BT_CARD

struct bt_card {
    const char *what[2], *help[2]; /* English, Chinese */
};
extern const struct bt_card bt_disclose_cards[BAUTA_STATUS_COUNT];

#endif
