/* SPDX-License-Identifier: MIT */
/* Moves the face's vertices: mouth, smile, lids, brows. Made once for the portrait; applying it allocates nothing. */
#ifndef BT_FOOTAGE_EXPRESSION_H
#define BT_FOOTAGE_EXPRESSION_H

#include "footage/portrait.h"
#include "footage/script.h"

struct bt_footage_expression {
    float jaw[BT_FOOTAGE_FACE_VERTICES];            /* how far each goes down with the jaw */
    float press[BT_FOOTAGE_FACE_VERTICES];          /* px down that shut the smile's lips */
    struct bt_vec2 relax[BT_FOOTAGE_FACE_VERTICES]; /* px that take the smile back */
    float lid[BT_FOOTAGE_FACE_VERTICES];            /* px down that shut the eyes */
    float brow[BT_FOOTAGE_FACE_VERTICES];           /* px up of raised brows */
    float rest_gap_px;                              /* between the portrait's lips */
};

void bt_footage_expression_init(struct bt_footage_expression *expression);
/* The portrait's face vertices, in portrait px, with the pose's expression. */
void bt_footage_expression_apply(const struct bt_footage_expression *expression, const struct bt_footage_pose *pose,
                                 struct bt_vec3 out_vertex[BT_FOOTAGE_FACE_VERTICES]);

#endif
