/* SPDX-License-Identifier: MIT */
/* An append-only file of JSON lines, each holding its number, the digest of the line before, and a signature; durable when
   append returns. Beside it FILE.head holds the count and the last digest, signed: lines cut off the end are noticed.
   trust/audit and trust/receipt keep their records in it. What it cannot notice: both files put back together to an older
   state. */
#ifndef BT_TRUST_CHAIN_H
#define BT_TRUST_CHAIN_H

#include "base/status.h"
#include "trust/vault/seal.h"
#include <stdint.h>

struct bt_log;
struct bt_chain;

struct bt_chain_params {
    struct bt_log *log;
    const char *path;               /* NULL: in memory only */
    const char *what;               /* for messages: "the session log" */
    const struct bt_signer *signer; /* borrowed; NULL: lines are chained but not signed, and there is no FILE.head */
    int64_t wait_ns;                /* for another process that writes */
};

enum { BT_CHAIN_LINE_MOST_BYTES = 64 * 1024, BT_CHAIN_DIGEST_HEX = 65 };

/* Makes the file (0600, its folder 0700), locks it, follows the whole chain with the signer's own key, and cuts off a torn last
   line (a crash), which is said. BT_E_BUSY: held for longer than wait_ns. BT_E_FORMAT: changed, cut off or signed by another
   key; the log says at which line. Lines without a signature are accepted only before the first signed one: a log begun by an
   older bauta is carried on. */
BT_CHECKED bt_status bt_chain_open(const struct bt_chain_params *params, struct bt_chain **out_chain);
void bt_chain_close(struct bt_chain **chain);
/* `object`: the text of one JSON object without the keys n, prev and sig, which are added. Any failure leaves the chain as it
 * was.
 */
BT_CHECKED bt_status bt_chain_append(struct bt_chain *chain, const char *object);
uint64_t bt_chain_count(const struct bt_chain *chain);
const char *bt_chain_head(const struct bt_chain *chain); /* the last line's digest, hex */

struct bt_chain_report {
    uint64_t lines; /* good ones, from the start */
    uint64_t unsigned_lines;
    uint64_t bad_line; /* 0: none */
    const char *why;   /* static English, NULL when all is well */
};
/* Without the lock. Gives every good line's text to `each` (NULL: nobody), which may end the walk by a status of its own.
   public_key NULL: signatures are not looked at. BT_E_FORMAT when bad_line is not 0. BT_E_NOT_FOUND. */
BT_CHECKED bt_status bt_chain_walk(struct bt_log *log, const char *path, const uint8_t *public_key,
                                   bt_status (*each)(void *user, const char *line), void *user,
                                   struct bt_chain_report *out_report);

#endif
