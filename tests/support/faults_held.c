/* SPDX-License-Identifier: MIT */
/* What the program holds: a table of addresses and handles, by open addressing. */
#include "support/faults_held.h"

#include <stdatomic.h>
#include <stdio.h>

enum { ROOM = 1 << 20 };

static uint64_t table[FAULT_KINDS][ROOM];
static int64_t count[FAULT_KINDS];
static uint64_t misused;
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void) {
    while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
    }
}

static void unlock(void) {
    atomic_flag_clear_explicit(&busy, memory_order_release);
}

static uint32_t home(uint64_t key) {
    return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 44);
}

static uint32_t find(const uint64_t *t, uint64_t key) {
    uint32_t at = home(key);
    while (t[at] && t[at] != key) at = (at + 1) % ROOM;
    return at;
}

void fault_hold(enum fault_kind kind, uint64_t key) {
    if (!key) return;
    lock();
    if (count[kind] < ROOM / 2) {
        table[kind][find(table[kind], key)] = key;
        count[kind]++;
    }
    unlock();
}

/* Knuth, The Art of Computer Programming 3, 6.4, algorithm R: what follows moves up, so that no tombstones are needed. */
static void remove_at(uint64_t *t, uint32_t hole) {
    for (uint32_t at = (hole + 1) % ROOM; t[at]; at = (at + 1) % ROOM) {
        const uint32_t wants = home(t[at]);
        if ((at - wants) % ROOM < (at - hole) % ROOM) continue;
        t[hole] = t[at];
        hole = at;
    }
    t[hole] = 0;
}

bool fault_release(enum fault_kind kind, uint64_t key, bool known, const char *name) {
    if (!key) return true;
    lock();
    const uint32_t at = find(table[kind], key);
    const bool held = table[kind][at] != 0;
    if (held) {
        remove_at(table[kind], at);
        count[kind]--;
    }
    unlock();
    if (!held && known) fault_misused(name);
    return held;
}

void fault_misused(const char *name) {
    lock();
    misused++;
    unlock();
    fprintf(stderr, "fault: %s got what is not held\n", name);
}

struct fault_held fault_held(void) {
    lock();
    const struct fault_held held = {
        .memory = count[FAULT_IS_MEMORY], .vulkan = count[FAULT_IS_VULKAN], .files = count[FAULT_IS_FILE], .misused = misused};
    unlock();
    return held;
}
