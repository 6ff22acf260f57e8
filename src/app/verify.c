/* SPDX-License-Identifier: MIT */
#include "app/verify.h"

#include "app/app.h"
#include "app/files.h"
#include "app/terminal.h"
#include "base/log.h"
#include "pipeline/capture/capture.h"
#include "trust/vault/vault.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tally {
    struct bt_verify *verify;
    bool json;
    json_t *all; /* with json */
    uint32_t files, good, against, failed;
    bt_status status; /* why the first that failed did */
};

static void forward(void *user, enum bt_log_level level, const char *line) {
    bt_log_line(user, level, "%s", line);
}

static void stop(void *user) {
    struct bt_verify *v = user;
    atomic_store(&v->stopped, true);
    pthread_mutex_lock(&v->lock);
    if (v->reading) v->reading->ops->interrupt(v->reading);
    pthread_mutex_unlock(&v->lock);
}

static void set_reading(struct bt_verify *v, struct bt_source *source) {
    pthread_mutex_lock(&v->lock);
    v->reading = source;
    pthread_mutex_unlock(&v->lock);
}

static bt_status look_at(struct bt_verify *v, const char *path, struct bt_verify_result *result) {
    struct bt_source *source = NULL;
    bt_status status = bt_source_open_file(v->warnings, path, &source);
    if (status) return status;
    set_reading(v, source);
    status = bt_verify_look(v, path, source, &result->look);
    set_reading(v, NULL);
    if (!status)
        status = bt_verify_claims(v, path, bt_source_file_tag(source, "bauta_manifest"), &result->look, &result->claims);
    bt_source_destroy(&source);
    return status;
}

static bt_status verify_file(struct tally *t, const char *path) {
    struct bt_verify_result result = {.path = path, .claims.taken = -1};
    result.status = look_at(t->verify, path, &result);
    if (result.status == BT_E_INTERRUPTED || result.status == BT_E_MEMORY) return result.status;
    t->files++;
    t->good += bt_verify_good(&result);
    t->against += result.claims.against;
    if (result.status && !t->failed++) t->status = result.status;
    if (!t->json)
        bt_verify_say(&result);
    else if (json_array_append_new(t->all, bt_verify_json(&result)))
        result.status = BT_E_MEMORY;
    free(result.claims.claim);
    return result.status == BT_E_MEMORY ? BT_E_MEMORY : BT_OK;
}

static int is_candidate(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && !(dot && !strcmp(dot, ".json"));
}

/* Every plain file in it, by name. One that is no picture is said, and passed over. */
static bt_status verify_folder(struct tally *t, const char *folder) {
    struct dirent **entries = NULL;
    char path[PATH_MAX];
    struct stat st;
    const struct tally before = *t;
    const int count = scandir(folder, &entries, is_candidate, alphasort);
    bt_status status = count < 0 ? BT_E_IO : BT_OK;
    for (int i = 0; i < count; i++) {
        if (!status && snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < PATH_MAX && !stat(path, &st) &&
            S_ISREG(st.st_mode))
            status = verify_file(t, path);
        free(entries[i]);
    }
    free(entries);
    if (status) return status;
    const uint32_t files = t->files - before.files, good = t->good - before.good, failed = t->failed - before.failed;
    if (!t->json) printf("%s: %u of %u pictures marked\n", folder, good, files - failed);
    if (!files) bt_log_error(t->verify->log, "%s: there is no picture in it", folder);
    /* One is enough: a call's screenshots need not all hold the mark. */
    if (good) t->good = before.good + files;
    t->failed = good ? before.failed : before.failed + !files;
    t->files += !files;
    return BT_OK;
}

static bt_status read_own_key(struct bt_verify *v) {
    char folder[PATH_MAX - 16], key[PATH_MAX];
    struct bt_signer *signer = NULL;
    if (bt_files_vault(folder, sizeof folder)) return BT_OK;
    snprintf(key, sizeof key, "%s/device.key", folder);
    if (access(key, R_OK)) return BT_OK; /* verifying makes no key */
    const struct bt_vault_params params = {.log = v->log, .path = folder};
    bt_status status = bt_vault_device_signer(&params, &signer);
    if (status) return status;
    memcpy(v->own, bt_seal_signer_public(signer), sizeof v->own);
    v->has_own = true;
    bt_seal_signer_destroy(&signer);
    return BT_OK;
}

static bt_status check_options(struct bt_log *log, const struct bt_app_options *o) {
    const size_t digits = o->key ? strlen(o->key) : 0;
    if (!o->words) {
        bt_log_error(log, "bauta verify FILE...: a recording, a screenshot, or a folder of them");
        return BT_E_ARGUMENT;
    }
    if (o->key && ((digits != 2 * BT_SEAL_PUBLIC_BYTES && digits != BT_MANIFEST_FINGERPRINT - 1) ||
                   strspn(o->key, "0123456789abcdefABCDEF") != digits)) {
        bt_log_error(log, "--key %s: expected the 64 hex digits of a public key, or the 16 of its fingerprint", o->key);
        return BT_E_ARGUMENT;
    }
    return BT_OK;
}

static bt_status verify_all(struct tally *t, const struct bt_app_options *o) {
    bt_status status = read_own_key(t->verify);
    for (uint32_t i = 0; !status && i < o->words; i++) {
        struct stat st;
        status = !stat(o->word[i], &st) && S_ISDIR(st.st_mode) ? verify_folder(t, o->word[i]) : verify_file(t, o->word[i]);
    }
    if (status == BT_E_INTERRUPTED) {
        bt_log_error(t->verify->log, "stopped: nothing is said of what was not looked at");
        return BT_E_FORMAT; /* not 0: nothing was shown */
    }
    return status;
}

bt_status bt_app_verify(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    bt_status status = check_options(app->log, o);
    if (status) return status;
    bt_terminal_take_signals();
    struct bt_verify verify = {.log = app->log,
                               .warnings = bt_log_create(forward, app->log, BT_LOG_WARNING),
                               .manifest = o->manifest,
                               .key = o->key,
                               .progress = isatty(STDERR_FILENO),
                               .lock = PTHREAD_MUTEX_INITIALIZER};
    struct tally t = {.verify = &verify, .json = o->json, .all = json_array()};
    struct bt_terminal_watch *watch = bt_terminal_watch_signals(stop, &verify);
    status = watch && verify.warnings && t.all ? verify_all(&t, o) : BT_E_MEMORY;
    bt_terminal_unwatch(&watch);
    if (o->json && !status) {
        json_dumpf(t.all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
        putchar('\n');
    }
    json_decref(t.all);
    bt_log_destroy(&verify.warnings);
    if (status) return status;
    if (t.failed) return t.status ? t.status : BT_E_FORMAT;
    return t.good == t.files && !t.against ? BT_OK : BT_E_FORMAT;
}
