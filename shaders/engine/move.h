/* SPDX-License-Identifier: MIT */
/* A box of a C4 tensor to a box of another: spatial Pad, crop and strided Slice, channels appended, and one piece of a Concat.
   Where the source lies outside its tensor, the value. */
#ifndef BT_SHADER_ENGINE_MOVE_H
#define BT_SHADER_ENGINE_MOVE_H

#define BT_MOVE_IN    0
#define BT_MOVE_OUT   1
#define BT_MOVE_SLOTS 2

#define BT_MOVE_LANES     0
#define BT_MOVE_CONSTANTS 1

struct bt_move_push {
    int in_w, in_h, in_channels;
    int box_w, box_h, box_groups, box_channels; /* lanes from box_channels on are zero */
    int out_w, out_h;
    int to_x, to_y, to_group;
    int from_x, from_y, from_group;
    int step_x, step_y;
    float value;
};

#endif
