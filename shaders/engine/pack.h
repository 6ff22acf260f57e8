/* SPDX-License-Identifier: MIT */
/* PLAIN 1 x C x H x W to C4. */
#ifndef BT_SHADER_ENGINE_PACK_H
#define BT_SHADER_ENGINE_PACK_H

#define BT_PACK_IN    0
#define BT_PACK_OUT   1
#define BT_PACK_SLOTS 2

#define BT_PACK_LANES     0
#define BT_PACK_CONSTANTS 1

struct bt_pack_push {
    int pixels, groups, channels;
};

#endif
