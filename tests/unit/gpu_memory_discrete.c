/* SPDX-License-Identifier: MIT */
/* The tests of gpu_memory, on a device whose memory the host cannot see: every write, read and clear goes through the GPU. */
#include "unit/gpu_memory.c"
