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
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { WIDE = 100 }; /* longer lines are hard to read */

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

/* One line from the terminal, or the end of it all (`otherwise`: `end` can be read). Longer lines are no agreement: their rest
   is left unread. */
static bt_status read_line(int end, bt_status otherwise, char *out, uint32_t bytes) {
    uint32_t n = 0;
    for (;;) {
        struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {end, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return BT_E_CONSENT;
        }
        if (fds[1].revents) return otherwise;
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

bool bt_terminal_size(uint32_t *out_columns, uint32_t *out_rows) {
    struct winsize size = {0};
    if (!isatty(STDERR_FILENO) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) return false;
    *out_columns = size.ws_col;
    *out_rows = size.ws_row;
    return true;
}

/* Text on its way to the screen. */
struct say {
    uint32_t columns, hang, lines;
    bool counts_only;
    uint32_t page;            /* so many lines fit; 0: never stop */
    bt_status (*pause)(void); /* where a page is full */
    bt_status status;
};

struct letter {
    uint32_t code, bytes, columns;
};

/* One letter of UTF-8; a byte that is none counts as one. Ideographs and full-width marks take two columns. */
static struct letter letter_at(const char *text) {
    const unsigned char *c = (const unsigned char *)text;
    const uint32_t bytes = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : *c >= 0xc0 ? 2 : 1;
    uint32_t code = bytes == 1 ? *c : *c & (0x7fu >> bytes);
    for (uint32_t i = 1; i < bytes; i++) {
        if ((c[i] & 0xc0) != 0x80) return (struct letter){*c, 1, 1};
        code = code << 6 | (c[i] & 0x3f);
    }
    const bool wide = (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) ||
                      (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff00 && code <= 0xff60);
    return (struct letter){code, bytes, wide ? 2 : 1};
}

/* No line begins with a mark that closes (、。」》 and the full-width ,):;!? and ”). */
static bool closes(uint32_t code) {
    static const uint32_t marks[] = {0x3001, 0x3002, 0x300b, 0x300d, 0xff0c, 0xff09, 0xff1a, 0xff1b, 0xff01, 0xff1f, 0x201d};
    for (size_t i = 0; i < BT_COUNT(marks); i++)
        if (marks[i] == code) return true;
    return false;
}

/* May a line end between the two? */
static bool may_break(struct letter before, struct letter after) {
    if (before.code == ' ') return after.code != ' ';
    return (before.columns == 2 || after.columns == 2) && !closes(after.code) && before.code != 0xff08 && before.code != 0x201c;
}

/* Where a line that is broken goes on: under what follows its label. */
static uint32_t margin_of(const char *line, size_t size, const struct say *s) {
    uint32_t column = 0, indent = 0;
    for (size_t i = 0; i < size;) {
        const struct letter l = letter_at(line + i);
        if (l.code != ' ' && i >= 2 && line[i - 1] == ' ' && line[i - 2] == ' ' && column > indent && indent) {
            if (column < s->columns / 2) return column;
            break;
        }
        if (l.code != ' ' && !indent) indent = column ? column : 1;
        column += l.columns;
        i += l.bytes;
    }
    return indent > 1 ? indent : s->hang;
}

static void put_line(struct say *s, uint32_t margin, const char *line, size_t size, bool end) {
    if (s->status) return;
    if (s->page && s->lines && s->lines % s->page == 0) s->status = s->pause();
    if (s->status) return;
    s->lines++;
    if (s->counts_only) return;
    fprintf(stderr, "%*s%.*s%s", (int)margin, "", (int)size, line, end ? "\n" : "");
}

/* One line of the text, as often as it must be broken. */
static void say_line(struct say *s, const char *line, size_t size, bool end) {
    const uint32_t margin = margin_of(line, size, s);
    uint32_t indent = 0;
    for (;;) {
        uint32_t column = indent;
        size_t at = 0, last = 0;
        struct letter before = {0};
        while (at < size) {
            const struct letter l = letter_at(line + at);
            if (at && may_break(before, l)) last = at;
            if (s->columns && l.code != ' ' && column + l.columns > s->columns && last) break;
            column += l.columns;
            at += l.bytes;
            before = l;
        }
        if (at >= size) {
            put_line(s, indent, line, size, end);
            return;
        }
        size_t shown = last;
        while (shown && line[shown - 1] == ' ') shown--;
        put_line(s, indent, line, shown, true);
        line += last;
        size -= last;
        indent = margin;
    }
}

static void say(struct say *s, const char *text) {
    while (*text && !s->status) {
        const size_t size = strcspn(text, "\n");
        say_line(s, text, size, text[size] == '\n');
        text += size + (text[size] == '\n');
    }
    fflush(stderr);
}

void bt_terminal_say(const char *text, uint32_t hang) {
    uint32_t columns = 0, rows;
    const bool known = bt_terminal_size(&columns, &rows);
    struct say s = {.columns = !known || columns < WIDE ? columns : WIDE, .hang = hang};
    say(&s, text);
}

static bt_status pause_page(void) {
    char line[64];
    return bt_terminal_line(bt_terminal_chinese() ? "-- 按回车键继续 --" : "-- Return goes on --", line, sizeof line);
}

bt_status bt_terminal_read_out(const char *text) {
    enum { ROWS_LEAST = 8 };
    uint32_t columns = 0, rows = 0;
    if (bt_terminal_size(&columns, &rows) && columns > WIDE) columns = WIDE;
    struct say s = {.columns = columns, .counts_only = true};
    say(&s, text);
    const bool pages = rows >= ROWS_LEAST && s.lines > rows && bt_terminal_attended();
    s = (struct say){.columns = columns, .page = pages ? rows - 1 : 0, .pause = pause_page};
    say(&s, text);
    return s.status;
}

int bt_terminal_signals(void) {
    sigset_t set = stop_signals();
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bt_status bt_terminal_line(const char *prompt, char *out_line, uint32_t bytes) {
    if (!bt_terminal_attended()) return BT_E_CONSENT;
    int signals = bt_terminal_signals();
    if (signals < 0) return BT_E_IO;
    bt_terminal_say(prompt, 0);
    bt_status status = read_line(signals, BT_E_CONSENT, out_line, bytes);
    close(signals);
    return status;
}

bt_status bt_terminal_line_until(const char *prompt, char *out_line, uint32_t bytes, int until) {
    if (!bt_terminal_attended()) return BT_E_CONSENT;
    (void)tcflush(STDIN_FILENO, TCIFLUSH); /* fails on what is no terminal, and then there is nothing to forget */
    bt_terminal_say(prompt, 0);
    return read_line(until, BT_E_INTERRUPTED, out_line, bytes);
}

static bt_status ask(void *user, const char *notice, char *out_answer, uint32_t answer_bytes) {
    (void)user;
    if (!bt_terminal_attended()) return BT_E_CONSENT;
    fputc('\n', stderr);
    bt_status status = bt_terminal_read_out(notice);
    if (!status) status = bt_terminal_line("", out_answer, answer_bytes);
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
