/* SPDX-License-Identifier: MIT */
#include "app/watch.h"

#include "app/trust.h"
#include "app/worn.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Expiry writes nothing: the clock is asked too. */
enum { LOOK_ANYWAY_MS = 1000 };

struct bt_watch {
    const struct bt_trust *trust;
    const struct bt_worn *worn;
    void (*lapsed)(void *user);
    void *user;
    int changes, end; /* inotify, eventfd */
    pthread_t thread;
};

static void *watch(void *user) {
    struct bt_watch *w = user;
    for (;;) {
        char events[4096];
        struct pollfd fds[2] = {{w->changes, POLLIN, 0}, {w->end, POLLIN, 0}};
        int ready = poll(fds, 2, LOOK_ANYWAY_MS);
        if (ready < 0 && errno == EINTR) continue;
        if (fds[1].revents) return NULL;
        bool broken = ready < 0 || (fds[0].revents && read(w->changes, events, sizeof events) <= 0);
        if (broken || !bt_worn_holds(w->trust, w->worn)) break;
    }
    bt_log_warning(w->trust->log, "the face's owner does not agree any more: it is no longer shown");
    w->lapsed(w->user);
    return NULL;
}

static void close_both(struct bt_watch *w) {
    if (w->changes >= 0) close(w->changes);
    if (w->end >= 0) close(w->end);
    free(w);
}

bt_status bt_watch_create(const struct bt_trust *trust, const struct bt_worn *worn, void (*lapsed)(void *user), void *user,
                          struct bt_watch **out_watch) {
    char folder[PATH_MAX];
    struct bt_watch *w = calloc(1, sizeof *w);
    if (!w) return BT_E_MEMORY;
    *w = (struct bt_watch){.trust = trust, .worn = worn, .lapsed = lapsed, .user = user};
    w->changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    w->end = eventfd(0, EFD_CLOEXEC);
    snprintf(folder, sizeof folder, "%s", trust->receipts);
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
    /* Keys are put in place by a rename, receipts are appended. The lock file is written by every look: only moves count there.
     */
    bool watched = w->changes >= 0 && w->end >= 0 &&
                   inotify_add_watch(w->changes, trust->vault, IN_MOVED_TO | IN_DELETE_SELF) >= 0 &&
                   inotify_add_watch(w->changes, folder, IN_MODIFY | IN_MOVED_TO | IN_DELETE) >= 0;
    if (!watched || pthread_create(&w->thread, NULL, watch, w)) {
        bt_log_error(trust->log, "a withdrawal could not be noticed (%s): the face is not worn", strerror(errno));
        close_both(w);
        return BT_E_IO;
    }
    *out_watch = w;
    return BT_OK;
}

void bt_watch_destroy(struct bt_watch **watch_) {
    struct bt_watch *w = *watch_;
    if (!w) return;
    if (eventfd_write(w->end, 1)) bt_log_debug(w->trust->log, "the watch ends by itself");
    pthread_join(w->thread, NULL);
    close_both(w);
    *watch_ = NULL;
}
