/* SPDX-License-Identifier: MIT */
/* Compute kernels: SPIR-V with its bindings (set 0, binding i is slots[i]), specialisation constants and push block. */
#ifndef BT_GPU_KERNEL_H
#define BT_GPU_KERNEL_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_gpu;
struct bt_buffer;
struct bt_texels;
struct bt_image;
struct bt_kernel;
struct bt_bindings;

enum bt_slot {
    BT_SLOT_STORAGE, /* buffer {} */
    BT_SLOT_UNIFORM, /* uniform {} */
    BT_SLOT_TEXELS,  /* samplerBuffer, usamplerBuffer */
    BT_SLOT_SAMPLED, /* sampler2D; unnormalised texelFetch works too */
    BT_SLOT_IMAGE,   /* image2D */
};

enum bt_sampler {
    BT_SAMPLER_LINEAR_EDGE,
    BT_SAMPLER_LINEAR_ZERO,
    BT_SAMPLER_NEAREST_EDGE
}; /* clamp to edge, or to transparent black */

struct bt_kernel_params {
    const char *name;      /* for messages and timings */
    const uint32_t *spirv; /* must stay as it is while the kernel lives */
    size_t spirv_bytes;
    const enum bt_slot *slots;
    uint32_t slot_count;
    const uint32_t *constants; /* specialisation constants 0 … count-1, each 32 bits (floats by their bits) */
    uint32_t constant_count;
    uint32_t push_bytes; /* at most 128 */
};

/* A kernel that is already there with the same code and constants is shared, until the last of its users destroys it. */
BT_CHECKED bt_status bt_kernel_create(struct bt_gpu *gpu, const struct bt_kernel_params *params, struct bt_kernel **out_kernel);
/* Several at once, on several threads: drivers compile for long. All of them, or none. */
BT_CHECKED bt_status bt_kernels_create(struct bt_gpu *gpu, const struct bt_kernel_params *params, uint32_t count,
                                       struct bt_kernel **out_kernels);
void bt_kernel_destroy(struct bt_kernel **kernel);
const char *bt_kernel_name(const struct bt_kernel *kernel);

/* What one slot is bound to: exactly the member that its kind asks for. */
struct bt_binding {
    struct bt_buffer *buffer;
    size_t offset_bytes, size_bytes; /* of buffer; size 0: to the end. Offset: a multiple of storage_align_bytes */
    struct bt_texels *texels;
    struct bt_image *image;
    enum bt_sampler sampler;
};

/* An immutable descriptor set. Everything it names outlives it. BT_E_ARGUMENT (and a log line) when a member is missing. */
BT_CHECKED bt_status bt_bindings_create(struct bt_kernel *kernel, const struct bt_binding *bindings, uint32_t count,
                                        struct bt_bindings **out_bindings);
void bt_bindings_destroy(struct bt_bindings **bindings);

#endif
