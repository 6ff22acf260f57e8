/* SPDX-License-Identifier: MIT */
/* The context's log. Libraries never print: they say a fact once, here, where it is known. */
#ifndef BT_BASE_LOG_H
#define BT_BASE_LOG_H

enum bt_log_level { BT_LOG_DEBUG, BT_LOG_INFO, BT_LOG_WARNING, BT_LOG_ERROR };

/* Called with one line, without a newline. May be called from any thread, one call at a time. */
typedef void (*bt_log_sink)(void *user, enum bt_log_level level, const char *line);

struct bt_log;

/* Lines below `least` are dropped. NULL when no memory is left: every function below accepts a NULL log. */
struct bt_log *bt_log_create(bt_log_sink sink, void *user, enum bt_log_level least);
void bt_log_destroy(struct bt_log **log);

__attribute__((format(printf, 3, 4))) void bt_log_line(struct bt_log *log, enum bt_log_level level, const char *format, ...);

#define bt_log_debug(log, ...)   bt_log_line((log), BT_LOG_DEBUG, __VA_ARGS__)
#define bt_log_info(log, ...)    bt_log_line((log), BT_LOG_INFO, __VA_ARGS__)
#define bt_log_warning(log, ...) bt_log_line((log), BT_LOG_WARNING, __VA_ARGS__)
#define bt_log_error(log, ...)   bt_log_line((log), BT_LOG_ERROR, __VA_ARGS__)

#endif
