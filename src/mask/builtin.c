/* SPDX-License-Identifier: MIT */
/* The shipped masks, named after figures of the commedia dell'arte. Seeds and wishes were chosen by looking; a face is still
 * its seed. */
#include "mask/internal.h"
#include <string.h>

static const struct {
    struct bt_mask_builtin shown;
    struct mask_recipe recipe;
} table[] = {
    {{"colombina", "a young woman, olive skin, dark brows", 49},
     {49, {26, 0.10f, 0.66f, 0.0f}, 0.20f, 0.20f, 0.10f, 0.25f, 0.2f, {{0}}}},
    {{"pantalone", "an old man, pale, grey brows, clean-shaven", 27},
     {27, {69, 0.92f, 0.86f, 0.0f}, 0.40f, 0.85f, 0.05f, 0.0f, 0.3f, {{NOSE_HUMP, 0.8f}}}},
    {{"zanni", "a man in his thirties, brown beard", 71},
     {71, {35, 0.90f, 0.74f, 0.75f}, 0.40f, 0.35f, 0.05f, 0.0f, 0.2f, {{0}}}},
    {{"isabella", "a woman in her thirties, very dark skin", 82},
     {82, {33, 0.12f, 0.17f, 0.0f}, 0.0f, 0.0f, 0.0f, 0.15f, 0.0f, {{UPPER_LIP, 0.9f}, {LOWER_LIP, 0.9f}, {BROW_TILT, -0.9f}}}},
    {{"arlecchino", "a young man, freckled, red-haired", 66},
     {66, {25, 0.82f, 0.95f, 0.0f}, 2.0f, 0.65f, 0.75f, 0.0f, 0.0f, {{0}}}},
    {{"smeraldina", "a woman in her fifties, light brown skin", 50},
     {50, {54, 0.15f, 0.50f, 0.0f}, 0.10f, 0.10f, 0.05f, 0.35f, -0.2f, {{0}}}},
    {{"scaramuccia", "a man in his forties, dark skin, short beard", 70},
     {70, {44, 0.92f, 0.22f, 0.55f}, 0.0f, 0.0f, 0.0f, 0.0f, 0.2f, {{0}}}},
    {{"rosaura", "a young woman, fair, blue-eyed", 51},
     {51, {24, 0.08f, 0.97f, 0.0f}, 0.85f, 0.97f, 0.20f, 0.10f, 0.0f, {{0}}}},
    {{"brighella", "a man in his fifties, tanned, stubble", 65},
     {65, {56, 0.88f, 0.62f, 0.25f}, 0.15f, 0.15f, 0.05f, 0.0f, 0.4f, {{0}}}},
    {{"corallina", "an old woman, pale", 48}, {48, {70, 0.15f, 0.84f, 0.0f}, 3.0f, 0.60f, 0.10f, 0.20f, -0.2f, {{0}}}},
    {{"florindo", "a young man, brown skin, clean-shaven", 67},
     {67, {27, 0.80f, 0.40f, 0.0f}, 0.05f, 0.08f, 0.0f, 0.0f, 0.2f, {{0}}}},
    {{"diana", "a woman in her forties, light skin, brown hair", 40},
     {40, {43, 0.12f, 0.78f, 0.0f}, 0.45f, 0.50f, 0.15f, 0.5f, 0.0f, {{0}}}},
};

uint32_t bt_mask_builtin_count(void) {
    return BT_COUNT(table);
}

const struct bt_mask_builtin *bt_mask_builtin_at(uint32_t index) {
    return index < BT_COUNT(table) ? &table[index].shown : NULL;
}

bool bt_mask_builtin_find(const char *name, uint32_t *out_index) {
    for (uint32_t i = 0; i < BT_COUNT(table); i++) {
        if (strcmp(table[i].shown.name, name) != 0) continue;
        *out_index = i;
        return true;
    }
    return false;
}

bt_status bt_mask_builtin_grow(const struct bt_rig *rig, uint32_t index, struct bt_mask **out_mask) {
    if (index >= BT_COUNT(table)) return BT_E_NOT_FOUND;
    return bt_mask_grow_recipe(rig, &table[index].recipe, table[index].shown.name, out_mask);
}
