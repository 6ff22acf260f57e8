/* SPDX-License-Identifier: MIT */
#include "support/faults.h"
#include "support/brief.h"

#include "support/faults_held.h"

#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum mode { REST, NTH, SPLIT, COPY };
enum { GOOD, WENT_ON, WRONG, TRIES = 5, COPY_S = 15, DEPTH = 12, PATHS = 8192 };

static _Thread_local bool watched;
static struct {
    enum mode mode;
    enum fault_class class;
    uint64_t at, calls[FAULT_CLASSES];
    unsigned classes;
    bool fired, thin;
    const char *name;
    const char *const *may_go_on;
    struct fault_tally tally;
    void *stack[DEPTH]; /* of the call that failed, for people */
    int depth;
} s;

/* How often this way to a call was gone before: by a hash of the stack. True for the 1st, 2nd, 4th, 8th, ... time; in brief,
   for the 1st. */
static bool seldom(void) {
    static struct { uint64_t key, count; } seen[PATHS];
    void *stack[DEPTH];
    uint64_t key = 1;
    const int depth = backtrace(stack, DEPTH);
    for (int i = 0; i < depth; i++) key = (key ^ (uintptr_t)stack[i]) * UINT64_C(0x100000001b3);
    uint32_t at = (uint32_t)(key % PATHS);
    for (int probe = 0; seen[at].key && seen[at].key != key; probe++) {
        if (probe == PATHS) return true;
        at = (at + 1) % PATHS;
    }
    seen[at].key = key;
    seen[at].count++;
    return seen[at].count == 1 || (!test_brief(0, 1) && (seen[at].count & (seen[at].count - 1)) == 0);
}

static bool listed(const char *const *list, const char *name) {
    for (; list && *list; list++)
        if (!strcmp(*list, name)) return true;
    return false;
}

_Noreturn static void went_on(void) {
    if (!listed(s.may_go_on, s.name)) backtrace_symbols_fd(s.stack, s.depth, 2);
    _exit(WENT_ON);
}

static void fail(const char *name) {
    s.fired = true;
    s.name = name;
    s.depth = backtrace(s.stack, DEPTH);
}

/* A copy of the process in which this call fails; here, its end is awaited, and the call goes through. */
static bool split(const char *name) {
    for (int attempt = 1;; attempt++) {
        fflush(NULL);
        pid_t child = fork();
        if (child < 0) {
            perror("fork");
            s.tally.bad++;
            return false;
        }
        if (!child) {
            alarm(test_brief(COPY_S, 10 * COPY_S));
            s.mode = COPY;
            fail(name);
            return true;
        }
        int status = 0;
        while (waitpid(child, &status, 0) < 0) {
        }
        /* Another thread may have held a lock of the C library's when the copy was made: again, a little later. */
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM && attempt < TRIES) {
            usleep(10000);
            continue;
        }
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0x100 + WTERMSIG(status);
        if (code == GOOD) {
            s.tally.refused++;
        } else if (code == WENT_ON && listed(s.may_go_on, name)) {
            s.tally.went_on++;
        } else {
            s.tally.bad++;
            fprintf(stderr, "fault: %s, call %llu of its class: %s (%#x)\n", name, (unsigned long long)s.calls[s.class],
                    code == WENT_ON ? "it went on without"
                    : code >= 0x100 ? "crashed or hung"
                                    : "wrong",
                    (unsigned)code);
        }
        return false;
    }
}

bool fault_here(enum fault_class class, const char *name) {
    if (!watched || s.mode == REST) return false;
    if (s.mode == COPY) {
        if (!strcmp(name, "vkQueueSubmit2")) went_on(); /* nobody would run it */
        return false;
    }
    s.calls[class]++;
    if (s.mode == SPLIT) {
        if (!(s.classes >> class & 1) || ((s.thin || test_brief(0, 1)) && !seldom())) return false;
        s.class = class;
        return split(name);
    }
    if (class != s.class || s.calls[class] != s.at) return false;
    fail(name);
    return true;
}

bool fault_splits(void) {
    return watched && s.mode == SPLIT;
}

void fault_watch(enum fault_class class, uint64_t at) {
    memset(s.calls, 0, sizeof s.calls);
    s.mode = NTH;
    s.class = class;
    s.at = at;
    s.fired = false;
    watched = true;
}

bool fault_rest(void) {
    watched = false;
    s.mode = REST;
    return s.fired;
}

void fault_pause(bool pause) {
    watched = !pause;
}

uint64_t fault_calls(enum fault_class class) {
    return s.calls[class];
}

const char *fault_name(void) {
    return s.name ? s.name : "none";
}

bool fault_is_copy(void) {
    return s.mode == COPY;
}

void fault_end_copy(bool good, const char *why) {
    if (!good) {
        fprintf(stderr, "fault: after %s failed: %s\n", fault_name(), why);
        backtrace_symbols_fd(s.stack, s.depth, 2);
    }
    fflush(NULL);
    _exit(good ? GOOD : WRONG);
}

void fault_split_begin(unsigned classes, const char *const *may_go_on) {
    memset(s.calls, 0, sizeof s.calls);
    memset(&s.tally, 0, sizeof s.tally);
    s.mode = SPLIT;
    s.classes = classes;
    s.may_go_on = may_go_on;
    watched = true;
}

struct fault_tally fault_split_end(void) {
    watched = false;
    s.mode = REST;
    memcpy(s.tally.calls, s.calls, sizeof s.calls);
    return s.tally;
}

/* What must hold after a creation that met a failure; NULL when it does. */
static const char *verdict(bt_status status, const void *made, const void *untouched, const struct fault_held *before) {
    const struct fault_held now = fault_held();
    if (now.misused != before->misused) return "what was never made, or was freed already, was used";
    if (!status) return NULL;
    if ((unsigned)status >= BAUTA_STATUS_COUNT) return "no status";
    if (made != untouched) return "the result was touched";
    if (now.memory != before->memory) return "memory leaks";
    if (now.vulkan != before->vulkan) return "Vulkan objects leak";
    if (now.files != before->files) return "files stay open";
    return NULL;
}

static void check_end(const struct fault_job *job, const struct fault_held *before, struct fault_tally *tally) {
    const struct fault_held now = fault_held();
    if (now.memory == before->memory && now.vulkan == before->vulkan && now.files == before->files &&
        now.misused == before->misused)
        return;
    fprintf(stderr, "fault: %s: made and destroyed, it leaves %lld allocations, %lld Vulkan objects, %lld files\n", job->name,
            (long long)(now.memory - before->memory), (long long)(now.vulkan - before->vulkan),
            (long long)(now.files - before->files));
    tally->bad++;
}

static void report(const struct fault_job *job, const struct fault_tally *t) {
    printf("%-28s %5llu allocations, %5llu Vulkan calls, %3llu file calls: %llu refused, %llu went on, %llu bad\n", job->name,
           (unsigned long long)t->calls[FAULT_MEMORY], (unsigned long long)t->calls[FAULT_VULKAN],
           (unsigned long long)t->calls[FAULT_FILE], (unsigned long long)t->refused, (unsigned long long)t->went_on,
           (unsigned long long)t->bad);
}

struct fault_tally fault_sweep(const struct fault_job *job, unsigned classes) {
    static char untouched;
    const struct fault_held before = fault_held();
    void *made = &untouched;
    s.thin = job->thin && !getenv("BAUTA_TEST_EVERY");
    fault_split_begin(classes, job->may_go_on);
    bt_status status = job->create(job->user, &made);
    if (fault_is_copy()) {
        const char *wrong = verdict(status, made, &untouched, &before);
        if (wrong) fault_end_copy(false, wrong);
        if (!status) went_on();
        _exit(GOOD);
    }
    struct fault_tally tally = fault_split_end();
    s.thin = false;
    if (status) {
        fprintf(stderr, "fault: %s cannot be made: %s\n", job->name, bauta_status_text(status));
        tally.bad++;
        return tally;
    }
    job->destroy(&made);
    check_end(job, &before, &tally);
    report(job, &tally);
    return tally;
}

struct fault_tally fault_sweep_again(const struct fault_job *job, unsigned classes) {
    static char untouched;
    struct fault_tally tally = {0};
    const struct fault_held before = fault_held();
    for (unsigned which = 0; which < FAULT_CLASSES; which++) {
        if (!(classes >> which & 1)) continue;
        for (uint64_t at = 1;; at++) {
            const struct fault_held now = fault_held();
            void *made = &untouched;
            fault_watch((enum fault_class)which, at);
            bt_status status = job->create(job->user, &made);
            bool fired = fault_rest();
            const char *wrong = verdict(status, made, &untouched, &now);
            if (!status && fired && !listed(job->may_go_on, fault_name())) wrong = "it went on without";
            if (status && !fired) wrong = bauta_status_text(status);
            if (wrong) {
                tally.bad++;
                fprintf(stderr, "fault: %s, call %llu of its class: %s\n", fired ? fault_name() : "no failure",
                        (unsigned long long)at, wrong);
                if (fired) backtrace_symbols_fd(s.stack, s.depth, 2);
            }
            if (!status) job->destroy(&made);
            tally.refused += fired && status;
            tally.went_on += fired && !status;
            if (!fired) {
                tally.calls[which] = at - 1;
                break;
            }
        }
    }
    check_end(job, &before, &tally);
    report(job, &tally);
    return tally;
}
