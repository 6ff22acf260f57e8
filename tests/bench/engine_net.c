/* SPDX-License-Identifier: MIT */
/* The face nets, timed: start-up, CPU time a run, and where the time goes by dispatch.
   bench_engine_net [--storage] [--table] MODEL.onnx ...   (on a CPU driver: with LP_NUM_THREADS=1) */
#include "base/clock.h"
#include "base/log.h"
#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/run/run.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 41 };

static void print_line(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct bench {
    struct bt_gpu *gpu;
    struct bt_log *log;
    bool storage, table, program;
};

static bt_status submit(struct bench *b, struct bt_run *run) {
    struct bt_commands *commands = bt_run_commands(run);
    uint64_t value = 0;
    bt_status st = bt_gpu_submit(b->gpu, &commands, 1, &value);
    return st ? st : bt_gpu_wait(b->gpu, value, 60000000000);
}

static bt_status make_run(struct bench *b, const struct bt_program *program, bool timed, struct bt_run **out_run) {
    return bt_run_create(&(struct bt_run_params){.gpu = b->gpu, .log = b->log, .program = program, .timed = timed}, out_run);
}

static bt_status print_table(struct bench *b, const struct bt_program *program) {
    struct bt_run *run = NULL;
    uint64_t *ns = calloc(program->dispatch_count, sizeof *ns), *best = calloc(program->dispatch_count, sizeof *best);
    uint64_t total[BT_KERNEL_COUNT] = {0}, macs[BT_KERNEL_COUNT] = {0};
    uint32_t count[BT_KERNEL_COUNT] = {0};
    bt_status st = ns && best ? make_run(b, program, true, &run) : BT_E_MEMORY;
    for (int i = 0; !st && i < RUNS; i++) {
        st = submit(b, run);
        if (!st) st = bt_run_times(run, ns);
        for (uint32_t d = 0; d < program->dispatch_count; d++) best[d] = i == 0 || ns[d] < best[d] ? ns[d] : best[d];
    }
    for (uint32_t d = 0; !st && d < program->dispatch_count; d++) {
        const struct bt_dispatch *p = &program->dispatch[d];
        total[p->kernel] += best[d];
        macs[p->kernel] += p->macs;
        count[p->kernel]++;
        printf("  %4u %-8s %7.1f us %6.2f GMAC/s  %s \"%s\"\n", d, bt_emit_kernel_info(p->kernel)->name, (double)best[d] * 1e-3,
               best[d] ? (double)p->macs / (double)best[d] : 0.0, p->op, p->name);
    }
    for (int k = 0; !st && k < BT_KERNEL_COUNT; k++) {
        if (count[k])
            printf("  %-8s x %3u %8.1f us %6.2f GMAC/s\n", bt_emit_kernel_info((enum bt_kernel_id)k)->name, count[k],
                   (double)total[k] * 1e-3, total[k] ? (double)macs[k] / (double)total[k] : 0.0);
    }
    bt_run_destroy(&run);
    free(ns);
    free(best);
    return st;
}

static bt_status bench_program(struct bench *b, const struct bt_program *program, const char *name) {
    struct bt_run *run = NULL;
    int64_t ns[RUNS];
    uint64_t macs = 0;
    uint32_t waits = 0;
    for (uint32_t d = 0; d < program->dispatch_count; d++) {
        macs += program->dispatch[d].macs;
        waits += program->dispatch[d].wait;
    }
    int64_t start = bt_clock_now_ns(), start_cpu = bt_clock_cpu_ns();
    bt_status st = make_run(b, program, false, &run);
    int64_t made = bt_clock_now_ns();
    if (!st) st = submit(b, run);
    int64_t first = bt_clock_now_ns(), first_cpu = bt_clock_cpu_ns();
    for (int i = 0; !st && i < RUNS; i++) {
        int64_t cpu = bt_clock_cpu_ns();
        st = submit(b, run);
        ns[i] = bt_clock_cpu_ns() - cpu;
    }
    if (!st) {
        qsort(ns, RUNS, sizeof *ns, by_value);
        printf("%s: %.1f MMAC, %u dispatches, %u barriers, %u kernels; create %.0f ms, first run %.0f ms (CPU of both %.0f "
               "ms); CPU a run: median "
               "%.2f ms, least "
               "%.2f ms\n",
               name, (double)macs * 1e-6, program->dispatch_count, waits, bt_run_kernel_count(run),
               (double)(made - start) * 1e-6, (double)(first - made) * 1e-6, (double)(first_cpu - start_cpu) * 1e-6,
               (double)ns[RUNS / 2] * 1e-6, (double)ns[0] * 1e-6);
    }
    bt_run_destroy(&run);
    return st;
}

static bt_status read_file(const char *path, struct bt_bytes *out_bytes) {
    FILE *f = fopen(path, "rb");
    if (!f) return BT_E_NOT_FOUND;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(size);
    bt_status st = data && fread(data, 1, size, f) == size ? BT_OK : BT_E_IO;
    fclose(f);
    if (st)
        free(data);
    else
        *out_bytes = (struct bt_bytes){data, size};
    return st;
}

static bt_status bench_model(struct bench *b, const char *path) {
    struct bt_bytes bytes = {0};
    struct bt_graph *graph = NULL;
    struct bt_plan *plan = NULL;
    struct bt_program *program = NULL;
    const struct bt_gpu_caps *caps = bt_gpu_caps(b->gpu);
    struct bt_emit_params emit = {.texels = !b->storage,
                                  .max_texels = caps->max_texels,
                                  .guard_bytes = BT_RUN_GUARD_BYTES,
                                  .share = b->storage ? 0 : bt_run_share(caps),
                                  .cpu = caps->kind == BT_GPU_CPU};
    char *text = NULL;
    bt_status st = read_file(path, &bytes);
    if (!st) st = bt_onnx_import(bytes, b->log, &graph);
    if (!st) st = bt_fuse(graph, b->log);
    if (!st && emit.share) st = bt_fuse_separable(graph, b->log);
    if (!st) st = bt_plan_create(graph, &(struct bt_plan_params){.guard_bytes = BT_RUN_GUARD_BYTES}, b->log, &plan);
    if (!st) st = bt_emit_create(plan, &emit, b->log, &program);
    if (!st && b->program) {
        st = bt_emit_print(program, &text);
        if (!st) fputs(text, stdout);
    }
    if (!st) st = bench_program(b, program, path);
    if (!st && b->table) st = print_table(b, program);
    if (st) fprintf(stderr, "%s: %s\n", path, bauta_status_text(st));
    free(text);
    bt_emit_destroy(&program);
    bt_plan_destroy(&plan);
    bt_graph_destroy(&graph);
    free((void *)(uintptr_t)bytes.data);
    return st;
}

int main(int argc, char **argv) {
    struct bench b = {.log = bt_log_create(print_line, NULL, BT_LOG_WARNING)};
    bt_status st = bt_gpu_create(&(struct bt_gpu_params){.log = b.log}, &b.gpu);
    for (int i = 1; !st && i < argc; i++) {
        if (!strcmp(argv[i], "--storage"))
            b.storage = true;
        else if (!strcmp(argv[i], "--table"))
            b.table = true;
        else if (!strcmp(argv[i], "--program"))
            b.program = true;
        else
            st = bench_model(&b, argv[i]);
    }
    bt_gpu_destroy(&b.gpu);
    bt_log_destroy(&b.log);
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
