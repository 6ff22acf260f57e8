/* SPDX-License-Identifier: MIT */
/* The only thing a sink takes: a frame that carries its disclosure. By value, so that neither a frame nor a void *
   converts to it. Made only by disclose; forging one yields the placard (bt_disclose_bytes). */
#ifndef BT_PIPELINE_DISCLOSED_H
#define BT_PIPELINE_DISCLOSED_H

#include <stdint.h>

struct bt_disclosed {
    uint32_t slot, generation;
};

#endif
