/* SPDX-License-Identifier: MIT */
#include "engine/net.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/emit/program.h"
#include "engine/graph/graph.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "engine/run/run.h"
#include "engine/stage.h"
#include "engine/tune/tune.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct bt_net {
    char *name;
    struct bt_graph *graph; /* owns the tensors' names */
    struct bt_run *run;
    struct bt_tensor *input, *output;
    uint32_t input_count, output_count;
    struct bt_net_dispatch *dispatch;
    struct bt_net_stats stats;
    struct bt_net_params params; /* without the model */
    struct bt_plan *plan;        /* these three only with float16: what bt_net_mend needs */
    struct bt_program *program;
    bool *single; /* of each value of the graph: did not fit float16 */
};

static struct bt_tensor tensor_of(const struct bt_net *net, const struct bt_place *place, const char *name) {
    struct bt_tensor t = {
        .name = name,
        .buffer = bt_run_buffer(net->run, place->region),
        .offset_bytes = place->offset_bytes,
        .size_bytes = place->size_bytes,
        .layout = place->layout,
        .rank = place->shape.rank,
        .truth = net->graph->value[place->value].type == BT_TYPE_BOOL,
    };
    memcpy(t.dim, place->shape.dim, sizeof t.dim);
    return t;
}

static bt_status describe(struct bt_net *net, const struct bt_plan *plan) {
    net->input = calloc(plan->input_count + 1, sizeof *net->input);
    net->output = calloc(plan->output_count + 1, sizeof *net->output);
    if (!net->input || !net->output) return BT_E_MEMORY;
    net->input_count = plan->input_count;
    net->output_count = plan->output_count;
    const struct bt_graph *g = net->graph;
    for (uint32_t i = 0; i < plan->input_count; i++)
        net->input[i] = tensor_of(net, &plan->input[i], g->value[g->input[i]].name);
    for (uint32_t i = 0; i < plan->output_count; i++)
        net->output[i] = tensor_of(net, &plan->output[i], g->value[g->output[i]].name);
    return BT_OK;
}

/* `like`: the one before, or NULL. */
static bt_status start(const struct bt_net_params *params, const struct bt_program *program, struct bt_run *like,
                       struct bt_run **out_run) {
    const struct bt_run_params run = {
        .gpu = params->gpu, .log = params->log, .program = program, .timed = params->timed, .like = like};
    return bt_run_create(&run, out_run);
}

/* Names are the graph's, which the net keeps. */
static bt_status count_up(struct bt_net *net, const struct bt_plan *plan, const struct bt_program *program) {
    struct bt_net_dispatch *dispatch = calloc(program->dispatch_count + 1, sizeof *dispatch);
    if (!dispatch) return BT_E_MEMORY;
    free(net->dispatch);
    net->dispatch = dispatch;
    const uint32_t single_count = net->stats.single_count;
    net->stats = (struct bt_net_stats){
        .constant_bytes = program->region_bytes[BT_REGION_CONSTANT],
        .input_bytes = program->region_bytes[BT_REGION_INPUT],
        .output_bytes = program->region_bytes[BT_REGION_OUTPUT],
        .scratch_bytes = program->region_bytes[BT_REGION_ARENA],
        .unshared_bytes = plan->unshared_bytes,
        .dispatch_count = program->dispatch_count,
        .kernel_count = bt_run_kernel_count(net->run),
        .single_count = single_count,
    };
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        const struct bt_dispatch *d = &program->dispatch[i];
        net->dispatch[i] = (struct bt_net_dispatch){.name = d->name,
                                                    .op = d->op,
                                                    .kernel = bt_emit_kernel_info(d->kernel)->name,
                                                    .half = d->half,
                                                    .texels = d->code != BT_CODE_STORAGE,
                                                    .macs = d->macs};
        net->stats.macs += d->macs;
        net->stats.barrier_count += d->wait;
        net->stats.half_count += d->half != BT_HALF_OFF;
    }
    return BT_OK;
}

/* A net on its way. */
struct making {
    const struct bt_net_params *params;
    struct bt_net *net;
    struct bt_plan *plan;
    struct bt_program *program;
    bt_status st;
};

/* What the threads share. */
struct makings {
    struct making *making;
    uint32_t count;
    atomic_uint next;
};

static bt_status lower(const struct bt_net *net, struct bt_plan **out_plan, struct bt_program **out_program) {
    const struct bt_net_params *params = &net->params;
    struct bt_plan_params plan;
    struct bt_emit_params emit;
    bt_net_target(bt_gpu_caps(params->gpu), params->variant, params->half, &plan, &emit);
    if (params->tuning) emit.tuned = bt_tune_table(params->tuning, &emit.tuned_count);
    plan.single = net->single;
    bt_status st = bt_plan_create(net->graph, &plan, params->log, out_plan);
    return st ? st : bt_emit_create(*out_plan, &emit, params->log, out_program);
}

/* All that does nothing with the device: any thread. */
static bt_status compile(struct making *m) {
    const struct bt_net_params *params = m->params;
    struct bt_net *net = m->net = calloc(1, sizeof *net);
    if (!net) return BT_E_MEMORY;
    net->params = *params;
    net->params.onnx = (struct bt_bytes){0};
    net->name = strdup(params->name ? params->name : "net");
    if (!net->name) return BT_E_MEMORY;
    bt_status st = bt_onnx_import(params->onnx, params->log, &net->graph);
    if (!st) st = bt_net_fuse(net->graph, bt_gpu_caps(params->gpu), params->variant, params->half, params->log);
    if (!st && params->half) {
        net->single = calloc(net->graph->value_count + 1, sizeof *net->single);
        if (!net->single) st = BT_E_MEMORY;
    }
    return st ? st : lower(net, &m->plan, &m->program);
}

static void *compile_on(void *user) {
    struct makings *all = user;
    for (uint32_t i; (i = atomic_fetch_add(&all->next, 1)) < all->count;) all->making[i].st = compile(&all->making[i]);
    return NULL;
}

/* The first failure of any; what no thread can be had for, this one does. */
static bt_status compile_all(struct making *m, uint32_t count, uint32_t threads_most) {
    enum { THREADS_MOST = 8 };
    struct makings all = {.making = m, .count = count};
    pthread_t thread[THREADS_MOST];
    uint32_t threads = 0;
    while (threads < THREADS_MOST && threads + 1 < threads_most && threads + 1 < count &&
           !pthread_create(&thread[threads], NULL, compile_on, &all))
        threads++;
    compile_on(&all);
    for (uint32_t i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (m[i].st) return m[i].st;
    }
    return BT_OK;
}

bt_status bt_nets_create(const struct bt_net_params *params, uint32_t count, struct bt_net **out_nets) {
    const int64_t start_ns = bt_clock_now_ns();
    struct bt_run_kernels *kernels = NULL;
    struct making *m = calloc(count + 1, sizeof *m);
    const struct bt_program **programs = calloc(count + 1, sizeof *programs);
    bt_status st = m && programs ? BT_OK : BT_E_MEMORY;
    for (uint32_t i = 0; m && i < count; i++) m[i].params = &params[i];
    if (!st && count) st = compile_all(m, count, bt_gpu_threads(params->gpu));
    for (uint32_t i = 0; i < count && !st; i++) programs[i] = m[i].program;
    if (!st && count) st = bt_run_kernels_create(params->gpu, programs, count, &kernels);
    for (uint32_t i = 0; i < count && !st; i++) {
        st = start(&params[i], m[i].program, NULL, &m[i].net->run);
        if (!st) st = describe(m[i].net, m[i].plan);
        if (!st) st = count_up(m[i].net, m[i].plan, m[i].program);
    }
    for (uint32_t i = 0; i < count && !st; i++) {
        const struct bt_net_stats *s = &m[i].net->stats;
        bt_log_debug(params->log, "engine: %s: %u dispatches, %u kernels, %zu KiB of constants, %zu KiB of scratch",
                     m[i].net->name, s->dispatch_count, s->kernel_count, s->constant_bytes >> 10, s->scratch_bytes >> 10);
        if (params[i].half) { /* for bt_net_mend */
            m[i].net->plan = m[i].plan;
            m[i].net->program = m[i].program;
            m[i].plan = NULL;
            m[i].program = NULL;
        }
        out_nets[i] = m[i].net;
        m[i].net = NULL;
    }
    if (!st) bt_log_debug(params->log, "engine: %u nets made in %.0f ms", count, (double)(bt_clock_now_ns() - start_ns) * 1e-6);
    bt_run_kernels_destroy(&kernels);
    for (uint32_t i = 0; m && i < count; i++) {
        bt_emit_destroy(&m[i].program);
        bt_plan_destroy(&m[i].plan);
        bt_net_destroy(&m[i].net);
    }
    free(programs);
    free(m);
    return st;
}

bt_status bt_net_create(const struct bt_net_params *params, struct bt_net **out_net) {
    return bt_nets_create(params, 1, out_net);
}

void bt_net_destroy(struct bt_net **out_net) {
    struct bt_net *net = *out_net;
    if (!net) return;
    bt_run_destroy(&net->run);
    bt_emit_destroy(&net->program);
    bt_plan_destroy(&net->plan);
    free(net->single);
    bt_graph_destroy(&net->graph);
    free(net->input);
    free(net->output);
    free(net->dispatch);
    free(net->name);
    free(net);
    *out_net = NULL;
}

static const struct bt_tensor *find(const struct bt_tensor *tensor, uint32_t count, const char *name) {
    if (!name) return count ? &tensor[0] : NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(tensor[i].name, name)) return &tensor[i];
    }
    return NULL;
}

const struct bt_tensor *bt_net_input(const struct bt_net *net, const char *name) {
    return find(net->input, net->input_count, name);
}

const struct bt_tensor *bt_net_output(const struct bt_net *net, const char *name) {
    return find(net->output, net->output_count, name);
}

uint32_t bt_net_input_count(const struct bt_net *net) {
    return net->input_count;
}

const struct bt_tensor *bt_net_input_at(const struct bt_net *net, uint32_t index) {
    return index < net->input_count ? &net->input[index] : NULL;
}

uint32_t bt_net_output_count(const struct bt_net *net) {
    return net->output_count;
}

const struct bt_tensor *bt_net_output_at(const struct bt_net *net, uint32_t index) {
    return index < net->output_count ? &net->output[index] : NULL;
}

struct bt_commands *bt_net_commands(struct bt_net *net) {
    return bt_run_commands(net->run);
}

static const struct bt_step *step_of(const struct bt_net *net, uint32_t dispatch) {
    return &net->plan->step[net->program->dispatch[dispatch].step];
}

/* Whether what a step reads did not fit either: then it need not be at fault itself. */
static bool inherits(const struct bt_step *step, const bool *spilt) {
    for (uint16_t k = 0; k < step->in_count; k++) {
        const struct bt_place *in = &step->in[k];
        if (in->region == BT_REGION_ARENA && in->value != step->out->value && spilt[in->value]) return true;
    }
    return false;
}

/* The new ones are marked in `single`; their number. */
static bt_status find_overflows(const struct bt_net *net, bool *single, uint32_t *out_count) {
    bool *spilt = calloc(net->graph->value_count + 1, sizeof *spilt);
    if (!spilt) return BT_E_MEMORY;
    uint32_t count = 0;
    for (uint32_t i = 0; i < net->program->dispatch_count; i++) {
        if (bt_run_overflowed(net->run, i)) spilt[step_of(net, i)->out->value] = true;
    }
    for (uint32_t i = 0; i < net->program->dispatch_count; i++) {
        const struct bt_step *step = step_of(net, i);
        if (!bt_run_overflowed(net->run, i) || inherits(step, spilt) || single[step->out->value]) continue;
        single[step->out->value] = true;
        count++;
        bt_log_info(net->params.log, "engine: %s: the results of %s \"%s\" do not fit float16: float32 from now on", net->name,
                    bt_op_info(step->op)->name, step->name);
    }
    free(spilt);
    *out_count = count;
    return BT_OK;
}

bt_status bt_net_mend(struct bt_net *net, bool *out_again) {
    bool overflowed = false;
    for (uint32_t i = 0; net->program && i < net->program->dispatch_count; i++) overflowed |= bt_run_overflowed(net->run, i);
    if (!overflowed) {
        *out_again = false;
        return BT_OK;
    }
    struct bt_plan *plan = NULL;
    struct bt_program *program = NULL;
    struct bt_run *run = NULL;
    uint32_t count = 0;
    bt_status st = find_overflows(net, net->single, &count);
    if (!st && !count) st = BT_E_DEVICE; /* what is in float32 cannot overflow: nothing would change */
    if (!st) st = lower(net, &plan, &program);
    if (!st) st = start(&net->params, program, net->run, &run);
    if (st) {
        bt_emit_destroy(&program);
        bt_plan_destroy(&plan);
        return st;
    }
    bt_run_destroy(&net->run);
    bt_emit_destroy(&net->program);
    bt_plan_destroy(&net->plan);
    net->run = run;
    net->program = program;
    net->plan = plan;
    net->stats.single_count += count;
    st = count_up(net, plan, program);
    if (!st) *out_again = true;
    return st;
}

const char *bt_net_single_at(const struct bt_net *net, uint32_t index) {
    for (uint32_t v = 0; net->single && v < net->graph->value_count; v++) {
        if (net->single[v] && index-- == 0) return net->graph->value[v].name;
    }
    return NULL;
}

bt_status bt_net_fill(const struct bt_tensor *input, const float *values) {
    struct bt_plan_constant c = {.type = BT_TYPE_F32, .layout = input->layout, .data = values, .size_bytes = input->size_bytes};
    c.shape.rank = input->rank;
    memcpy(c.shape.dim, input->dim, sizeof c.shape.dim);
    void *packed = malloc(input->size_bytes);
    if (!packed) return BT_E_MEMORY;
    bt_plan_pack(&c, packed);
    bt_status st = bt_buffer_write(input->buffer, input->offset_bytes, packed, input->size_bytes);
    free(packed);
    return st;
}

const struct bt_net_stats *bt_net_stats(const struct bt_net *net) {
    return &net->stats;
}

const struct bt_net_dispatch *bt_net_dispatch_at(const struct bt_net *net, uint32_t index) {
    return index < net->stats.dispatch_count ? &net->dispatch[index] : NULL;
}

bt_status bt_net_times(struct bt_net *net, uint64_t *out_ns) {
    return bt_run_times(net->run, out_ns);
}
