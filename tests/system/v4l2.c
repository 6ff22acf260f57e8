/* SPDX-License-Identifier: MIT */
/* Drives real video nodes (vivid, v4l2loopback) for tests/system/v4l2.sh, which runs where those modules are: in a virtual
   machine. v4l2 list | read NODE FRAMES W H RATE | write NODE FRAMES W H [PAUSE_MS [CARDS]] |
   restart NODE TIMES W H CARD
   CARD: where the card "Stopped" goes, as bytes. CARDS: where those that are written go, as bytes one after another */
#include "base/clock.h"
#include "base/log.h"
#include "gpu/device.h"
#include "pipeline/capture/capture.h"
#include "pipeline/capture/devices.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sink(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    printf("log %d: %s\n", (int)level, line);
}

static bt_status list(struct bt_log *log) {
    struct bt_device *devices = calloc(64, sizeof *devices);
    uint32_t count = 0;
    char path[64] = "none";
    if (!devices) return BT_E_MEMORY;
    bt_status st = bt_devices_list(log, devices, 64, &count);
    for (uint32_t i = 0; i < count && !st; i++) {
        const struct bt_device *d = &devices[i];
        printf("%s|%s|%s|%s|%s%s%s%s%s|%s|%s|%s\n", d->path, d->card, d->driver, d->bus, d->capture ? "capture " : "",
               d->output ? "output " : "", d->loopback ? "loopback " : "", d->busy ? "busy " : "", d->picked ? "picked" : "",
               d->holder, d->formats, bauta_status_text(d->opened));
    }
    free(devices);
    if (!st && bt_devices_pick_camera(log, path, sizeof path)) printf("no camera\n");
    printf("pick %s\n", path);
    return st;
}

static bt_status read_frames(struct bt_log *log, const char *node, int frames, const struct bt_camera_params *wish) {
    struct bt_source *source = NULL;
    struct bt_camera_params params = *wish;
    params.log = log;
    params.path = node;
    bt_status st = bt_source_open_camera(&params, &source);
    if (st) return st;
    const struct bt_source_format *f = &source->format;
    const size_t bytes = bt_picture_bytes(f->pixels, f->width_px, f->height_px);
    struct bt_picture picture = {.data = malloc(bytes)};
    int64_t last = 0, first = 0;
    for (int k = 0; k < frames && !st; k++) {
        do st = source->ops->read(source, &picture);
        while (st == BT_E_NOT_FOUND || st == BT_E_BUSY); /* unplugged: the log says so, and when it is back */
        if (st) break;
        const int64_t now = bt_clock_now_ns();
        uint64_t sum = 0;
        for (size_t i = 0; i < bytes; i += 97) sum += picture.data[i];
        if (k == 0) first = picture.capture_ns;
        printf("frame %d: +%lld us, age %lld us, %s, sum %llu\n", k, (long long)(picture.capture_ns - first) / 1000,
               (long long)(now - picture.capture_ns) / 1000,
               picture.capture_ns >= last && picture.capture_ns <= now ? "good" : "BAD TIME", (unsigned long long)sum);
        last = picture.capture_ns;
    }
    free(picture.data);
    bt_source_destroy(&source);
    return st;
}

static bt_status keep_card(FILE *file, const struct bt_disclose *disclose, bt_status why) {
    const struct bt_disclosed_view view = bt_disclose_card(disclose, why);
    return file && fwrite(view.bytes, 1, view.size_bytes, file) == view.size_bytes ? BT_OK : BT_E_IO;
}

/* Starts and ends the output so often, on the same node; a placard each time. */
static bt_status restart(struct bt_log *log, const char *node, int times, const struct bt_camera_params *size,
                         const char *card) {
    struct bt_gpu *gpu = NULL;
    struct bt_disclose *disclose = NULL;
    const struct bt_gpu_params gpu_params = {.log = log};
    bt_status st = bt_gpu_create(&gpu_params, &gpu);
    const struct bt_disclose_params disclose_params = {
        .log = log, .gpu = gpu, .width_px = size->width_px, .height_px = size->height_px, .egress = BT_EGRESS_YUYV};
    if (!st) st = bt_disclose_create(&disclose_params, &disclose);
    int done = 0;
    for (; done < times && !st; done++) {
        struct bt_output *output = NULL;
        const struct bt_output_params params = {.log = log,
                                                .disclose = disclose,
                                                .width_px = size->width_px,
                                                .height_px = size->height_px,
                                                .rate_num = 30,
                                                .rate_den = 1,
                                                .loopback = node};
        st = bt_output_create(&params, &output);
        if (!st) st = bt_output_send(output, bt_disclose_placard(disclose, BT_E_NO_FACE, bt_clock_now_ns(), (uint64_t)done));
        bt_output_destroy(&output);
        if (st) break;
    }
    printf("restarts %d\n", done);
    FILE *file = st ? NULL : fopen(card, "wb");
    if (!st) st = keep_card(file, disclose, BT_E_INTERRUPTED);
    if (file) fclose(file);
    bt_disclose_destroy(&disclose);
    bt_gpu_destroy(&gpu);
    return st;
}

/* Placards: they need the GPU once, and then cost nothing, even on a machine that emulates its processor. */
static bt_status write_frames(struct bt_log *log, const char *node, int frames, const struct bt_camera_params *size,
                              int pause_ms, const char *cards) {
    static const bt_status whys[] = {BT_E_NO_FACE, BT_E_TWO_FACES, BT_E_CONSENT};
    struct bt_gpu *gpu = NULL;
    struct bt_disclose *disclose = NULL;
    struct bt_output *output = NULL;
    const struct bt_gpu_params gpu_params = {.log = log};
    bt_status st = bt_gpu_create(&gpu_params, &gpu);
    const struct bt_disclose_params disclose_params = {
        .log = log, .gpu = gpu, .width_px = size->width_px, .height_px = size->height_px, .egress = BT_EGRESS_YUYV};
    if (!st) st = bt_disclose_create(&disclose_params, &disclose);
    const struct bt_output_params params = {.log = log,
                                            .disclose = disclose,
                                            .width_px = size->width_px,
                                            .height_px = size->height_px,
                                            .rate_num = 30,
                                            .rate_den = 1,
                                            .loopback = node};
    if (!st) st = bt_output_create(&params, &output);
    FILE *file = cards && !st ? fopen(cards, "wb") : NULL;
    for (size_t k = 0; cards && k < BT_COUNT(whys) && !st; k++) st = keep_card(file, disclose, whys[k]);
    if (file) fclose(file);
    if (!st) printf("open\n");
    fflush(stdout);
    for (int k = 0; k < frames && !st; k++) {
        st = bt_output_send(output,
                            bt_disclose_placard(disclose, whys[(size_t)k % BT_COUNT(whys)], bt_clock_now_ns(), (uint64_t)k));
        if (pause_ms) bt_clock_sleep_until_ns(bt_clock_now_ns() + pause_ms * INT64_C(1000000));
    }
    if (output) {
        const struct bt_output_stats stats = bt_output_stats_of(output);
        printf("sent %llu, loopback %llu, dropped %llu\n", (unsigned long long)stats.sent,
               (unsigned long long)stats.loopback_frames, (unsigned long long)stats.dropped);
    }
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
    bt_gpu_destroy(&gpu);
    return st;
}

int main(int argc, char **argv) {
    struct bt_log *log = bt_log_create(sink, NULL, BT_LOG_DEBUG);
    bt_status st = BT_E_ARGUMENT;
    struct bt_camera_params wish = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 5) wish = (struct bt_camera_params){.width_px = (uint32_t)atoi(argv[4]), .height_px = (uint32_t)atoi(argv[5])};
    if (argc == 2 && !strcmp(argv[1], "list")) st = list(log);
    if (argc == 7 && !strcmp(argv[1], "read")) {
        wish.rate = (uint32_t)atoi(argv[6]);
        st = read_frames(log, argv[2], atoi(argv[3]), &wish);
    }
    if (argc >= 6 && !strcmp(argv[1], "write"))
        st = write_frames(log, argv[2], atoi(argv[3]), &wish, argc > 6 ? atoi(argv[6]) : 0, argc > 7 ? argv[7] : NULL);
    if (argc == 7 && !strcmp(argv[1], "restart")) st = restart(log, argv[2], atoi(argv[3]), &wish, argv[6]);
    printf("status: %s\n", bauta_status_text(st));
    bt_log_destroy(&log);
    return (int)st;
}
