/* SPDX-License-Identifier: MIT */
/* Named vertices of the canonical face mesh (MediaPipe's face_mesh_connections, in ring order). */
#include "rig/internal.h"

static const uint16_t oval[] = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                                152, 148, 176, 149, 150, 136, 172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
static const uint16_t lips_outer[] = {61,  146, 91,  181, 84,  17, 314, 405, 321, 375,
                                      291, 409, 270, 269, 267, 0,  37,  39,  40,  185};
static const uint16_t lips_inner[] = {78,  95,  88,  178, 87,  14, 317, 402, 318, 324,
                                      308, 415, 310, 311, 312, 13, 82,  81,  80,  191};
static const uint16_t eye_0[] = {33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246};
static const uint16_t eye_1[] = {263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466};
static const uint16_t brow_0_upper[] = {70, 63, 105, 66, 107}, brow_0_lower[] = {46, 53, 52, 65, 55};
static const uint16_t brow_1_upper[] = {300, 293, 334, 296, 336}, brow_1_lower[] = {276, 283, 282, 295, 285};

const uint16_t bt_rig_upper_lip[RIG_LIP_PAIRS] = {191, 80, 81, 82, 13, 312, 311, 310, 415};
const uint16_t bt_rig_lower_lip[RIG_LIP_PAIRS] = {95, 88, 178, 87, 14, 317, 402, 318, 324};
const uint16_t bt_rig_lid_pair[2][3][2] = {{{159, 145}, {158, 153}, {160, 144}}, {{386, 374}, {385, 380}, {387, 373}}};

#define LIST(array)                                                                                                            \
    { array, BT_COUNT(array) }
static const struct bt_rig_list rings[BT_RIG_RING_COUNT] = {
    [BT_RIG_OVAL] = LIST(oval),
    [BT_RIG_LIPS_OUTER] = LIST(lips_outer),
    [BT_RIG_LIPS_INNER] = LIST(lips_inner),
    [BT_RIG_EYE_0] = LIST(eye_0),
    [BT_RIG_EYE_1] = LIST(eye_1),
    [BT_RIG_BROW_0_UPPER] = LIST(brow_0_upper),
    [BT_RIG_BROW_1_UPPER] = LIST(brow_1_upper),
    [BT_RIG_BROW_0_LOWER] = LIST(brow_0_lower),
    [BT_RIG_BROW_1_LOWER] = LIST(brow_1_lower),
};

struct bt_rig_list bt_rig_ring(enum bt_rig_ring ring) {
    return rings[ring];
}
