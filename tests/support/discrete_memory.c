/* SPDX-License-Identifier: MIT */
/* Makes a driver with one kind of memory look like a card with its own: type 0 for the device alone, type 1 for the host to
   see. Linked in with -Wl,--wrap for the four functions below; what is allocated is the driver's one type. */
#include <vulkan/vulkan.h>

void __real_vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *out);
void __wrap_vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *out);
void __real_vkGetBufferMemoryRequirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *out);
void __wrap_vkGetBufferMemoryRequirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *out);
void __real_vkGetImageMemoryRequirements(VkDevice device, VkImage image, VkMemoryRequirements *out);
void __wrap_vkGetImageMemoryRequirements(VkDevice device, VkImage image, VkMemoryRequirements *out);
VkResult __real_vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *host,
                                 VkDeviceMemory *out);
VkResult __wrap_vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *host,
                                 VkDeviceMemory *out);

void __wrap_vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *out) {
    __real_vkGetPhysicalDeviceMemoryProperties(device, out);
    out->memoryTypeCount = 2;
    out->memoryTypes[1] = out->memoryTypes[0];
    out->memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    out->memoryTypes[1].propertyFlags =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
}

void __wrap_vkGetBufferMemoryRequirements(VkDevice device, VkBuffer buffer, VkMemoryRequirements *out) {
    __real_vkGetBufferMemoryRequirements(device, buffer, out);
    out->memoryTypeBits = 3;
}

void __wrap_vkGetImageMemoryRequirements(VkDevice device, VkImage image, VkMemoryRequirements *out) {
    __real_vkGetImageMemoryRequirements(device, image, out);
    out->memoryTypeBits = 3;
}

VkResult __wrap_vkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info, const VkAllocationCallbacks *host,
                                 VkDeviceMemory *out) {
    VkMemoryAllocateInfo real = *info;
    real.memoryTypeIndex = 0;
    return __real_vkAllocateMemory(device, &real, host, out);
}
