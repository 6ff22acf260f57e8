/* SPDX-License-Identifier: MIT */
/* GridSample: x and out in C4, the grid PLAIN, 1 x out_h x out_w x 2, (x, y) in -1 … 1. Outside counts as zero, as
   the edge, or as the mirrored inside. */
#ifndef BT_SHADER_ENGINE_SAMPLE_H
#define BT_SHADER_ENGINE_SAMPLE_H

#define BT_SAMPLE_IN    0
#define BT_SAMPLE_GRID  1
#define BT_SAMPLE_OUT   2
#define BT_SAMPLE_SLOTS 3

#define BT_SAMPLE_LANES     0
#define BT_SAMPLE_NEAREST   1
#define BT_SAMPLE_PADDING   2 /* of the three below */
#define BT_SAMPLE_CONSTANTS 3

#define BT_SAMPLE_ZEROS      0
#define BT_SAMPLE_EDGE       1
#define BT_SAMPLE_REFLECTION 2

struct bt_sample_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    float scale_x, scale_y, shift_x, shift_y; /* source = grid * scale + shift: align_corners or not */
};

#endif
