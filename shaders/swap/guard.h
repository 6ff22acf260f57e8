/* SPDX-License-Identifier: MIT */
/* Contract of guard.comp: is something held before the face? What the light leaves of each part of it is held against what that
   part has been like; one workgroup. */
#ifndef BT_SHADER_SWAP_GUARD_H
#define BT_SHADER_SWAP_GUARD_H

#include "swap/swap.h"

#define BT_GUARD_SEEN   0 /* sampler2D: residual's second picture, smoothed: weight x ln(skin / light) rgb, weight */
#define BT_GUARD_MEMORY 1 /* image2D RGBA32F, light size, read and written: running mean of it, how well known 0 ... 1 */
#define BT_GUARD_COVER                                                                                                         \
    2 /* image2D RGBA16F, light size, read and written: covered now 0 ... 1, shown: the driver's pixels stay; 0; 0 */
#define BT_GUARD_REPORT 3 /* storage: vec4: weight compared, weight of what is strange, mean difference, 0 */
#define BT_GUARD_SLOTS  4

#define BT_GUARD_LOCAL 64

/* Differences, after their mean over the face is taken off (a lamp switched on changes all of it): natural logarithms of linear
   light. A frown or a beard's shadow stays under the first; lips under a palm pass the second. */
#define BT_GUARD_LIGHT_FROM 0.38
#define BT_GUARD_LIGHT_TO   0.70
#define BT_GUARD_COLOR_FROM 0.22
#define BT_GUARD_COLOR_TO   0.45

struct bt_guard_push {
    float learn;         /* rate of the running mean where nothing is strange */
    BT_SWAP_UINT forget; /* 1: begin anew */
};

#endif
