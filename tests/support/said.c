/* SPDX-License-Identifier: MIT */
#include "support/said.h"
#include "base/log.h"
#include "support/cmocka.h"
#include <stdio.h>
#include <string.h>

char said_last[512], said_all[16384];
struct bt_log *said_log;

static void sink(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    snprintf(said_last, sizeof said_last, "%.500s", line);
    const size_t length = strlen(said_all);
    snprintf(said_all + length, sizeof said_all - length, "%s\n", line);
}

int said_set_up(void **state) {
    (void)state;
    said_log = bt_log_create(sink, NULL, BT_LOG_DEBUG);
    return !said_log;
}

int said_tear_down(void **state) {
    (void)state;
    bt_log_destroy(&said_log);
    return 0;
}

void said_clear(void) {
    said_last[0] = said_all[0] = 0;
}

unsigned assert_said(const char *text) {
    unsigned times = 0;
    for (const char *at = said_all; (at = strstr(at, text)); at += strlen(text)) times++;
    if (!times) fail_msg("\"%s\" was not said, but:\n%s", text, said_all);
    return times;
}
