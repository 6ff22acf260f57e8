/* SPDX-License-Identifier: MIT */
/* bauta model bench. The net is loaded twice: as it runs in earnest, for the time from submission to done and the CPU time of
   the whole process; and with a timestamp after every dispatch, which costs a little, for the table. */
#include "app/files.h"
#include "app/model.h"
#include "base/clock.h"
#include "base/log.h"
#include "gpu/device.h"

#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 50, WARM_UP = 3, MOST_RUNS = 100000, TIMED_RUNS = 21 };

struct series {
    double median, minimum, p99;
};

struct bench {
    struct bt_model *model;
    uint32_t runs;
    struct series wall_ms, cpu_ms;
    struct bt_net_stats stats;
    double *dispatch_us; /* median of each */
    double gpu_ms;       /* their sum; 0: the device has no timestamps */
    struct bt_model_start cold, warm;
};

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts. The 99th percentile by nearest rank: the least value that 99 of 100 do not exceed. */
static struct series summarise(int64_t *ns, uint32_t count) {
    qsort(ns, count, sizeof *ns, by_value);
    uint32_t rank = (uint32_t)(((uint64_t)count * 99 + 99) / 100);
    return (struct series){(double)ns[count / 2] * 1e-6, (double)ns[0] * 1e-6, (double)ns[rank - 1] * 1e-6};
}

static bt_status time_runs(struct bench *b) {
    struct bt_net *net = NULL;
    int64_t *wall = calloc(b->runs, sizeof *wall), *cpu = calloc(b->runs, sizeof *cpu);
    bt_status status = wall && cpu ? BT_OK : BT_E_MEMORY;
    if (!status) status = bt_model_load(b->model, false, &net);
    if (!status) status = bt_model_fill(b->model, net);
    for (uint32_t i = 0; !status && i < WARM_UP; i++) status = bt_model_submit(b->model, net);
    for (uint32_t i = 0; !status && i < b->runs; i++) {
        int64_t cpu_ns = bt_clock_cpu_ns(), wall_ns = bt_clock_now_ns();
        status = bt_model_submit(b->model, net);
        wall[i] = bt_clock_now_ns() - wall_ns;
        cpu[i] = bt_clock_cpu_ns() - cpu_ns;
    }
    if (!status) {
        b->wall_ms = summarise(wall, b->runs);
        b->cpu_ms = summarise(cpu, b->runs);
        b->stats = *bt_net_stats(net);
    }
    bt_net_destroy(&net);
    free(wall);
    free(cpu);
    return status;
}

/* `out_net` is kept for the table's names. */
static bt_status time_dispatches(struct bench *b, struct bt_net **out_net) {
    struct bt_net *net = NULL;
    uint32_t count = b->stats.dispatch_count;
    uint64_t *ns = calloc((size_t)count * TIMED_RUNS + 1, sizeof *ns);
    int64_t one[TIMED_RUNS];
    b->dispatch_us = calloc((size_t)count + 1, sizeof *b->dispatch_us);
    bt_status status = ns && b->dispatch_us ? BT_OK : BT_E_MEMORY;
    if (!status) status = bt_model_load(b->model, true, &net);
    if (!status) status = bt_model_fill(b->model, net);
    for (uint32_t i = 0; !status && i < WARM_UP; i++) status = bt_model_submit(b->model, net);
    for (uint32_t i = 0; !status && i < TIMED_RUNS; i++) {
        status = bt_model_submit(b->model, net);
        if (!status) status = bt_net_times(net, ns + (size_t)i * count);
    }
    for (uint32_t d = 0; !status && d < count; d++) {
        for (uint32_t i = 0; i < TIMED_RUNS; i++) one[i] = (int64_t)ns[(size_t)i * count + d];
        double median_ms = summarise(one, TIMED_RUNS).median;
        b->dispatch_us[d] = median_ms * 1e3;
        b->gpu_ms += median_ms;
    }
    free(ns);
    if (status)
        bt_net_destroy(&net);
    else
        *out_net = net;
    return status;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where) {
    (void)st, (void)kind, (void)where;
    return remove(path);
}

/* In new processes: with an empty folder for every cache, then with what that one left there. */
static bt_status time_starts(struct bench *b) {
    const char *base = getenv("TMPDIR");
    char folder[PATH_MAX];
    int size = snprintf(folder, sizeof folder, "%s/bauta-XXXXXX", base && *base ? base : "/tmp");
    if (size < 0 || (size_t)size >= sizeof folder || !mkdtemp(folder)) {
        bt_log_error(b->model->log, "no folder for empty caches can be made in %s", base && *base ? base : "/tmp");
        return BT_E_IO;
    }
    bt_status status = bt_model_start_again(b->model, folder, &b->cold);
    if (!status) status = bt_model_start_again(b->model, folder, &b->warm);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

/* A multiply-add counts as two operations. */
static double gflops(uint64_t macs, double ms) {
    return ms > 0 ? (double)macs * 2e-6 / ms : 0;
}

static json_t *series_json(const struct series *s) {
    return json_pack("{s:f,s:f,s:f}", "median", s->median, "minimum", s->minimum, "p99", s->p99);
}

static size_t peak_bytes(const struct bt_net_stats *s) {
    return s->constant_bytes + s->input_bytes + s->output_bytes + s->scratch_bytes;
}

static bt_status print_json(const struct bench *b, const struct bt_net *timed) {
    const struct bt_gpu_caps *caps = bt_gpu_caps(b->model->gpu);
    const struct bt_net_stats *s = &b->stats;
    json_t *dispatches = json_array();
    for (uint32_t i = 0; i < s->dispatch_count; i++) {
        const struct bt_net_dispatch *d = bt_net_dispatch_at(timed, i);
        json_array_append_new(dispatches,
                              json_pack("{s:s,s:s,s:s,s:s,s:I,s:f,s:f}", "name", d->name, "op", d->op, "kernel", d->kernel,
                                        "reads", d->texels ? "texels" : "storage", "macs", (json_int_t)d->macs, "us",
                                        b->dispatch_us[i], "gflops", gflops(d->macs, b->dispatch_us[i] * 1e-3)));
    }
    json_t *memory =
        json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "constants", (json_int_t)s->constant_bytes, "inputs", (json_int_t)s->input_bytes,
                  "outputs", (json_int_t)s->output_bytes, "scratch", (json_int_t)s->scratch_bytes, "scratch_unshared",
                  (json_int_t)s->unshared_bytes, "peak", (json_int_t)peak_bytes(s));
    json_t *device = json_pack("{s:s,s:s}", "name", caps->name, "driver", caps->driver);
    json_t *starts = json_pack("{s:o,s:o}", "cold", bt_model_start_json(&b->cold), "warm", bt_model_start_json(&b->warm));
    json_t *gpu = b->gpu_ms > 0 ? json_real(b->gpu_ms) : json_null();
    json_t *all = json_pack("{s:s,s:o,s:s,s:s,s:i,s:I,s:i,s:i,s:o,s:o,s:o,s:f,s:o,s:o,s:o}", "model", b->model->path, "device",
                            device, "variant", bt_model_variant_name(b->model->variant), "half",
                            bt_model_half_name(b->model->half), "runs", (int)b->runs, "macs", (json_int_t)s->macs, "barriers",
                            (int)s->barrier_count, "pipelines", (int)s->kernel_count, "wall_ms", series_json(&b->wall_ms),
                            "cpu_ms", series_json(&b->cpu_ms), "gpu_ms", gpu, "gflops", gflops(s->macs, b->wall_ms.median),
                            "memory_bytes", memory, "first_result_ms", starts, "dispatches", dispatches);
    if (!all || json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6))) {
        json_decref(all);
        bt_log_error(b->model->log, "the figures could not be printed: a name may not be UTF-8");
        return BT_E_FORMAT;
    }
    putchar('\n');
    json_decref(all);
    return BT_OK;
}

static void print_table(const struct bench *b, const struct bt_net *timed) {
    const struct bt_gpu_caps *caps = bt_gpu_caps(b->model->gpu);
    const struct bt_net_stats *s = &b->stats;
    printf("   #        us  GFLOP/s  kernel             operator           name\n");
    for (uint32_t i = 0; i < s->dispatch_count; i++) {
        const struct bt_net_dispatch *d = bt_net_dispatch_at(timed, i);
        printf("%4u %9.1f %8.2f  %-9s %-8s %-18s %s\n", i, b->dispatch_us[i], gflops(d->macs, b->dispatch_us[i] * 1e-3),
               d->kernel, d->texels ? "texels" : "storage", d->op, d->name);
    }
    printf("\n%s on %s (%s), variant %s\n", b->model->path, caps->name, caps->driver, bt_model_variant_name(b->model->variant));
    if (b->model->half)
        printf("float16: %s; %u dispatches, %u layers in float32 as they do not fit\n", bt_model_half_name(b->model->half),
               s->half_count, s->single_count);
    printf("%.1f MMAC, %u dispatches, %u barriers, %u pipelines\n", (double)s->macs * 1e-6, s->dispatch_count, s->barrier_count,
           s->kernel_count);
    printf("time a run, ms, of %u           median   minimum       p99\n", b->runs);
    printf("  submitted to done         %9.3f %9.3f %9.3f\n", b->wall_ms.median, b->wall_ms.minimum, b->wall_ms.p99);
    printf("  CPU time of the process   %9.3f %9.3f %9.3f\n", b->cpu_ms.median, b->cpu_ms.minimum, b->cpu_ms.p99);
    if (b->gpu_ms > 0)
        printf("  GPU time of all dispatches%9.3f\n", b->gpu_ms);
    else
        printf("  GPU time: the device has no timestamps\n");
    printf("  %.2f GFLOP/s (a multiply-add is two) by the median\n", gflops(s->macs, b->wall_ms.median));
    printf("memory, KiB: %zu in all: constants %zu, inputs %zu, outputs %zu, scratch %zu (%zu without sharing by lifetime)\n",
           peak_bytes(s) >> 10, s->constant_bytes >> 10, s->input_bytes >> 10, s->output_bytes >> 10, s->scratch_bytes >> 10,
           s->unshared_bytes >> 10);
    printf("time to the first result in a new process\n");
    bt_model_start_print("  cold", &b->cold);
    bt_model_start_print("  warm", &b->warm);
}

bt_status bt_model_bench(struct bt_model *model) {
    struct bench b = {.model = model, .runs = model->options->runs ? (uint32_t)model->options->runs : RUNS};
    struct bt_net *timed = NULL;
    if (model->options->runs > MOST_RUNS) {
        bt_log_error(model->log, "--runs %" PRIu64 ": at most %d", model->options->runs, MOST_RUNS);
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_model_open_device(model);
    if (!status) status = time_runs(&b);
    if (!status) status = time_dispatches(&b, &timed);
    if (!status) status = time_starts(&b);
    if (!status && model->options->json)
        status = print_json(&b, timed);
    else if (!status)
        print_table(&b, timed);
    bt_net_destroy(&timed);
    free(b.dispatch_us);
    return status;
}
