/* SPDX-License-Identifier: MIT */
/* Breaks a child process at its n-th system call that has to do with files: kills it there, or makes the call fail. Nothing is
   linked in; the kernel's own tracing does it, so libraries are broken too. */
#ifndef BT_TESTS_SUPPORT_SYSCALLS_H
#define BT_TESTS_SUPPORT_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

enum { SYSCALLS_KILL = -1 };

struct syscalls_outcome {
    uint64_t calls; /* of the kind that was counted, until it ended */
    bool broken;    /* the n-th came, and was broken */
    int status;     /* what the child's body returned; -1 when it was killed */
    long number;    /* of the call that was broken */
};

/* Forks; the child runs body and exits with what it returns (0 ... 100). `at`: from 1; 0 breaks nothing. `error`: an errno, or
   SYSCALLS_KILL. False where processes cannot be traced. */
bool syscalls_run(int (*body)(void *user), void *user, uint64_t at, int error, struct syscalls_outcome *out);

#endif
