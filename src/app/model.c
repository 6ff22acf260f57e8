/* SPDX-License-Identifier: MIT */
#include "app/model.h"

#include "app/files.h"
#include "app/npy.h"
#include "base/log.h"
#include "base/rng.h"
#include "gpu/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger files hold more constants than the engine takes (BT_GRAPH_CONST_BYTES_MAX). */
static const size_t model_most_bytes = (size_t)1 << 30, npy_most_bytes = (size_t)1 << 30;
static const int64_t wait_ns = INT64_C(120000000000); /* a large net on a slow CPU driver is still told from a hung device */

static const char *const variants[] = {
    [BT_VARIANT_AUTO] = "auto", [BT_VARIANT_TEXELS] = "texels", [BT_VARIANT_STORAGE] = "storage"};
static const char *const halves[] = {[BT_HALF_OFF] = "off", [BT_HALF_STORAGE] = "storage", [BT_HALF_ARITHMETIC] = "arithmetic"};
static const char *const stages[] = {[BT_STAGE_IMPORT] = "import",
                                     [BT_STAGE_GRAPH] = "graph",
                                     [BT_STAGE_FUSE] = "fuse",
                                     [BT_STAGE_PLAN] = "plan",
                                     [BT_STAGE_EMIT] = "emit"};

const char *bt_model_variant_name(enum bt_variant variant) {
    return variants[variant];
}

const char *bt_model_half_name(enum bt_half half) {
    return halves[half];
}

struct bt_model_shape bt_model_shape(const char *type, uint32_t rank, const uint32_t *dim) {
    struct bt_model_shape s;
    size_t used = (size_t)snprintf(s.text, sizeof s.text, "%s[", type);
    for (uint32_t i = 0; i < rank; i++) used += (size_t)snprintf(s.text + used, sizeof s.text - used, i ? ",%u" : "%u", dim[i]);
    snprintf(s.text + used, sizeof s.text - used, "]");
    return s;
}

struct bt_model_shape bt_model_shape_of(const struct bt_tensor *tensor) {
    return bt_model_shape(tensor->truth ? "bool" : "float32", tensor->rank, tensor->dim);
}

size_t bt_model_elements(const struct bt_tensor *tensor) {
    size_t n = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) n *= tensor->dim[i];
    return n;
}

bt_status bt_model_open_device(struct bt_model *model) {
    bt_status status = bt_cache_open_device(&model->cache, model->log, model->options->device, &model->gpu);
    if (!status) bt_cache_load_tuning(&model->cache, model->gpu);
    return status;
}

bt_status bt_model_load(struct bt_model *model, bool timed, struct bt_net **out_net) {
    const char *slash = strrchr(model->path, '/');
    const struct bt_net_params params = {.gpu = model->gpu,
                                         .log = model->log,
                                         .name = slash ? slash + 1 : model->path,
                                         .onnx = model->onnx,
                                         .variant = model->variant,
                                         .half = model->half,
                                         .tuning = model->cache.tuning,
                                         .timed = timed};
    bt_status status = bt_net_create(&params, out_net);
    if (!status) bt_cache_save(&model->cache, model->gpu);
    return status;
}

/* The same on every machine: one stream of the generator an input. */
static void grow(const struct bt_model *model, uint32_t index, const struct bt_tensor *input, float *values) {
    struct bt_rng rng;
    bt_rng_init(&rng, model->seed, index);
    for (size_t i = 0; i < bt_model_elements(input); i++) values[i] = bt_rng_uniform(&rng, 0.0f, 1.0f);
}

static bt_status read_input(const struct bt_model *model, const char *path, const struct bt_tensor *input, float *values) {
    struct bt_bytes file = {0};
    struct bt_npy npy = {0};
    bt_status status = bt_files_read(model->log, path, npy_most_bytes, &file);
    if (!status) status = bt_npy_read(model->log, path, file, &npy);
    if (!status && (npy.rank != input->rank || memcmp(npy.dim, input->dim, npy.rank * sizeof *npy.dim) != 0)) {
        bt_log_error(model->log, "%s is %s; input %s of %s wants %s", path,
                     bt_model_shape(bt_npy_type_name(npy.type), npy.rank, npy.dim).text, input->name, model->path,
                     bt_model_shape_of(input).text);
        status = BT_E_ARGUMENT;
    }
    if (!status) bt_npy_floats(&npy, values);
    free((void *)(uintptr_t)file.data);
    return status;
}

/* The input that NAME=FILE names; a name may hold '='. */
static uint32_t named(const struct bt_net *net, const char *text) {
    for (uint32_t i = 0; i < bt_net_input_count(net); i++) {
        const char *name = bt_net_input_at(net, i)->name;
        size_t size = strlen(name);
        if (!strncmp(text, name, size) && text[size] == '=' && text[size + 1]) return i;
    }
    return UINT32_MAX;
}

static void list_inputs(const struct bt_model *model, const struct bt_net *net) {
    for (uint32_t i = 0; i < bt_net_input_count(net); i++) {
        const struct bt_tensor *input = bt_net_input_at(net, i);
        bt_log_info(model->log, "%s has the input %s %s", model->path, input->name, bt_model_shape_of(input).text);
    }
}

bt_status bt_model_fill(const struct bt_model *model, const struct bt_net *net) {
    const struct bt_app_texts *given = &model->options->input;
    uint32_t count = bt_net_input_count(net);
    const char **path = calloc(count + 1, sizeof *path);
    float *values = NULL;
    bt_status status = path ? BT_OK : BT_E_MEMORY;
    for (uint32_t i = 0; !status && i < given->count; i++) {
        uint32_t index = named(net, given->at[i]);
        if (index == UINT32_MAX || path[index]) {
            bt_log_error(model->log, "--input %s: %s", given->at[i],
                         index == UINT32_MAX ? "expected NAME=FILE.npy with the name of an input"
                                             : "that input is given twice");
            list_inputs(model, net);
            status = BT_E_ARGUMENT;
        } else {
            path[index] = given->at[i] + strlen(bt_net_input_at(net, index)->name) + 1;
        }
    }
    for (uint32_t i = 0; !status && i < count; i++) {
        const struct bt_tensor *input = bt_net_input_at(net, i);
        values = malloc(bt_model_elements(input) * sizeof *values);
        if (!values) status = BT_E_MEMORY;
        if (!status && path[i]) status = read_input(model, path[i], input, values);
        if (!status && !path[i]) grow(model, i, input, values);
        if (!status) status = bt_net_fill(input, values);
        free(values);
    }
    free(path);
    return status;
}

bt_status bt_model_submit(const struct bt_model *model, struct bt_net *net) {
    bt_status status = BT_OK;
    for (bool again = true; again && !status;) {
        struct bt_commands *commands = bt_net_commands(net);
        uint64_t value = 0;
        status = bt_gpu_submit(model->gpu, &commands, 1, &value);
        if (!status) status = bt_gpu_wait(model->gpu, value, wait_ns);
        if (!status) status = bt_net_mend(net, &again);
    }
    if (status) bt_log_error(model->log, "%s: the run failed: %s", model->path, bauta_status_text(status));
    return status;
}

static bt_status dump(struct bt_model *model) {
    const struct bt_app_options *o = model->options;
    struct bt_net_print_params params = {
        .log = model->log, .onnx = model->onnx, .variant = model->variant, .half = model->half};
    char *text = NULL;
    uint32_t stage = 0;
    while (stage < BT_COUNT(stages) && (!o->after || strcmp(o->after, stages[stage]) != 0)) stage++;
    if (stage == BT_COUNT(stages)) {
        bt_log_error(model->log, "--after %s: expected import, graph, fuse, plan or emit", o->after ? o->after : "is missing");
        return BT_E_ARGUMENT;
    }
    params.stage = (enum bt_net_stage)stage;
    if (params.stage == BT_STAGE_EMIT) {
        /* Who asks for no device by name can do without one. */
        const struct bt_gpu_params device = {.log = o->device ? model->log : NULL, .device = o->device};
        bt_status status = bt_gpu_create(&device, &model->gpu);
        if (status && o->device) return status;
        if (status) bt_log_warning(model->log, "no Vulkan device: this is for an imagined one");
        if (!status) params.caps = bt_gpu_caps(model->gpu);
    }
    bt_status status = bt_net_print(&params, &text);
    if (!status) fputs(text, stdout);
    free(text);
    return status;
}

/* An option that a word does not read is an error: nobody should think that it did something. */
static const struct word {
    const char *name;
    bt_status (*run)(struct bt_model *model);
    bool input, seed, half, after, runs, json, budget;
} words[] = {
    {.name = "run", .run = bt_model_run, .input = true, .seed = true, .half = true},
    {.name = "dump", .run = dump, .half = true, .after = true},
    {.name = "bench", .run = bt_model_bench, .input = true, .seed = true, .half = true, .runs = true, .json = true},
    {.name = "first", .run = bt_model_first, .half = true, .json = true},
    {.name = "tune", .run = bt_model_tune, .budget = true},
};

static bt_status check_options(struct bt_model *model, const struct word *word) {
    const struct bt_app_options *o = model->options;
    const char *stray = o->input.count && !word->input ? "input"
                        : o->seed && !word->seed       ? "seed"
                        : o->half && !word->half       ? "half"
                        : o->after && !word->after     ? "after"
                        : o->runs && !word->runs       ? "runs"
                        : o->json && !word->json       ? "json"
                        : o->budget && !word->budget   ? "budget"
                        : o->variant && word->budget   ? "variant"
                                                       : NULL;
    if (stray) {
        bt_log_error(model->log, "--%s: bauta model %s does not take it", stray, word->name);
        return BT_E_ARGUMENT;
    }
    uint32_t variant = 0;
    while (o->variant && variant < BT_COUNT(variants) && strcmp(o->variant, variants[variant]) != 0) variant++;
    if (variant == BT_COUNT(variants)) {
        bt_log_error(model->log, "--variant %s: expected auto, texels or storage", o->variant);
        return BT_E_ARGUMENT;
    }
    model->variant = (enum bt_variant)variant;
    uint32_t half = 0;
    while (o->half && half < BT_COUNT(halves) && strcmp(o->half, halves[half]) != 0) half++;
    if (half == BT_COUNT(halves)) {
        bt_log_error(model->log, "--half %s: expected off, storage or arithmetic", o->half);
        return BT_E_ARGUMENT;
    }
    model->half = (enum bt_half)half;
    if (o->seed && !bt_app_number(o->seed, &model->seed)) {
        bt_log_error(model->log, "--seed %s: expected a whole number", o->seed);
        return BT_E_ARGUMENT;
    }
    return BT_OK;
}

bt_status bt_app_model(struct bt_app *app) {
    struct bt_model model = {.log = app->log, .options = &app->options, .start_ns = app->start_ns};
    const struct word *word = NULL;
    for (size_t i = 0; i < BT_COUNT(words); i++)
        if (app->options.words == 2 && !strcmp(app->options.word[0], words[i].name)) word = &words[i];
    if (!word) {
        bt_log_error(app->log, "bauta model run, dump, bench, first or tune, then FILE.onnx; see bauta model --help");
        return BT_E_ARGUMENT;
    }
    model.path = app->options.word[1];
    bt_status status = check_options(&model, word);
    if (!status) status = bt_files_read(app->log, model.path, model_most_bytes, &model.onnx);
    if (!status) status = word->run(&model);
    bt_cache_close(&model.cache);
    bt_gpu_destroy(&model.gpu);
    free((void *)(uintptr_t)model.onnx.data);
    return status;
}
