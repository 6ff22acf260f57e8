/* SPDX-License-Identifier: MIT */
/* A model's row, as bauta models and bauta report tell it. */
#ifndef BT_APP_MODELS_H
#define BT_APP_MODELS_H

#include "app/store.h"

struct json_t;

enum bt_models_state { BT_MODELS_NOT_LOOKED_AT, BT_MODELS_AS_SIGNED, BT_MODELS_CHANGED, BT_MODELS_MISSING };
const char *bt_models_state_word(enum bt_models_state state);
/* Reads the file. */
enum bt_models_state bt_models_state_of(const struct bt_store *store, const struct bt_models_entry *entry);
/* NULL: no memory. */
struct json_t *bt_models_json(const struct bt_models_entry *entry, enum bt_models_state state);

#endif
