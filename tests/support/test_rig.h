/* SPDX-License-Identifier: MIT */
/* The rig of the geometry that packaging/models made, for a group of cmocka's tests. */
#ifndef BT_TESTS_SUPPORT_TEST_RIG_H
#define BT_TESTS_SUPPORT_TEST_RIG_H

#include "rig/rig.h"
#include "support/geometry_file.h"

static struct bt_rig *rig;

static inline int rig_set_up(void **state) {
    static uint8_t storage[GEOMETRY_FILE_MAX];
    (void)state;
    return bt_rig_create(NULL, geometry_file(storage), &rig) == BT_OK ? 0 : -1;
}

static inline int rig_tear_down(void **state) {
    (void)state;
    bt_rig_destroy(&rig);
    return 0;
}

#endif
