/* SPDX-License-Identifier: MIT */
#include "app/terminal.h"

#include "base/log.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

struct bt_terminal_watch {
    pthread_t thread;
    void (*stop)(void *user);
    void *user;
};

static sigset_t stop_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

void bt_terminal_take_signals(void) {
    sigset_t set = stop_signals();
    sigaddset(&set, SIGUSR1); /* ends the watch */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool bt_terminal_attended(void) {
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool bt_terminal_chinese(void) {
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < BT_COUNT(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) return !strncasecmp(value, "zh", 2);
    }
    return false;
}

/* One line from the terminal, or the end of it all. Longer lines are no agreement: their rest is left unread. */
static bt_status read_line(int signals, char *out, uint32_t bytes) {
    uint32_t n = 0;
    for (;;) {
        struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return BT_E_CONSENT;
        }
        if (fds[1].revents) return BT_E_CONSENT;
        char c;
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || n + 1 >= bytes) return BT_E_CONSENT;
        if (c == '\n') break;
        out[n++] = c;
    }
    out[n] = 0;
    return BT_OK;
}

int bt_terminal_signals(void) {
    sigset_t set = stop_signals();
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bt_status bt_terminal_line(const char *prompt, char *out_line, uint32_t bytes) {
    if (!bt_terminal_attended()) return BT_E_CONSENT;
    int signals = bt_terminal_signals();
    if (signals < 0) return BT_E_IO;
    fprintf(stderr, "%s", prompt);
    fflush(stderr);
    bt_status status = read_line(signals, out_line, bytes);
    close(signals);
    return status;
}

static bt_status ask(void *user, const char *notice, char *out_answer, uint32_t answer_bytes) {
    (void)user;
    if (!bt_terminal_attended()) return BT_E_CONSENT;
    fputc('\n', stderr);
    bt_status status = bt_terminal_line(notice, out_answer, answer_bytes);
    fputc('\n', stderr);
    return status;
}

bt_status bt_terminal_secret(struct bt_log *log, const char *prompt, struct bt_secret **out_secret) {
    enum { MOST_BYTES = 1024 };
    struct termios shown, hidden;
    struct bt_secret *line = NULL, *exact = NULL;
    if (!bt_terminal_attended()) {
        bt_log_error(log, "there is no terminal to ask for the passphrase at");
        return BT_E_CONSENT;
    }
    bt_status status = bt_secret_create(log, MOST_BYTES, &line);
    if (status) return status;
    if (tcgetattr(STDIN_FILENO, &shown)) {
        status = BT_E_IO;
        goto done;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)) {
        status = BT_E_IO;
        goto done;
    }
    status = bt_terminal_line(prompt, (char *)bt_secret_data(line), MOST_BYTES);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown))
        bt_log_warning(log, "the terminal does not show what is typed: run stty echo");
    fputc('\n', stderr);
    size_t size = strlen((const char *)bt_secret_data(line));
    if (!status) status = bt_secret_create(log, size, &exact);
    if (!status) {
        memcpy(bt_secret_data(exact), bt_secret_data(line), size);
        *out_secret = exact;
    }
done:
    bt_secret_destroy(&line);
    return status;
}

struct bt_asker bt_terminal_asker(void) {
    return (struct bt_asker){NULL, ask};
}

static void *watch(void *user) {
    struct bt_terminal_watch *w = user;
    sigset_t set = stop_signals();
    int got = 0;
    sigaddset(&set, SIGUSR1);
    while (sigwait(&set, &got)) {
    }
    if (got != SIGUSR1) w->stop(w->user);
    /* A second signal need not be handled: stopping is already under way and bounded in time. */
    return NULL;
}

struct bt_terminal_watch *bt_terminal_watch_signals(void (*stop)(void *user), void *user) {
    struct bt_terminal_watch *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->stop = stop;
    w->user = user;
    if (pthread_create(&w->thread, NULL, watch, w)) free(w), w = NULL;
    return w;
}

void bt_terminal_unwatch(struct bt_terminal_watch **w) {
    if (!*w) return;
    pthread_kill((*w)->thread, SIGUSR1);
    pthread_join((*w)->thread, NULL);
    free(*w);
    *w = NULL;
}
