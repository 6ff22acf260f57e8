/* SPDX-License-Identifier: MIT */
/* Inside emit/: the C4 forms of operators that also have a PLAIN form (move.c chooses). */
#ifndef BT_EMIT_MAP_H
#define BT_EMIT_MAP_H

#include "engine/emit/emit.h"

BT_CHECKED bt_status bt_emit_map_pad(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_map_concat(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_map_slice(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_map_copy(struct bt_emitter *e);

#endif
