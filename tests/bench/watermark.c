/* SPDX-License-Identifier: MIT */
/* The invisible mark on raw 8-bit 4:2:0 pictures (ffmpeg -pix_fmt yuv420p -f rawvideo), for watermark.py.
   bench_watermark embed W H FPS SESSION < in > out      says on stderr: PSNR of the luma
   bench_watermark detect W H FPS SECONDS [SCALE] < in   one line for each window of so many seconds; 0: for each picture
   bench_watermark false W H PICTURES KEYS < in          every window of so many pictures, under so many wrong keys */
#include "watermark/watermark.h"
#include "base/clock.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000.0

static int embed(uint32_t w, uint32_t h, double fps, uint32_t session, uint8_t *picture, uint8_t *copy) {
    size_t luma = (size_t)w * h, bytes = luma * 3 / 2;
    struct bt_watermark_tile tile;
    bt_watermark_tile_init(session, BT_WATERMARK_KEY, &tile);
    double error = 0.0, pictures = 0.0;
    while (fread(picture, 1, bytes, stdin) == bytes) {
        memcpy(copy, picture, luma);
        bt_watermark_embed(&tile, bt_watermark_sign((int64_t)((pictures / fps + 0.4) * SECOND_NS)), picture, w, w, h);
        for (size_t i = 0; i < luma; i++) error += (picture[i] - copy[i]) * (picture[i] - copy[i]);
        pictures += 1.0;
        if (fwrite(picture, 1, bytes, stdout) != bytes) return 1;
    }
    fprintf(stderr, "%.2f\n", 10.0 * log10(255.0 * 255.0 * (double)luma * pictures / fmax(error, 1.0)));
    return 0;
}

static int detect(uint32_t w, uint32_t h, double fps, double seconds, float scale, uint8_t *picture) {
    size_t bytes = (size_t)w * h * 3 / 2;
    struct bt_watermark_detector *d = NULL;
    if (bt_watermark_detector_create(&(struct bt_watermark_detector_params){.width_px = w, .height_px = h, .scale = scale}, &d))
        return 1;
    uint32_t window = (uint32_t)fmax(1.0, round(seconds * fps)), n = 0;
    struct bt_watermark_result r;
    for (uint32_t i = 0; fread(picture, 1, bytes, stdin) == bytes; i++) {
        bt_watermark_detector_feed(d, picture, w, (int64_t)(i * SECOND_NS / fps));
        if (++n < window) continue;
        int64_t start = bt_clock_cpu_ns();
        bt_watermark_detector_read(d, &r);
        printf("%d %08x score %.3f false 1e%.1f scale %.4f at %.1f %.1f ms %.0f\n", r.present, r.session, (double)r.score,
               (double)r.log10_false_alarm, (double)r.scale, (double)r.x_px, (double)r.y_px,
               (double)(bt_clock_cpu_ns() - start) * 1e-6);
        bt_watermark_detector_reset(d);
        n = 0;
    }
    bt_watermark_detector_destroy(&d);
    return 0;
}

static int count_false(uint32_t w, uint32_t h, uint32_t window, uint32_t keys, uint8_t *picture) {
    size_t bytes = (size_t)w * h * 3 / 2;
    struct bt_watermark_detector **d = calloc(keys, sizeof *d);
    for (uint32_t k = 0; k < keys; k++)
        if (!d || bt_watermark_detector_create(&(struct bt_watermark_detector_params){w, h, (uint16_t)(2 + k), 1.0f}, &d[k]))
            return 1;
    uint32_t n = 0;
    for (uint32_t i = 0; fread(picture, 1, bytes, stdin) == bytes; i++) {
        for (uint32_t k = 0; k < keys; k++) bt_watermark_detector_feed(d[k], picture, w, (int64_t)i * 40000000);
        if (++n < window) continue;
        for (uint32_t k = 0; k < keys; k++) {
            struct bt_watermark_result r;
            bt_watermark_detector_read(d[k], &r);
            printf("%d %.4f\n", r.present, (double)r.score);
            bt_watermark_detector_reset(d[k]);
        }
        n = 0;
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
        rc = detect(w, h, atof(argv[4]), atof(argv[5]), argc > 6 ? (float)atof(argv[6]) : 0.0f, picture);
    else if (!strcmp(argv[1], "false"))
        rc = count_false(w, h, (uint32_t)atoi(argv[4]), (uint32_t)atoi(argv[5]), picture);
    free(picture);
    free(copy);
    return rc;
}
