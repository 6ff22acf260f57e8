/* SPDX-License-Identifier: MIT */
/* Time, in nanoseconds. */
#ifndef BT_BASE_CLOCK_H
#define BT_BASE_CLOCK_H

#include <stdint.h>

int64_t bt_clock_now_ns(void);  /* CLOCK_MONOTONIC */
int64_t bt_clock_wall_ns(void); /* CLOCK_REALTIME: for records that people read */
int64_t bt_clock_cpu_ns(void);  /* CPU time of the whole process, every thread of the driver included */
void bt_clock_sleep_until_ns(int64_t monotonic_ns);

#endif
