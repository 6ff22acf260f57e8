/* SPDX-License-Identifier: MIT */
#include "base/mailbox.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* write, middle and read are always a permutation of 0, 1, 2: post swaps write and middle, take swaps middle and read. */
struct bt_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t news;
    uint32_t write, middle, read;
    bool full, closed; /* full: middle holds something the reader has not seen */
};

bt_status bt_mailbox_create(struct bt_mailbox **out_mailbox) {
    pthread_condattr_t attr;
    struct bt_mailbox *m = calloc(1, sizeof *m);
    if (!m) return BT_E_MEMORY;
    m->write = 0;
    m->middle = 1;
    m->read = 2;
    if (pthread_mutex_init(&m->lock, NULL)) goto fail_mutex;
    if (pthread_condattr_init(&attr)) goto fail_attr;
    /* Waits are against the monotonic clock: setting the wall clock must not stall or wake anybody. */
    const int bad = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) || pthread_cond_init(&m->news, &attr);
    pthread_condattr_destroy(&attr);
    if (bad) goto fail_attr;
    *out_mailbox = m;
    return BT_OK;
fail_attr:
    pthread_mutex_destroy(&m->lock);
fail_mutex:
    free(m);
    return BT_E_MEMORY;
}

void bt_mailbox_destroy(struct bt_mailbox **mailbox) {
    if (!mailbox || !*mailbox) return;
    pthread_cond_destroy(&(*mailbox)->news);
    pthread_mutex_destroy(&(*mailbox)->lock);
    free(*mailbox);
    *mailbox = NULL;
}

uint32_t bt_mailbox_write_slot(struct bt_mailbox *m) {
    pthread_mutex_lock(&m->lock);
    const uint32_t slot = m->write;
    pthread_mutex_unlock(&m->lock);
    return slot;
}

bool bt_mailbox_post(struct bt_mailbox *m) {
    pthread_mutex_lock(&m->lock);
    const bool dropped = m->full;
    const uint32_t slot = m->write;
    m->write = m->middle;
    m->middle = slot;
    m->full = true;
    pthread_cond_signal(&m->news);
    pthread_mutex_unlock(&m->lock);
    return dropped;
}

bt_status bt_mailbox_take(struct bt_mailbox *m, int64_t timeout_ns, uint32_t *out_slot) {
    const int64_t now = bt_clock_now_ns();
    if (timeout_ns < 0) timeout_ns = 0;
    const int64_t until = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    const struct timespec deadline = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    bt_status st = BT_OK;
    pthread_mutex_lock(&m->lock);
    while (!m->full && !m->closed && !st)
        if (pthread_cond_timedwait(&m->news, &m->lock, &deadline)) st = BT_E_TIMEOUT;
    if (m->full) { /* also when the time-out and the post met */
        const uint32_t slot = m->read;
        m->read = m->middle;
        m->middle = slot;
        m->full = false;
        *out_slot = m->read;
        st = BT_OK;
    } else if (m->closed) {
        st = BT_E_INTERRUPTED;
    }
    pthread_mutex_unlock(&m->lock);
    return st;
}

void bt_mailbox_close(struct bt_mailbox *m) {
    pthread_mutex_lock(&m->lock);
    m->closed = true;
    pthread_cond_broadcast(&m->news);
    pthread_mutex_unlock(&m->lock);
}
