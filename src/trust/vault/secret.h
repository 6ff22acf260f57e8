/* SPDX-License-Identifier: MIT */
/* Memory for keys and faces: guarded, locked, kept out of core dumps, wiped when freed. */
#ifndef BT_TRUST_VAULT_SECRET_H
#define BT_TRUST_VAULT_SECRET_H

#include "base/bytes.h"
#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_secret;

/* Zeroed. Memory that cannot be locked (RLIMIT_MEMLOCK) is used all the same, with a warning that says how to raise the limit.
 */
BT_CHECKED bt_status bt_secret_create(struct bt_log *log, size_t size_bytes, struct bt_secret **out_secret);
void bt_secret_destroy(struct bt_secret **secret);
uint8_t *bt_secret_data(struct bt_secret *secret);
size_t bt_secret_size(const struct bt_secret *secret);
struct bt_bytes bt_secret_bytes(const struct bt_secret *secret);
/* For good, in this process: no core dump, not traceable by other processes of the same user. */
BT_CHECKED bt_status bt_secret_harden(struct bt_log *log);
/* Wipes memory that is not a secret's own (a line that was typed). */
void bt_secret_wipe(void *data, size_t size_bytes);

#endif
