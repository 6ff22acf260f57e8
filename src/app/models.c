/* SPDX-License-Identifier: MIT */
/* bauta models: what each network is, where it comes from, and whether it is the one that was signed. */
#include "app/models.h"

#include "app/app.h"
#include "base/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *bt_models_state_word(enum bt_models_state state) {
    static const char *const words[] = {"not looked at", "as signed", "changed", "missing"};
    return words[state];
}

enum bt_models_state bt_models_state_of(const struct bt_store *store, const struct bt_models_entry *entry) {
    struct bt_bytes bytes = {0};
    const bt_status status = bt_store_read(store, entry->file, &bytes, NULL);
    free((void *)(uintptr_t)bytes.data);
    return !status ? BT_MODELS_AS_SIGNED : status == BT_E_FORMAT ? BT_MODELS_CHANGED : BT_MODELS_MISSING;
}

struct json_t *bt_models_json(const struct bt_models_entry *e, enum bt_models_state state) {
    return json_pack("{s:s,s:s,s:s,s:s,s:{s:s,s:s,s:s},s:s,s:{s:s,s:s},s:I,s:s,s:s}", "file", e->file, "what", e->what, "use",
                     e->use, "needed_by", e->every_session ? "every session" : "enrolling and matching", "source", "package",
                     e->package, "version", e->version, "sha512", e->sha512, "licence", e->licence, "training", "data",
                     e->training, "told_by", e->training_source, "bytes", (json_int_t)e->size_bytes, "sha256", e->sha256,
                     "state", bt_models_state_word(state));
}

static void print(const struct bt_models_entry *e, enum bt_models_state state) {
    printf("%s%s%s\n", e->file, state ? ": " : "", state ? bt_models_state_word(state) : "");
    printf("    what      %s\n    use       %s; needed by %s\n", e->what, e->use,
           e->every_session ? "every session" : "enrolling and matching");
    printf("    source    npm %s %s\n              sha512-%s\n    licence   %s\n", e->package, e->version, e->sha512,
           e->licence);
    printf("    training  %s\n              (%s)\n", e->training, e->training_source);
    printf("    file      %" PRIu64 " bytes, SHA-256 %s\n", e->size_bytes, e->sha256);
}

bt_status bt_app_models(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    const char *word = o->words == 1 ? o->word[0] : "";
    const bool verifying = !strcmp(word, "verify");
    uint32_t wrong = 0;
    char key[2 * BT_SEAL_PUBLIC_BYTES + 1];
    uint8_t release[BT_SEAL_PUBLIC_BYTES];
    struct bt_store store;
    if (!verifying && strcmp(word, "list") != 0) {
        bt_log_error(app->log, "bauta models list, or bauta models verify");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_store_open(app->log, o->models, &store);
    if (status) return status;
    bt_models_release(release);
    bt_seal_hex_encode(release, sizeof release, key);
    json_t *all = json_array();
    for (uint32_t i = 0; i < bt_models_count(store.list); i++) {
        const struct bt_models_entry *e = bt_models_at(store.list, i);
        const enum bt_models_state state = verifying ? bt_models_state_of(&store, e) : BT_MODELS_NOT_LOOKED_AT;
        /* What only enrolling needs may be left out. */
        wrong += state == BT_MODELS_CHANGED || (state == BT_MODELS_MISSING && e->every_session);
        if (o->json)
            json_array_append_new(all, bt_models_json(e, state));
        else if (verifying)
            printf("%-20s %-10s %s\n", e->file, bt_models_state_word(state), e->sha256);
        else
            print(e, state);
    }
    if (o->json) {
        json_t *out =
            json_pack("{s:{s:s,s:s,s:b},s:O}", "signature", "scheme", "Ed25519", "release_key", key, "valid", 1, "models", all);
        json_dumpf(out, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(out);
    } else {
        printf("%sThe list is signed by the release key %.16s...%s\n", verifying ? "" : "\n", key,
               verifying ? "" : "; bauta models verify holds the files against it");
    }
    json_decref(all);
    bt_store_close(&store);
    if (wrong) bt_log_error(app->log, "%" PRIu32 " of the models cannot be used; a session refuses them", wrong);
    return wrong ? BT_E_FORMAT : BT_OK;
}
