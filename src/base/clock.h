/* SPDX-License-Identifier: MIT */
/* Time, in nanoseconds. */
#ifndef BT_BASE_CLOCK_H
#define BT_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t bt_clock_now_ns(void);  /* CLOCK_MONOTONIC */
int64_t bt_clock_wall_ns(void); /* CLOCK_REALTIME: for records that people read */
int64_t bt_clock_cpu_ns(void);  /* CPU time of the whole process, every thread of the driver included */
void bt_clock_sleep_until_ns(int64_t monotonic_ns);
/* Seconds of the wall clock as ISO 8601 in UTC, "2026-01-31T12:00:00Z": what records say. False: out of the calendar's range;
   the text is then empty. */
enum { BT_CLOCK_UTC_BYTES = 40 };
bool bt_clock_utc(int64_t wall_s, char out_text[BT_CLOCK_UTC_BYTES]);

#endif
