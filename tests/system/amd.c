/* SPDX-License-Identifier: MIT */
/* The shipped nets' kernels, compiled for AMD's GPUs by Mesa's RADV, which needs no such GPU to compile (RADV_FORCE_FAMILY): a
   compiler for real hardware takes our SPIR-V, and finds registers for it. Nothing runs: such a device has neither
   memory nor queue, and no timeline. Linked with -Wl,@amd.wrap. */
#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/run/run.h"
#include "engine/run/spirv.h"
#include "gpu/device.h"
#include "gpu/kernel.h"
#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/test_gpu.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

/* What the compiler says of all pipelines since the last reset. */
static struct {
    uint32_t pipelines, most_registers;
    uint64_t spilled, scratch_bytes, most_shared_bytes;
} seen;

VkResult __real_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *host,
                               VkDevice *out);
VkResult __wrap_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *host,
                               VkDevice *out);
VkResult __real_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *host,
                                         VkPipeline *out);
VkResult __wrap_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *host,
                                         VkPipeline *out);
VkResult __wrap_vkCreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info, const VkAllocationCallbacks *host,
                                  VkSemaphore *out);
void __wrap_vkDestroySemaphore(VkDevice device, VkSemaphore semaphore, const VkAllocationCallbacks *host);
VkResult __wrap_vkDeviceWaitIdle(VkDevice device);

VkResult __wrap_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *host,
                               VkDevice *out) {
    const char *const extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    const VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
        .pNext = (void *)(uintptr_t)info->pNext,
        .pipelineExecutableInfo = VK_TRUE};
    VkDeviceCreateInfo more = *info;
    assert_int_equal(info->enabledExtensionCount, 0);
    more.pNext = &feature;
    more.enabledExtensionCount = 1;
    more.ppEnabledExtensionNames = &extension;
    return __real_vkCreateDevice(physical, &more, host, out);
}

static void look(VkDevice device, VkPipeline pipeline) {
    const PFN_vkGetPipelineExecutableStatisticsKHR get =
        (PFN_vkGetPipelineExecutableStatisticsKHR)(void (*)(void))vkGetDeviceProcAddr(device,
                                                                                      "vkGetPipelineExecutableStatisticsKHR");
    const VkPipelineExecutableInfoKHR which = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline};
    VkPipelineExecutableStatisticKHR stats[64];
    uint32_t count = BT_COUNT(stats);
    for (uint32_t i = 0; i < count; i++)
        stats[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    assert_non_null(get);
    assert_int_equal(get(device, &which, &count, stats), VK_SUCCESS);
    uint32_t known = 0;
    seen.pipelines++;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t value = stats[i].value.u64;
        if (!strcmp(stats[i].name, "VGPRs")) {
            known++;
            if (value > seen.most_registers) seen.most_registers = (uint32_t)value;
        } else if (!strncmp(stats[i].name, "Spilled", 7)) {
            known++;
            seen.spilled += value;
        } else if (!strcmp(stats[i].name, "Scratch size")) {
            known++;
            seen.scratch_bytes += value;
        } else if (!strcmp(stats[i].name, "LDS size")) {
            known++;
            if (value > seen.most_shared_bytes) seen.most_shared_bytes = value;
        }
    }
    assert_int_equal(known, 5); /* scalar and vector registers are spilled */
}

VkResult __wrap_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *host,
                                         VkPipeline *out) {
    assert_int_equal(count, 1);
    VkComputePipelineCreateInfo info = infos[0];
    info.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
    const VkResult result = __real_vkCreateComputePipelines(device, cache, 1, &info, host, out);
    if (result == VK_SUCCESS) look(device, *out);
    return result;
}

VkResult __wrap_vkCreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info, const VkAllocationCallbacks *host,
                                  VkSemaphore *out) {
    (void)device, (void)info, (void)host;
    *out = VK_NULL_HANDLE;
    return VK_SUCCESS;
}

void __wrap_vkDestroySemaphore(VkDevice device, VkSemaphore semaphore, const VkAllocationCallbacks *host) {
    (void)device, (void)semaphore, (void)host;
}

VkResult __wrap_vkDeviceWaitIdle(VkDevice device) {
    (void)device;
    return VK_SUCCESS;
}

/* How the net's convolutions are run by tiles, where they may be; the caller frees it. */
static struct bt_tuned *by_tiles(const struct bt_plan *plan, const struct bt_emit_params *params, uint32_t *out_count) {
    struct bt_program *program = NULL;
    assert_int_equal(bt_emit_create(plan, params, NULL, &program), BT_OK);
    struct bt_tuned *tuned = calloc(program->dispatch_count, sizeof *tuned);
    uint32_t count = 0;
    assert_non_null(tuned);
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        struct bt_choice choices[BT_CHOICES_MAX];
        const struct bt_dispatch *d = &program->dispatch[i];
        uint32_t n = d->chosen ? bt_emit_candidates(&d->layer, params, choices) : 0;
        if (!n || choices[n - 1].way != BT_WAY_TILED) continue;
        tuned[count] = (struct bt_tuned){.layer = d->layer, .choice = choices[n - 1 - count % 3]};
        count++;
    }
    bt_emit_destroy(&program);
    *out_count = count;
    return tuned;
}

/* Every distinct pipeline of the program. */
static void compile(struct test_gpu *t, const struct bt_plan *plan, const struct bt_emit_params *params, const char *what) {
    struct bt_program *program = NULL;
    assert_int_equal(bt_emit_create(plan, params, t->log, &program), BT_OK);
    seen.pipelines = seen.most_registers = 0;
    seen.spilled = seen.scratch_bytes = seen.most_shared_bytes = 0;
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        const struct bt_dispatch *d = &program->dispatch[i];
        bool known = false;
        for (uint32_t k = 0; k < i && !known; k++) {
            const struct bt_dispatch *o = &program->dispatch[k];
            known = o->kernel == d->kernel && o->code == d->code && !memcmp(o->constants, d->constants, sizeof d->constants);
        }
        if (known) continue;
        const struct bt_emit_kernel_info *info = bt_emit_kernel_info(d->kernel);
        const struct bt_run_spirv spirv = bt_run_spirv(d->kernel, d->code);
        enum bt_slot slots[BT_DISPATCH_SLOTS];
        for (uint32_t k = 0; k < info->slot_count; k++)
            slots[k] = d->code != BT_CODE_STORAGE && strchr("14", info->slots[k]) ? BT_SLOT_TEXELS : BT_SLOT_STORAGE;
        struct bt_kernel *kernel = NULL;
        assert_int_equal(bt_kernel_create(t->gpu,
                                          &(struct bt_kernel_params){.name = info->name,
                                                                     .spirv = spirv.words,
                                                                     .spirv_bytes = spirv.size_bytes,
                                                                     .slots = slots,
                                                                     .slot_count = info->slot_count,
                                                                     .constants = d->constants,
                                                                     .constant_count = info->constant_count,
                                                                     .push_bytes = info->push_bytes},
                                          &kernel),
                         BT_OK);
        bt_kernel_destroy(&kernel);
    }
    print_message("  %-24s %3u pipelines, at most %3u registers, %5u B shared; %u registers spilled\n", what, seen.pipelines,
                  seen.most_registers, (unsigned)seen.most_shared_bytes, (unsigned)seen.spilled);
    assert_true(seen.pipelines > 0);
    assert_int_equal(seen.spilled, 0);
    assert_int_equal(seen.scratch_bytes, 0);
    assert_true(seen.most_shared_bytes <= 16384);
    bt_emit_destroy(&program);
}

static void compile_net(struct test_gpu *t, const char *name) {
    struct bt_bytes file = bt_test_model(name);
    struct bt_graph *graph = NULL;
    struct bt_plan *plan = NULL;
    char what[64];
    if (!file.data) skip(); /* packaging/models has not been run */
    assert_int_equal(bt_onnx_import(file, t->log, &graph), BT_OK);
    bt_test_free(&file);
    assert_int_equal(bt_fuse(graph, t->log), BT_OK);
    assert_int_equal(bt_plan_create(graph, &(struct bt_plan_params){.alignment_bytes = 256, .guard_bytes = BT_RUN_GUARD_BYTES},
                                    t->log, &plan),
                     BT_OK);
    struct bt_emit_params params = {.max_texels = bt_gpu_caps(t->gpu)->max_texels, .guard_bytes = BT_RUN_GUARD_BYTES};
    snprintf(what, sizeof what, "%s, storage", name);
    compile(t, plan, &params, what);
    struct bt_tuned *tuned = by_tiles(plan, &params, &params.tuned_count);
    params.tuned = tuned;
    assert_true(params.tuned_count > 0);
    snprintf(what, sizeof what, "%s, tiles", name);
    compile(t, plan, &params, what);
    params.tuned_count = 0;
    params.texels = true;
    snprintf(what, sizeof what, "%s, texels", name);
    compile(t, plan, &params, what);
    free(tuned);
    bt_plan_destroy(&plan);
    bt_graph_destroy(&graph);
}

static void compiled(void **state) {
    const char *const families[] = {"VEGA10", "NAVI21"}; /* waves of 64; of 32 and 64 */
    struct test_gpu t;
    (void)state;
    if (access(getenv("VK_ICD_FILENAMES"), R_OK)) {
        print_message("no RADV here\n");
        skip();
    }
    for (size_t i = 0; i < BT_COUNT(families); i++) {
        assert_int_equal(setenv("RADV_FORCE_FAMILY", families[i], 1), 0);
        assert_int_equal(test_gpu_open(&t), BT_OK);
        print_message("%s\n", bt_gpu_caps(t.gpu)->name);
        assert_non_null(strstr(bt_gpu_caps(t.gpu)->name, families[i]));
        assert_true(bt_gpu_caps(t.gpu)->kind != BT_GPU_CPU);
        compile_net(&t, "face_detector");
        compile_net(&t, "face_mesh");
        compile_net(&t, "selfie_matte");
        test_gpu_close(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(compiled)};
    return cmocka_run_group_tests_name("kernels for AMD GPUs", tests, NULL, NULL);
}
