/* SPDX-License-Identifier: MIT */
/* label_draw WIDTH HEIGHT RATE [PLACES [WORDS [X,Y,W,H]]] < i420 > i420: gives each raw frame to disclose, RATE frames a
   second, with a face there, if one is named. Writes to PLACES, a line a frame, where the plate is: x y w h. */
#include "gpu/image.h"
#include "pipeline/disclose/disclose.h"
#include "support/half.h"
#include "support/test_gpu.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Limited range to linear light (gamma 2.2, as shaders/include/color.h). */
static uint16_t linear_of(float gamma_coded) {
    return test_half_of(powf(fminf(fmaxf(gamma_coded, 0.0f), 1.0f), 2.2f));
}

static void unpack(const uint8_t *yuv, uint32_t w, uint32_t h, const uint16_t *table, uint16_t *rgba) {
    bool bt709 = h >= 720;
    float kr = bt709 ? 0.2126f : 0.299f, kb = bt709 ? 0.0722f : 0.114f;
    const uint8_t *us = yuv + (size_t)w * h, *vs = us + (size_t)w * h / 4;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++, rgba += 4) {
            size_t half = (size_t)(y / 2) * (w / 2) + x / 2;
            float l = ((float)yuv[(size_t)y * w + x] - 16.0f) / 219.0f, u = ((float)us[half] - 128.0f) / 112.0f,
                  v = ((float)vs[half] - 128.0f) / 112.0f, r = l + (1.0f - kr) * v, b = l + (1.0f - kb) * u;
            const float c[3] = {r, (l - kr * r - kb * b) / (1.0f - kr - kb), b};
            for (int k = 0; k < 3; k++) rgba[k] = table[(int)(fminf(fmaxf(c[k], 0.0f), 1.0f) * 1023.0f + 0.5f)];
            rgba[3] = 0x3c00;
        }
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct test_gpu t;
    struct bt_disclose *d = NULL;
    struct bt_image *image = NULL;
    struct bt_rect face = {0, 0, 0, 0};
    uint16_t table[1024];
    uint32_t w = (uint32_t)atoi(argv[1]), h = (uint32_t)atoi(argv[2]), rate = (uint32_t)atoi(argv[3]);
    const struct bt_label_rules rules = {.extra = argc > 5 && argv[5][0] ? argv[5] : NULL};
    if (argc > 6 && sscanf(argv[6], "%f,%f,%f,%f", &face.x, &face.y, &face.w, &face.h) != 4) return 2;
    FILE *places = argc > 4 ? fopen(argv[4], "w") : NULL;
    if (!rate || test_gpu_open(&t)) return 1;
    const struct bt_disclose_params params = {
        .log = t.log, .gpu = t.gpu, .width_px = w, .height_px = h, .egress = BT_EGRESS_I420, .rules = rules};
    if (bt_disclose_create(&params, &d) || bt_image_create(t.gpu, w, h, BT_IMAGE_RGBA16F, &image)) return 1;
    for (int i = 0; i < 1024; i++) table[i] = linear_of((float)i / 1023.0f);
    size_t bytes = (size_t)w * h * 3 / 2;
    uint8_t *yuv = malloc(bytes);
    uint16_t *rgba = malloc((size_t)w * h * 8);
    int status = yuv && rgba ? 0 : 1;
    for (uint64_t k = 0; !status && fread(yuv, 1, bytes, stdin) == bytes; k++) {
        unpack(yuv, w, h, table, rgba);
        struct bt_frame frame = {image, w, h, (int64_t)(k * UINT64_C(1000000000) / rate), k, 0, face};
        struct bt_disclosed out = {0, 0};
        if (bt_image_write(image, rgba, (size_t)w * h * 8) || bt_disclose_apply(d, &frame, &out)) status = 1;
        struct bt_disclosed_view v = bt_disclose_bytes(d, out);
        if (!status && fwrite(v.bytes, 1, v.size_bytes, stdout) != v.size_bytes) status = 1;
        struct bt_rect plate[BT_DISCLOSE_PLATES];
        bt_disclose_covers(d, plate);
        if (places)
            fprintf(places, "%g %g %g %g\n", (double)plate[0].x, (double)plate[0].y, (double)plate[0].w, (double)plate[0].h);
    }
    if (places) fclose(places);
    free(yuv);
    free(rgba);
    bt_disclose_destroy(&d);
    bt_image_destroy(&image);
    test_gpu_close(&t);
    return status;
}
