/* SPDX-License-Identifier: MIT */
/* Runs a plan on the CPU with the plain-C operators, in real memory laid out as the plan says. What runs between two barriers
   runs backwards here: if a barrier, a lifetime or an offset is wrong, the numbers are. */
#ifndef BT_TEST_ENGINE_WALK_H
#define BT_TEST_ENGINE_WALK_H

#include "engine/plan/plan.h"
#include "engine/ref/ref.h"

/* BT_OK, or why the graph cannot be planned. */
BT_CHECKED bt_status bt_walk_can_plan(const struct bt_graph *graph);
/* Plans, then runs: to be used like bt_ref_run. */
BT_CHECKED bt_status bt_walk_run(const struct bt_graph *graph, const struct bt_ref_tensor *inputs,
                                 struct bt_ref_tensor *outputs);

#endif
