/* SPDX-License-Identifier: MIT */
/* An append-only, hash-chained log of sessions: what was consented to, when it began, when and why it ended.
   One JSON object a line; each holds the SHA-256 of the line before. No names of people, no pictures. */
#ifndef BT_TRUST_AUDIT_H
#define BT_TRUST_AUDIT_H

#include "base/status.h"
#include <stdint.h>

struct bt_log;
struct bt_audit;

/* Opens (or makes, mode 0600, its folder 0700) the file, locks it against a second writer, and checks the chain's last line.
   A torn last line (a crash) is cut off and said. BT_E_BUSY: another session holds it. BT_E_FORMAT: the chain is broken.
   path NULL: keeps the chain in memory only (the demo, tests). */
BT_CHECKED bt_status bt_audit_open(struct bt_log *log, const char *path, struct bt_audit **out_audit);
void bt_audit_close(struct bt_audit **audit);

struct bt_audit_field {
    const char *key, *value; /* value: UTF-8, escaped by append */
};

/* One line, on disk (fsync) when this returns BT_OK. wall_ns is CLOCK_REALTIME. Any failure leaves the file as it was. */
BT_CHECKED bt_status bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event,
                                     const struct bt_audit_field *fields, uint32_t field_count);

/* Reads a whole file and checks every link. BT_E_FORMAT names the first bad line through `out_line` (1-based). */
BT_CHECKED bt_status bt_audit_check(struct bt_log *log, const char *path, uint64_t *out_lines, uint64_t *out_line);

#endif
