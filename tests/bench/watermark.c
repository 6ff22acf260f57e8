/* SPDX-License-Identifier: MIT */
/* The invisible mark on raw 8-bit 4:2:0 pictures (ffmpeg -pix_fmt yuv420p -f rawvideo), for watermark.py.
   bench_watermark embed W H FPS SESSION < in > out      says on stderr: PSNR of the luma
   bench_watermark detect W H FPS SECONDS STEP [SECONDS STEP …] < in   a line a window of so many seconds, one each STEP:
       seconds, present, session, score, log10 of false alarm, scale, x, y, ms of CPU. 0 seconds: each picture by itself
   bench_watermark false W H KEYS SCALE < in   parts of pictures under wrong keys: present, score. Scale 0: every scale */
#include "base/clock.h"
#include "watermark/dose.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000.0

static int embed(uint32_t w, uint32_t h, double fps, uint32_t session, uint8_t *picture, uint8_t *copy) {
    size_t luma = (size_t)w * h, bytes = luma * 3 / 2;
    struct bt_watermark_tile tile;
    struct bt_watermark_doser doser = {0};
    const struct bt_watermark_plane plane = {copy, w, 1, w, h};
    bt_watermark_tile_init(session, BT_WATERMARK_KEY, &tile);
    double error = 0.0, pictures = 0.0;
    while (fread(picture, 1, bytes, stdin) == bytes) {
        memcpy(copy, picture, luma);
        const int64_t now = (int64_t)((pictures / fps + 0.4) * SECOND_NS);
        const struct bt_watermark_dose dose = bt_watermark_dose_next(&doser, now);
        bt_watermark_embed(&tile, &dose, picture, w, w, h);
        bt_watermark_dose_saw(&doser, &plane, now);
        for (size_t i = 0; i < luma; i++) error += (picture[i] - copy[i]) * (picture[i] - copy[i]);
        pictures += 1.0;
        if (fwrite(picture, 1, bytes, stdout) != bytes) return 1;
    }
    fprintf(stderr, "%.2f\n", 10.0 * log10(255.0 * 255.0 * (double)luma * pictures / fmax(error, 1.0)));
    return 0;
}

struct look {
    double seconds;
    uint32_t first, window, fed; /* pictures */
    struct bt_watermark_detector *detector;
};

static void say(const struct look *l) {
    struct bt_watermark_result r;
    int64_t start = bt_clock_cpu_ns();
    bt_watermark_detector_read(l->detector, &r);
    printf("%g %d %08x %.3f %.1f %.4f %.1f %.1f %.0f\n", l->seconds, r.present, r.session, (double)r.score,
           (double)r.log10_false_alarm, (double)r.scale, (double)r.x_px, (double)r.y_px,
           (double)(bt_clock_cpu_ns() - start) * 1e-6);
}

/* One detector for windows of so many seconds from each multiple of `step` on: windows overlap where step is less. */
static int detect(uint32_t w, uint32_t h, double fps, char **window, int windows, uint8_t *picture) {
    enum { LOOKS = 64 };
    size_t bytes = (size_t)w * h * 3 / 2;
    struct look look[LOOKS];
    int looks = 0;
    for (int k = 0; k + 1 < windows; k += 2) {
        double seconds = atof(window[k]), step = atof(window[k + 1]);
        for (double from = 0.0; looks < LOOKS && (from == 0.0 || from < seconds - 1e-6); from += step) {
            look[looks] =
                (struct look){seconds, (uint32_t)lrint(from * fps), (uint32_t)fmax(1.0, round(seconds * fps)), 0, NULL};
            if (bt_watermark_detector_create(&(struct bt_watermark_detector_params){.width_px = w, .height_px = h},
                                             &look[looks].detector))
                return 1;
            looks++;
        }
    }
    for (uint32_t i = 0; fread(picture, 1, bytes, stdin) == bytes; i++)
        for (int k = 0; k < looks; k++) {
            if (i < look[k].first) continue;
            bt_watermark_detector_feed(look[k].detector, picture, w, (int64_t)(i * SECOND_NS / fps));
            if (++look[k].fed < look[k].window) continue;
            say(&look[k]);
            bt_watermark_detector_reset(look[k].detector);
            look[k].fed = 0;
        }
    for (int k = 0; k < looks; k++) bt_watermark_detector_destroy(&look[k].detector);
    return 0;
}

/* Every part of PART_W x PART_H px of every picture, by itself, under every key. */
static int count_false(uint32_t w, uint32_t h, uint32_t keys, float scale, uint8_t *picture) {
    enum { PART_W = 320, PART_H = 176 };
    size_t bytes = (size_t)w * h * 3 / 2;
    struct bt_watermark_detector **d = calloc(keys, sizeof *d);
    for (uint32_t k = 0; k < keys; k++) /* from 2 on: 1 is the program's */
        if (!d || bt_watermark_detector_create(&(struct bt_watermark_detector_params){PART_W, PART_H, (uint16_t)(2 + k), scale},
                                               &d[k]))
            return 1;
    while (fread(picture, 1, bytes, stdin) == bytes)
        for (uint32_t y = 0; y + PART_H <= h; y += PART_H)
            for (uint32_t x = 0; x + PART_W <= w; x += PART_W)
                for (uint32_t k = 0; k < keys; k++) {
                    struct bt_watermark_result r;
                    bt_watermark_detector_feed(d[k], picture + (size_t)y * w + x, w, 0);
                    bt_watermark_detector_read(d[k], &r);
                    bt_watermark_detector_reset(d[k]);
                    printf("%d %.4f\n", r.present, (double)r.score);
                }
    for (uint32_t k = 0; k < keys; k++) bt_watermark_detector_destroy(&d[k]);
    free(d);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    uint32_t w = (uint32_t)atoi(argv[2]), h = (uint32_t)atoi(argv[3]);
    uint8_t *picture = malloc((size_t)w * h * 3 / 2), *copy = malloc((size_t)w * h);
    int rc = 2;
    if (!picture || !copy)
        rc = 1;
    else if (!strcmp(argv[1], "embed"))
        rc = embed(w, h, atof(argv[4]), (uint32_t)strtoul(argv[5], NULL, 16), picture, copy);
    else if (!strcmp(argv[1], "detect"))
        rc = detect(w, h, atof(argv[4]), argv + 5, argc - 5, picture);
    else if (!strcmp(argv[1], "false"))
        rc = count_false(w, h, (uint32_t)atoi(argv[4]), (float)atof(argv[5]), picture);
    free(picture);
    free(copy);
    return rc;
}
