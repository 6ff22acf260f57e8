/* SPDX-License-Identifier: MIT */
/* A fused graph becomes an ordered list of steps whose operands have a layout and a place in memory. Immutable once made. */
#ifndef BT_PLAN_PLAN_H
#define BT_PLAN_PLAN_H

#include "engine/graph/graph.h"

struct bt_plan_memory;

/* Where bytes lie. ARENA: device scratch, shared by lifetime. CONSTANT: device, uploaded once. INPUT: device, one lasting
   place each. OUTPUT: readback, PLAIN, only ever written by steps (never read by one). */
enum bt_region { BT_REGION_NONE, BT_REGION_ARENA, BT_REGION_CONSTANT, BT_REGION_INPUT, BT_REGION_OUTPUT, BT_REGION_COUNT };

/* One operand. Elements are float32 on the device (BOOL: 0 or 1). C4 with dim 1 x C x H x W has
   ceil(C / 4) * H * W vec4: element (c, y, x) is lane c % 4 of vec4 number (c / 4 * H + y) * W + x; missing lanes are zero. */
struct bt_place {
    enum bt_region region; /* NONE: the optional input is absent */
    uint16_t value;        /* graph value: its name and type; of a view, the value that the step reads */
    enum bt_layout layout;
    struct bt_shape shape;           /* as the operator sees it; the memory may be another value's (a view) */
    uint32_t index;                  /* CONSTANT, INPUT, OUTPUT: which one, of plan->constant / input / output */
    size_t offset_bytes, size_bytes; /* in the region; the offset is a multiple of the alignment */
    bool half;                       /* elements are float16; only of C4 in the ARENA */
};

/* What the steps may contain, after fuse/ and the plan's own rewrites:
   - VIEW operators: never (they are places). FOLD: never.
   - Conv, ConvTranspose, SeparableConv, pools, GlobalAveragePool, Resize, DepthToSpace, GridSample's x and out: C4 in, C4 out.
     Weight, bias and slope are CONSTANT and PLAIN: emit/ packs them as its kernel likes. GridSample's grid is PLAIN.
   - Every step that writes C4 leaves missing lanes zero, whatever its operator makes of zero (sigmoid(0) is not 0).
   - UNARY: any layout, the same in and out. BINARY: all operands and the result in one layout, exactly two inputs (Min and
     Max of more are split), each operand's shape has the result's rank, ones in front. C4: 1 x 1 x H x W is to be splat.
   - Pad: C4 if spatial, or zero channels are only appended; else PLAIN. Concat: C4 on axis 1 if every input but the last
     has a multiple of 4 channels, or on axis 2 or 3; else PLAIN. Slice: C4 if begin[1] is a multiple of 4 and step[1] is 1;
     else PLAIN.
   - Transpose: in C4 or PLAIN, out PLAIN. Gather: PLAIN, its indices a CONSTANT of int32 (never float).
   - MatMul, Gemm, Reduce*, Softmax: PLAIN. MatMul and Gemm: any operand may be a CONSTANT.
   - Convert: same shape, any layout to any layout (also PLAIN to PLAIN: a copy into OUTPUT). */
struct bt_step {
    const char *name;
    enum bt_op op;
    uint16_t node; /* graph node; BT_NONE: made by the plan */
    uint16_t in_count, out_count;
    struct bt_place *in, *out;
    const struct bt_attr *attr;
    bool wait;     /* a memory barrier is needed before this step (it touches what earlier ones since the last barrier did) */
    bool half;     /* a convolution may multiply in float16: its x is small enough for it, and its sums were when last seen */
    uint64_t macs; /* multiply-adds, for timings */
};

struct bt_plan_constant {
    uint16_t value;
    enum bt_type type; /* of data: F32, BOOL or I64 / I32 (Gather's indices) */
    struct bt_shape shape;
    enum bt_layout layout;
    const void *data;                /* PLAIN, in the graph's memory */
    size_t offset_bytes, size_bytes; /* on the device, as bt_plan_pack writes it */
    bool raw; /* only read as Conv's or ConvTranspose's weight, bias or slope: emit/ packs it, and it has no offset (0) */
};

struct bt_plan {
    uint32_t step_count, constant_count, input_count, output_count;
    struct bt_step *step;
    struct bt_plan_constant *constant;
    struct bt_place *input, *output; /* as graph->input, graph->output; their shapes are ONNX's */
    size_t region_bytes[BT_REGION_COUNT];
    size_t unshared_bytes;        /* what the arena would take with no sharing */
    const struct bt_graph *graph; /* borrowed: must live as long as the plan */
    struct bt_plan_memory *memory;
};

struct bt_plan_params {
    size_t alignment_bytes; /* of every place; a power of two. 0: 256, enough for every Vulkan device */
    size_t guard_bytes;     /* kept free behind every place: a binding may be that much larger than its tensor */
    bool half;              /* float16 for what may be */
    const bool *single;     /* of each graph value: did not fit float16; borrowed during create, NULL: none */
};

/* `params` may be NULL. BT_E_UNSUPPORTED names the node that cannot run on the device (an integer that does not fold away,
   a map with N > 1, ...). */
BT_CHECKED bt_status bt_plan_create(const struct bt_graph *graph, const struct bt_plan_params *params, struct bt_log *log,
                                    struct bt_plan **out_plan);
void bt_plan_destroy(struct bt_plan **plan);

/* Bytes of a tensor in a layout, on the device. */
size_t bt_plan_bytes(const struct bt_shape *shape, enum bt_layout layout);
/* Writes a constant as the device wants it: size_bytes bytes of float (int32 for integers) in its layout. */
void bt_plan_pack(const struct bt_plan_constant *constant, void *out);

/* A stable text form, one step a line, then the memory. The caller frees it. */
BT_CHECKED bt_status bt_plan_print(const struct bt_plan *plan, char **out_text);

#endif
