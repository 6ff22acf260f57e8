/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line longer than this is cut and ends in an ellipsis: the log never allocates. */
enum { LINE_BYTES = 1024 };

struct bt_log {
    bt_log_sink sink;
    void *user;
    enum bt_log_level least;
    pthread_mutex_t lock;
};

struct bt_log *bt_log_create(bt_log_sink sink, void *user, enum bt_log_level least) {
    struct bt_log *log = calloc(1, sizeof *log);
    if (!log) return NULL;
    log->sink = sink;
    log->user = user;
    log->least = least;
    if (pthread_mutex_init(&log->lock, NULL)) {
        free(log);
        return NULL;
    }
    return log;
}

void bt_log_destroy(struct bt_log **log) {
    if (!log || !*log) return;
    pthread_mutex_destroy(&(*log)->lock);
    free(*log);
    *log = NULL;
}

void bt_log_line(struct bt_log *log, enum bt_log_level level, const char *format, ...) {
    if (!log || !log->sink || level < log->least) return;
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length < 0) return;
    if ((size_t)length >= sizeof line) {
        /* Cut between characters, not inside one: UTF-8 continuation bytes are 10xxxxxx. */
        size_t end = sizeof line - sizeof "...";
        while (end > 0 && ((unsigned char)line[end] & 0xc0) == 0x80) end--;
        memcpy(line + end, "...", sizeof "...");
    }
    /* Device and file names come from outside: a line stays one line, whatever is in it. */
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = ' ';
    pthread_mutex_lock(&log->lock);
    log->sink(log->user, level, line);
    pthread_mutex_unlock(&log->lock);
}
