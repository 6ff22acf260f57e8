/* SPDX-License-Identifier: MIT */
/* bench_footage GEOMETRY OUT.yuv [WIDTH HEIGHT FRAMES STEP]: draws every STEP-th frame, writes it, and says what a frame costs.
 */
#include "footage/footage.h"
#include "base/clock.h"
#include "pipeline/capture/capture.h"
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    static uint8_t geometry[65536];
    if (argc < 3) {
        return 1;
    }
    FILE *in = fopen(argv[1], "rb"), *out = fopen(argv[2], "wb");
    if (!in || !out) {
        return 1;
    }
    size_t size = fread(geometry, 1, sizeof(geometry), in);
    struct bt_footage_params params = {.geometry = {geometry, size},
                                       .width_px = argc > 4 ? (uint32_t)atoi(argv[3]) : 0,
                                       .height_px = argc > 4 ? (uint32_t)atoi(argv[4]) : 0,
                                       .frames = argc > 5 ? (uint64_t)atoi(argv[5]) : 0};
    long step = argc > 6 ? atol(argv[6]) : 1;
    struct bt_source *source = NULL;
    int64_t t0 = bt_clock_cpu_ns();
    if (bt_footage_create(&params, &source)) {
        return 1;
    }
    int64_t t1 = bt_clock_cpu_ns();
    size_t bytes = (size_t)source->format.width_px * source->format.height_px * 3 / 2;
    struct bt_picture picture = {.data = malloc(bytes)};
    long frames = 0;
    while (picture.data && !source->ops->read(source, &picture)) {
        if (frames++ % step == 0) {
            fwrite(picture.data, 1, bytes, out);
        }
    }
    printf("%u x %u: create %.1f ms, %ld frames, %.2f ms of CPU a frame, writing included\n", source->format.width_px,
           source->format.height_px, (double)(t1 - t0) / 1e6, frames, (double)(bt_clock_cpu_ns() - t1) / 1e6 / (double)frames);
    source->ops->destroy(source);
    free(picture.data);
    fclose(in);
    return fclose(out) != 0;
}
