/* SPDX-License-Identifier: MIT */
/* What a tick of track costs on a 720-line frame with one face and with three. */
#include "base/clock.h"
#include "support/track_scene.h"
#include <stdlib.h>

enum { TICKS = 60 };

static void time_ticks(struct track_scene *s, const char *name) {
    struct bt_track_times sum = {0};
    for (uint32_t i = 0; i < 20; i++) track_scene_tick(s, 1);
    const int64_t cpu_ns = bt_clock_cpu_ns(), wall_ns = bt_clock_now_ns();
    for (uint32_t i = 0; i < TICKS; i++) {
        if (bt_track_faces(s->track, &s->frame, &s->faces)) exit(1);
        s->frame.capture_ns += 33333333;
        const struct bt_track_times t = bt_track_last_times(s->track);
        sum.mesh_ms += t.mesh_ms / TICKS;
        sum.matte_ms += t.matte_ms / TICKS;
        sum.detect_ms += t.detect_ms / TICKS;
        sum.cpu_ms += t.cpu_ms / TICKS;
    }
    printf("%s: %u faces; a tick takes %.2f ms, %.2f ms of the process's CPU time; GPU: mesh %.2f, matte %.2f, detector %.2f; "
           "own CPU %.3f ms\n",
           name, s->faces.count, (double)(bt_clock_now_ns() - wall_ns) * 1e-6 / TICKS,
           (double)(bt_clock_cpu_ns() - cpu_ns) * 1e-6 / TICKS, (double)sum.mesh_ms, (double)sum.matte_ms,
           (double)sum.detect_ms, (double)sum.cpu_ms);
}

int main(void) {
    struct test_gpu gpu;
    static struct track_scene s;
    if (test_gpu_open(&gpu)) return 1;
    track_scene_open(&s, gpu.gpu, gpu.log, 1280, 720);
    track_scene_paste(&s, 384, 104, 1);
    time_ticks(&s, "one");
    track_scene_paste(&s, -100, 104, 1);
    track_scene_paste(&s, 868, 104, 1);
    time_ticks(&s, "three");
    track_scene_clear(&s);
    time_ticks(&s, "nobody");
    track_scene_close(&s);
    test_gpu_close(&gpu);
    return 0;
}
