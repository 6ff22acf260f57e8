/* SPDX-License-Identifier: MIT */
/* The table as bytes: "BTTN", format, key, number of entries, the entries' words, and a checksum of all before it; all in the
   machine's own order, as the file never leaves it. */
#include "engine/tune/build.h"

#include "base/log.h"
#include "engine/run/spirv.h"
#include "gpu/device.h"
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 0x4e545442, FORMAT = 1, MOST = 4096 };

struct header {
    uint32_t magic, format;
    uint64_t key;
    uint32_t count, entry_bytes;
};

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv: tells versions apart, keeps nobody out. */
static uint64_t digest(uint64_t hash, const void *data, size_t size) {
    const uint8_t *at = data;
    for (size_t i = 0; i < size; i++) hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#define FNV_START UINT64_C(0xcbf29ce484222325)

static uint64_t key_of(const struct bt_gpu_caps *caps, const struct bt_emit_params *emit) {
    const uint32_t words[] = {FORMAT,       caps->vendor_id,  caps->device_id, caps->driver_version, (uint32_t)caps->kind,
                              emit->texels, emit->max_texels, emit->either,    emit->share};
    uint64_t hash = digest(FNV_START, words, sizeof words);
    hash = digest(hash, caps->cache_uuid, sizeof caps->cache_uuid);
    hash = digest(hash, caps->name, strlen(caps->name));
    hash = digest(hash, caps->driver, strlen(caps->driver));
    for (int k = 0; k < BT_KERNEL_COUNT; k++) {
        for (int code = BT_CODE_STORAGE; code <= BT_CODE_LANES; code++) {
            struct bt_run_spirv spirv = bt_run_spirv((enum bt_kernel_id)k, (enum bt_code)code);
            hash = digest(hash, spirv.words, spirv.size_bytes);
        }
    }
    return hash;
}

static bool is_candidate(const struct bt_tuned *t, const struct bt_emit_params *emit) {
    struct bt_choice choices[BT_CHOICES_MAX];
    uint32_t count = bt_emit_candidates(&t->layer, emit, choices);
    for (uint32_t i = 0; i < count; i++) {
        if (!memcmp(&choices[i], &t->choice, sizeof t->choice)) return true;
    }
    return false;
}

/* NULL, or why the bytes are not what this device and program can use. */
static const char *wrong(struct bt_bytes bytes, uint64_t key, struct header *out) {
    uint64_t sum;
    if (bytes.size < sizeof *out + sizeof sum) return "cut short";
    memcpy(out, bytes.data, sizeof *out);
    if (out->magic != MAGIC || out->format != FORMAT || out->entry_bytes != sizeof(struct bt_tuned)) return "of another format";
    if (out->key != key) return "of another device, driver or version of bauta";
    if (out->count > MOST || bytes.size != sizeof *out + out->count * sizeof(struct bt_tuned) + sizeof sum) return "cut short";
    memcpy(&sum, bytes.data + bytes.size - sizeof sum, sizeof sum);
    return digest(FNV_START, bytes.data, bytes.size - sizeof sum) == sum ? NULL : "damaged";
}

bt_status bt_tune_create(const struct bt_gpu_caps *caps, const struct bt_emit_params *emit, struct bt_bytes bytes,
                         struct bt_log *log, struct bt_tuning **out_tuning) {
    struct header header;
    struct bt_tuning *t = calloc(1, sizeof *t);
    if (!t) return BT_E_MEMORY;
    t->key = key_of(caps, emit);
    const char *why = bytes.size ? wrong(bytes, t->key, &header) : "empty";
    if (why) {
        if (bytes.size) bt_log_debug(log, "engine: the kept measurements are ignored: they are %s", why);
        *out_tuning = t;
        return BT_OK;
    }
    for (uint32_t i = 0; i < header.count; i++) {
        struct bt_tuned tuned;
        memcpy(&tuned, bytes.data + sizeof header + i * sizeof tuned, sizeof tuned);
        if (!is_candidate(&tuned, emit)) {
            bt_log_debug(log, "engine: kept measurement %u is ignored: it is no candidate", i);
            continue;
        }
        bt_status st = bt_tune_keep(t, &tuned.layer, &tuned.choice);
        if (st) {
            bt_tune_destroy(&t);
            return st;
        }
    }
    *out_tuning = t;
    return BT_OK;
}

void bt_tune_destroy(struct bt_tuning **tuning) {
    if (!tuning || !*tuning) return;
    free((*tuning)->tuned);
    free(*tuning);
    *tuning = NULL;
}

bt_status bt_tune_save(const struct bt_tuning *tuning, void **out_bytes, size_t *out_size) {
    uint64_t sum;
    struct header header = {MAGIC, FORMAT, tuning->key, tuning->count, sizeof(struct bt_tuned)};
    size_t entries = tuning->count * sizeof *tuning->tuned, size = sizeof header + entries + sizeof sum;
    uint8_t *bytes = malloc(size);
    if (!bytes) return BT_E_MEMORY;
    memcpy(bytes, &header, sizeof header);
    if (entries) memcpy(bytes + sizeof header, tuning->tuned, entries);
    sum = digest(FNV_START, bytes, sizeof header + entries);
    memcpy(bytes + sizeof header + entries, &sum, sizeof sum);
    *out_bytes = bytes;
    *out_size = size;
    return BT_OK;
}

const struct bt_tuned *bt_tune_table(const struct bt_tuning *tuning, uint32_t *out_count) {
    *out_count = tuning->count;
    return tuning->tuned;
}

static struct bt_tuned *find(const struct bt_tuning *tuning, const struct bt_layer *layer) {
    for (uint32_t i = 0; i < tuning->count; i++) {
        if (!memcmp(&tuning->tuned[i].layer, layer, sizeof *layer)) return &tuning->tuned[i];
    }
    return NULL;
}

const struct bt_choice *bt_tune_find(const struct bt_tuning *tuning, const struct bt_layer *layer) {
    const struct bt_tuned *tuned = find(tuning, layer);
    return tuned ? &tuned->choice : NULL;
}

bt_status bt_tune_keep(struct bt_tuning *tuning, const struct bt_layer *layer, const struct bt_choice *choice) {
    struct bt_tuned *known = find(tuning, layer);
    if (known) {
        known->choice = *choice;
        return BT_OK;
    }
    if (tuning->count == MOST) return BT_OK;
    if (tuning->count == tuning->capacity) {
        uint32_t capacity = tuning->capacity ? tuning->capacity * 2 : 64;
        struct bt_tuned *grown = realloc(tuning->tuned, capacity * sizeof *grown);
        if (!grown) return BT_E_MEMORY;
        tuning->tuned = grown;
        tuning->capacity = capacity;
    }
    tuning->tuned[tuning->count++] = (struct bt_tuned){*layer, *choice};
    return BT_OK;
}
