/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include <errno.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec t = {0};
    clock_gettime(id, &t); /* cannot fail: the three clocks below exist on every Linux */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t bt_clock_now_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bt_clock_wall_ns(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t bt_clock_cpu_ns(void) {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void bt_clock_sleep_until_ns(int64_t monotonic_ns) {
    if (monotonic_ns <= 0) return;
    const struct timespec t = {.tv_sec = monotonic_ns / 1000000000, .tv_nsec = monotonic_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

bool bt_clock_utc(int64_t wall_s, char out_text[BT_CLOCK_UTC_BYTES]) {
    const time_t seconds = (time_t)wall_s;
    struct tm utc;
    *out_text = 0;
    return gmtime_r(&seconds, &utc) && strftime(out_text, BT_CLOCK_UTC_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
