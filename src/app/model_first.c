/* SPDX-License-Identifier: MIT */
/* bauta model first: how long a process takes from its start to the net's first result. What a cache saves can only be seen in
   a new process, so `model bench` runs this one, first with empty caches, then with those that it left. */
#include "app/model.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static double ms(int64_t from_ns, int64_t to_ns) {
    return (double)(to_ns - from_ns) * 1e-6;
}

json_t *bt_model_start_json(const struct bt_model_start *s) {
    return json_pack("{s:f,s:f,s:f,s:f,s:f}", "total", s->total_ms, "device", s->device_ms, "net", s->net_ms, "run", s->run_ms,
                     "cpu", s->cpu_ms);
}

void bt_model_start_print(const char *what, const struct bt_model_start *s) {
    printf("%s %.1f ms: device %.1f, net %.1f, first run %.1f; CPU time of the process %.1f\n", what, s->total_ms, s->device_ms,
           s->net_ms, s->run_ms, s->cpu_ms);
}

bt_status bt_model_first(struct bt_model *model) {
    struct bt_net *net = NULL;
    int64_t begun = bt_clock_now_ns();
    bt_status status = bt_model_open_device(model);
    int64_t opened = bt_clock_now_ns();
    if (!status) status = bt_model_load(model, false, &net);
    int64_t loaded = bt_clock_now_ns();
    if (!status) status = bt_model_fill(model, net);
    if (!status) status = bt_model_submit(model, net);
    int64_t done = bt_clock_now_ns();
    const struct bt_model_start start = {.device_ms = ms(begun, opened),
                                         .net_ms = ms(opened, loaded),
                                         .run_ms = ms(loaded, done),
                                         .total_ms = ms(model->start_ns, done),
                                         .cpu_ms = ms(0, bt_clock_cpu_ns())};
    if (!status && model->options->json) {
        json_t *object = bt_model_start_json(&start);
        status = object && !json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)) ? BT_OK : BT_E_MEMORY;
        putchar('\n');
        json_decref(object);
    } else if (!status) {
        bt_model_start_print("first result after", &start);
    }
    bt_net_destroy(&net);
    return status;
}

/* Where drivers, and bauta, keep what they compiled: Mesa, NVIDIA, then all that keep to the XDG rules. */
static const char *const caches[] = {"MESA_SHADER_CACHE_DIR", "__GL_SHADER_DISK_CACHE_PATH", "XDG_CACHE_HOME"};

enum { CACHE_TEXT_BYTES = PATH_MAX + 64 };

/* This process's environment with the caches in `folder`. `text`: one run of CACHE_TEXT_BYTES a cache. malloc'ed: the list. */
static char **surroundings(const char *folder, char *text) {
    size_t count = 0, used = 0;
    while (environ[count]) count++;
    char **out = calloc(count + BT_COUNT(caches) + 1, sizeof *out);
    for (size_t i = 0; out && i < BT_COUNT(caches); i++) {
        out[used] = text + i * CACHE_TEXT_BYTES;
        snprintf(out[used++], CACHE_TEXT_BYTES, "%s=%s", caches[i], folder);
    }
    for (size_t i = 0; out && i < count; i++) {
        bool ours = false;
        for (size_t k = 0; k < BT_COUNT(caches); k++) {
            size_t size = strlen(caches[k]);
            ours = ours || (!strncmp(environ[i], caches[k], size) && environ[i][size] == '=');
        }
        if (!ours) out[used++] = environ[i];
    }
    return out;
}

static bt_status spawn(const struct bt_model *model, const char *folder, int output, pid_t *out_child) {
    const struct bt_app_options *o = model->options;
    char program[PATH_MAX], text[BT_COUNT(caches) * CACHE_TEXT_BYTES];
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (size <= 0) return BT_E_IO;
    program[size] = 0;
    const char *const argv[] = {program,
                                "model",
                                "first",
                                model->path,
                                "--json",
                                "--variant",
                                bt_model_variant_name(model->variant),
                                "--half",
                                bt_model_half_name(model->half),
                                o->device ? "--device" : NULL,
                                o->device,
                                NULL};
    posix_spawn_file_actions_t actions;
    char **environment = surroundings(folder, text);
    bt_status status = environment && !posix_spawn_file_actions_init(&actions) ? BT_OK : BT_E_MEMORY;
    if (!status) {
        int error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (!error && !o->verbose) /* what it would say has been said */
            error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (!error) error = posix_spawn(out_child, program, &actions, NULL, (char *const *)(uintptr_t)argv, environment);
        if (error) {
            bt_log_error(model->log, "cannot start %s again: %s", program, strerror(error));
            status = BT_E_IO;
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    free(environment);
    return status;
}

static bt_status from_json(const char *text, size_t size, struct bt_model_start *out) {
    json_t *object = json_loadb(text, size, 0, NULL);
    struct bt_model_start s;
    int bad = json_unpack(object, "{s:F,s:F,s:F,s:F,s:F}", "total", &s.total_ms, "device", &s.device_ms, "net", &s.net_ms,
                          "run", &s.run_ms, "cpu", &s.cpu_ms);
    json_decref(object);
    if (bad) return BT_E_FORMAT;
    *out = s;
    return BT_OK;
}

bt_status bt_model_start_again(const struct bt_model *model, const char *folder, struct bt_model_start *out_start) {
    int ends[2] = {-1, -1}, code = 0;
    pid_t child = 0;
    char text[512];
    size_t size = 0;
    bt_status status = pipe2(ends, O_CLOEXEC) ? BT_E_IO : BT_OK;
    if (!status) status = spawn(model, folder, ends[1], &child);
    if (ends[1] >= 0) close(ends[1]);
    while (!status && size < sizeof text) {
        ssize_t got = read(ends[0], text + size, sizeof text - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += (size_t)got;
    }
    if (ends[0] >= 0) close(ends[0]);
    while (child && waitpid(child, &code, 0) < 0 && errno == EINTR) {
    }
    if (!status && code) status = BT_E_DEVICE;
    if (!status) status = from_json(text, size, out_start);
    if (status)
        bt_log_error(model->log, "the time to the first result is not known: a new process failed; --verbose shows why");
    return status;
}
