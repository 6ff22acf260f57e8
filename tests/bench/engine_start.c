/* SPDX-License-Identifier: MIT */
/* From nothing to the first inference of all nets given, cold (the driver's shader cache empty) and warm.
   bench_engine_start [RUNS] MODEL.onnx …   Each start is a process of its own; medians of RUNS warm ones. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/net.h"
#include "gpu/device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NETS_MAX = 8, RUNS = 5, RUNS_MAX = 99 };

struct start {
    int64_t open_ns, create_ns, run_ns, cpu_ns; /* the device; the nets; their first runs; CPU time of nets and runs */
};

static void print_line(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", line);
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

static bt_status start(struct bt_log *log, uint32_t count, char **path, struct start *out) {
    struct bt_bytes bytes[NETS_MAX] = {{0}};
    struct bt_net *net[NETS_MAX] = {NULL};
    struct bt_gpu *gpu = NULL;
    bt_status st = BT_OK;
    for (uint32_t i = 0; i < count && !st; i++) st = read_file(path[i], &bytes[i]);
    int64_t begun = bt_clock_now_ns();
    if (!st) st = bt_gpu_create(&(struct bt_gpu_params){.log = log}, &gpu);
    int64_t opened = bt_clock_now_ns(), cpu = bt_clock_cpu_ns();
    struct bt_net_params params[NETS_MAX];
    for (uint32_t i = 0; i < count; i++)
        params[i] = (struct bt_net_params){.gpu = gpu, .log = log, .name = path[i], .onnx = bytes[i]};
    if (!st) st = bt_nets_create(params, count, net);
    int64_t made = bt_clock_now_ns();
    for (uint32_t i = 0; i < count && !st; i++) {
        struct bt_commands *commands = bt_net_commands(net[i]);
        uint64_t value = 0;
        st = bt_gpu_submit(gpu, &commands, 1, &value);
        if (!st) st = bt_gpu_wait(gpu, value, INT64_C(120000000000));
    }
    *out = (struct start){opened - begun, made - opened, bt_clock_now_ns() - made, bt_clock_cpu_ns() - cpu};
    for (uint32_t i = 0; i < count; i++) {
        bt_net_destroy(&net[i]);
        free((void *)(uintptr_t)bytes[i].data);
    }
    bt_gpu_destroy(&gpu);
    return st;
}

/* In a process of its own, as drivers keep what they once compiled. */
static bool start_apart(uint32_t count, char **path, struct start *out) {
    int pipe_fd[2];
    if (pipe(pipe_fd)) return false;
    pid_t child = fork();
    if (child == 0) {
        struct bt_log *log = bt_log_create(print_line, NULL, BT_LOG_WARNING);
        struct start s = {0};
        bt_status st = start(log, count, path, &s);
        if (st) fprintf(stderr, "%s\n", bauta_status_text(st));
        usleep(300000); /* the driver writes its cache on a thread, and need not wait for it at the end */
        bool told = write(pipe_fd[1], &s, sizeof s) == (ssize_t)sizeof s;
        bt_log_destroy(&log);
        _exit(st || !told);
    }
    int status = 1;
    bool got = child > 0 && read(pipe_fd[0], out, sizeof *out) == (ssize_t)sizeof *out;
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && got;
}

static int by_total(const void *a, const void *b) {
    const struct start *x = a, *y = b;
    int64_t p = x->create_ns + x->run_ns, q = y->create_ns + y->run_ns;
    return (p > q) - (p < q);
}

static void print_start(const char *what, const struct start *s) {
    printf("%-6s nets and first runs %7.1f ms = create %7.1f + run %7.1f (CPU %7.1f); device %6.1f ms\n", what,
           (double)(s->create_ns + s->run_ns) * 1e-6, (double)s->create_ns * 1e-6, (double)s->run_ns * 1e-6,
           (double)s->cpu_ns * 1e-6, (double)s->open_ns * 1e-6);
}

int main(int argc, char **argv) {
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    int first = runs > 0 ? 2 : 1;
    if (runs < 1 || runs > RUNS_MAX) runs = RUNS;
    uint32_t count = (uint32_t)(argc - first);
    if (argc <= first || count > NETS_MAX) return EXIT_FAILURE;
    char folder[] = "/tmp/bauta-start-XXXXXX", command[64];
    if (!mkdtemp(folder)) return EXIT_FAILURE;
    setenv("MESA_SHADER_CACHE_DIR", folder, 1);
    struct start cold, warm[RUNS_MAX];
    bool good = start_apart(count, argv + first, &cold);
    for (long i = 0; i < runs && good; i++) good = start_apart(count, argv + first, &warm[i]);
    if (good) {
        qsort(warm, (size_t)runs, sizeof *warm, by_total);
        print_start("cold", &cold);
        print_start("warm", &warm[runs / 2]);
        print_start("least", &warm[0]);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    return !good || system(command) ? EXIT_FAILURE : EXIT_SUCCESS;
}
