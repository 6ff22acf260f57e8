/* SPDX-License-Identifier: MIT */
/* Reads a shader's own decorations, so that what C binds is held to what the shader declares: a mismatch is an error at
   create, not a wrong picture later. */
#ifndef BT_GPU_SPIRV_H
#define BT_GPU_SPIRV_H

#include "base/status.h"
#include "gpu/kernel.h"
#include <stddef.h>
#include <stdint.h>

enum { BT_SPIRV_BINDINGS = 16 };

struct bt_spirv_facts {
    uint32_t bindings;                    /* bit i: binding i of set 0 is declared */
    enum bt_slot slot[BT_SPIRV_BINDINGS]; /* its kind */
    uint32_t push_bytes;                  /* end of the push block's last member; 0: none */
    uint32_t constants;                   /* one more than the largest specialisation id; 0: none */
};

/* BT_E_FORMAT: not SPIR-V that bauta's own shaders could be (another set, a kind that no slot has, cut off). BT_E_MEMORY. */
BT_CHECKED bt_status bt_spirv_read(const uint32_t *words, size_t size_bytes, struct bt_spirv_facts *out_facts);
/* NULL, or what does not fit. `out_at`: the binding, where it is one. */
const char *bt_spirv_mismatch(const struct bt_spirv_facts *facts, const struct bt_kernel_params *params, uint32_t *out_at);

#endif
