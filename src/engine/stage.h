/* SPDX-License-Identifier: MIT */
/* Inside of the front door: what a device asks of the plan and of the dispatch list. */
#ifndef BT_ENGINE_STAGE_H
#define BT_ENGINE_STAGE_H

#include "engine/emit/program.h"

struct bt_gpu_caps;

void bt_net_target(const struct bt_gpu_caps *caps, enum bt_variant variant, enum bt_half half, struct bt_plan_params *out_plan,
                   struct bt_emit_params *out_emit);

/* bt_fuse, and what else of fuse/ wins on the device: bt_fuse_separable where a CPU driver shares weights among lanes, without
   float16. It was measured nowhere else. */
BT_CHECKED bt_status bt_net_fuse(struct bt_graph *graph, const struct bt_gpu_caps *caps, enum bt_variant variant,
                                 enum bt_half half, struct bt_log *log);

#endif
