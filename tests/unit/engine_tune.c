/* SPDX-License-Identifier: MIT */
/* The autotuner without a device: a rigged clock's fastest is picked, and kept bytes that are stale, cut, damaged or foreign
   change nothing. */
#include "support/cmocka.h"

#include "base/log.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/tune/tune.h"
#include "gpu/device.h"
#include "support/onnx_writer.h"

#include <stdlib.h>
#include <string.h>

enum { CONVS = 3 };

static const struct bt_emit_params to_emit = {.texels = true, .either = true, .max_texels = 1u << 20};

struct kit {
    struct bt_gpu_caps caps;
    struct bt_graph *graph;
    struct bt_plan *plan;
    struct bt_tuning *tuning;
    uint32_t favourite, asked, news;
    uint64_t favourite_ns, macs[CONVS];
};

/* Three layers: 3x3 with 4 to 8 channels, 3x3 with 8 to 8, 1x1 with 8 to 16; all on 12 x 10. */
static void write_model(struct bt_writer *model) {
    static float numbers[8 * 8 * 9];
    const int64_t input[] = {1, 4, 12, 10}, weights[CONVS][4] = {{8, 4, 3, 3}, {8, 8, 3, 3}, {16, 8, 1, 1}};
    const char *const names[] = {"x", "a", "b", "y"}, *const weight_names[] = {"v", "w", "u"};
    struct bt_writer graph = {0};
    bt_onnx_write_input(&graph, "x", 4, input);
    for (int i = 0; i < CONVS; i++) {
        struct bt_writer attributes = {0};
        const int64_t pad = weights[i][2] / 2, pads[] = {pad, pad, pad, pad};
        bt_onnx_write_floats(&graph, weight_names[i], 4, weights[i], numbers);
        bt_onnx_write_attr_ints(&attributes, "pads", 4, pads);
        bt_onnx_write_node(&graph, "Conv", (const char *const[]){names[i], weight_names[i], NULL}, names[i + 1], &attributes);
    }
    bt_onnx_write_output(&graph, "y");
    bt_onnx_write_model(model, &graph);
}

static int set_up(void **state) {
    struct kit *k = calloc(1, sizeof *k);
    struct bt_writer model = {0};
    write_model(&model);
    k->caps = (struct bt_gpu_caps){.name = "device", .driver = "driver 1", .driver_version = 1};
    assert_int_equal(bt_onnx_import(bt_writer_view(&model), NULL, &k->graph), BT_OK);
    assert_int_equal(bt_fuse(k->graph, NULL), BT_OK);
    assert_int_equal(bt_plan_create(k->graph, NULL, NULL, &k->plan), BT_OK);
    bt_writer_free(&model);
    assert_int_equal(bt_tune_create(&k->caps, &to_emit, (struct bt_bytes){0}, NULL, &k->tuning), BT_OK);
    k->favourite = 2;
    k->favourite_ns = 500;
    *state = k;
    return 0;
}

static int tear_down(void **state) {
    struct kit *k = *state;
    bt_tune_destroy(&k->tuning);
    bt_plan_destroy(&k->plan);
    bt_graph_destroy(&k->graph);
    free(k);
    return 0;
}

static struct bt_choice candidate(const struct bt_layer *layer, uint32_t index) {
    struct bt_choice choices[BT_CHOICES_MAX];
    assert_true(index < bt_emit_candidates(layer, &to_emit, choices));
    return choices[index];
}

static uint64_t rigged(void *user, const struct bt_layer *layer, const struct bt_choice *choice) {
    struct kit *k = user;
    struct bt_choice best = candidate(layer, k->favourite);
    k->asked++;
    return memcmp(&best, choice, sizeof best) != 0 ? 1000 : k->favourite_ns;
}

static void hear(void *user, const struct bt_tune_news *news) {
    struct kit *k = user;
    assert_true(k->news < CONVS);
    k->macs[k->news++] = news->macs;
    assert_int_equal(news->done, k->news);
    assert_true(news->best < news->choice_count);
    assert_int_equal(news->times, 1);
}

static uint32_t tune(struct kit *k, int64_t budget_ns) {
    uint32_t left = UINT32_MAX;
    const struct bt_plan *plan = k->plan;
    const struct bt_tune_params params = {
        .plan = &plan, .plan_count = 1, .emit = &to_emit, .budget_ns = budget_ns, .news = hear, .user = k, .rigged_ns = rigged};
    k->news = 0;
    assert_int_equal(bt_tune_layers(k->tuning, &params, &left), BT_OK);
    return left;
}

/* How many of the plan's layers run in the favourite way when the table is obeyed. */
static uint32_t obeyed(struct kit *k, const struct bt_tuning *tuning) {
    struct bt_emit_params emit = to_emit;
    struct bt_program *program = NULL;
    uint32_t count = 0;
    emit.tuned = bt_tune_table(tuning, &emit.tuned_count);
    assert_int_equal(bt_emit_create(k->plan, &emit, NULL, &program), BT_OK);
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        const struct bt_dispatch *d = &program->dispatch[i];
        struct bt_choice best = d->chosen ? candidate(&d->layer, k->favourite) : (struct bt_choice){0};
        count += d->chosen && !memcmp(&best, &d->choice, sizeof best);
    }
    bt_emit_destroy(&program);
    return count;
}

static void picks_the_fastest(void **state) {
    struct kit *k = *state;
    assert_int_equal(obeyed(k, k->tuning), 0);
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(k->news, CONVS);
    assert_int_equal(obeyed(k, k->tuning), CONVS);
    k->asked = 0;
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(k->asked, 0); /* what is known is not measured again */
}

static void keeps_the_default_within_noise(void **state) {
    struct kit *k = *state;
    k->favourite_ns = 980;
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(obeyed(k, k->tuning), 0);
}

static void passes_over_what_cannot_run(void **state) {
    struct kit *k = *state;
    k->favourite_ns = 0;
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(obeyed(k, k->tuning), 0);
}

static void stops_at_the_budget(void **state) {
    struct kit *k = *state;
    assert_int_equal(tune(k, 0), CONVS);
    assert_int_equal(k->asked, 0);
    assert_int_equal(tune(k, 1), CONVS - 1);                     /* one that was begun is finished */
    assert_int_equal(k->macs[0], UINT64_C(12) * 10 * 8 * 8 * 9); /* the one with the most to compute */
    assert_int_equal(obeyed(k, k->tuning), 1);
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(k->news, CONVS - 1);
    assert_int_equal(obeyed(k, k->tuning), CONVS);
}

static uint32_t loaded(struct kit *k, const struct bt_gpu_caps *caps, const void *bytes, size_t size) {
    struct bt_tuning *again = NULL;
    uint32_t count = 0;
    assert_int_equal(bt_tune_create(caps, &to_emit, (struct bt_bytes){bytes, size}, NULL, &again), BT_OK);
    bt_tune_table(again, &count);
    assert_int_equal(obeyed(k, again), count);
    bt_tune_destroy(&again);
    return count;
}

static void survives_a_file(void **state) {
    struct kit *k = *state;
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(bt_tune_save(k->tuning, &bytes, &size), BT_OK);
    assert_int_equal(loaded(k, &k->caps, bytes, size), CONVS);
    struct bt_gpu_caps other = k->caps;
    other.driver_version++;
    assert_int_equal(loaded(k, &other, bytes, size), 0);
    other = k->caps;
    other.cache_uuid[7] ^= 1;
    assert_int_equal(loaded(k, &other, bytes, size), 0);
    other = k->caps;
    other.device_id ^= 1;
    assert_int_equal(loaded(k, &other, bytes, size), 0);
    for (size_t cut = 0; cut < size; cut++) { /* a copy of just that size, for the address sanitizer to watch */
        void *part = malloc(cut + 1);
        memcpy(part, bytes, cut);
        assert_int_equal(loaded(k, &k->caps, part, cut), 0);
        free(part);
    }
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)bytes)[i] ^= 0x10;
        assert_int_equal(loaded(k, &k->caps, bytes, size), 0);
        ((uint8_t *)bytes)[i] ^= 0x10;
    }
    free(bytes);
}

/* As a program with other candidates would have written it: sound, but not to be obeyed. */
static void refuses_foreign_choices(void **state) {
    struct kit *k = *state;
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(tune(k, INT64_MAX / 2), 0);
    assert_int_equal(bt_tune_save(k->tuning, &bytes, &size), BT_OK);
    const size_t entry = size - sizeof(uint64_t) - sizeof(struct bt_tuned);
    struct bt_tuned last;
    memcpy(&last, (uint8_t *)bytes + entry, sizeof last);
    last.choice.pixels = 0;
    memcpy((uint8_t *)bytes + entry, &last, sizeof last);
    uint64_t sum = UINT64_C(0xcbf29ce484222325); /* FNV-1a again */
    for (size_t i = 0; i < size - sizeof sum; i++) sum = (sum ^ ((uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    memcpy((uint8_t *)bytes + size - sizeof sum, &sum, sizeof sum);
    assert_int_equal(loaded(k, &k->caps, bytes, size), CONVS - 1);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(picks_the_fastest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_default_within_noise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(passes_over_what_cannot_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_at_the_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(survives_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_foreign_choices, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
