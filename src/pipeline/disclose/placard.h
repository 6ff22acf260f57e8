/* SPDX-License-Identifier: MIT */
/* The still cards: one a status, drawn and packed at set-up, without camera pixels and without a GPU. */
#ifndef BT_PIPELINE_DISCLOSE_PLACARD_H
#define BT_PIPELINE_DISCLOSE_PLACARD_H

#include "pipeline/disclose/overlay.h"
#include "pipeline/disclose/pack.h"
#include <stdint.h>

struct bt_placards {
    const uint8_t *bytes[BAUTA_STATUS_COUNT]; /* never NULL; statuses with the same text share theirs */
    uint8_t *owned[BAUTA_STATUS_COUNT];
    struct bt_watermark_dose dose; /* of every card */
};

/* Each carries the invisible mark, at a sign of 1: nothing else is on a card that could hide it. */
BT_CHECKED bt_status bt_disclose_placards_init(struct bt_text *text, const struct bt_overlay *overlay,
                                               const struct bt_pack_format *format, const struct bt_watermark_tile *tile,
                                               struct bt_placards *out_placards);
void bt_disclose_placards_finish(struct bt_placards *placards);

#endif
