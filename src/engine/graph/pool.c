/* SPDX-License-Identifier: MIT */
#include "engine/graph/pool.h"
#include <stdalign.h>
#include <stdlib.h>

struct bt_pool_block {
    struct bt_pool_block *next;
    alignas(max_align_t) unsigned char bytes[];
};

void *bt_graph_pool_take(struct bt_pool *pool, size_t bytes) {
    if (pool->limit_bytes && bytes > pool->limit_bytes - pool->taken_bytes) return NULL;
    struct bt_pool_block *b = calloc(1, sizeof *b + (bytes ? bytes : 1));
    if (!b) return NULL;
    b->next = pool->blocks;
    pool->blocks = b;
    pool->taken_bytes += bytes;
    return b->bytes;
}

void bt_graph_pool_free(struct bt_pool *pool) {
    for (struct bt_pool_block *b = pool->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    *pool = (struct bt_pool){0};
}
