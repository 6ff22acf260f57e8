/* SPDX-License-Identifier: MIT */
#include "engine/run/run.h"

#include "base/log.h"
#include "engine/run/spirv.h"
#include "gpu/command.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include <stdlib.h>
#include <string.h>

/* One texel view; bindings of the same bytes share it. */
struct view {
    struct bt_texels *texels;
    enum bt_region region;
    size_t offset_bytes, size_bytes;
    enum bt_texel_format format;
};

/* As far apart as any device wants bindings (the most that minStorageBufferOffsetAlignment may be). */
enum { OVERFLOW_BYTES = 256 };

struct bt_run_kernels {
    uint32_t count;
    struct bt_kernel *kernel[];
};

struct bt_run {
    struct bt_gpu *gpu;
    struct bt_log *log;
    size_t guard_bytes;
    struct bt_buffer *buffer[BT_REGION_COUNT];
    struct bt_buffer *overflow; /* an uint every OVERFLOW_BYTES, one a dispatch; NULL: nothing is of float16 */
    struct bt_commands *commands;
    struct bt_timers *timers;
    struct bt_kernel **kernel; /* one a dispatch, many of them the same */
    struct view *view;
    struct bt_bindings **bindings; /* one a dispatch */
    uint64_t *stamps;
    uint32_t view_count, dispatch_count;
};

static bool is_power_of_two(size_t n) {
    return (n & (n - 1)) == 0;
}

/* See BT_RUN_GUARD_BYTES. */
static size_t view_bytes(const struct bt_run *run, size_t size_bytes) {
    return (size_bytes >> 8 & 0xff) == 0 ? size_bytes + run->guard_bytes : size_bytes;
}

static bool uses_half(const struct bt_program *program) {
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        if (program->dispatch[i].half) return true;
    }
    return false;
}

static bt_status make_overflow(struct bt_run *run, const struct bt_program *program) {
    if (!uses_half(program)) return BT_OK;
    const size_t size = (size_t)program->dispatch_count * OVERFLOW_BYTES;
    bt_status st = bt_buffer_create(run->gpu, size, BT_MEMORY_READBACK, &run->overflow);
    if (!st) memset(bt_buffer_map(run->overflow), 0, size);
    return st;
}

static bool is_lasting(int region) {
    return region == BT_REGION_INPUT || region == BT_REGION_OUTPUT;
}

static bt_status make_buffers(struct bt_run *run, const struct bt_program *program, const struct bt_run *like) {
    for (int r = BT_REGION_ARENA; r < BT_REGION_COUNT; r++) {
        size_t size = program->region_bytes[r];
        if (!size) continue;
        if (like && is_lasting(r)) {
            run->buffer[r] = like->buffer[r];
            continue;
        }
        if (is_power_of_two(size)) size += program->guard_bytes;
        bt_status st =
            bt_buffer_create(run->gpu, size, r == BT_REGION_OUTPUT ? BT_MEMORY_READBACK : BT_MEMORY_DEVICE, &run->buffer[r]);
        if (st) return st;
    }
    size_t constants = program->region_bytes[BT_REGION_CONSTANT];
    return constants ? bt_buffer_write(run->buffer[BT_REGION_CONSTANT], 0, program->constants, constants) : BT_OK;
}

static uint32_t count_dispatches(const struct bt_program *const *programs, uint32_t count) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) n += programs[i]->dispatch_count;
    return n;
}

/* Bindings of the largest kernel, and the overflow. */
enum { SLOTS_MOST = BT_DISPATCH_SLOTS + 1 };

/* `slots`: room for the dispatch's. */
static struct bt_kernel_params kernel_of(const struct bt_dispatch *d, enum bt_slot *slots) {
    const struct bt_emit_kernel_info *info = bt_emit_kernel_info(d->kernel);
    for (uint32_t k = 0; k < info->slot_count; k++) {
        bool fetched = info->slots[k] == '4' || info->slots[k] == '1';
        slots[k] = fetched && d->code != BT_CODE_STORAGE ? BT_SLOT_TEXELS : BT_SLOT_STORAGE;
    }
    if (d->half) slots[info->slot_count] = BT_SLOT_STORAGE;
    struct bt_run_spirv spirv;
    bool frozen = !d->half && bt_run_frozen(d->kernel, d->code, d->constants, &spirv);
    if (!frozen)
        spirv = d->half ? bt_run_spirv_half(d->kernel, d->code != BT_CODE_STORAGE, d->half) : bt_run_spirv(d->kernel, d->code);
    return (struct bt_kernel_params){
        .name = info->name,
        .spirv = spirv.words,
        .spirv_bytes = spirv.size_bytes,
        .slots = slots,
        .slot_count = info->slot_count + (d->half ? 1 : 0),
        .constants = d->constants,
        .constant_count = frozen    ? 0
                          : d->half ? BT_ENGINE_HALVES + 1
                                    : info->constant_count,
        .push_bytes = info->push_bytes,
    };
}

/* One a dispatch; equal ones are the same. */
static bt_status make_kernels(struct bt_gpu *gpu, const struct bt_program *const *programs, uint32_t count,
                              struct bt_kernel **out_kernels) {
    uint32_t n = count_dispatches(programs, count), at = 0;
    struct bt_kernel_params *params = calloc(n + 1, sizeof *params);
    enum bt_slot(*slots)[SLOTS_MOST] = calloc(n + 1, sizeof *slots);
    bt_status st = BT_E_MEMORY;
    if (!params || !slots) goto done;
    for (uint32_t p = 0; p < count; p++) {
        for (uint32_t i = 0; i < programs[p]->dispatch_count; i++, at++)
            params[at] = kernel_of(&programs[p]->dispatch[i], slots[at]);
    }
    st = bt_kernels_create(gpu, params, n, out_kernels);
done:
    free(params);
    free(slots);
    return st;
}

bt_status bt_run_kernels_create(struct bt_gpu *gpu, const struct bt_program *const *programs, uint32_t count,
                                struct bt_run_kernels **out_kernels) {
    uint32_t n = count_dispatches(programs, count);
    struct bt_run_kernels *kernels = calloc(1, sizeof *kernels + n * sizeof(struct bt_kernel *));
    if (!kernels) return BT_E_MEMORY;
    bt_status st = make_kernels(gpu, programs, count, kernels->kernel);
    if (st) {
        free(kernels);
        return st;
    }
    kernels->count = n;
    *out_kernels = kernels;
    return BT_OK;
}

void bt_run_kernels_destroy(struct bt_run_kernels **kernels) {
    if (!*kernels) return;
    for (uint32_t i = 0; i < (*kernels)->count; i++) bt_kernel_destroy(&(*kernels)->kernel[i]);
    free(*kernels);
    *kernels = NULL;
}

static bt_status find_view(struct bt_run *run, const struct bt_operand *o, enum bt_texel_format format,
                           struct bt_texels **out_texels) {
    for (uint32_t i = 0; i < run->view_count; i++) {
        const struct view *v = &run->view[i];
        if (v->region == o->region && v->offset_bytes == o->offset_bytes && v->size_bytes == o->size_bytes &&
            v->format == format) {
            *out_texels = v->texels;
            return BT_OK;
        }
    }
    struct view *v = &run->view[run->view_count];
    *v = (struct view){.region = o->region, .offset_bytes = o->offset_bytes, .size_bytes = o->size_bytes, .format = format};
    bt_status st =
        bt_texels_create(run->buffer[o->region], o->offset_bytes, view_bytes(run, o->size_bytes), format, &v->texels);
    if (st) return st;
    run->view_count++;
    *out_texels = v->texels;
    return BT_OK;
}

static bt_status bind(struct bt_run *run, uint32_t index, const struct bt_dispatch *d, struct bt_kernel *kernel,
                      struct bt_bindings **out_bindings) {
    const struct bt_emit_kernel_info *info = bt_emit_kernel_info(d->kernel);
    struct bt_binding bindings[SLOTS_MOST] = {0};
    for (uint32_t i = 0; i < info->slot_count; i++) {
        const struct bt_operand *o = &d->operand[i];
        char slot = info->slots[i];
        if (d->code != BT_CODE_STORAGE && (slot == '4' || slot == '1')) {
            enum bt_texel_format format = slot == '1' ? BT_TEXELS_R32F : o->half ? BT_TEXELS_RGBA16F : BT_TEXELS_RGBA32F;
            bt_status st = find_view(run, o, format, &bindings[i].texels);
            if (st) return st;
        } else {
            bindings[i] = (struct bt_binding){
                .buffer = run->buffer[o->region], .offset_bytes = o->offset_bytes, .size_bytes = o->size_bytes};
        }
    }
    uint32_t count = info->slot_count;
    if (d->half)
        bindings[count++] = (struct bt_binding){
            .buffer = run->overflow, .offset_bytes = (size_t)index * OVERFLOW_BYTES, .size_bytes = sizeof(uint32_t)};
    return bt_bindings_create(kernel, bindings, count, out_bindings);
}

static bt_status record(struct bt_run *run, const struct bt_program *program) {
    bt_status st = bt_commands_create(run->gpu, &run->commands);
    if (!st) st = bt_commands_begin(run->commands);
    if (st) return st;
    if (run->timers) bt_commands_stamp(run->commands, run->timers, 0);
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        const struct bt_dispatch *d = &program->dispatch[i];
        if (d->wait) bt_commands_barrier(run->commands);
        bt_commands_dispatch(run->commands, run->kernel[i], run->bindings[i], d->push, d->groups_x, d->groups_y, 1);
        if (run->timers) bt_commands_stamp(run->commands, run->timers, i + 1);
    }
    bt_commands_barrier(run->commands); /* what is submitted next may read the outputs */
    return bt_commands_end(run->commands);
}

bt_status bt_run_create(const struct bt_run_params *params, struct bt_run **out_run) {
    const struct bt_program *program = params->program;
    uint32_t n = program->dispatch_count;
    struct bt_run *run = calloc(1, sizeof *run);
    bt_status st = BT_E_MEMORY;
    if (!run) goto fail;
    *run = (struct bt_run){.gpu = params->gpu, .log = params->log, .guard_bytes = program->guard_bytes, .dispatch_count = n};
    run->kernel = calloc(n + 1, sizeof(struct bt_kernel *));
    run->view = calloc((size_t)(n + 1) * BT_DISPATCH_SLOTS, sizeof *run->view);
    run->bindings = calloc(n + 1, sizeof(struct bt_bindings *));
    run->stamps = calloc(n + 1, sizeof *run->stamps);
    if (!run->kernel || !run->view || !run->bindings || !run->stamps) goto fail;
    st = make_buffers(run, program, params->like);
    if (!st) st = make_overflow(run, program);
    if (!st && params->timed) st = bt_timers_create(run->gpu, n + 1, &run->timers);
    if (!st) st = make_kernels(run->gpu, &program, 1, run->kernel);
    for (uint32_t i = 0; !st && i < n; i++) {
        st = bind(run, i, &program->dispatch[i], run->kernel[i], &run->bindings[i]);
        if (st) bt_log_error(run->log, "engine: cannot bind the kernel of \"%s\"", program->dispatch[i].name);
    }
    if (!st) st = record(run, program);
    if (st) goto fail;
    for (int r = 0; params->like && r < BT_REGION_COUNT; r++) {
        if (is_lasting(r)) params->like->buffer[r] = NULL;
    }
    *out_run = run;
    return BT_OK;
fail:
    for (int r = 0; run && params->like && r < BT_REGION_COUNT; r++) {
        if (is_lasting(r)) run->buffer[r] = NULL;
    }
    bt_run_destroy(&run);
    return st;
}

void bt_run_destroy(struct bt_run **out_run) {
    struct bt_run *run = *out_run;
    if (!run) return;
    bt_commands_destroy(&run->commands);
    bt_timers_destroy(&run->timers);
    for (uint32_t i = 0; run->bindings && i < run->dispatch_count; i++) bt_bindings_destroy(&run->bindings[i]);
    for (uint32_t i = 0; i < run->view_count; i++) bt_texels_destroy(&run->view[i].texels);
    for (uint32_t i = 0; run->kernel && i < run->dispatch_count; i++) bt_kernel_destroy(&run->kernel[i]);
    for (int r = 0; r < BT_REGION_COUNT; r++) bt_buffer_destroy(&run->buffer[r]);
    bt_buffer_destroy(&run->overflow);
    free(run->kernel);
    free(run->view);
    free(run->bindings);
    free(run->stamps);
    free(run);
    *out_run = NULL;
}

struct bt_commands *bt_run_commands(struct bt_run *run) {
    return run->commands;
}

struct bt_buffer *bt_run_buffer(const struct bt_run *run, enum bt_region region) {
    return run->buffer[region];
}

bool bt_run_overflowed(const struct bt_run *run, uint32_t dispatch) {
    if (!run->overflow) return false;
    uint32_t word;
    memcpy(&word, (const uint8_t *)bt_buffer_map(run->overflow) + (size_t)dispatch * OVERFLOW_BYTES, sizeof word);
    return word != 0;
}

uint32_t bt_run_kernel_count(const struct bt_run *run) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->dispatch_count; i++) {
        uint32_t first = 0;
        while (run->kernel[first] != run->kernel[i]) first++;
        count += first == i;
    }
    return count;
}

bt_status bt_run_times(struct bt_run *run, uint64_t *out_ns) {
    if (!run->timers) return BT_E_ARGUMENT;
    bt_status st = bt_timers_read(run->timers, run->stamps);
    if (st) return st;
    for (uint32_t i = 0; i < run->dispatch_count; i++) out_ns[i] = run->stamps[i + 1] - run->stamps[i];
    return BT_OK;
}
