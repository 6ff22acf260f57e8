/* SPDX-License-Identifier: MIT */
/* Makes the n-th allocation, Vulkan call or file call of the code under test fail, and counts what it holds. There are no hooks
   in the program: the linker swaps the calls of its own objects (faults.wrap); libraries and drivers keep theirs.
   Only the thread that called fault_watch is counted and failed; what is held is counted on all. */
#ifndef BT_TESTS_SUPPORT_FAULTS_H
#define BT_TESTS_SUPPORT_FAULTS_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum fault_class { FAULT_MEMORY, FAULT_VULKAN, FAULT_FILE, FAULT_CLASSES };
enum { FAULT_ALL = (1 << FAULT_CLASSES) - 1 };

/* Held now: allocations and Vulkan objects; and what went wrong with them so far (a handle that failed to be made was used or
   destroyed, a block was freed twice). */
struct fault_held {
    int64_t memory, vulkan, files;
    uint64_t misused;
};
struct fault_held fault_held(void);

/* From now on, on this thread: calls are counted; the `at`-th (from 1) of `class` fails, at 0 none. */
void fault_watch(enum fault_class class, uint64_t at);
/* Ends it. True when the failure came. */
bool fault_rest(void);
/* What the test itself does in between is not counted. */
void fault_pause(bool pause);
uint64_t fault_calls(enum fault_class class);
const char *fault_name(void); /* of the call that failed last */

/* How the calls fail. */
void fault_vulkan_says(bool device_lost);          /* else out of device memory */
void fault_file_says(int error, bool short_write); /* short: write() takes half first, then says so */

/* What is to be made, again and again. */
struct fault_job {
    const char *name;
    bt_status (*create)(void *user, void **out_made);
    void (*destroy)(void **made);
    void *user;
    const char *const *may_go_on; /* calls without which it may succeed all the same; NULL at the end */
    bool thin; /* where calls are many: only the 1st, 2nd, 4th, 8th ... time by each way (stack), unless BAUTA_TEST_EVERY is set
                */
};
struct fault_tally {
    uint64_t calls[FAULT_CLASSES], refused, went_on, bad;
};
/* Every call of `classes` (a set of bits) during one creation fails once: each in a forked copy of this process, in which
   creation must give an error, an untouched result, and back all that it held. What is made at last is destroyed. A copy has no
   driver threads: one that goes on to submit work ends there, and the call must be in may_go_on. */
struct fault_tally fault_sweep(const struct fault_job *job, unsigned classes);
/* The same by beginning anew for every call. */
struct fault_tally fault_sweep_again(const struct fault_job *job, unsigned classes);

/* For sweeps of something else than a creation: between the two, each call forks; in the copy fault_is_copy is true and the
   test ends it with fault_end_copy, good or not. went_on counts copies that submitted work after their failure. */
void fault_split_begin(unsigned classes, const char *const *may_go_on);
struct fault_tally fault_split_end(void);
bool fault_is_copy(void);
_Noreturn void fault_end_copy(bool good, const char *why);

#endif
