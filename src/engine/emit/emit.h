/* SPDX-License-Identifier: MIT */
/* Inside emit/: the list under construction, and one emitter an operator. */
#ifndef BT_EMIT_EMIT_H
#define BT_EMIT_EMIT_H

#include "engine/emit/program.h"

struct bt_emitter {
    const struct bt_plan *plan;
    struct bt_emit_params params;
    struct bt_log *log;
    struct bt_program *program;
    const struct bt_step *step; /* the one being emitted */
    uint32_t step_index, dispatch_capacity;
    size_t constant_capacity;
    bool wait;   /* the next dispatch needs a barrier first */
    bool texels; /* the step reads through texel buffers where they fit */
    bool merged; /* the next step has been done with this one */
};

/* Appends a dispatch of `invocations` threads, 1 … 2^22. `constants` are those after the workgroup size, which is put first;
   `operands` has one entry a slot. Clears the pending barrier. */
BT_CHECKED bt_status bt_emit_add(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants, const void *push,
                                 const struct bt_operand *operands, uint64_t invocations);
/* The same for a convolution, as `choice` says. */
BT_CHECKED bt_status bt_emit_add_chosen(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants,
                                        const void *push, const struct bt_operand *operands, uint64_t invocations,
                                        const struct bt_layer *layer, const struct bt_choice *choice);
/* As above, with whole workgroups of a fixed size. */
BT_CHECKED bt_status bt_emit_add_groups(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants,
                                        const void *push, const struct bt_operand *operands, uint32_t lanes, uint32_t groups);
/* Room in the CONSTANT region for packed weights; zeroed. The pointer holds until the next call. */
BT_CHECKED bt_status bt_emit_constant(struct bt_emitter *e, size_t size_bytes, struct bt_operand *out_operand,
                                      float **out_data);
/* Turns the constant that was made last, of floats, into float16, if all fit. */
void bt_emit_halve(struct bt_emitter *e, struct bt_operand *operand, float *data);
/* Logs why this step cannot run; returns BT_E_UNSUPPORTED. */
BT_CHECKED bt_status bt_emit_refuse(struct bt_emitter *e, const char *why);

/* The step's result has one channel, and all that ever happens to it is that the next step makes it PLAIN: then the step may
   write the PLAIN form itself, to `out_operand`, and the next one falls away. */
bool bt_emit_merge_plain(struct bt_emitter *e, struct bt_operand *out_operand);

struct bt_operand bt_emit_operand(const struct bt_place *place);
bool bt_emit_absent(const struct bt_step *step, uint32_t input);
/* The float data of a constant operand, or NULL. */
const float *bt_emit_floats(const struct bt_emitter *e, const struct bt_place *place);

static inline uint32_t bt_emit_groups4(uint32_t channels) {
    return (channels + 3) / 4;
}

/* A strided view of a PLAIN tensor, the innermost dimension first. */
struct bt_strides {
    int32_t step[BT_RANK_MAX];
};
/* Row-major strides of `shape`, in shape's own order (outermost first). */
struct bt_strides bt_emit_strides(const struct bt_shape *shape);
/* As above, for `shape` broadcast to `to` (numpy's rule): 0 where it repeats. */
struct bt_strides bt_emit_broadcast(const struct bt_shape *shape, const struct bt_shape *to);

BT_CHECKED bt_status bt_emit_conv(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_separable_conv(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_conv_transpose(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_pool(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_global_pool(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_resize(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_depth_to_space(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_grid_sample(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_binary(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_unary(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_pad(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_concat(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_slice(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_transpose(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_convert(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_gather(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_matmul(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_gemm(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_reduce(struct bt_emitter *e);
BT_CHECKED bt_status bt_emit_softmax(struct bt_emitter *e);

/* One strided copy or element-wise operator on PLAIN tensors; `steps` are outermost first, b may be NULL. */
struct bt_plain_operand {
    struct bt_operand operand;
    int32_t start;
    struct bt_strides strides;
};
BT_CHECKED bt_status bt_emit_plain(struct bt_emitter *e, int32_t what, const struct bt_shape *shape,
                                   const struct bt_plain_operand *out, const struct bt_plain_operand *a,
                                   const struct bt_plain_operand *b, float alpha, float beta);
#endif
