/* SPDX-License-Identifier: MIT */
#include "trust/audit/audit.h"
#include "base/clock.h"

#include "base/log.h"
#include "trust/chain/chain.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

struct bt_audit {
    struct bt_log *log;
    struct bt_chain *chain;
};

bt_status bt_audit_open(struct bt_log *log, const char *path, const struct bt_signer *signer, struct bt_audit **out_audit) {
    struct bt_audit *audit = calloc(1, sizeof *audit);
    if (!audit) return BT_E_MEMORY;
    audit->log = log;
    struct bt_chain_params chain = {.log = log, .path = path, .what = "the session log", .signer = signer};
    bt_status status = bt_chain_open(&chain, &audit->chain);
    if (status)
        bt_audit_close(&audit);
    else
        *out_audit = audit;
    return status;
}

void bt_audit_close(struct bt_audit **audit) {
    if (!*audit) return;
    bt_chain_close(&(*audit)->chain);
    free(*audit);
    *audit = NULL;
}

uint64_t bt_audit_count(const struct bt_audit *audit) {
    return bt_chain_count(audit->chain);
}

const char *bt_audit_head(const struct bt_audit *audit) {
    return bt_chain_head(audit->chain);
}

bt_status bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event, const struct bt_audit_field *fields,
                          uint32_t field_count) {
    char when[BT_CLOCK_UTC_BYTES];
    bool good = bt_clock_utc(wall_ns / 1000000000, when);
    json_t *json = json_pack("{s:s, s:s}", "time", when, "event", event);
    good = good && json;
    for (uint32_t i = 0; good && i < field_count; i++)
        good = !json_object_set_new(json, fields[i].key, json_string(fields[i].value));
    char *object = good ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    if (!object) {
        bt_log_error(audit->log, "the session log line for %s could not be made: no memory, or a value that is not UTF-8",
                     event);
        return BT_E_MEMORY;
    }
    bt_status status = bt_chain_append(audit->chain, object);
    free(object);
    return status;
}
