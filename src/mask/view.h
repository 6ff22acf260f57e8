/* SPDX-License-Identifier: MIT */
/* A mask as somebody's head before a camera, for counting errors (`bauta evaluate`): pose, expression, light, hair, clothes.
   The picture is of nobody. Pure C. Angles in radians as in rig/pose.h, lengths in centimetres, colours linear. */
#ifndef BT_MASK_VIEW_H
#define BT_MASK_VIEW_H

#include "mask/mask.h"
#include "rig/pose.h"

struct bt_mask_view {
    float yaw, pitch, roll;
    float width_cm;              /* of the picture, at the face */
    float x, y;                  /* where the face lies off the middle, of the picture's side; right, down */
    float smile, open;           /* 0 … 1: corners of the mouth, jaw */
    float brow, blink;           /* 0 … 1: raised; shut */
    struct bt_vec3 light;        /* towards the key light */
    float key, fill, sky;        /* how strong: 0.66, 0.20, 0.34 are a window and a room */
    float tint[3];               /* of all light, and the exposure */
    float hair_cm;               /* how far hair stands out; 0: the mask alone on grey */
    float hair_long;             /* 0 short … 1 to the shoulders */
    float ground[3], clothes[3]; /* behind the head, below the neck */
};

/* As bt_mask_render draws it: the mask alone, softly lit from the upper left. */
struct bt_mask_view bt_mask_view_plain(void);
/* Somebody of that seed (hair, its length: the same in every picture) in the `picture`-th of their pictures: everything else
   drawn at random, as a webcam may see it. The same numbers on every machine but for the last bits. */
struct bt_mask_view bt_mask_view_random(uint64_t seed, uint32_t picture);

/* As bt_mask_render. */
BT_CHECKED bt_status bt_mask_draw(const struct bt_rig *rig, const struct bt_mask *mask, const struct bt_mask_view *view,
                                  uint32_t size_px, uint8_t *out_rgb);

/* What draw is made of. */
struct bt_pose bt_mask_pose(const struct bt_mask_view *view, uint32_t size_px);
void bt_mask_express(const struct bt_rig *rig, const struct bt_mask *mask, const struct bt_mask_view *view,
                     struct bt_vec3 *out_vertex); /* 468, face space */
void bt_mask_shade_behind(const struct bt_mask *mask, const struct bt_mask_view *view, const struct bt_pose *pose, float x_px,
                          float y_px, float out[3]); /* where the face is not */

#endif
