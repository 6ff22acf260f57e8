/* SPDX-License-Identifier: MIT */
/* The portrait that the footage animates, as packaging/footage/prepare.py left it. Coordinates are the portrait's own pixels
   (512 x 512, NASA, public domain); z is MediaPipe's: the same unit, smaller is nearer. */
#ifndef BT_FOOTAGE_PORTRAIT_H
#define BT_FOOTAGE_PORTRAIT_H

#include "base/geom.h"
#include "base/status.h"
#include <stdint.h>

enum {
    BT_FOOTAGE_LANDMARKS = 478,
    BT_FOOTAGE_FACE_VERTICES = 468, /* the mesh's share of them */
    BT_FOOTAGE_TEXELS = 2,          /* pixels of portrait.jpg, alpha.jpg and inner.jpg per portrait pixel, each way */
    BT_FOOTAGE_PLATE_X = -8,        /* where plate.jpg and inner.jpg begin */
    BT_FOOTAGE_PLATE_Y = -28,
    BT_FOOTAGE_INNER_X = 176,
    BT_FOOTAGE_INNER_Y = 88,
    BT_FOOTAGE_NECK_X = 184, /* the neck that shade.c paints, one texel a portrait px */
    BT_FOOTAGE_NECK_Y = 120,
    BT_FOOTAGE_NECK_SIDE = 80,
};

/* A vertex outside the face: hair, neck, body. */
struct bt_footage_outer {
    float x, y, z;
    float turn; /* how far it turns with the head, 0 … 1: the outline of round hair stays where it is */
    float head; /* how far it nods, tilts and shifts with the head, 0 body … 1 head */
};

extern const struct bt_vec3 bt_footage_landmark[BT_FOOTAGE_LANDMARKS];
extern const struct bt_footage_outer bt_footage_outer[];
extern const uint32_t bt_footage_outer_count;
extern const uint16_t bt_footage_outer_triangle[][3]; /* below 468: face vertices; from there on: outer ones */
extern const uint32_t bt_footage_outer_triangle_count;

#endif
