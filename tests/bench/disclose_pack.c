/* SPDX-License-Identifier: MIT */
/* What labelling and packing a frame costs: process CPU time (a software driver's threads included) and GPU time. */
#include "base/clock.h"
#include "gpu/image.h"
#include "pipeline/disclose/disclose.h"
#include "support/half.h"
#include "support/test_gpu.h"
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    enum { ROUNDS = 25 };
    static const uint32_t size[][2] = {{640, 480}, {1280, 720}};
    static const char *const name[] = {"YUYV", "NV12", "I420"};
    struct test_gpu t;
    if (test_gpu_open(&t)) return 1;
    for (uint32_t i = 0; i < BT_COUNT(size); i++)
        for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) {
            uint32_t w = size[i][0], h = size[i][1];
            const struct bt_disclose_params params = {
                .log = t.log, .gpu = t.gpu, .width_px = w, .height_px = h, .egress = (enum bt_egress)e};
            struct bt_disclose *d = NULL;
            struct bt_image *image = NULL;
            int64_t start = bt_clock_now_ns();
            if (bt_disclose_create(&params, &d) || bt_image_create(t.gpu, w, h, BT_IMAGE_RGBA16F, &image)) return 1;
            double create_ms = (double)(bt_clock_now_ns() - start) * 1e-6, cpu[ROUNDS], gpu[ROUNDS];
            uint16_t *half = malloc((size_t)w * h * 8);
            for (size_t k = 0; half && k < (size_t)w * h * 4; k++) half[k] = test_half_of((float)(k % 1021) / 1020.0f);
            if (!half || bt_image_write(image, half, (size_t)w * h * 8)) return 1;
            for (int r = 0; r < ROUNDS; r++) {
                struct bt_frame frame = {image, w, h, r, (uint64_t)r, 0, {0, 0, 0, 0}};
                struct bt_disclosed out;
                int64_t before = bt_clock_cpu_ns();
                if (bt_disclose_apply(d, &frame, &out)) return 1;
                cpu[r] = (double)(bt_clock_cpu_ns() - before) * 1e-6;
                gpu[r] = (double)bt_disclose_last_ms(d);
            }
            qsort(cpu, ROUNDS, sizeof *cpu, compare);
            qsort(gpu, ROUNDS, sizeof *gpu, compare);
            printf("%ux%u %s: cpu %.2f ms (least %.2f), gpu %.2f ms (least %.2f), set-up %.0f ms\n", w, h, name[e],
                   cpu[ROUNDS / 2], cpu[0], gpu[ROUNDS / 2], gpu[0], create_ms);
            free(half);
            bt_disclose_destroy(&d);
            bt_image_destroy(&image);
        }
    test_gpu_close(&t);
    return 0;
}
