/* SPDX-License-Identifier: MIT */
#include "engine/emit/emit.h"

#include "base/half.h"
#include "base/log.h"
#include "engine/conv.h"
#include "engine/dw.h"
#include "engine/eltwise.h"
#include "engine/gather.h"
#include "engine/matmul.h"
#include "engine/mean.h"
#include "engine/move.h"
#include "engine/pack.h"
#include "engine/pad.h"
#include "engine/plain.h"
#include "engine/pool.h"
#include "engine/reduce.h"
#include "engine/resize.h"
#include "engine/sample.h"
#include "engine/separable.h"
#include "engine/shuffle.h"
#include "engine/softmax.h"
#include "engine/tile.h"
#include "engine/unpack.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Weights in channels of four may take sixteen times what the model's do: what a small file may ask for has to end somewhere.
 */
enum { CONSTANT_BYTES_MAX = 1 << 30 };
enum { INVOCATIONS_MAX = 1 << 22, GROUPS_MAX = 65535 }; /* quotient() in fetch.glsl; the least that Vulkan guarantees */

static const struct bt_emit_kernel_info kernels[BT_KERNEL_COUNT] = {
#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    {#shader, slots, BT_##prefix##_SLOTS, BT_##prefix##_CONSTANTS, sizeof(struct bt_##shader##_push)},
#include "engine/emit/kernels.def"
#undef BT_KERNEL
};
/* The push blocks are written twice, in C and in GLSL: plain ints and floats, so only their number can differ. */
static_assert(sizeof(struct bt_conv_push) == 14 * 4 && sizeof(struct bt_dw_push) == 13 * 4, "push block");
static_assert(sizeof(struct bt_plain_push) == 31 * 4 && sizeof(struct bt_matmul_push) == 24 * 4, "push block");
static_assert(sizeof(struct bt_plain_push) <= BT_DISPATCH_PUSH_BYTES, "Vulkan guarantees 128 bytes");
static_assert(sizeof(struct bt_tile_push) == 14 * 4 && sizeof(struct bt_separable_push) == 16 * 4, "push block");
static_assert(BT_CONV2D_CONSTANTS <= BT_ENGINE_HALVES, "constants");
static_assert((int)BT_CONV2D_WEIGHTS == BT_DW_WEIGHTS && (int)BT_CONV2D_WEIGHTS == BT_TILE_WEIGHTS, "slots");

/* Invocations in a workgroup, where a vector has little to do (else see choice.c). A CPU driver runs one vector at a time: a
   few of them, as the workgroup's own cost shows (measured on lavapipe). */
enum { CPU_LANES = 32, GPU_LANES = 64 };

typedef bt_status (*emit_step)(struct bt_emitter *e);

static const emit_step emitters[] = {
    [BT_OP_CONV] = bt_emit_conv,
    [BT_OP_CONV_TRANSPOSE] = bt_emit_conv_transpose,
    [BT_OP_SEPARABLE_CONV] = bt_emit_separable_conv,
    [BT_OP_MAX_POOL] = bt_emit_pool,
    [BT_OP_AVERAGE_POOL] = bt_emit_pool,
    [BT_OP_GLOBAL_AVERAGE_POOL] = bt_emit_global_pool,
    [BT_OP_RESIZE] = bt_emit_resize,
    [BT_OP_DEPTH_TO_SPACE] = bt_emit_depth_to_space,
    [BT_OP_GRID_SAMPLE] = bt_emit_grid_sample,
    [BT_OP_PAD] = bt_emit_pad,
    [BT_OP_CONCAT] = bt_emit_concat,
    [BT_OP_SLICE] = bt_emit_slice,
    [BT_OP_TRANSPOSE] = bt_emit_transpose,
    [BT_OP_CONVERT] = bt_emit_convert,
    [BT_OP_GATHER] = bt_emit_gather,
    [BT_OP_MATMUL] = bt_emit_matmul,
    [BT_OP_GEMM] = bt_emit_gemm,
    [BT_OP_REDUCE_MIN] = bt_emit_reduce,
    [BT_OP_REDUCE_MAX] = bt_emit_reduce,
    [BT_OP_REDUCE_SUM] = bt_emit_reduce,
    [BT_OP_REDUCE_MEAN] = bt_emit_reduce,
    [BT_OP_SOFTMAX] = bt_emit_softmax,
};

const struct bt_emit_kernel_info *bt_emit_kernel_info(enum bt_kernel_id id) {
    assert(id < BT_KERNEL_COUNT);
    return &kernels[id];
}

bt_status bt_emit_refuse(struct bt_emitter *e, const char *why) {
    bt_log_error(e->log, "engine: %s \"%s\": %s", bt_op_info(e->step->op)->name, e->step->name, why);
    return BT_E_UNSUPPORTED;
}

struct bt_operand bt_emit_operand(const struct bt_place *place) {
    return (struct bt_operand){.region = place->region,
                               .offset_bytes = place->offset_bytes,
                               .size_bytes = place->size_bytes,
                               .index = place->index,
                               .half = place->half};
}

bool bt_emit_absent(const struct bt_step *step, uint32_t input) {
    return input >= step->in_count || step->in[input].region == BT_REGION_NONE;
}

const float *bt_emit_floats(const struct bt_emitter *e, const struct bt_place *place) {
    if (place->region != BT_REGION_CONSTANT || place->index >= e->plan->constant_count) return NULL;
    const struct bt_plan_constant *c = &e->plan->constant[place->index];
    return c->type == BT_TYPE_F32 ? c->data : NULL;
}

struct bt_strides bt_emit_strides(const struct bt_shape *shape) {
    struct bt_strides s = {0};
    int32_t step = 1;
    for (uint32_t i = shape->rank; i-- > 0;) {
        s.step[i] = step;
        step *= (int32_t)shape->dim[i];
    }
    return s;
}

struct bt_strides bt_emit_broadcast(const struct bt_shape *shape, const struct bt_shape *to) {
    struct bt_strides own = bt_emit_strides(shape), s = {0};
    for (uint32_t i = 0; i < shape->rank && i < to->rank; i++) {
        uint32_t from = shape->rank - 1 - i;
        s.step[to->rank - 1 - i] = shape->dim[from] == 1 ? 0 : own.step[from];
    }
    return s;
}

bool bt_emit_merge_plain(struct bt_emitter *e, struct bt_operand *out_operand) {
    const struct bt_plan *plan = e->plan;
    const struct bt_place *result = &e->step->out[0];
    if (e->step_index + 1 >= plan->step_count || result->shape.dim[1] != 1) return false;
    const struct bt_step *next = &plan->step[e->step_index + 1];
    if (next->op != BT_OP_CONVERT || next->in[0].value != result->value || next->out[0].layout != BT_LAYOUT_PLAIN ||
        result->region != BT_REGION_ARENA)
        return false;
    for (uint32_t i = e->step_index + 2; i < plan->step_count; i++) {
        for (uint32_t k = 0; k < plan->step[i].in_count; k++) {
            const struct bt_place *in = &plan->step[i].in[k];
            if (in->region == BT_REGION_ARENA && in->value == result->value) return false;
        }
    }
    *out_operand = bt_emit_operand(&next->out[0]);
    e->merged = true;
    return true;
}

static bool fits_texels(const struct bt_emitter *e, const struct bt_emit_kernel_info *info, const struct bt_operand *operands) {
    if (!e->texels) return false;
    for (uint32_t i = 0; i < info->slot_count; i++) {
        size_t texel = info->slots[i] == '4' ? (operands[i].half ? 8 : 16) : info->slots[i] == '1' ? 4 : 0;
        if (texel && (operands[i].size_bytes + e->params.guard_bytes) / texel > e->params.max_texels) return false;
    }
    return true;
}

static enum bt_code code_for(const struct bt_emitter *e, const struct bt_emit_kernel_info *info,
                             const struct bt_operand *operands) {
    if (!fits_texels(e, info, operands)) return BT_CODE_STORAGE;
    return e->params.share ? BT_CODE_LANES : BT_CODE_TEXELS;
}

/* One a slot that is of float16. */
static uint32_t halves_of(const struct bt_emit_kernel_info *info, const struct bt_operand *operands) {
    uint32_t halves = 0;
    for (uint32_t i = 0; i < info->slot_count; i++) halves |= (uint32_t)operands[i].half << i;
    return halves;
}

/* Products too, for a convolution whose plan allows it and whose weights fit. */
static enum bt_half half_of(const struct bt_emitter *e, enum bt_kernel_id kernel, const struct bt_operand *operands) {
    if (!halves_of(bt_emit_kernel_info(kernel), operands)) return BT_HALF_OFF;
    const bool multiplies = kernel == BT_KERNEL_CONV || kernel == BT_KERNEL_DW || kernel == BT_KERNEL_TILE;
    if (multiplies && e->step->half && operands[BT_CONV2D_WEIGHTS].half) return e->params.half;
    return BT_HALF_STORAGE;
}

bt_status bt_emit_add_groups(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants, const void *push,
                             const struct bt_operand *operands, uint32_t lanes, uint32_t groups) {
    const struct bt_emit_kernel_info *info = bt_emit_kernel_info(kernel);
    struct bt_program *p = e->program;
    if (p->dispatch_count == e->dispatch_capacity) {
        uint32_t capacity = e->dispatch_capacity ? e->dispatch_capacity * 2 : 64;
        struct bt_dispatch *grown = realloc(p->dispatch, capacity * sizeof *grown);
        if (!grown) return BT_E_MEMORY;
        p->dispatch = grown;
        e->dispatch_capacity = capacity;
    }
    struct bt_dispatch *d = &p->dispatch[p->dispatch_count];
    *d = (struct bt_dispatch){.name = e->step->name,
                              .op = bt_op_info(e->step->op)->name,
                              .step = e->step_index,
                              .kernel = kernel,
                              .code = code_for(e, info, operands),
                              .wait = e->wait,
                              .half = half_of(e, kernel, operands)};
    d->constants[0] = lanes;
    for (uint32_t i = 1; i < info->constant_count; i++) d->constants[i] = (uint32_t)constants[i - 1];
    d->constants[BT_ENGINE_HALVES] = halves_of(info, operands);
    memcpy(d->push, push, info->push_bytes);
    memcpy(d->operand, operands, info->slot_count * sizeof *operands);
    d->groups_x = groups;
    d->groups_y = 1;
    if (groups > GROUPS_MAX) {
        d->groups_y = (groups + GROUPS_MAX - 1) / GROUPS_MAX;
        d->groups_x = (groups + d->groups_y - 1) / d->groups_y;
    }
    e->wait = false;
    p->dispatch_count++;
    return BT_OK;
}

static bt_status add(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants, const void *push,
                     const struct bt_operand *operands, uint64_t invocations, uint32_t lanes) {
    if (invocations < 1 || invocations > INVOCATIONS_MAX) return bt_emit_refuse(e, "tensor too large for a dispatch");
    return bt_emit_add_groups(e, kernel, constants, push, operands, lanes, ((uint32_t)invocations + lanes - 1) / lanes);
}

bt_status bt_emit_add(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants, const void *push,
                      const struct bt_operand *operands, uint64_t invocations) {
    return add(e, kernel, constants, push, operands, invocations, e->params.cpu ? CPU_LANES : GPU_LANES);
}

bt_status bt_emit_add_chosen(struct bt_emitter *e, enum bt_kernel_id kernel, const int32_t *constants, const void *push,
                             const struct bt_operand *operands, uint64_t invocations, const struct bt_layer *layer,
                             const struct bt_choice *choice) {
    e->texels = choice->texels;
    bt_status st = add(e, kernel, constants, push, operands, invocations, choice->lanes);
    if (st) return st;
    struct bt_dispatch *d = &e->program->dispatch[e->program->dispatch_count - 1];
    d->chosen = true;
    d->layer = *layer;
    d->choice = *choice;
    return BT_OK;
}

bt_status bt_emit_constant(struct bt_emitter *e, size_t size_bytes, struct bt_operand *out_operand, float **out_data) {
    struct bt_program *p = e->program;
    size_t mask = e->params.alignment_bytes - 1;
    size_t offset = (p->region_bytes[BT_REGION_CONSTANT] + mask) & ~mask;
    if (size_bytes > CONSTANT_BYTES_MAX - offset) return bt_emit_refuse(e, "too many weights");
    size_t end = offset + size_bytes + e->params.guard_bytes;
    if (end > e->constant_capacity) {
        size_t capacity = end * 2;
        uint8_t *grown = realloc(p->constants, capacity);
        if (!grown) return BT_E_MEMORY;
        memset(grown + e->constant_capacity, 0, capacity - e->constant_capacity);
        p->constants = grown;
        e->constant_capacity = capacity;
    }
    p->region_bytes[BT_REGION_CONSTANT] = end;
    *out_operand = (struct bt_operand){.region = BT_REGION_CONSTANT, .offset_bytes = offset, .size_bytes = size_bytes};
    *out_data = (float *)(void *)(p->constants + offset);
    return BT_OK;
}

void bt_emit_halve(struct bt_emitter *e, struct bt_operand *operand, float *data) {
    const size_t count = operand->size_bytes / sizeof *data, bytes = count * sizeof(uint16_t);
    for (size_t i = 0; i < count; i++) {
        if (!(fabsf(data[i]) <= BT_HALF_MOST)) return;
    }
    uint8_t *to = (uint8_t *)data;
    for (size_t i = 0; i < count; i++) {
        const uint16_t half = bt_half_from_float(data[i]);
        memcpy(to + i * sizeof half, &half, sizeof half);
    }
    memset(to + bytes, 0, bytes);
    operand->half = true;
    operand->size_bytes = bytes;
    e->program->region_bytes[BT_REGION_CONSTANT] = operand->offset_bytes + bytes + e->params.guard_bytes;
}

static bt_status upload_constants(struct bt_emitter *e) {
    const struct bt_plan *plan = e->plan;
    size_t size = plan->region_bytes[BT_REGION_CONSTANT];
    e->program->constants = calloc(1, size ? size : 1);
    if (!e->program->constants) return BT_E_MEMORY;
    e->constant_capacity = size;
    for (uint32_t i = 0; i < plan->constant_count; i++) {
        const struct bt_plan_constant *c = &plan->constant[i];
        if (!c->raw) bt_plan_pack(c, e->program->constants + c->offset_bytes);
    }
    return BT_OK;
}

static bt_status emit_one(struct bt_emitter *e) {
    enum bt_op op = e->step->op;
    if (op < BT_COUNT(emitters) && emitters[op]) return emitters[op](e);
    enum bt_op_class kind = bt_op_info(op)->kind;
    if (kind == BT_CLASS_BINARY) return bt_emit_binary(e);
    if (kind == BT_CLASS_UNARY) return bt_emit_unary(e);
    return bt_emit_refuse(e, "no kernel");
}

bt_status bt_emit_create(const struct bt_plan *plan, const struct bt_emit_params *params, struct bt_log *log,
                         struct bt_program **out_program) {
    struct bt_emitter e = {.plan = plan, .params = *params, .log = log};
    if (!e.params.alignment_bytes) e.params.alignment_bytes = 256;
    e.program = calloc(1, sizeof *e.program);
    if (!e.program) return BT_E_MEMORY;
    memcpy(e.program->region_bytes, plan->region_bytes, sizeof e.program->region_bytes);
    e.program->guard_bytes = e.params.guard_bytes;
    bt_status st = upload_constants(&e);
    for (uint32_t i = 0; !st && i < plan->step_count; i++) {
        e.step = &plan->step[i];
        e.step_index = i;
        e.wait |= e.step->wait;
        e.texels = e.params.texels;
        if (e.merged) { /* the step before has written this one's result */
            e.merged = false;
            continue;
        }
        uint32_t first = e.program->dispatch_count;
        st = emit_one(&e);
        if (!st && e.program->dispatch_count > first) e.program->dispatch[first].macs = e.step->macs;
    }
    if (st)
        bt_emit_destroy(&e.program);
    else
        *out_program = e.program;
    return st;
}

void bt_emit_destroy(struct bt_program **program) {
    if (!*program) return;
    free((*program)->dispatch);
    free((*program)->constants);
    free(*program);
    *program = NULL;
}
