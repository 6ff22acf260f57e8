/* SPDX-License-Identifier: MIT */
/* A plan while it is made. Places name a buffer (place.index) until bt_plan_place_memory gives each its offset. */
#ifndef BT_PLAN_BUILD_H
#define BT_PLAN_BUILD_H

#include "engine/graph/pool.h"
#include "engine/plan/plan.h"

struct bt_plan_memory {
    struct bt_pool pool;
};

static const uint32_t BT_NO_BUFFER = UINT32_MAX;

/* One run of memory: written by step `first`, read last by step `last`. */
struct bt_plan_buffer {
    enum bt_region region;
    uint32_t index; /* INPUT, OUTPUT */
    uint32_t first, last;
    size_t size_bytes, offset_bytes;
    bool half;
};

struct bt_planner {
    const struct bt_graph *graph;
    struct bt_log *log;
    struct bt_plan *plan;
    size_t alignment_bytes, guard_bytes;
    bool half;
    const bool *single;
    bt_status status; /* the first failure */
    uint32_t step_room, constant_room, buffer_count, buffer_room;
    struct bt_plan_buffer *buffer;
    uint32_t (*home)[2];   /* [value][layout]: the buffer that holds it, or BT_NO_BUFFER */
    uint16_t *uses;        /* of each value */
    uint16_t *sole_reader; /* of each value: the last node that reads it; the only one if uses is 1 */
};

/* plan.c */
__attribute__((format(printf, 4, 5))) void bt_plan_fail(struct bt_planner *p, bt_status status, const struct bt_node *node,
                                                        const char *format, ...);
void *bt_plan_take(struct bt_planner *p, size_t bytes);
uint32_t bt_plan_add_buffer(struct bt_planner *p, enum bt_region region, uint32_t index, size_t size_bytes);
/* A value as a step's operand in a layout; makes a Convert step where it has to. */
struct bt_place bt_plan_read(struct bt_planner *p, uint16_t value, enum bt_layout layout, const struct bt_shape *seen_as);
struct bt_place bt_plan_constant(struct bt_planner *p, uint16_t value, enum bt_layout layout, const struct bt_shape *seen_as,
                                 bool raw);
/* Memory for what a step makes of a value. */
struct bt_place bt_plan_write(struct bt_planner *p, uint16_t value, enum bt_layout layout);
/* Adds a step; `in` and `out` are copied. Call after all its operands have been read. */
void bt_plan_step(struct bt_planner *p, const char *name, enum bt_op op, uint16_t node, const struct bt_attr *attr,
                  uint16_t in_count, const struct bt_place *in, const struct bt_place *out);
bool bt_plan_is_map(const struct bt_shape *s); /* rank 4, N = 1: may be C4 */
/* Already there in C4 (or in PLAIN) without a conversion. */
bool bt_plan_has(const struct bt_planner *p, uint16_t value, enum bt_layout layout);

/* nodes.c: the steps of one node. */
void bt_plan_node(struct bt_planner *p, uint16_t node);

/* memory.c: offsets, region sizes, waits. */
void bt_plan_place_memory(struct bt_planner *p);

#endif
