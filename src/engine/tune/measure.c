/* SPDX-License-Identifier: MIT */
#include "engine/tune/build.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/run/run.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include <stdlib.h>
#include <string.h>

/* A run is the step REPEATS times over: the clock and the submission are shared. */
enum { REPEATS = 4, ROUNDS = 5 };
#define TIMEOUT_NS INT64_C(120000000000) /* a cold compiler on a busy CPU driver */

/* The plan's one step, again and again, each after the one before. */
static bt_status make_program(const struct bt_tune_params *params, const struct bt_plan *plan, uint32_t step,
                              const struct bt_tuned *tuned, struct bt_program **out_program) {
    struct bt_plan one = *plan;
    one.step = &plan->step[step];
    one.step_count = 1;
    struct bt_emit_params emit = *params->emit;
    emit.tuned = tuned;
    emit.tuned_count = 1;
    struct bt_program *program = NULL;
    bt_status st = bt_emit_create(&one, &emit, params->log, &program);
    if (st) return st;
    uint32_t n = program->dispatch_count;
    struct bt_dispatch *grown = realloc(program->dispatch, (size_t)n * REPEATS * sizeof *grown);
    if (!grown) {
        bt_emit_destroy(&program);
        return BT_E_MEMORY;
    }
    program->dispatch = grown;
    grown[0].wait = true;
    for (uint32_t i = n; i < n * REPEATS; i++) grown[i] = grown[i - n];
    program->dispatch_count = n * REPEATS;
    *out_program = program;
    return BT_OK;
}

static bt_status submit(const struct bt_tune_params *params, struct bt_run *run) {
    struct bt_commands *commands = bt_run_commands(run);
    uint64_t value = 0;
    bt_status st = bt_gpu_submit(params->gpu, &commands, 1, &value);
    if (!st) st = bt_gpu_wait(params->gpu, value, TIMEOUT_NS);
    return st == BT_E_TIMEOUT ? BT_E_DEVICE_LOST : st;
}

/* A driver that refuses one way is no reason to stop; a lost device or no memory is. */
static bool is_refusal(bt_status st) {
    return st == BT_E_UNSUPPORTED || st == BT_E_DEVICE;
}

/* A CPU driver stops its threads for every timestamp, which takes longer than most layers: there the wall clock tells more. */
static bool has_clock(const struct bt_tune_params *params) {
    const struct bt_gpu_caps *caps = bt_gpu_caps(params->gpu);
    return caps->timestamp_period_ns > 0 && caps->kind != BT_GPU_CPU;
}

static bt_status time_once(const struct bt_tune_params *params, struct bt_run *run, uint32_t stamps, uint64_t *out_ns) {
    uint64_t each[BT_DISPATCH_SLOTS * REPEATS];
    int64_t start_ns = bt_clock_now_ns();
    bt_status st = submit(params, run);
    if (st) return st;
    int64_t wall_ns = bt_clock_now_ns() - start_ns;
    uint64_t sum = 0;
    if (has_clock(params) && stamps <= BT_COUNT(each)) {
        st = bt_run_times(run, each);
        for (uint32_t i = 0; i < stamps && !st; i++) sum += each[i];
    }
    *out_ns = (sum ? sum : (uint64_t)wall_ns) / REPEATS;
    return st;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bt_status bt_tune_measure(const struct bt_tune_params *params, const struct bt_plan *plan, uint32_t step,
                          const struct bt_layer *layer, const struct bt_choice *choice, uint32_t count, int64_t deadline_ns,
                          uint64_t *out_ns) {
    struct bt_run *run[BT_CHOICES_MAX] = {NULL};
    uint32_t stamps[BT_CHOICES_MAX] = {0};
    uint64_t ns[BT_CHOICES_MAX][ROUNDS];
    bt_status st = BT_OK;
    for (uint32_t i = 0; i < count && !st; i++) {
        if (bt_clock_now_ns() >= deadline_ns) st = BT_E_TIMEOUT;
        struct bt_program *program = NULL;
        if (!st) st = make_program(params, plan, step, &(struct bt_tuned){*layer, choice[i]}, &program);
        if (!st) {
            stamps[i] = program->dispatch_count;
            st = bt_run_create(
                &(struct bt_run_params){.gpu = params->gpu, .log = params->log, .program = program, .timed = has_clock(params)},
                &run[i]);
        }
        if (!st) st = submit(params, run[i]); /* drivers compile at the first use */
        bt_emit_destroy(&program);
        if (!is_refusal(st)) continue;
        bt_run_destroy(&run[i]);
        st = BT_OK;
    }
    for (uint32_t round = 0; round < ROUNDS && !st; round++) {
        for (uint32_t i = 0; i < count && !st; i++) {
            if (run[i]) st = time_once(params, run[i], stamps[i], &ns[i][round]);
        }
    }
    for (uint32_t i = 0; i < count && !st; i++) {
        if (run[i]) qsort(ns[i], ROUNDS, sizeof ns[i][0], by_value);
        out_ns[i] = run[i] ? ns[i][ROUNDS / 2] : 0;
    }
    for (uint32_t i = 0; i < count; i++) bt_run_destroy(&run[i]);
    return st;
}
