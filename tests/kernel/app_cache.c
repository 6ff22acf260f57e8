/* SPDX-License-Identifier: MIT */
/* What a start keeps for the next one: found again, ignored when it is not what it was, and never in the way. */
#include "support/cmocka.h"

#include "app/cache.h"
#include "base/log.h"
#include "engine/tuning.h"
#include "gpu/device.h"
#include "support/onnx_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct kit {
    struct bt_writer model;
    char folder[32], kernels[64], measured[64];
};

static int set_up(void **state) {
    static float numbers[8 * 4 * 9];
    const int64_t input[] = {1, 4, 6, 6}, weight[] = {8, 4, 1, 1};
    struct kit *k = calloc(1, sizeof *k);
    struct bt_writer graph = {0};
    bt_onnx_write_input(&graph, "x", 4, input);
    bt_onnx_write_floats(&graph, "w", 4, weight, numbers);
    bt_onnx_write_node(&graph, "Conv", (const char *const[]){"x", "w", NULL}, "y", NULL);
    bt_onnx_write_output(&graph, "y");
    bt_onnx_write_model(&k->model, &graph);
    strcpy(k->folder, "/tmp/bauta-cache-XXXXXX");
    assert_non_null(mkdtemp(k->folder));
    snprintf(k->kernels, sizeof k->kernels, "%s/bauta/kernels.bin", k->folder);
    snprintf(k->measured, sizeof k->measured, "%s/bauta/tuning.bin", k->folder);
    setenv("XDG_CACHE_HOME", k->folder, 1);
    *state = k;
    return 0;
}

static int tear_down(void **state) {
    struct kit *k = *state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", k->folder); /* the driver keeps its own files there */
    assert_int_equal(system(command), 0);
    bt_writer_free(&k->model);
    free(k);
    return 0;
}

/* A start that may measure for `seconds`: how many layers it knew before, and in *out_after how many after. */
static uint32_t go(struct kit *k, int64_t seconds, uint32_t *out_after) {
    struct bt_cache cache = {0};
    struct bt_gpu *gpu = NULL;
    const struct bt_bytes onnx = bt_writer_view(&k->model);
    uint32_t before = 0;
    if (bt_cache_open_device(&cache, NULL, NULL, &gpu)) {
        bt_cache_close(&cache);
        skip();
    }
    bt_cache_load_tuning(&cache, gpu);
    assert_non_null(cache.tuning);
    bt_tune_table(cache.tuning, &before);
    bt_cache_measure(&cache, gpu, &onnx, 1, seconds * 1000000000);
    bt_tune_table(cache.tuning, out_after);
    bt_cache_save(&cache, gpu);
    bt_cache_close(&cache);
    bt_gpu_destroy(&gpu);
    return before;
}

static void kept_and_found(void **state) {
    struct kit *k = *state;
    struct stat st;
    uint32_t after = 0;
    assert_int_equal(go(k, 0, &after), 0);
    assert_int_equal(after, 0);
    assert_int_not_equal(access(k->measured, F_OK), 0); /* nothing known, nothing kept */
    assert_int_equal(go(k, 600, &after), 0);
    assert_int_equal(after, 1);
    assert_int_equal(access(k->measured, F_OK), 0);
    char folder[64];
    snprintf(folder, sizeof folder, "%s/bauta", k->folder);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(go(k, 600, &after), 1);
}

static void garbage(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void garbage_is_ignored(void **state) {
    struct kit *k = *state;
    uint32_t after = 0;
    assert_int_equal(go(k, 600, &after), 0);
    assert_int_equal(truncate(k->measured, 40), 0);
    assert_int_equal(go(k, 600, &after), 0);
    assert_int_equal(after, 1);
    garbage(k->measured, "not a table at all, but long enough to be looked at by whoever reads tables");
    garbage(k->kernels, "nor are these kernels of any device that was ever built by anybody");
    assert_int_equal(go(k, 600, &after), 0);
    assert_int_equal(after, 1);
    assert_int_equal(go(k, 0, &after), 1); /* what was measured then has taken its place */
}

static void no_place_to_write(void **state) {
    struct kit *k = *state;
    uint32_t after = 0;
    setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
    assert_int_equal(go(k, 600, &after), 0);
    assert_int_equal(after, 1);
}

static void budgets(void **state) {
    (void)state;
    struct bt_cache cache = {0};
    struct bt_gpu *gpu = NULL;
    int64_t ns = -1;
    if (bt_cache_open_device(&cache, NULL, NULL, &gpu)) skip();
    assert_int_equal(bt_cache_budget(NULL, NULL, gpu, &ns), BT_OK);
    assert_true((ns == 0) == (bt_gpu_caps(gpu)->kind == BT_GPU_CPU));
    assert_int_equal(bt_cache_budget(NULL, "7", gpu, &ns), BT_OK);
    assert_true(ns == INT64_C(7000000000));
    static const char *const bad[] = {"", "-1", "x", "1.5", "86401", "99999999999999999999"};
    for (size_t i = 0; i < BT_COUNT(bad); i++) assert_int_equal(bt_cache_budget(NULL, bad[i], gpu, &ns), BT_E_ARGUMENT);
    assert_true(ns == INT64_C(7000000000));
    bt_cache_close(&cache);
    bt_gpu_destroy(&gpu);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_and_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(garbage_is_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_place_to_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(budgets, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
