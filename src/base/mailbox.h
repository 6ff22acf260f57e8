/* SPDX-License-Identifier: MIT */
/* One slot between two threads: newest wins, nothing queues.
   The slots' memory belongs to the caller; the mailbox only hands indices around. */
#ifndef BT_BASE_MAILBOX_H
#define BT_BASE_MAILBOX_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_mailbox; /* triple buffer over indices 0, 1, 2: one writer thread, one reader thread */

BT_CHECKED bt_status bt_mailbox_create(struct bt_mailbox **out_mailbox);
void bt_mailbox_destroy(struct bt_mailbox **mailbox);

/* Writer: the index it may fill now. Always the writer's own until posted. */
uint32_t bt_mailbox_write_slot(struct bt_mailbox *mailbox);
/* Writer: hands the filled slot over; an unread older one is dropped. Returns true if one was dropped. */
bool bt_mailbox_post(struct bt_mailbox *mailbox);
/* Reader: waits for something newer than the last take. BT_OK, BT_E_TIMEOUT, or BT_E_INTERRUPTED once closed and empty.
   The slot is the reader's until the next take. */
BT_CHECKED bt_status bt_mailbox_take(struct bt_mailbox *mailbox, int64_t timeout_ns, uint32_t *out_slot);
/* Either: nothing more will come; wakes the reader. */
void bt_mailbox_close(struct bt_mailbox *mailbox);

#endif
