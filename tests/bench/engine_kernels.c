/* SPDX-License-Identifier: MIT */
/* CPU time of convolutions as the face nets have them, one dispatch each, submission included. Run with LP_NUM_THREADS=1 on a
   CPU driver. */
#include "support/engine_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *what;
    uint32_t in, out, h, w, group, kernel, stride;
    bool residual;
} shapes[] = {
    {"3x3 s2 picture", 3, 32, 192, 192, 1, 3, 2, false},    {"1x1 16->16 96x96", 16, 16, 96, 96, 1, 1, 1, true},
    {"1x1 8->32 96x96", 8, 32, 96, 96, 1, 1, 1, false},     {"1x1 64->48 48x48", 64, 48, 48, 48, 1, 1, 1, false},
    {"1x1 64->64 24x24", 64, 64, 24, 24, 1, 1, 1, true},    {"1x1 128->128 12x12", 128, 128, 12, 12, 1, 1, 1, true},
    {"1x1 384->96 6x6", 384, 96, 6, 6, 1, 1, 1, false},     {"1x1 128->128 4x4", 128, 128, 4, 4, 1, 1, 1, false},
    {"1x1 128->128 2x2", 128, 128, 2, 2, 1, 1, 1, true},    {"dw 3x3 32 96x96", 32, 32, 96, 96, 32, 3, 1, false},
    {"dw 3x3 64 24x24", 64, 64, 24, 24, 64, 3, 1, false},   {"dw 3x3 128 12x12", 128, 128, 12, 12, 128, 3, 1, false},
    {"dw 3x3 128 4x4", 128, 128, 4, 4, 128, 3, 1, false},   {"dw 3x3 s2 32 96x96", 32, 32, 96, 96, 32, 3, 2, false},
    {"dw 5x5 128 9x16", 128, 128, 9, 16, 128, 5, 1, false}, {"3x3 64->64 64x64", 64, 64, 64, 64, 1, 3, 1, false},
    {"3x3 32->32 64x64", 32, 32, 64, 64, 1, 3, 1, false},
};

int main(int argc, char **argv) {
    bool storage = argc > 1 && !strcmp(argv[1], "storage");
    printf("%-22s %10s %10s %10s\n", "", "CPU us", "GMAC/s", "first ms");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (argc > 2 && !strstr(shapes[i].what, argv[2])) continue;
        uint32_t k = shapes[i].kernel, s = shapes[i].stride, oh = shapes[i].h / s, ow = shapes[i].w / s;
        uint32_t before = s == 1 ? k / 2 : (k - 2) / 2, after = k == 1 ? 0 : k - 1 - before;
        struct step_case c = {.what = shapes[i].what, .op = BT_OP_CONV, .in_count = BT_CONV_INPUTS, .out_layout = BT_LAYOUT_C4};
        c.attr = (struct bt_attr){.group = shapes[i].group,
                                  .kernel = {k, k},
                                  .stride = {s, s},
                                  .dilation = {1, 1},
                                  .pad_before = {before, before},
                                  .pad_after = {after, after},
                                  .act = BT_ACT_PRELU};
        c.in[BT_CONV_X] =
            (struct step_tensor){.shape = shape4(1, shapes[i].in, shapes[i].h, shapes[i].w), .layout = BT_LAYOUT_C4};
        c.in[BT_CONV_WEIGHT] = (struct step_tensor){
            .shape = shape4(shapes[i].out, shapes[i].in / shapes[i].group, k, k), .constant = true, .raw = true};
        c.in[BT_CONV_BIAS] = (struct step_tensor){.shape = shape1(shapes[i].out), .constant = true, .raw = true};
        c.in[BT_CONV_SLOPE] = c.in[BT_CONV_BIAS];
        c.out = shape4(1, shapes[i].out, oh, ow);
        c.in[BT_CONV_RESIDUAL] = (struct step_tensor){.shape = c.out, .layout = BT_LAYOUT_C4, .absent = !shapes[i].residual};
        int64_t first_ns = 0;
        double ns = (double)step_cpu_ns(&c, !storage, argc > 3 ? (uint32_t)atoi(argv[3]) : 31, &first_ns);
        double macs = (double)shapes[i].in / shapes[i].group * k * k * shapes[i].out * oh * ow;
        printf("%-22s %10.1f %10.2f %10.1f\n", shapes[i].what, ns * 1e-3, macs / ns, (double)first_ns * 1e-6);
    }
    step_gpu_close();
    return EXIT_SUCCESS;
}
