/* SPDX-License-Identifier: MIT */
#include "support/engine_step.h"

#include "base/clock.h"
#include "base/half.h"
#include "base/log.h"
#include "base/rng.h"
#include "engine/emit/program.h"
#include "engine/ref/ref.h"
#include "engine/run/run.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ALIGN = 256 };

static struct bt_gpu *gpu;
static struct bt_log *console;

static void print_line(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    print_message("%s\n", line);
}

struct bt_gpu *step_gpu(void) {
    if (!console) console = bt_log_create(print_line, NULL, BT_LOG_WARNING);
    if (!gpu) assert_int_equal(bt_gpu_create(&(struct bt_gpu_params){.log = console}, &gpu), BT_OK);
    return gpu;
}

void step_gpu_close(void) {
    bt_gpu_destroy(&gpu);
    bt_log_destroy(&console);
}

static size_t c4_index(const struct bt_shape *s, size_t i) {
    size_t plane = (size_t)s->dim[2] * s->dim[3], c = i / plane, pixel = i % plane;
    return (c / 4 * plane + pixel) * 4 + c % 4;
}

static void to_device(const struct step_tensor *t, const float *plain, float *out) {
    size_t n = bt_shape_elements(&t->shape);
    for (size_t i = 0; i < n; i++) out[t->layout == BT_LAYOUT_C4 ? c4_index(&t->shape, i) : i] = plain[i];
}

static size_t device_bytes(const struct bt_shape *s, enum bt_layout layout) {
    size_t n = layout == BT_LAYOUT_C4 ? (size_t)(s->dim[1] + 3) / 4 * 4 * s->dim[2] * s->dim[3] : bt_shape_elements(s);
    return n * sizeof(float);
}

static size_t aligned(size_t n) {
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

struct operands {
    void *data[STEP_INPUTS]; /* PLAIN, of the tensor's type */
    struct bt_value value[STEP_INPUTS + 1];
    struct bt_place place[STEP_INPUTS + 1];
    struct bt_plan_constant constant[STEP_INPUTS];
    struct bt_graph graph;
    struct bt_step step;
    struct bt_plan plan;
};

static void fill(const struct step_case *c, struct operands *o) {
    struct bt_rng rng;
    bt_rng_init(&rng, 7, 1);
    for (uint32_t i = 0; i < c->in_count; i++) {
        const struct step_tensor *t = &c->in[i];
        if (t->absent) continue;
        size_t n = bt_shape_elements(&t->shape), bytes = n * bt_type_bytes(t->type);
        o->data[i] = malloc(bytes);
        assert_non_null(o->data[i]);
        if (t->data) {
            memcpy(o->data[i], t->data, bytes);
            continue;
        }
        bool given = t->low != 0.0f || t->high != 0.0f;
        for (size_t k = 0; k < n; k++) {
            float v = bt_rng_uniform(&rng, given ? t->low : -1.0f, given ? t->high : 1.0f);
            if (t->type == BT_TYPE_BOOL)
                ((uint8_t *)o->data[i])[k] = v > 0.0f;
            else
                ((float *)o->data[i])[k] = v;
        }
    }
}

static void build(const struct step_case *c, struct operands *o) {
    struct bt_plan *plan = &o->plan;
    for (uint32_t i = 0; i < c->in_count; i++) {
        const struct step_tensor *t = &c->in[i];
        if (t->absent) continue;
        o->value[i] = (struct bt_value){.name = "in", .type = t->type, .shape = t->shape, .producer = BT_NONE};
        size_t bytes = device_bytes(&t->shape, t->layout);
        struct bt_place *p = &o->place[i];
        *p = (struct bt_place){.region = t->constant ? BT_REGION_CONSTANT : BT_REGION_INPUT,
                               .value = (uint16_t)i,
                               .layout = t->layout,
                               .shape = t->shape,
                               .size_bytes = bytes};
        size_t *region = &plan->region_bytes[p->region];
        if (t->constant) {
            p->index = plan->constant_count++;
            o->constant[p->index] = (struct bt_plan_constant){.value = (uint16_t)i,
                                                              .type = t->type,
                                                              .shape = t->shape,
                                                              .layout = t->layout,
                                                              .data = o->data[i],
                                                              .size_bytes = bytes,
                                                              .raw = t->raw};
        }
        if (t->raw) continue;
        p->offset_bytes = aligned(*region);
        if (t->constant) o->constant[p->index].offset_bytes = p->offset_bytes;
        *region = p->offset_bytes + bytes;
    }
    size_t bytes = device_bytes(&c->out, c->out_layout);
    o->value[c->in_count] = (struct bt_value){.name = "out", .type = c->out_type, .shape = c->out};
    o->place[c->in_count] = (struct bt_place){.region = BT_REGION_ARENA,
                                              .value = (uint16_t)c->in_count,
                                              .layout = c->out_layout,
                                              .shape = c->out,
                                              .size_bytes = bytes};
    plan->region_bytes[BT_REGION_ARENA] = bytes;
    o->step = (struct bt_step){.name = c->what,
                               .op = c->op,
                               .in_count = (uint16_t)c->in_count,
                               .out_count = 1,
                               .in = o->place,
                               .out = &o->place[c->in_count],
                               .attr = &c->attr};
    o->graph = (struct bt_graph){.name = "test", .value_count = c->in_count + 1, .value = o->value};
    plan->step_count = 1;
    plan->step = &o->step;
    plan->constant = o->constant;
    plan->graph = &o->graph;
}

static float reference_at(const struct step_case *c, const void *data, size_t i) {
    return c->out_type == BT_TYPE_BOOL ? (float)((const uint8_t *)data)[i] : ((const float *)data)[i];
}

/* What the device has in place of `count` floats. */
static void *as_half(const float *values, size_t count) {
    uint16_t *half = malloc(count * sizeof *half);
    assert_non_null(half);
    for (size_t i = 0; i < count; i++) half[i] = bt_half_from_float(values[i]);
    return half;
}

static uint64_t products(const struct step_case *c) {
    if (c->op != BT_OP_CONV && c->op != BT_OP_CONV_TRANSPOSE) return 0;
    const struct bt_shape *w = &c->in[BT_CONV_WEIGHT].shape;
    return (uint64_t)w->dim[c->op == BT_OP_CONV ? 1 : 0] * w->dim[2] * w->dim[3];
}

/* Float16's part of the tolerance. Products of numbers in -1 ... 1 and sums of four of them are rounded to 2^-11 of at most 4,
   in no order: sqrt(n) * 2^-10 holds for all cases here, twice over. */
static float half_tolerance(const struct step_case *c, enum bt_half half, float want) {
    if (!half) return 0.0f;
    float own = fabsf(want) * 0x1p-10f + 0x1p-25f;
    return half == BT_HALF_ARITHMETIC ? own + sqrtf((float)products(c)) * 0x1p-10f : own;
}

static struct bt_emit_params emit_params(const struct step_case *c, enum bt_code code, enum bt_half half) {
    const struct bt_gpu_caps *caps = bt_gpu_caps(step_gpu());
    return (struct bt_emit_params){.texels = code != BT_CODE_STORAGE,
                                   .max_texels = c->max_texels ? c->max_texels : caps->max_texels,
                                   .share = code == BT_CODE_LANES ? bt_run_share(caps) : 0,
                                   .cpu = code != BT_CODE_STORAGE,
                                   .half = half};
}

/* `tuned`: how the step is to be run; or NULL. `half`: operands and the result are so. */
static void run_variant(const struct step_case *c, const struct operands *o, const void *want, enum bt_code code,
                        const struct bt_tuned *tuned, enum bt_half half) {
    static const char *const names[] = {"storage", "texels", "lanes"};
    static const char *const halves[] = {"", ", half", ", half products"};
    char variant[40];
    snprintf(variant, sizeof variant, "%s%s%s", names[code], tuned ? ", tuned" : "", halves[half]);
    struct bt_program *program = NULL;
    struct bt_run *run = NULL;
    struct bt_emit_params params = emit_params(c, code, half);
    params.tuned = tuned;
    params.tuned_count = tuned ? 1 : 0;
    if (code == BT_CODE_LANES && !params.share) return; /* the device cannot */
    assert_int_equal(bt_emit_create(&o->plan, &params, console, &program), BT_OK);
    if (tuned) assert_memory_equal(&program->dispatch[0].choice, &tuned->choice, sizeof tuned->choice);
    assert_int_equal(bt_run_create(&(struct bt_run_params){.gpu = gpu, .log = console, .program = program}, &run), BT_OK);
    for (uint32_t i = 0; i < c->in_count; i++) {
        const struct step_tensor *t = &c->in[i];
        if (t->absent || t->constant) continue;
        float *device = calloc(1, device_bytes(&t->shape, t->layout)), *plain = o->data[i];
        assert_non_null(device);
        if (t->type == BT_TYPE_BOOL) {
            for (size_t k = 0; k < bt_shape_elements(&t->shape); k++) device[k] = ((uint8_t *)o->data[i])[k];
        } else {
            to_device(t, plain, device);
        }
        const struct bt_place *p = &o->place[i];
        void *bits = p->half ? as_half(device, p->size_bytes / sizeof(uint16_t)) : device;
        assert_int_equal(bt_buffer_write(bt_run_buffer(run, BT_REGION_INPUT), p->offset_bytes, bits, p->size_bytes), BT_OK);
        if (p->half) free(bits);
        free(device);
    }
    /* NaN everywhere first: an element that no invocation writes is found. */
    const bool half_out = o->place[c->in_count].half;
    size_t bytes = o->place[c->in_count].size_bytes, count = bytes / (half_out ? sizeof(uint16_t) : sizeof(float));
    size_t n = bt_shape_elements(&c->out);
    float *got = malloc(count * sizeof *got);
    bool *used = calloc(count, sizeof *used);
    assert_non_null(got);
    assert_non_null(used);
    memset(got, 0xff, bytes);
    assert_int_equal(bt_buffer_write(bt_run_buffer(run, BT_REGION_ARENA), 0, got, bytes), BT_OK);
    uint64_t value = 0;
    struct bt_commands *commands = bt_run_commands(run);
    assert_int_equal(bt_gpu_submit(gpu, &commands, 1, &value), BT_OK);
    assert_int_equal(bt_gpu_wait(gpu, value, 60000000000), BT_OK);
    assert_int_equal(bt_buffer_read(bt_run_buffer(run, BT_REGION_ARENA), 0, got, bytes), BT_OK);
    for (size_t i = count; half_out && i-- > 0;) { /* from behind: in place */
        uint16_t bits;
        memcpy(&bits, (const uint8_t *)got + i * sizeof bits, sizeof bits);
        got[i] = bt_half_to_float(bits);
    }
    if (half) {
        assert_true(program->dispatch[0].half == (products(c) ? half : BT_HALF_STORAGE));
        for (uint32_t i = 0; i < program->dispatch_count; i++) assert_false(bt_run_overflowed(run, i));
    }
    float worst = 0.0f;
    for (size_t i = 0; i < n; i++) {
        size_t at = c->out_layout == BT_LAYOUT_C4 ? c4_index(&c->out, i) : i;
        float a = reference_at(c, want, i), b = got[at];
        used[at] = true;
        if (!(fabsf(a - b) <= c->tolerance + half_tolerance(c, half, a)))
            fail_msg("%s (%s): element %zu is %g, should be %g", c->what, variant, i, (double)b, (double)a);
        if (fabsf(a - b) > worst) worst = fabsf(a - b);
    }
    for (size_t i = 0; i < count; i++) {
        if (!used[i] && got[i] != 0.0f)
            fail_msg("%s (%s): lane %zu without a channel is %g", c->what, variant, i, (double)got[i]);
    }
    free(got);
    free(used);
    bt_run_destroy(&run);
    bt_emit_destroy(&program);
}

/* Every way of running the step in this code; `tiled`: by tiles only. */
static void run_ways(const struct step_case *c, const struct operands *o, const void *want, enum bt_code code, bool tiled,
                     enum bt_half half) {
    struct bt_emit_params params = emit_params(c, code, half);
    struct bt_program *program = NULL;
    if (code == BT_CODE_LANES && !params.share) return;
    assert_int_equal(bt_emit_create(&o->plan, &params, console, &program), BT_OK);
    const struct bt_dispatch *d = &program->dispatch[0];
    struct bt_choice choices[BT_CHOICES_MAX];
    uint32_t count = d->chosen ? bt_emit_candidates(&d->layer, &params, choices) : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct bt_tuned tuned = {.layer = d->layer, .choice = choices[i]};
        if (!tiled || tuned.choice.way == BT_WAY_TILED) run_variant(c, o, want, code, &tuned, half);
    }
    bt_emit_destroy(&program);
}

static void refer(const struct step_case *c, const struct operands *o, struct bt_ref_tensor *out) {
    struct bt_ref_tensor in[STEP_INPUTS] = {0};
    for (uint32_t i = 0; i < c->in_count; i++)
        in[i] = (struct bt_ref_tensor){.type = c->in[i].type, .shape = c->in[i].shape, .data = o->data[i]};
    struct bt_node node = {.name = c->what, .op = c->op, .in_count = (uint16_t)c->in_count, .out_count = 1, .attr = c->attr};
    if (c->op == BT_OP_CONVERT)
        memcpy(out->data, in[0].data, bt_shape_elements(&c->out) * sizeof(float));
    else
        assert_int_equal(bt_ref_run_node(&node, c->in_count, in, 1, out), BT_OK);
}

/* Every map operand becomes float16, its values rounded to it; the weights too. False: there is none. */
static bool halve(const struct step_case *c, struct operands *o) {
    bool any = false;
    for (uint32_t i = 0; i <= c->in_count; i++) {
        struct bt_place *p = &o->place[i];
        if (i < c->in_count && c->in[i].type == BT_TYPE_F32 && o->data[i]) {
            float *values = o->data[i];
            for (size_t k = 0; k < bt_shape_elements(&c->in[i].shape); k++)
                values[k] = bt_half_to_float(bt_half_from_float(values[k]));
        }
        if (p->region == BT_REGION_NONE || p->region == BT_REGION_CONSTANT || p->layout != BT_LAYOUT_C4) continue;
        p->half = any = true;
        p->size_bytes /= 2;
    }
    o->step.half = any;
    return any;
}

/* The case made ready, and what it must come to. */
static struct operands *begin(const struct step_case *c, struct bt_ref_tensor *out) {
    struct operands *o = calloc(1, sizeof *o);
    assert_non_null(o);
    step_gpu();
    fill(c, o);
    build(c, o);
    *out = (struct bt_ref_tensor){.type = c->out_type, .shape = c->out};
    out->data = calloc(bt_shape_elements(&c->out), sizeof(float));
    assert_non_null(out->data);
    refer(c, o, out);
    return o;
}

static void finish(const struct step_case *c, struct operands *o, struct bt_ref_tensor *out) {
    for (uint32_t i = 0; i < c->in_count; i++) free(o->data[i]);
    free(out->data);
    free(o);
}

void step_check(const struct step_case *c) {
    struct bt_ref_tensor out;
    struct operands *o = begin(c, &out);
    for (enum bt_code code = BT_CODE_STORAGE; code <= BT_CODE_LANES; code++)
        run_variant(c, o, out.data, code, NULL, BT_HALF_OFF);
    run_ways(c, o, out.data, BT_CODE_STORAGE, true, BT_HALF_OFF);
    /* Compiling takes long: not again for other widths of vectors, of which these know nothing, nor in every form for all. */
    if (!getenv("LP_NATIVE_VECTOR_WIDTH") && halve(c, o)) {
        refer(c, o, &out);
        for (enum bt_half half = BT_HALF_STORAGE; half <= BT_HALF_ARITHMETIC; half++) {
            if (half == BT_HALF_ARITHMETIC && (!products(c) || !bt_gpu_caps(gpu)->half_arithmetic)) continue;
            const uint32_t taps = products(c) ? c->in[BT_CONV_WEIGHT].shape.dim[2] * c->in[BT_CONV_WEIGHT].shape.dim[3] : 1;
            if (taps <= 9) run_variant(c, o, out.data, BT_CODE_TEXELS, NULL, half);
            if (products(c) > 16) continue;
            run_variant(c, o, out.data, BT_CODE_STORAGE, NULL, half);
            run_ways(c, o, out.data, BT_CODE_STORAGE, true, half);
        }
    }
    finish(c, o, &out);
}

void step_check_ways(const struct step_case *c) {
    struct bt_ref_tensor out;
    struct operands *o = begin(c, &out);
    for (enum bt_code code = BT_CODE_TEXELS; code <= BT_CODE_LANES; code++) run_ways(c, o, out.data, code, false, BT_HALF_OFF);
    finish(c, o, &out);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t step_cpu_ns(const struct step_case *c, bool texels, uint32_t runs, int64_t *out_first_ns) {
    struct operands *o = calloc(1, sizeof *o);
    int64_t *ns = calloc(runs, sizeof *ns);
    struct bt_program *program = NULL;
    struct bt_run *run = NULL;
    assert_non_null(o);
    assert_non_null(ns);
    step_gpu();
    fill(c, o);
    build(c, o);
    const struct bt_gpu_caps *caps = bt_gpu_caps(gpu);
    struct bt_emit_params params = {
        .texels = texels, .max_texels = caps->max_texels, .share = texels ? bt_run_share(caps) : 0, .cpu = texels};
    assert_int_equal(bt_emit_create(&o->plan, &params, console, &program), BT_OK);
    int64_t before = bt_clock_cpu_ns();
    assert_int_equal(bt_run_create(&(struct bt_run_params){.gpu = gpu, .log = console, .program = program}, &run), BT_OK);
    struct bt_commands *commands = bt_run_commands(run);
    for (uint32_t i = 0; i < runs + 1; i++) { /* the first compiles */
        uint64_t value = 0;
        int64_t start = bt_clock_cpu_ns();
        assert_int_equal(bt_gpu_submit(gpu, &commands, 1, &value), BT_OK);
        assert_int_equal(bt_gpu_wait(gpu, value, 60000000000), BT_OK);
        if (i)
            ns[i - 1] = bt_clock_cpu_ns() - start;
        else
            *out_first_ns = bt_clock_cpu_ns() - before;
    }
    qsort(ns, runs, sizeof *ns, by_value);
    int64_t median = ns[runs / 2];
    bt_run_destroy(&run);
    bt_emit_destroy(&program);
    for (uint32_t i = 0; i < c->in_count; i++) free(o->data[i]);
    free(o);
    free(ns);
    return median;
}
