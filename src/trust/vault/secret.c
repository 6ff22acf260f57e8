/* SPDX-License-Identifier: MIT */
#include "trust/vault/secret.h"

#include "base/log.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct bt_secret {
    uint8_t *data;
    size_t size_bytes;
};

bt_status bt_secret_create(struct bt_log *log, size_t size_bytes, struct bt_secret **out_secret) {
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    struct bt_secret *secret = calloc(1, sizeof *secret);
    if (!secret) return BT_E_MEMORY;
    secret->data = sodium_malloc(size_bytes);
    if (!secret->data) {
        free(secret);
        return BT_E_MEMORY;
    }
    secret->size_bytes = size_bytes;
    /* sodium_malloc has tried, and does not say how it went; locking twice is locking once. */
    if (sodium_mlock(secret->data, size_bytes))
        bt_log_warning(log, "%zu bytes of secret memory cannot be locked (%s) and might reach the swap: raise `ulimit -l`",
                       size_bytes, strerror(errno));
    memset(secret->data, 0, size_bytes);
    *out_secret = secret;
    return BT_OK;
}

void bt_secret_destroy(struct bt_secret **secret) {
    if (!*secret) return;
    sodium_free((*secret)->data); /* wipes */
    free(*secret);
    *secret = NULL;
}

uint8_t *bt_secret_data(struct bt_secret *secret) {
    return secret->data;
}

size_t bt_secret_size(const struct bt_secret *secret) {
    return secret->size_bytes;
}

struct bt_bytes bt_secret_bytes(const struct bt_secret *secret) {
    return (struct bt_bytes){.data = secret->data, .size = secret->size_bytes};
}

bt_status bt_secret_harden(struct bt_log *log) {
    struct rlimit none = {0, 0};
    if (!setrlimit(RLIMIT_CORE, &none) && !prctl(PR_SET_DUMPABLE, 0)) return BT_OK;
    bt_log_error(log, "core dumps cannot be turned off: %s", strerror(errno));
    return BT_E_IO;
}

void bt_secret_wipe(void *data, size_t size_bytes) {
    sodium_memzero(data, size_bytes);
}
