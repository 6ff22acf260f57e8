/* SPDX-License-Identifier: MIT */
/* A program on a device: its buffers, kernels and bindings, and the one recording of it. */
#ifndef BT_RUN_RUN_H
#define BT_RUN_RUN_H

#include "engine/emit/program.h"

struct bt_gpu;
struct bt_gpu_caps;
struct bt_log;
struct bt_buffer;
struct bt_commands;
struct bt_run;

/* A program made with this much guard behind its operands starts faster on Mesa's CPU driver: up to version 22.3 at least, it
   compiles a kernel anew for texel views whose size has only zeros in bits 8 to 15 (it takes them for a mip level) and for
   buffers whose size is a power of two. With a guard, neither occurs. */
enum { BT_RUN_GUARD_BYTES = 256 };

/* Lanes of a subgroup, if the device runs BT_CODE_LANES, else 0. */
uint32_t bt_run_share(const struct bt_gpu_caps *caps);

/* The kernels of several programs, made at once: all threads are busy until the last. bt_run_create then finds them; they may
   be destroyed when the runs are there. */
struct bt_run_kernels;
BT_CHECKED bt_status bt_run_kernels_create(struct bt_gpu *gpu, const struct bt_program *const *programs, uint32_t count,
                                           struct bt_run_kernels **out_kernels);
void bt_run_kernels_destroy(struct bt_run_kernels **kernels);

struct bt_run_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    const struct bt_program *program; /* borrowed during create */
    bool timed;                       /* a timestamp after every dispatch, for benches */
    struct bt_run *like;              /* may be NULL: its inputs' and outputs' memory becomes this one's, with what is in it; it
                                         ran a program of the same graph, and is only to be destroyed. On failure it is as it was */
};

/* Takes all memory, makes the kernels, uploads the constants and records. Thread: the GPU's. On failure nothing is left. */
BT_CHECKED bt_status bt_run_create(const struct bt_run_params *params, struct bt_run **out_run);
void bt_run_destroy(struct bt_run **run);

struct bt_commands *bt_run_commands(struct bt_run *run);
/* NULL: the program does not use the region. */
struct bt_buffer *bt_run_buffer(const struct bt_run *run, enum bt_region region);
uint32_t bt_run_kernel_count(const struct bt_run *run);
/* Of a dispatch with float16, in the last submission, which must be done, or one before: a result did not fit. */
bool bt_run_overflowed(const struct bt_run *run, uint32_t dispatch);
/* Nanoseconds of each dispatch, in the program's order; only when timed, after the submission is done. */
BT_CHECKED bt_status bt_run_times(struct bt_run *run, uint64_t *out_ns);

#endif
