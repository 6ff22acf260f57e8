/* SPDX-License-Identifier: MIT */
/* CPU time (all of the driver's threads, on a CPU driver the whole cost) and GPU time of track's own kernels on a 720-line
 * frame. */
#include "base/clock.h"
#include "base/rng.h"
#include "engine/net.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/memory.h"
#include "pipeline/track/crops.h"
#include "pipeline/track/roi.h"
#include <stdio.h>
#include <stdlib.h>

enum { W = 1280, H = 720, RUNS = 20, REPEATS = 8 };

struct bench {
    struct bt_gpu *gpu;
    struct bt_commands *commands;
    struct bt_timers *timers;
    struct bt_crops *crops;
};

static void must(bt_status st, const char *what) {
    if (!st) return;
    fprintf(stderr, "%s: %s\n", what, bauta_status_text(st));
    exit(1);
}

static void time_it(struct bench *b, const char *name, int role, const struct bt_affine *a) {
    double cpu = 1e30, gpu = 1e30;
    for (uint32_t run = 0; run < RUNS; run++) {
        uint64_t value, stamp[2];
        must(bt_commands_begin(b->commands), "begin");
        bt_commands_stamp(b->commands, b->timers, 0);
        for (uint32_t i = 0; i < REPEATS; i++) {
            if (role < 0)
                bt_track_crops_record_light(b->crops, b->commands, a);
            else
                bt_track_crops_record(b->crops, b->commands, (enum bt_crop_role)role, a);
            bt_commands_barrier(b->commands);
        }
        bt_commands_stamp(b->commands, b->timers, 1);
        must(bt_commands_end(b->commands), "end");
        const int64_t start = bt_clock_cpu_ns();
        must(bt_gpu_submit(b->gpu, &b->commands, 1, &value), "submit");
        must(bt_gpu_wait(b->gpu, value, 60000000000), "wait");
        const double c = (double)(bt_clock_cpu_ns() - start) * 1e-6 / REPEATS;
        must(bt_timers_read(b->timers, stamp), "timers");
        const double g = (double)(stamp[1] - stamp[0]) * 1e-6 / REPEATS;
        cpu = c < cpu ? c : cpu;
        gpu = g < gpu ? g : gpu;
    }
    printf("%-40s cpu %.3f ms  gpu %.3f ms (least of %d)\n", name, cpu, gpu, RUNS);
}

int main(void) {
    struct bench b = {0};
    struct bt_buffer *net = NULL;
    struct bt_image *frame = NULL;
    must(bt_gpu_create(&(struct bt_gpu_params){0}, &b.gpu), "gpu");
    must(bt_buffer_create(b.gpu, 256 * 192 * 16, BT_MEMORY_DEVICE, &net), "buffer");
    must(bt_commands_create(b.gpu, &b.commands), "commands");
    must(bt_timers_create(b.gpu, 2, &b.timers), "timers");
    const struct bt_tensor square = {.buffer = net, .size_bytes = 192 * 192 * 16, .rank = 4, .dim = {1, 3, 192, 192}};
    const struct bt_tensor wide = {.buffer = net, .size_bytes = 256 * 144 * 16, .rank = 4, .dim = {1, 3, 144, 256}};
    const struct bt_crop_target target[BT_CROP_ROLES] = {{&square, 1, 0, 4}, {&wide, 1, 0, 2}, {&square, 2, -1, 4}};
    must(bt_track_crops_create(b.gpu, target, &b.crops), "crops");
    must(bt_image_create(b.gpu, W, H, BT_IMAGE_RGBA16F, &frame), "image");
    uint16_t *texels = malloc((size_t)W * H * 8);
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 1);
    for (size_t i = 0; texels && i < (size_t)W * H * 4; i++) texels[i] = (uint16_t)(bt_rng_u32(&rng) % 0x3c00);
    must(bt_image_write(frame, texels, (size_t)W * H * 8), "write");
    free(texels);
    must(bt_track_crops_aim(b.crops, frame), "aim");
    const struct bt_affine near = bt_affine_crop((struct bt_vec2){640, 360}, 300, .1f, 192);
    const struct bt_affine close = bt_affine_crop((struct bt_vec2){640, 360}, 700, .1f, 192);
    const struct bt_affine matte = bt_track_roi_letterbox(W, H, 256, 144), detect = bt_track_roi_letterbox(W, H, 192, 192);
    const struct bt_affine middle = {{200, 0, 500, 0, 200, 300}};
    time_it(&b, "mesh, face of 200 px (exact)", BT_CROP_MESH, &near);
    time_it(&b, "mesh, face of 470 px (box, 4 taps)", BT_CROP_MESH, &close);
    time_it(&b, "matte (box, 2 taps)", BT_CROP_MATTE, &matte);
    time_it(&b, "detector (box, 4 taps)", BT_CROP_DETECT, &detect);
    time_it(&b, "light", -1, &middle);
    bt_track_crops_destroy(&b.crops);
    bt_image_destroy(&frame);
    bt_timers_destroy(&b.timers);
    bt_commands_destroy(&b.commands);
    bt_buffer_destroy(&net);
    bt_gpu_destroy(&b.gpu);
    return 0;
}
