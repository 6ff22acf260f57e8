/* SPDX-License-Identifier: MIT */
/* GridSample: x and out in C4, the grid PLAIN, 1 x out_h x out_w x 2, (x, y) in -1 … 1. Outside counts as zero, or as the edge.
 */
#ifndef BT_SHADER_ENGINE_SAMPLE_H
#define BT_SHADER_ENGINE_SAMPLE_H

#define BT_SAMPLE_IN    0
#define BT_SAMPLE_GRID  1
#define BT_SAMPLE_OUT   2
#define BT_SAMPLE_SLOTS 3

#define BT_SAMPLE_LANES     0
#define BT_SAMPLE_NEAREST   1
#define BT_SAMPLE_BORDER    2
#define BT_SAMPLE_CONSTANTS 3

struct bt_sample_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    float scale_x, scale_y, shift_x, shift_y; /* source = grid * scale + shift: align_corners or not */
};

#endif
