/* SPDX-License-Identifier: MIT */
#include "app/sidecar.h"

#include "app/files.h"
#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND_NS = 1000000000, MINUTE_NS = 60 * INT64_C(1000000000);

struct bt_sidecar {
    struct bt_log *log;
    const struct bt_signer *signer;
    struct bt_manifest manifest; /* but for its counts and its end: under the lock */
    char *file[BT_SIDECAR_FILES];
    bool is_private[BT_SIDECAR_FILES];
    int64_t every_ns;
    struct bt_observer next;
    bool was_masked; /* the pipeline's thread's */
    atomic_uint_fast64_t masked, held, pauses, placards[BAUTA_STATUS_COUNT];
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool ending, threaded;
    pthread_t thread;
};

static void count(void *user, const struct bt_report *report) {
    struct bt_sidecar *s = user;
    if (report->held) {
        atomic_fetch_add(&s->held, 1);
    } else if (report->why) {
        atomic_fetch_add(&s->placards[report->why], 1);
        if (s->was_masked) atomic_fetch_add(&s->pauses, 1);
        s->was_masked = false;
    } else {
        atomic_fetch_add(&s->masked, 1);
        s->was_masked = true;
    }
    if (s->next.frame) s->next.frame(s->next.user, report);
}

void bt_sidecar_add_mask(struct bt_sidecar *s, const char *name) {
    pthread_mutex_lock(&s->lock);
    char *masks = s->manifest.pseudonym;
    const size_t used = strlen(masks);
    if (!strstr(masks, name) && used + strlen(name) + 3 < sizeof s->manifest.pseudonym)
        snprintf(masks + used, sizeof s->manifest.pseudonym - used, ", %s", name);
    pthread_mutex_unlock(&s->lock);
}

struct bt_observer bt_sidecar_observer(struct bt_sidecar *sidecar) {
    return (struct bt_observer){sidecar, count};
}

/* As it stands now. With the lock held. */
static struct bt_manifest now(struct bt_sidecar *s) {
    struct bt_manifest m = s->manifest;
    m.counts.masked = atomic_load(&s->masked);
    m.counts.held = atomic_load(&s->held);
    m.counts.pauses = atomic_load(&s->pauses);
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) m.counts.placards[i] = atomic_load(&s->placards[i]);
    m.end_s = bt_clock_wall_ns() / SECOND_NS;
    if (m.end_s < m.start_s) m.end_s = m.start_s; /* the clock was set back meanwhile */
    return m;
}

/* With the lock held. */
static bt_status write_all(struct bt_sidecar *s) {
    const struct bt_manifest m = now(s);
    char *text = NULL;
    bt_status status = bt_manifest_make(&m, s->signer, false, &text);
    for (size_t i = 0; !status && i < BT_SIDECAR_FILES; i++) {
        if (!s->file[i]) continue;
        status = s->is_private[i] ? bt_files_write_private(s->log, s->file[i], text, strlen(text))
                                  : bt_files_write(s->log, s->file[i], text, strlen(text));
    }
    free(text);
    return status;
}

static void *write_on(void *user) {
    struct bt_sidecar *s = user;
    pthread_mutex_lock(&s->lock);
    int64_t due_ns = bt_clock_now_ns() + s->every_ns;
    while (!s->ending) {
        const struct timespec until = {.tv_sec = due_ns / SECOND_NS, .tv_nsec = due_ns % SECOND_NS};
        pthread_cond_timedwait(&s->over, &s->lock, &until);
        if (s->ending || bt_clock_now_ns() < due_ns) continue;
        if (write_all(s)) bt_log_warning(s->log, "the session's manifest could not be renewed; it is tried again");
        due_ns = bt_clock_now_ns() + s->every_ns;
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static bool init_waits(struct bt_sidecar *s) {
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&s->lock, NULL)) return false;
    bool good = !pthread_condattr_init(&monotonic);
    if (good) {
        good = !pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) && !pthread_cond_init(&s->over, &monotonic);
        pthread_condattr_destroy(&monotonic);
    }
    if (!good) pthread_mutex_destroy(&s->lock);
    return good;
}

bt_status bt_sidecar_create(const struct bt_sidecar_params *params, struct bt_sidecar **out_sidecar) {
    struct bt_sidecar *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    if (!init_waits(s)) {
        free(s);
        return BT_E_MEMORY;
    }
    s->log = params->log;
    s->signer = params->signer;
    s->manifest = *params->manifest;
    s->manifest.state = BT_MANIFEST_RUNNING;
    s->every_ns = params->every_ns ? params->every_ns : MINUTE_NS;
    s->next = params->next;
    bt_status status = BT_OK;
    for (size_t i = 0; i < BT_SIDECAR_FILES; i++) {
        s->is_private[i] = params->is_private[i];
        if (!params->file[i]) continue;
        s->file[i] = strdup(params->file[i]);
        if (!s->file[i]) status = BT_E_MEMORY;
    }
    if (!status) status = write_all(s);
    if (!status) {
        s->threaded = !pthread_create(&s->thread, NULL, write_on, s);
        if (!s->threaded) status = BT_E_MEMORY;
    }
    if (status)
        bt_sidecar_destroy(&s);
    else
        *out_sidecar = s;
    return status;
}

char *bt_sidecar_text(struct bt_sidecar *s) {
    char *text = NULL;
    pthread_mutex_lock(&s->lock);
    const struct bt_manifest m = now(s);
    if (bt_manifest_make(&m, s->signer, true, &text)) text = NULL;
    pthread_mutex_unlock(&s->lock);
    return text;
}

static void stop(struct bt_sidecar *s) {
    pthread_mutex_lock(&s->lock);
    s->ending = true;
    pthread_cond_signal(&s->over);
    pthread_mutex_unlock(&s->lock);
    if (s->threaded) pthread_join(s->thread, NULL);
    s->threaded = false;
}

bt_status bt_sidecar_end(struct bt_sidecar *s, bt_status why, uint64_t audit_lines, const char *audit_head) {
    stop(s);
    pthread_mutex_lock(&s->lock);
    s->manifest.state = BT_MANIFEST_ENDED;
    s->manifest.why = why;
    s->manifest.audit_lines = audit_lines;
    snprintf(s->manifest.audit_head, sizeof s->manifest.audit_head, "%s", audit_head);
    const bt_status status = write_all(s);
    pthread_mutex_unlock(&s->lock);
    return status;
}

void bt_sidecar_destroy(struct bt_sidecar **sidecar) {
    struct bt_sidecar *s = *sidecar;
    if (!s) return;
    stop(s);
    pthread_cond_destroy(&s->over);
    pthread_mutex_destroy(&s->lock);
    for (size_t i = 0; i < BT_SIDECAR_FILES; i++) free(s->file[i]);
    free(s);
    *sidecar = NULL;
}
