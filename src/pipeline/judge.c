/* SPDX-License-Identifier: MIT */
#include "pipeline/judge.h"

bt_status bt_judge_faces(struct bt_judge *judge, const struct bt_faces *faces) {
    if (faces->light < BT_JUDGE_DARK) judge->dark = true;
    if (faces->light > BT_JUDGE_LIT) judge->dark = false;
    if (judge->dark) return BT_E_TOO_DARK;
    if (faces->count > 1) return BT_E_TWO_FACES;
    if (!faces->count || faces->wearer < 0 || (uint32_t)faces->wearer >= faces->count) return BT_E_NO_FACE;
    return BT_OK;
}
