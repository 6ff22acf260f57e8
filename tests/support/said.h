/* SPDX-License-Identifier: MIT */
/* A log that is remembered, so that a test can ask what was said. */
#ifndef BT_TESTS_SUPPORT_SAID_H
#define BT_TESTS_SUPPORT_SAID_H

struct bt_log;

extern char said_last[512], said_all[16384];
extern struct bt_log *said_log;

int said_set_up(void **state); /* cmocka's group fixtures: they make and destroy the log */
int said_tear_down(void **state);
void said_clear(void);
/* Fails, and shows the log, unless the text was said; how often it was. */
unsigned assert_said(const char *text);

#endif
