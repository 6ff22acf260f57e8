/* SPDX-License-Identifier: MIT */
/* Wears a mask on moving pictures, to be looked at, and times it.
     swap_moving MODELS MASK OUT-FOLDER FRAMES STEP [FIRST [VIDEO]]
   Writes every STEP-th frame from FIRST on as OUT-FOLDER/NNNN.ppm, the driver at the left, the mask at the right, and a line a
   frame: number, status, wall ms of swap and blend, yaw of the footage's truth. MODELS: folder of the converted models. VIDEO:
   a file instead of the program's own footage. */
#include "base/clock.h"
#include "base/log.h"
#include "footage/footage.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "rig/rig.h"
#include "support/half.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    if (level >= BT_LOG_INFO) fprintf(stderr, "%s\n", line);
}

static struct bt_bytes slurp(const char *folder, const char *name) {
    char path[1024];
    struct bt_bytes out = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) return out;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(size + 1);
    if (bytes && fread(bytes, 1, size, f) == size) out = (struct bt_bytes){bytes, size};
    fclose(f);
    return out;
}

static int coded(uint16_t half) {
    return (int)(powf(fminf(1, fmaxf(0, test_half_to_float(half))), 1 / 2.2f) * 255 + .5f);
}

static void write_pair(const char *folder, unsigned number, uint32_t w, uint32_t h, const uint16_t *left,
                       const uint16_t *right) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%04u.ppm", folder, number);
    FILE *f = fopen(path, "wb");
    if (!f) return;
    fprintf(f, "P6\n%u %u\n255\n", 2 * w, h);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < 2 * w; x++)
            for (uint32_t c = 0; c < 3; c++) fputc(coded((x < w ? left : right)[4 * ((size_t)y * w + x % w) + c]), f);
    fclose(f);
}

int main(int argc, char **argv) {
    struct bt_log *log = bt_log_create(say, NULL, BT_LOG_INFO);
    struct bt_gpu *gpu = NULL;
    struct bt_rig *rig = NULL;
    struct bt_mask *mask = NULL;
    struct bt_audit *audit = NULL;
    struct bt_grant *grant = NULL;
    struct bt_swap *swap = NULL;
    struct bt_source *source = NULL;
    struct bt_capture *capture = NULL;
    struct bt_track *track = NULL;
    static struct bt_faces faces;
    uint32_t index = 0;
    if (argc < 6) {
        fprintf(stderr, "swap_moving MODELS MASK OUT-FOLDER FRAMES STEP [FIRST [VIDEO]]\n");
        return 2;
    }
    unsigned frames = (unsigned)atoi(argv[4]), step = (unsigned)atoi(argv[5]), first = argc > 6 ? (unsigned)atoi(argv[6]) : 0;
    struct bt_bytes geometry = slurp(argv[1], "face_geometry.bin");
    struct bt_track_params params = {.log = log,
                                     .detector = slurp(argv[1], "face_detector.onnx"),
                                     .mesh = slurp(argv[1], "face_mesh.onnx"),
                                     .matte = slurp(argv[1], "selfie_matte.onnx")};
    bt_status st = bt_rig_create(log, geometry, &rig);
    if (!st)
        st = bt_mask_builtin_find(argv[2], &index) ? bt_mask_builtin_grow(rig, index, &mask)
                                                   : bt_mask_grow(rig, strtoull(argv[2], NULL, 10), "seed", &mask);
    if (!st) st = bt_gpu_create(&(struct bt_gpu_params){.log = log}, &gpu);
    if (!st) st = bt_audit_open(log, NULL, NULL, &audit);
    struct bt_consent_params consent = {.log = log, .audit = audit, .facts = {.origin = BT_ORIGIN_BUILTIN}};
    if (!st) consent.face_name = mask->name;
    if (!st) st = bt_consent_obtain(&consent, &grant);
    if (!st)
        st = argc > 7 ? bt_source_open_file(log, argv[7], &source)
                      : bt_footage_create(&(struct bt_footage_params){.log = log, .geometry = geometry}, &source);
    if (!st) st = bt_capture_create(&(struct bt_capture_params){.log = log, .gpu = gpu, .source = source}, &capture);
    uint32_t w = 0, h = 0;
    if (!st) {
        w = params.width_px = bt_capture_format(capture)->width_px;
        h = params.height_px = bt_capture_format(capture)->height_px;
        params.gpu = gpu;
        params.rig = rig;
        st = bt_track_create(&params, &track);
    }
    struct bt_swap_params worn = {.log = log, .gpu = gpu, .rig = rig, .mask = mask, .width_px = w, .height_px = h};
    if (!st) st = bt_swap_create(&worn, grant, &swap);
    size_t bytes = (size_t)w * h * 8;
    uint16_t *before = malloc(bytes + 1), *after = malloc(bytes + 1);
    double sum = 0;
    unsigned painted = 0;
    for (unsigned i = 0; i < frames && !st && before && after; i++) {
        struct bt_frame frame;
        st = bt_capture_take(capture, &frame);
        if (!st) st = bt_track_faces(track, &frame, &faces);
        if (st) break;
        bool shown = i >= first && (i - first) % step == 0;
        if (shown) st = bt_image_read(frame.linear, before, bytes);
        int64_t c0 = bt_clock_cpu_ns();
        bt_status worn_st = bt_swap_and_blend(swap, grant, &frame, &faces);
        /* Waits for the paint too. */
        if (!st) st = bt_image_read(frame.linear, after, bytes);
        double ms = (double)(bt_clock_cpu_ns() - c0) * 1e-6;
        struct bt_swap_times t = bt_swap_last_times(swap);
        printf("%u %d %.2f yaw %.1f conf %.2f light %.2f gpu %.2f %.2f own %.2f\n", i, worn_st, ms,
               (double)bt_footage_truth(i).yaw_rad * 57.3,
               faces.wearer >= 0 ? (double)faces.face[faces.wearer].confidence : 0.0, (double)faces.measures.light, (double)t.swap_ms,
               (double)t.blend_ms, (double)t.cpu_ms);
        if (!worn_st) sum += ms, painted++;
        if (shown) write_pair(argv[3], i, w, h, before, worn_st ? before : after);
    }
    if (st == BT_E_END) st = BT_OK;
    printf("mean CPU %.2f ms over %u painted frames (with the read-back)\n", painted ? sum / painted : 0, painted);
    if (st) fprintf(stderr, "%s\n", bauta_status_text(st));
    bt_swap_destroy(&swap);
    bt_track_destroy(&track);
    bt_capture_destroy(&capture);
    bt_grant_destroy(&grant);
    bt_audit_close(&audit);
    bt_gpu_destroy(&gpu);
    bt_mask_destroy(&mask);
    bt_rig_destroy(&rig);
    bt_log_destroy(&log);
    free(before);
    free(after);
    free((void *)(uintptr_t)geometry.data);
    free((void *)(uintptr_t)params.detector.data);
    free((void *)(uintptr_t)params.mesh.data);
    free((void *)(uintptr_t)params.matte.data);
    return st != BT_OK;
}
