/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include "gpu/spirv.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    VkDescriptorType type;
    const char *needs;
} kinds[] = {
    [BT_SLOT_STORAGE] = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, "a buffer"},
    [BT_SLOT_UNIFORM] = {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, "a buffer"},
    [BT_SLOT_TEXELS] = {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, "a texel view"},
    [BT_SLOT_SAMPLED] = {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, "an image"},
    [BT_SLOT_IMAGE] = {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, "an image"},
};

static bt_status check_params(struct bt_gpu *gpu, const struct bt_kernel_params *p) {
    bool good = p->name && p->spirv && p->spirv_bytes >= 20 && p->spirv_bytes % 4 == 0 && p->spirv[0] == 0x07230203 &&
                p->slot_count <= BT_GPU_MAX_SLOTS && p->constant_count <= BT_GPU_MAX_CONSTANTS &&
                p->push_bytes <= BT_GPU_MAX_PUSH_BYTES && p->push_bytes % 4 == 0;
    for (uint32_t i = 0; good && i < p->slot_count; i++) good = (unsigned)p->slots[i] < BT_COUNT(kinds);
    if (!good) bt_log_error(gpu->log, "kernel %s: bad parameters", p->name ? p->name : "?");
    return good ? BT_OK : BT_E_ARGUMENT;
}

/* What C gives is held to what the shader itself declares: layouts that are written twice drift. */
static bt_status check_contract(struct bt_gpu *gpu, const struct bt_kernel_params *params) {
    struct bt_spirv_facts facts;
    uint32_t at = 0;
    bt_status st = bt_spirv_read(params->spirv, params->spirv_bytes, &facts);
    const char *wrong = st ? "its SPIR-V cannot be read" : bt_spirv_mismatch(&facts, params, &at);
    if (wrong)
        bt_log_error(gpu->log, "kernel %s: %s (binding %u; push %u of %u bytes, %u of %u constants)", params->name, wrong, at,
                     st ? 0 : facts.push_bytes, params->push_bytes, st ? 0 : facts.constants, params->constant_count);
    return st ? st : wrong ? BT_E_ARGUMENT : BT_OK;
}

static bt_status make_layouts(struct bt_kernel *kernel) {
    struct bt_gpu *gpu = kernel->gpu;
    VkDescriptorSetLayoutBinding bindings[BT_GPU_MAX_SLOTS];
    for (uint32_t i = 0; i < kernel->slot_count; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){.binding = i,
                                                     .descriptorType = kinds[kernel->slots[i]].type,
                                                     .descriptorCount = 1,
                                                     .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                 .bindingCount = kernel->slot_count,
                                                 .pBindings = bindings};
    VkResult result = vkCreateDescriptorSetLayout(gpu->device, &set, NULL, &kernel->set_layout);
    if (result != VK_SUCCESS) kernel->set_layout = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateDescriptorSetLayout");
    if (st) return st;
    const VkPushConstantRange range = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .offset = 0, .size = kernel->push_bytes};
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &kernel->set_layout,
        .pushConstantRangeCount = kernel->push_bytes ? 1 : 0,
        .pPushConstantRanges = &range,
    };
    result = vkCreatePipelineLayout(gpu->device, &layout, NULL, &kernel->layout);
    if (result != VK_SUCCESS) kernel->layout = VK_NULL_HANDLE;
    return bt_gpu_result(gpu, result, "vkCreatePipelineLayout");
}

/* What the threads share: the next kernel to make. A call that failed is told to the log by the one thread that the device
   belongs to. */
struct making {
    struct bt_gpu *gpu;
    const struct bt_kernel_params *params;
    struct bt_kernel **kernel;
    struct made {
        bool wanted;
        VkResult result;
        const char *call;
    } * made;
    uint32_t count;
    atomic_uint next;
};

/* Any thread: the functions take the device and the cache from several at once (Vulkan 1.3, 3.6 Threading Behavior). */
static VkResult make_pipeline(struct bt_kernel *kernel, const struct bt_kernel_params *params, const char **out_call) {
    struct bt_gpu *gpu = kernel->gpu;
    VkSpecializationMapEntry entries[BT_GPU_MAX_CONSTANTS];
    for (uint32_t i = 0; i < kernel->constant_count; i++)
        entries[i] = (VkSpecializationMapEntry){.constantID = i, .offset = 4 * i, .size = 4};
    const VkSpecializationInfo constants = {.mapEntryCount = kernel->constant_count,
                                            .pMapEntries = entries,
                                            .dataSize = 4 * (size_t)kernel->constant_count,
                                            .pData = kernel->constants};
    const VkShaderModuleCreateInfo code = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = params->spirv_bytes, .pCode = params->spirv};
    VkShaderModule module = VK_NULL_HANDLE;
    *out_call = "vkCreateShaderModule";
    VkResult result = vkCreateShaderModule(gpu->device, &code, NULL, &module);
    if (result != VK_SUCCESS) return result;
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = kernel->constant_count ? &constants : NULL},
        .layout = kernel->layout,
    };
    *out_call = "vkCreateComputePipelines";
    result = vkCreateComputePipelines(gpu->device, gpu->cache, 1, &info, NULL, &kernel->pipeline);
    if (result != VK_SUCCESS) kernel->pipeline = VK_NULL_HANDLE;
    vkDestroyShaderModule(gpu->device, module, NULL);
    return result;
}

static void *make_on(void *user) {
    struct making *m = user;
    for (uint32_t i; (i = atomic_fetch_add(&m->next, 1)) < m->count;)
        if (m->made[i].wanted) m->made[i].result = make_pipeline(m->kernel[i], &m->params[i], &m->made[i].call);
    return NULL;
}

/* On this thread and others; what a thread cannot be had for, the rest do. */
static bt_status make_pipelines(struct making *m, uint32_t wanted) {
    pthread_t thread[BT_GPU_MAX_THREADS];
    uint32_t threads = 0;
    while (threads + 1 < m->gpu->threads && threads + 1 < wanted && !pthread_create(&thread[threads], NULL, make_on, m))
        threads++;
    make_on(m);
    for (uint32_t i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    for (uint32_t i = 0; i < m->count; i++) {
        const struct made *made = &m->made[i];
        bt_status st = made->wanted ? bt_gpu_result(m->gpu, made->result, made->call) : BT_OK;
        if (st) {
            bt_log_error(m->gpu->log, "kernel %s was refused by the driver", m->kernel[i]->name);
            return st;
        }
    }
    return BT_OK;
}

static struct bt_kernel *find_kernel(const struct bt_gpu *gpu, const struct bt_kernel_params *p) {
    for (struct bt_kernel *k = gpu->kernels; k; k = k->next) {
        if (k->spirv == p->spirv && k->constant_count == p->constant_count && k->slot_count == p->slot_count &&
            k->push_bytes == p->push_bytes &&
            (!p->slot_count || !memcmp(k->slots, p->slots, p->slot_count * sizeof *p->slots)) &&
            (!p->constant_count || !memcmp(k->constants, p->constants, p->constant_count * sizeof *p->constants)))
            return k;
    }
    return NULL;
}

/* All but the pipeline. */
static bt_status begin_kernel(struct bt_gpu *gpu, const struct bt_kernel_params *params, struct bt_kernel **out_kernel) {
    struct bt_kernel *kernel = calloc(1, sizeof *kernel);
    if (!kernel) return BT_E_MEMORY;
    kernel->gpu = gpu;
    kernel->users = 1;
    kernel->next = gpu->kernels;
    gpu->kernels = kernel;
    snprintf(kernel->name, sizeof kernel->name, "%s", params->name);
    kernel->spirv = params->spirv;
    kernel->constant_count = params->constant_count;
    if (params->constant_count)
        memcpy(kernel->constants, params->constants, params->constant_count * sizeof *params->constants);
    kernel->slot_count = params->slot_count;
    kernel->push_bytes = params->push_bytes;
    if (params->slot_count) memcpy(kernel->slots, params->slots, params->slot_count * sizeof *params->slots);
    bt_status st = make_layouts(kernel);
    if (st)
        bt_kernel_destroy(&kernel);
    else
        *out_kernel = kernel;
    return st;
}

bt_status bt_kernels_create(struct bt_gpu *gpu, const struct bt_kernel_params *params, uint32_t count,
                            struct bt_kernel **out_kernels) {
    if (!count) return BT_OK;
    struct making m = {.gpu = gpu, .params = params, .count = count};
    uint32_t wanted = 0;
    bt_status st = BT_E_MEMORY;
    m.made = calloc(count, sizeof *m.made);
    m.kernel = calloc(count, sizeof(struct bt_kernel *));
    if (!m.made || !m.kernel) goto fail;
    for (uint32_t i = 0; i < count; i++) {
        st = check_params(gpu, &params[i]);
        if (st) goto fail;
        m.kernel[i] = find_kernel(gpu, &params[i]);
        if (m.kernel[i]) {
            m.kernel[i]->users++;
            continue;
        }
        st = check_contract(gpu, &params[i]);
        if (!st) st = begin_kernel(gpu, &params[i], &m.kernel[i]);
        if (st) goto fail;
        m.made[i].wanted = true;
        wanted++;
    }
    st = make_pipelines(&m, wanted);
    if (st) goto fail;
    memcpy(out_kernels, m.kernel, count * sizeof(struct bt_kernel *));
    free(m.kernel);
    free(m.made);
    return BT_OK;
fail:
    for (uint32_t i = 0; m.kernel && i < count; i++) bt_kernel_destroy(&m.kernel[i]);
    free(m.kernel);
    free(m.made);
    return st;
}

bt_status bt_kernel_create(struct bt_gpu *gpu, const struct bt_kernel_params *params, struct bt_kernel **out_kernel) {
    return bt_kernels_create(gpu, params, 1, out_kernel);
}

void bt_kernel_destroy(struct bt_kernel **kernel_at) {
    if (!kernel_at || !*kernel_at) return;
    struct bt_kernel *kernel = *kernel_at;
    *kernel_at = NULL;
    if (--kernel->users) return;
    struct bt_kernel **at = &kernel->gpu->kernels;
    while (*at != kernel) at = &(*at)->next;
    *at = kernel->next;
    vkDestroyPipeline(kernel->gpu->device, kernel->pipeline, NULL);
    vkDestroyPipelineLayout(kernel->gpu->device, kernel->layout, NULL);
    vkDestroyDescriptorSetLayout(kernel->gpu->device, kernel->set_layout, NULL);
    free(kernel);
}

const char *bt_kernel_name(const struct bt_kernel *kernel) {
    return kernel->name;
}

/* NULL when the binding fits its slot, or what is wrong with it. */
static const char *check_binding(const struct bt_gpu *gpu, enum bt_slot slot, const struct bt_binding *b,
                                 VkDeviceSize *out_range) {
    switch (slot) {
    case BT_SLOT_STORAGE:
    case BT_SLOT_UNIFORM: {
        if (!b->buffer) return "missing";
        if (b->offset_bytes % gpu->caps.storage_align_bytes) return "offset is not aligned";
        const size_t all = b->buffer->padded_bytes;
        if (b->offset_bytes >= all || b->size_bytes > all - b->offset_bytes) return "range leaves the buffer";
        *out_range = b->size_bytes ? b->size_bytes : all - b->offset_bytes;
        if (*out_range > (slot == BT_SLOT_UNIFORM ? gpu->limits.maxUniformBufferRange : gpu->limits.maxStorageBufferRange))
            return "range is larger than the device allows";
        return NULL;
    }
    case BT_SLOT_TEXELS:
        return b->texels ? NULL : "missing";
    case BT_SLOT_IMAGE:
        return b->image ? NULL : "missing";
    case BT_SLOT_SAMPLED:
        if (!b->image) return "missing";
        if ((unsigned)b->sampler >= BT_GPU_SAMPLERS) return "no such sampler";
        if (b->sampler != BT_SAMPLER_NEAREST_EDGE && !gpu->filterable[b->image->format])
            return "the device does not filter this format: use the nearest sampler";
        return NULL;
    }
    return "no such kind";
}

static bt_status make_set(struct bt_bindings *set, const struct bt_kernel *kernel) {
    struct bt_gpu *gpu = set->gpu;
    VkDescriptorPoolSize sizes[BT_COUNT(kinds)];
    uint32_t size_count = 0;
    for (uint32_t k = 0; k < BT_COUNT(kinds); k++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < kernel->slot_count; i++) count += (uint32_t)kernel->slots[i] == k;
        if (count) sizes[size_count++] = (VkDescriptorPoolSize){.type = kinds[k].type, .descriptorCount = count};
    }
    const VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = size_count, .pPoolSizes = sizes};
    const VkResult result = vkCreateDescriptorPool(gpu->device, &pool, NULL, &set->pool);
    if (result != VK_SUCCESS) set->pool = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateDescriptorPool");
    if (st) return st;
    const VkDescriptorSetAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                                  .descriptorPool = set->pool,
                                                  .descriptorSetCount = 1,
                                                  .pSetLayouts = &kernel->set_layout};
    return bt_gpu_result(gpu, vkAllocateDescriptorSets(gpu->device, &allocate, &set->set), "vkAllocateDescriptorSets");
}

bt_status bt_bindings_create(struct bt_kernel *kernel, const struct bt_binding *bindings, uint32_t count,
                             struct bt_bindings **out_bindings) {
    struct bt_gpu *gpu = kernel->gpu;
    if (count != kernel->slot_count || count == 0) {
        bt_log_error(gpu->log, "kernel %s has %u slots; %u bindings were given", kernel->name, kernel->slot_count, count);
        return BT_E_ARGUMENT;
    }
    VkDescriptorBufferInfo buffers[BT_GPU_MAX_SLOTS];
    VkDescriptorImageInfo images[BT_GPU_MAX_SLOTS];
    VkWriteDescriptorSet writes[BT_GPU_MAX_SLOTS];
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_binding *b = &bindings[i];
        const enum bt_slot slot = kernel->slots[i];
        VkDeviceSize range = 0;
        const char *wrong = check_binding(gpu, slot, b, &range);
        if (wrong) {
            bt_log_error(gpu->log, "kernel %s, slot %u (wants %s): %s", kernel->name, i, kinds[slot].needs, wrong);
            return BT_E_ARGUMENT;
        }
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstBinding = i,
                                           .descriptorCount = 1,
                                           .descriptorType = kinds[slot].type};
        if (slot == BT_SLOT_STORAGE || slot == BT_SLOT_UNIFORM) {
            buffers[i] = (VkDescriptorBufferInfo){.buffer = b->buffer->handle, .offset = b->offset_bytes, .range = range};
            writes[i].pBufferInfo = &buffers[i];
        } else if (slot == BT_SLOT_TEXELS) {
            writes[i].pTexelBufferView = &b->texels->handle;
        } else {
            images[i] = (VkDescriptorImageInfo){.sampler = slot == BT_SLOT_SAMPLED ? gpu->samplers[b->sampler] : VK_NULL_HANDLE,
                                                .imageView = b->image->view,
                                                .imageLayout = VK_IMAGE_LAYOUT_GENERAL};
            writes[i].pImageInfo = &images[i];
        }
    }
    struct bt_bindings *set = calloc(1, sizeof *set);
    if (!set) return BT_E_MEMORY;
    set->gpu = gpu;
    set->slot_count = count;
    memcpy(set->slots, kernel->slots, count * sizeof *kernel->slots);
    bt_status st = make_set(set, kernel);
    if (st) goto fail;
    for (uint32_t i = 0; i < count; i++) writes[i].dstSet = set->set;
    vkUpdateDescriptorSets(gpu->device, count, writes, 0, NULL);
    *out_bindings = set;
    return BT_OK;
fail:
    bt_bindings_destroy(&set);
    return st;
}

void bt_bindings_destroy(struct bt_bindings **bindings) {
    if (!bindings || !*bindings) return;
    vkDestroyDescriptorPool((*bindings)->gpu->device, (*bindings)->pool, NULL);
    free(*bindings);
    *bindings = NULL;
}
