/* SPDX-License-Identifier: MIT */
/* A GPU that is late: short waits time out at once, while its work goes on. Then nothing may be destroyed before it is done.
   Link with -Wl,@late_gpu.wrap. */
#ifndef BT_TESTS_SUPPORT_LATE_GPU_H
#define BT_TESTS_SUPPORT_LATE_GPU_H

#include <stdbool.h>
#include <stdint.h>

extern bool late_gpu;
extern uint32_t late_gpu_destroyed; /* while late: objects destroyed before the work submitted last was done */

#endif
