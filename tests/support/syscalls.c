/* SPDX-License-Identifier: MIT */
#include "support/syscalls.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_counted(uint64_t number) {
    static const long counted[] = {
        SYS_openat,    SYS_read,   SYS_pread64,  SYS_write,   SYS_pwrite64,  SYS_fsync, SYS_fdatasync,
        SYS_renameat2, SYS_linkat, SYS_unlinkat, SYS_mkdirat, SYS_ftruncate, SYS_flock, SYS_getdents64,
#ifdef SYS_renameat
        SYS_renameat,
#endif
#ifdef SYS_rename
        SYS_rename,    SYS_mkdir,  SYS_open,     SYS_unlink,
#endif
    };
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        if ((uint64_t)counted[i] == number) return true;
    }
    return false;
}

/* At the entry of a call: makes it none at all. At its exit: what it returns. */
static bool set_call(pid_t child, bool entry, long result) {
    struct user_regs_struct regs = {0}; /* valgrind does not see the kernel write it */
    struct iovec io = {&regs, sizeof regs};
    if (ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &io)) return false;
#if defined(__x86_64__)
    if (entry)
        regs.orig_rax = (unsigned long long)-1;
    else
        regs.rax = (unsigned long long)result;
#elif defined(__aarch64__)
    if (entry) {
        int none = -1;
        struct iovec call = {&none, sizeof none};
        return !ptrace(PTRACE_SETREGSET, child, NT_ARM_SYSTEM_CALL, &call);
    }
    regs.regs[0] = (unsigned long long)result;
#else
    (void)entry;
    (void)result;
    return false;
#endif
    return !ptrace(PTRACE_SETREGSET, child, NT_PRSTATUS, &io);
}

bool syscalls_run(int (*body)(void *user), void *user, uint64_t at, int error, struct syscalls_outcome *out) {
    int state = 0;
    bool failing = false;
    *out = (struct syscalls_outcome){.status = -1, .number = -1};
    pid_t child = fork();
    if (child < 0) return false;
    if (!child) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP)) _exit(101);
        _exit(body(user));
    }
    if (waitpid(child, &state, 0) != child || !WIFSTOPPED(state)) return false;
    if (ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) return false;
    for (int deliver = 0;;) {
        if (ptrace(PTRACE_SYSCALL, child, NULL, deliver) || waitpid(child, &state, 0) != child) return false;
        deliver = 0;
        if (WIFEXITED(state)) {
            out->status = WEXITSTATUS(state);
            return out->status != 101;
        }
        if (WIFSIGNALED(state)) return true;
        if (WSTOPSIG(state) != (SIGTRAP | 0x80)) {
            deliver = WSTOPSIG(state);
            continue;
        }
        struct __ptrace_syscall_info info = {0}; /* valgrind does not see the kernel write it */
        if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) < 0) return false;
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY && is_counted(info.entry.nr) && ++out->calls == at) {
            out->broken = true;
            out->number = (long)info.entry.nr;
            if (error == SYSCALLS_KILL) {
                kill(child, SIGKILL);
                return waitpid(child, &state, 0) == child;
            }
            failing = set_call(child, true, 0);
            if (!failing) return false;
        } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && failing) {
            failing = false;
            if (!set_call(child, false, -(long)error)) return false;
        }
    }
}
