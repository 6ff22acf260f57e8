/* SPDX-License-Identifier: MIT */
/* The person at the terminal: asking for consent, and stopping on Ctrl-C. */
#ifndef BT_APP_TERMINAL_H
#define BT_APP_TERMINAL_H

#include "base/status.h"
#include "trust/consent/consent.h"
#include "trust/vault/secret.h"
#include <stdbool.h>

/* Blocks SIGINT, SIGTERM and SIGHUP in this thread and all that it starts: call before anything starts one. */
void bt_terminal_take_signals(void);
bool bt_terminal_attended(void); /* a person can read what we say and type: standard input and error are terminals */
bool bt_terminal_chinese(void);  /* by the locale's variables */
/* Asks on the terminal. Ctrl-C, end of input or no terminal: BT_E_CONSENT. */
struct bt_asker bt_terminal_asker(void);

/* Text for people, on standard error. Lines are broken between words to the terminal's width; what follows a label and a wide
   gap keeps its column, and everything else that is broken goes on at column `hang`. As it is where no width is known. */
void bt_terminal_say(const char *text, uint32_t hang);
/* The same for what must be read: it stops where the screen is full. BT_E_CONSENT: Ctrl-C, or the end of input. */
BT_CHECKED bt_status bt_terminal_read_out(const char *text);
/* False: no terminal, or one that does not say. */
bool bt_terminal_size(uint32_t *out_columns, uint32_t *out_rows);

/* One line after a prompt (said as above), without its end. BT_E_CONSENT as above, and when it is longer than there is room
 * for. */
BT_CHECKED bt_status bt_terminal_line(const char *prompt, char *out_line, uint32_t bytes);
/* The same, given up as soon as `until` can be read (BT_E_INTERRUPTED), with the signals left to whoever takes them; what was
   typed before the question is no answer to it. */
BT_CHECKED bt_status bt_terminal_line_until(const char *prompt, char *out_line, uint32_t bytes, int until);
/* The same without showing what is typed, into guarded memory. */
BT_CHECKED bt_status bt_terminal_secret(struct bt_log *log, const char *prompt, struct bt_secret **out_secret);

/* A descriptor that can be polled for one of those signals, once they are taken; the caller closes it. -1: none can be had. */
int bt_terminal_signals(void);

struct bt_terminal_watch;
/* Calls `stop` from a thread of its own at the first signal. NULL when no thread can be had: the session must not start. */
struct bt_terminal_watch *bt_terminal_watch_signals(void (*stop)(void *user), void *user);
void bt_terminal_unwatch(struct bt_terminal_watch **watch);

#endif
