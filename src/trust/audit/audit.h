/* SPDX-License-Identifier: MIT */
/* The session log: what was consented to, when it began, when and why it ended. A chain (trust/chain) of JSON lines, signed by
   the installation. No names of people, no pictures. Kept for BT_AUDIT_KEPT_DAYS at least: nothing removes a line. */
#ifndef BT_TRUST_AUDIT_H
#define BT_TRUST_AUDIT_H

#include "base/status.h"
#include "trust/chain/chain.h"
#include <stdint.h>

struct bt_log;
struct bt_audit;

enum { BT_AUDIT_KEPT_DAYS = 180 };

/* As bt_chain_open. path NULL: in memory only (the demo, tests). signer NULL: not signed. */
BT_CHECKED bt_status bt_audit_open(struct bt_log *log, const char *path, const struct bt_signer *signer,
                                   struct bt_audit **out_audit);
void bt_audit_close(struct bt_audit **audit);
uint64_t bt_audit_count(const struct bt_audit *audit);
const char *bt_audit_head(const struct bt_audit *audit); /* the last line's digest, hex */

struct bt_audit_field {
    const char *key, *value; /* value: UTF-8, escaped by append */
};

/* One line, on disk (fsync) when this returns BT_OK. wall_ns is CLOCK_REALTIME. Any failure leaves the file as it was. */
BT_CHECKED bt_status bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event,
                                     const struct bt_audit_field *fields, uint32_t field_count);

#endif
