/* SPDX-License-Identifier: MIT */
/* Wears a mask on a still picture, to be looked at, and times it.
     swap_still GEOMETRY MASK PICTURE.ppm LANDMARKS.txt OUT.ppm [FRAMES [NOISE]]
   MASK: a builtin's name, a seed's number, or "plain" (the canonical face, albedo as it is). LANDMARKS: 478 lines of x y z in
   the picture's pixels; lines that begin with # are skipped. NOISE: deviation, of 255, of white noise that is added to each
   frame. */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "mask/mask.h"
#include "pipeline/swap/swap.h"
#include "rig/rig.h"
#include "support/half.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct picture {
    uint32_t w, h;
    uint8_t *rgb;
};

static void say(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    if (level >= BT_LOG_INFO) fprintf(stderr, "%s\n", line);
}

static uint8_t *slurp(const char *path, size_t *out_size) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    fseek(f, 0, SEEK_END);
    *out_size = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*out_size + 1);
    if (bytes && fread(bytes, 1, *out_size, f) != *out_size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(f);
    return bytes;
}

static int read_ppm(const char *path, struct picture *out) {
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    int ok = fscanf(f, "P6 %u %u 255", &out->w, &out->h) == 2 && fgetc(f) != EOF && out->w < 8192 && out->h < 8192;
    out->rgb = ok ? malloc((size_t)out->w * out->h * 3) : NULL;
    ok = out->rgb && fread(out->rgb, 3, (size_t)out->w * out->h, f) == (size_t)out->w * out->h;
    fclose(f);
    return ok;
}

static int read_landmarks(const char *path, struct bt_face *face) {
    char line[256];
    int n = 0;
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    while (n < BT_LANDMARKS && fgets(line, sizeof line, f))
        if (line[0] != '#' && sscanf(line, "%f %f %f", &face->landmark[n].x, &face->landmark[n].y, &face->landmark[n].z) == 3)
            n++;
    fclose(f);
    memcpy(face->raw, face->landmark, sizeof face->raw);
    return n == BT_LANDMARKS;
}

static bt_status choose_mask(const struct bt_rig *rig, const char *name, struct bt_mask **out_mask) {
    uint32_t index;
    if (bt_mask_builtin_find(name, &index)) return bt_mask_builtin_grow(rig, index, out_mask);
    if (strcmp(name, "plain") != 0) return bt_mask_grow(rig, strtoull(name, NULL, 10), "seed", out_mask);
    struct bt_mask *m = calloc(1, sizeof *m);
    if (!m) return BT_E_MEMORY;
    strcpy(m->name, "plain");
    memcpy(m->neutral, bt_rig_mesh(rig)->closed, sizeof m->neutral);
    for (int i = 0; i < BT_MASK_TEXELS * 3; i++) m->ratio[i] = (uint16_t)(65535 / BT_MASK_RATIO_MAX);
    *out_mask = m;
    return BT_OK;
}

static void encode(const struct picture *p, float noise, struct bt_rng *rng, uint16_t *out) {
    for (size_t i = 0; i < (size_t)p->w * p->h; i++) {
        for (int c = 0; c < 3; c++) {
            float v = (float)p->rgb[3 * i + (size_t)c] + (noise > 0 ? noise * bt_rng_normal(rng) : 0);
            out[4 * i + (size_t)c] = test_half_of(powf(fminf(255, fmaxf(0, v)) / 255, 2.2f));
        }
        out[4 * i + 3] = test_half_of(1);
    }
}

static int write_ppm(const char *path, uint32_t w, uint32_t h, const uint16_t *in) {
    FILE *f = fopen(path, "wb");
    if (!f) return 0;
    fprintf(f, "P6\n%u %u\n255\n", w, h);
    for (size_t i = 0; i < (size_t)w * h; i++)
        for (size_t c = 0; c < 3; c++)
            fputc((int)(powf(fminf(1, fmaxf(0, test_half_to_float(in[4 * i + c]))), 1 / 2.2f) * 255 + .5f), f);
    return fclose(f) == 0;
}

int main(int argc, char **argv) {
    struct bt_log *log = bt_log_create(say, NULL, BT_LOG_INFO);
    struct bt_gpu *gpu = NULL;
    struct bt_rig *rig = NULL;
    struct bt_mask *mask = NULL;
    struct bt_audit *audit = NULL;
    struct bt_grant *grant = NULL;
    struct bt_swap *swap = NULL;
    struct bt_image *image = NULL;
    struct picture picture = {0};
    static struct bt_faces faces = {.count = 1, .measures = {.light = .5f}};
    size_t size = 0;
    if (argc < 6 || !read_ppm(argv[3], &picture) || !read_landmarks(argv[4], &faces.face[0])) {
        fprintf(stderr, "swap_still GEOMETRY MASK PICTURE.ppm LANDMARKS.txt OUT.ppm [FRAMES [NOISE]]\n");
        return 2;
    }
    uint8_t *geometry = slurp(argv[1], &size);
    if (!geometry) return 2;
    int frames = argc > 6 ? atoi(argv[6]) : 1;
    float noise = argc > 7 ? strtof(argv[7], NULL) : 0;
    faces.face[0].id = 1;
    faces.face[0].confidence = 1;

    bt_status st = bt_rig_create(log, (struct bt_bytes){geometry, size}, &rig);
    if (!st) st = choose_mask(rig, argv[2], &mask);
    if (!st) st = bt_gpu_create(&(struct bt_gpu_params){.log = log}, &gpu);
    if (!st) st = bt_audit_open(log, NULL, NULL, &audit);
    struct bt_consent_params consent = {.log = log, .audit = audit, .facts = {.origin = BT_ORIGIN_BUILTIN}};
    if (!st) consent.face_name = mask->name;
    if (!st) st = bt_consent_obtain(&consent, &grant);
    if (!st) st = bt_image_create(gpu, picture.w, picture.h, BT_IMAGE_RGBA16F, &image);
    struct bt_swap_params params = {
        .log = log, .gpu = gpu, .rig = rig, .mask = mask, .width_px = picture.w, .height_px = picture.h};
    if (!st) st = bt_swap_create(&params, grant, &swap);
    size_t bytes = (size_t)picture.w * picture.h * 8;
    uint16_t *texels = malloc(bytes);
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 1);
    double wall = 1e9, cpu = 0;
    for (int i = 0; i < frames && !st && texels; i++) {
        encode(&picture, noise, &rng, texels);
        st = bt_image_write(image, texels, bytes);
        struct bt_frame frame = {.linear = image, .width_px = picture.w, .height_px = picture.h, .sequence = (uint64_t)i};
        frame.capture_ns = 1000000000 + i * 33333333ll;
        int64_t t0 = bt_clock_now_ns(), c0 = bt_clock_cpu_ns();
        if (!st) st = bt_swap_and_blend(swap, grant, &frame, &faces);
        if (!st) st = bt_image_read(image, texels, bytes);
        double ms = (double)(bt_clock_now_ns() - t0) * 1e-6;
        wall = ms < wall ? ms : wall;
        if (i > 0) cpu += (double)(bt_clock_cpu_ns() - c0) * 1e-6 / (frames - 1);
    }
    if (!st && frames > 1) {
        struct bt_swap_times t = bt_swap_last_times(swap);
        printf("least wall %.2f ms, mean CPU of all threads %.2f ms (with the read-back); GPU swap %.2f ms, blend %.2f ms; own "
               "CPU %.2f ms\n",
               wall, cpu, (double)t.swap_ms, (double)t.blend_ms, (double)t.cpu_ms);
    }
    if (st) fprintf(stderr, "%s\n", bauta_status_text(st));
    if (!st && !write_ppm(argv[5], picture.w, picture.h, texels)) st = BT_E_IO;
    bt_swap_destroy(&swap);
    bt_image_destroy(&image);
    bt_grant_destroy(&grant);
    bt_audit_close(&audit);
    bt_gpu_destroy(&gpu);
    bt_mask_destroy(&mask);
    bt_rig_destroy(&rig);
    bt_log_destroy(&log);
    free(texels);
    free(geometry);
    free(picture.rgb);
    return st != BT_OK;
}
