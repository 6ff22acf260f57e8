/* SPDX-License-Identifier: MIT */
#include "trust/models/models.h"

#include "embed/bt_models_release_key.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char WHAT[] = "bauta models";
enum { SIGNATURE_HEX = 2 * BT_SEAL_SIGNATURE_BYTES, KEY_HEX = 2 * BT_SEAL_PUBLIC_BYTES };

struct bt_models {
    json_t *root; /* holds the texts */
    struct bt_models_entry entry[BT_MODELS_MOST];
    uint32_t count;
};

/* Hex digits, and after them at most a line's end. */
static bool hex_in(struct bt_bytes text, uint8_t *out, size_t size_bytes) {
    char hex[SIGNATURE_HEX + 1];
    const size_t digits = 2 * size_bytes;
    if (text.size != digits && (text.size != digits + 1 || text.data[digits] != '\n')) return false;
    memcpy(hex, text.data, digits);
    hex[digits] = 0;
    return !bt_seal_hex_decode(hex, out, size_bytes);
}

void bt_models_release(uint8_t out_key[BT_SEAL_PUBLIC_BYTES]) {
    /* A release.pub that is no key fits no signature. */
    if (!hex_in((struct bt_bytes){bt_models_release_key, bt_models_release_key_bytes}, out_key, BT_SEAL_PUBLIC_BYTES))
        memset(out_key, 0, BT_SEAL_PUBLIC_BYTES);
}

static bool text_of(const json_t *model, const char *key, const char **out_text) {
    *out_text = json_string_value(json_object_get(model, key));
    return *out_text && **out_text;
}

/* The name of a file in the models' folder, with no way out of it. */
static bool is_file_name(const char *name) {
    return strlen(name) < 64 && *name != '.' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == strlen(name);
}

static bool is_sha256(const char *text) {
    return strlen(text) == BT_VAULT_SHA256_HEX - 1 && strspn(text, "0123456789abcdef") == strlen(text);
}

static bool entry_of(const json_t *model, struct bt_models_entry *e) {
    const char *needed_by = NULL;
    const json_t *bytes = json_object_get(model, "bytes");
    const struct {
        const char *key, **text;
    } fields[] = {{"file", &e->file},        {"sha256", &e->sha256},   {"what", &e->what},
                  {"use", &e->use},          {"licence", &e->licence}, {"training", &e->training},
                  {"package", &e->package},  {"version", &e->version}, {"training_source", &e->training_source},
                  {"needed_by", &needed_by}, {"sha512", &e->sha512}};
    for (size_t i = 0; i < BT_COUNT(fields); i++)
        if (!text_of(model, fields[i].key, fields[i].text)) return false;
    if (!is_file_name(e->file) || !is_sha256(e->sha256) || !json_is_integer(bytes) || json_integer_value(bytes) <= 0)
        return false;
    e->size_bytes = (uint64_t)json_integer_value(bytes);
    e->every_session = !strcmp(needed_by, "every session");
    return true;
}

static bool entries_of(struct bt_models *m) {
    const json_t *list = json_object_get(m->root, "models");
    const size_t count = json_array_size(list);
    if (!count || count > BT_MODELS_MOST) return false;
    for (size_t i = 0; i < count; i++) {
        if (!entry_of(json_array_get(list, i), &m->entry[i]) || bt_models_find(m, m->entry[i].file)) return false;
        m->count++;
    }
    return true;
}

bt_status bt_models_read(struct bt_bytes list, struct bt_bytes signature, const uint8_t key[BT_SEAL_PUBLIC_BYTES],
                         struct bt_models **out_models, const char **out_why) {
    uint8_t signed_by[BT_SEAL_SIGNATURE_BYTES];
    struct bt_models *m = NULL;
    bt_status status = BT_E_FORMAT;
    const char *why = "the signature is cut off, or is none";
    if (!hex_in(signature, signed_by, sizeof signed_by)) goto fail;
    why = "the signature is not the release key's for this list: it was changed, or is of another release";
    if (list.size > BT_MODELS_LIST_MOST_BYTES || bt_seal_verify(key, list, signed_by)) goto fail;
    m = calloc(1, sizeof *m);
    why = "no memory";
    status = BT_E_MEMORY;
    if (!m) goto fail;
    m->root = json_loadb((const char *)list.data, list.size, JSON_REJECT_DUPLICATES, NULL);
    const char *what = json_string_value(json_object_get(m->root, "what"));
    const json_t *schema = json_object_get(m->root, "schema");
    why = "the list is signed, but it is no list of models";
    status = BT_E_FORMAT;
    if (!what || strcmp(what, WHAT) != 0 || !json_is_integer(schema)) goto fail;
    if (json_integer_value(schema) != BT_MODELS_SCHEMA) {
        why = "the list was written for another version of the program";
        status = BT_E_UNSUPPORTED;
        goto fail;
    }
    if (!entries_of(m)) goto fail;
    *out_models = m;
    return BT_OK;
fail:
    *out_why = why;
    bt_models_free(&m);
    return status;
}

void bt_models_free(struct bt_models **models) {
    if (!*models) return;
    json_decref((*models)->root);
    free(*models);
    *models = NULL;
}

uint32_t bt_models_count(const struct bt_models *models) {
    return models->count;
}

const struct bt_models_entry *bt_models_at(const struct bt_models *models, uint32_t index) {
    return index < models->count ? &models->entry[index] : NULL;
}

const struct bt_models_entry *bt_models_find(const struct bt_models *models, const char *file) {
    for (uint32_t i = 0; i < models->count; i++)
        if (!strcmp(models->entry[i].file, file)) return &models->entry[i];
    return NULL;
}

bt_status bt_models_check(const struct bt_models_entry *entry, struct bt_bytes bytes, char out_sha256[BT_VAULT_SHA256_HEX]) {
    bt_status status = bt_vault_sha256_hex(bytes.data, bytes.size, out_sha256);
    if (status) return status;
    return bytes.size == entry->size_bytes && !strcmp(out_sha256, entry->sha256) ? BT_OK : BT_E_FORMAT;
}
