/* SPDX-License-Identifier: MIT */
/* Pictures of a mask, with the landmarks that a perfect tracker would find: faces that may be used in tests, and whose albedo
   is known. */
#ifndef BT_TESTS_MASK_VIEWS_H
#define BT_TESTS_MASK_VIEWS_H

#include "mask/mask.h"
#include "rig/pose.h"
#include <math.h>
#include <stdint.h>

enum { MASK_VIEW_LANDMARKS = BT_RIG_VERTICES + 10 };

/* bt_mask_render, and where it puts the face: 478 points, frame px. */
static inline bt_status mask_view(const struct bt_rig *rig, const struct bt_mask *mask, uint32_t size_px, float yaw,
                                  float pitch, uint8_t *out_rgb, struct bt_vec3 *out_landmark) {
    struct bt_pose pose = {.scale = (float)size_px / 20.5f,
                           .translation = {0.5f * (float)size_px, -0.48f * (float)size_px, 0.0f}};
    const float turn[3] = {0.0f, yaw, 0.0f}, nod[3] = {pitch, 0.0f, 0.0f};
    float a[9], b[9];
    bt_rotation_from_vector(turn, a);
    bt_rotation_from_vector(nod, b);
    for (uint32_t i = 0; i < 9; i++)
        pose.rotation[i] = a[i - i % 3] * b[i % 3] + a[i - i % 3 + 1] * b[3 + i % 3] + a[i - i % 3 + 2] * b[6 + i % 3];
    bt_pose_denormalise(&pose, mask->neutral, BT_RIG_VERTICES, out_landmark);
    for (uint32_t e = 0; e < 2; e++) {
        /* The irises look at the camera, on balls of 1.05 cm (src/mask/render.c). */
        const struct bt_rig_list ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        struct bt_vec3 c = {0.0f, 0.0f, 0.0f}, points[5];
        for (uint32_t i = 0; i < ring.count; i++) {
            c.x += mask->neutral[ring.vertex[i]].x / (float)ring.count;
            c.y += mask->neutral[ring.vertex[i]].y / (float)ring.count;
            c.z += mask->neutral[ring.vertex[i]].z / (float)ring.count;
        }
        c.x += 1.05f * pose.rotation[6];
        c.y += 1.05f * pose.rotation[7] + 0.02f;
        for (uint32_t i = 0; i < 5; i++) points[i] = c;
        points[1].x += 0.54f, points[2].y += 0.54f, points[3].x -= 0.54f, points[4].y -= 0.54f;
        bt_pose_denormalise(&pose, points, 5, out_landmark + BT_RIG_VERTICES + 5 * e);
    }
    return bt_mask_render(rig, mask, size_px, yaw, pitch, out_rgb);
}

/* Gamma-coded bytes to linear light (shaders/include/color.h). */
static inline void mask_view_linear(const uint8_t *rgb, uint32_t pixels, float *out) {
    for (uint32_t i = 0; i < 3 * pixels; i++) out[i] = powf((float)rgb[i] / 255.0f, 2.2f);
}

#endif
