/* SPDX-License-Identifier: MIT */
/* A plan becomes an immutable list of dispatches: which kernel, with which constants, push block, bindings and group counts.
   No GPU is needed to make one; run/ records it. */
#ifndef BT_EMIT_PROGRAM_H
#define BT_EMIT_PROGRAM_H

#include "engine/emit/choice.h"
#include "engine/engine.h"
#include "engine/plan/plan.h"

struct bt_log;

enum bt_kernel_id {
#define BT_KERNEL(id, shader, prefix, slots) BT_KERNEL_##id,
#include "engine/emit/kernels.def"
#undef BT_KERNEL
    BT_KERNEL_COUNT
};

enum { BT_DISPATCH_SLOTS = 4, BT_DISPATCH_CONSTANTS = BT_ENGINE_HALVES + 1, BT_DISPATCH_PUSH_BYTES = 128 };

struct bt_emit_kernel_info {
    const char *name, *slots; /* see kernels.def */
    uint32_t slot_count, constant_count, push_bytes;
};
const struct bt_emit_kernel_info *bt_emit_kernel_info(enum bt_kernel_id id);

/* The same kernel, compiled for kinds of devices. */
enum bt_code {
    BT_CODE_STORAGE, /* reads storage buffers */
    BT_CODE_TEXELS,  /* reads texel buffers */
    BT_CODE_LANES,   /* as TEXELS, and a subgroup's lanes share what they read, and stores are wide: for CPU drivers */
};

struct bt_operand {
    enum bt_region region;
    size_t offset_bytes, size_bytes;
    uint32_t index; /* INPUT, OUTPUT: which one; for printing */
    bool half;      /* float16 */
};

struct bt_dispatch {
    const char *name; /* the step's */
    const char *op;   /* ONNX's name of the operator, or Convert */
    uint32_t step;    /* of the plan */
    enum bt_kernel_id kernel;
    enum bt_code code;
    bool wait; /* a barrier first */
    /* STORAGE: some operands are of float16, and one slot more than the kernel's is an uint that becomes 1 when a result does
       not fit it. ARITHMETIC: so are the products. */
    enum bt_half half;
    uint32_t constants[BT_DISPATCH_CONSTANTS];
    uint8_t push[BT_DISPATCH_PUSH_BYTES];
    struct bt_operand operand[BT_DISPATCH_SLOTS];
    uint32_t groups_x, groups_y;
    uint64_t macs;
    bool chosen; /* a convolution: which layer, and how it is run */
    struct bt_layer layer;
    struct bt_choice choice;
};

struct bt_program {
    uint32_t dispatch_count;
    struct bt_dispatch *dispatch;
    size_t region_bytes[BT_REGION_COUNT];
    size_t guard_bytes; /* behind every operand: may be bound, is never touched */
    uint8_t *constants; /* what the CONSTANT region holds: the plan's constants, then packed weights; region_bytes long */
};

struct bt_emit_params {
    bool texels;                  /* read through texel buffers where they fit */
    bool either;                  /* convolutions may also read the other way, where that was measured to be faster */
    uint32_t max_texels;          /* elements in one texel view */
    bool cpu;                     /* the device is a CPU driver: workgroups of a few vectors, no waits inside of them */
    uint32_t share;               /* lanes of a subgroup if the device runs BT_CODE_LANES, else 0; only with texels */
    enum bt_half half;            /* OFF unless the plan has float16 */
    size_t alignment_bytes;       /* of packed weights; 0: 256 */
    size_t guard_bytes;           /* as in the plan's parameters */
    const struct bt_tuned *tuned; /* measured layers, borrowed during the call; may be NULL */
    uint32_t tuned_count;
};

/* The plan is borrowed only during the call, except for its names: it must outlive the program.
   BT_E_UNSUPPORTED names the node for which there is no kernel. */
BT_CHECKED bt_status bt_emit_create(const struct bt_plan *plan, const struct bt_emit_params *params, struct bt_log *log,
                                    struct bt_program **out_program);
void bt_emit_destroy(struct bt_program **program);

/* A stable text form, one dispatch a line. The caller frees it. */
BT_CHECKED bt_status bt_emit_print(const struct bt_program *program, char **out_text);

#endif
