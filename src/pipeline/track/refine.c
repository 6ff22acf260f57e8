/* SPDX-License-Identifier: MIT */
#include "pipeline/track/refine.h"
#include "pipeline/faces.h"
#include "pipeline/track/roi.h"
#include <math.h>

enum { LIPS_COUNT = 80, EYE_COUNT = 71, CONTOUR_COUNT = 16, IRIS_COUNT = 5 };

/* Which mesh landmark each refined point replaces, and which eye contour an iris takes its z from (the first 16 of an eye):
   mediapipe/modules/face_landmark/tensors_to_face_landmarks_with_attention.pbtxt. */
static const uint16_t LIPS[LIPS_COUNT] = {
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0,  267, 269, 270, 409,
    78, 95,  88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77,  90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96,  89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
};
static const uint16_t LEFT_EYE[EYE_COUNT] = {
    33,  7,   163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25,  110, 24,  23,  22,  26,  112,
    243, 247, 30,  29,  27,  28,  56,  190, 226, 31,  228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35,  124, 46,  53,  52,  65,  143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70,  63,  105, 66,  107, 55,  193,
};
static const uint16_t RIGHT_EYE[EYE_COUNT] = {
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256, 341,
    463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
};

static void overwrite(const float *xy, const uint16_t *index, uint32_t count, const struct bt_affine *frame_from_crop,
                      struct bt_vec3 *out) {
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_vec2 p = bt_affine_apply(frame_from_crop, (struct bt_vec2){xy[2 * i], xy[2 * i + 1]});
        out[index[i]].x = p.x;
        out[index[i]].y = p.y;
    }
}

static void iris(const float *xy, const uint16_t *contour, const struct bt_affine *frame_from_crop, struct bt_vec3 *out,
                 const struct bt_vec3 *landmark) {
    float z = 0;
    for (uint32_t i = 0; i < CONTOUR_COUNT; i++) z += landmark[contour[i]].z;
    for (uint32_t i = 0; i < IRIS_COUNT; i++) {
        const struct bt_vec2 p = bt_affine_apply(frame_from_crop, (struct bt_vec2){xy[2 * i], xy[2 * i + 1]});
        out[i] = (struct bt_vec3){p.x, p.y, z / CONTOUR_COUNT};
    }
}

void bt_track_refine_landmarks(const struct bt_mesh_outputs *outputs, const struct bt_affine *frame_from_crop,
                               struct bt_vec3 *out) {
    const float scale =
        hypotf(frame_from_crop->m[0], frame_from_crop->m[3]); /* frame px a crop px: depth scales as width does */
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        const float *m = outputs->mesh + 3 * (size_t)i;
        const struct bt_vec2 p = bt_affine_apply(frame_from_crop, (struct bt_vec2){m[0], m[1]});
        out[i] = (struct bt_vec3){p.x, p.y, m[2] * scale};
    }
    overwrite(outputs->lips, LIPS, LIPS_COUNT, frame_from_crop, out);
    overwrite(outputs->left_eye, LEFT_EYE, EYE_COUNT, frame_from_crop, out);
    overwrite(outputs->right_eye, RIGHT_EYE, EYE_COUNT, frame_from_crop, out);
    iris(outputs->left_iris, LEFT_EYE, frame_from_crop, out + BT_MESH_LANDMARKS, out);
    iris(outputs->right_iris, RIGHT_EYE, frame_from_crop, out + BT_MESH_LANDMARKS + IRIS_COUNT, out);
}
