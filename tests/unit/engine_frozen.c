/* SPDX-License-Identifier: MIT */
/* src/engine/run/frozen.txt has every kind of convolution that the shipped nets take on a CPU driver with eight lanes, and no
   other. What a frozen kernel computes is checked by kernel/engine_nets, which runs these nets. */
#include "support/cmocka.h"

#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/run/spirv.h"
#include "engine/stage.h"
#include "gpu/device.h"
#include "support/file_bytes.h"

#include <stdio.h>
#include <string.h>

#define BT_FROZEN(...) +1
enum {
    LISTED = 0
#include "engine_frozen.def"
};
#undef BT_FROZEN

static const char *const names[] = {"face_detector", "face_mesh", "selfie_matte"};

struct kinds {
    struct bt_run_spirv seen[256];
    uint32_t count, missing;
};

static void look_at(struct kinds *kinds, const struct bt_dispatch *d) {
    const struct bt_emit_kernel_info *info = bt_emit_kernel_info(d->kernel);
    struct bt_run_spirv spirv;
    uint32_t i = 0;
    if (d->kernel != BT_KERNEL_CONV && d->kernel != BT_KERNEL_DW && d->kernel != BT_KERNEL_SEPARABLE)
        return; /* others are small: nothing was gained */
    if (!bt_run_frozen(d->kernel, d->code, d->constants, &spirv)) {
        fprintf(stderr, "missing: %s", info->name);
        for (uint32_t k = 0; k < info->constant_count; k++) fprintf(stderr, " %d", (int32_t)d->constants[k]);
        fputc('\n', stderr);
        kinds->missing++;
        return;
    }
    while (i < kinds->count && kinds->seen[i].words != spirv.words) i++;
    assert_true(i < BT_COUNT(kinds->seen));
    if (i == kinds->count) kinds->seen[kinds->count++] = spirv;
}

static void shipped_nets(void **state) {
    (void)state;
    /* lavapipe's, where kernels are chosen for vectors of 256 bits */
    const struct bt_gpu_caps caps = {
        .kind = BT_GPU_CPU, .max_texels = 1u << 27, .subgroup_lanes = 8, .subgroup_shuffle = true, .wide_integers = true};
    struct kinds kinds = {0};
    struct bt_plan_params to_plan;
    struct bt_emit_params to_emit;
    bt_net_target(&caps, BT_VARIANT_AUTO, BT_HALF_OFF, &to_plan, &to_emit);
    for (size_t n = 0; n < BT_COUNT(names); n++) {
        struct bt_bytes onnx = bt_test_model(names[n]);
        struct bt_graph *graph = NULL;
        struct bt_plan *plan = NULL;
        struct bt_program *program = NULL;
        if (!onnx.data) skip();
        assert_int_equal(bt_onnx_import(onnx, NULL, &graph), BT_OK);
        assert_int_equal(bt_net_fuse(graph, &caps, BT_VARIANT_AUTO, BT_HALF_OFF, NULL), BT_OK);
        assert_int_equal(bt_plan_create(graph, &to_plan, NULL, &plan), BT_OK);
        assert_int_equal(bt_emit_create(plan, &to_emit, NULL, &program), BT_OK);
        for (uint32_t i = 0; i < program->dispatch_count; i++) look_at(&kinds, &program->dispatch[i]);
        bt_emit_destroy(&program);
        bt_plan_destroy(&plan);
        bt_graph_destroy(&graph);
        bt_test_free(&onnx);
    }
    assert_int_equal(kinds.missing, 0);
    assert_int_equal(kinds.count, LISTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_nets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
