/* SPDX-License-Identifier: MIT */
/* Memory that is freed as a whole, with its owner. */
#ifndef BT_GRAPH_POOL_H
#define BT_GRAPH_POOL_H

#include <stddef.h>

struct bt_pool_block;
struct bt_pool {
    struct bt_pool_block *blocks;
    size_t taken_bytes, limit_bytes; /* limit 0: none */
};

/* Zeroed, aligned for any type; NULL when memory or the limit is used up. */
void *bt_graph_pool_take(struct bt_pool *pool, size_t bytes);
void bt_graph_pool_free(struct bt_pool *pool);

#endif
