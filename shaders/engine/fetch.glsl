/* SPDX-License-Identifier: MIT */
/* How kernels read. With BT_TEXELS, through uniform texel buffers, which a CPU driver reads several times faster than storage
   buffers; without, from storage buffers. vec4 for C4 tensors and weights, float for PLAIN ones. */
#extension GL_EXT_control_flow_attributes : enable

layout(local_size_x_id = 0) in;

#ifdef BT_TEXELS
#define BT_INPUT4(slot, block, name) layout(binding = slot) uniform samplerBuffer name
#define BT_INPUT1(slot, block, name) layout(binding = slot) uniform samplerBuffer name
#define BT_FETCH4(name, i) texelFetch(name, i)
#define BT_FETCH1(name, i) texelFetch(name, i).x
#else
#define BT_INPUT4(slot, block, name)                                                                                           \
    layout(std430, binding = slot) readonly buffer block {                                                                     \
        vec4 name[];                                                                                                           \
    }
#define BT_INPUT1(slot, block, name)                                                                                           \
    layout(std430, binding = slot) readonly buffer block {                                                                     \
        float name[];                                                                                                          \
    }
#define BT_FETCH4(name, i) name[i]
#define BT_FETCH1(name, i) name[i]
#endif
#define BT_OUTPUT4(slot)                                                                                                       \
    layout(std430, binding = slot) writeonly buffer block_out {                                                                \
        vec4 tensor_out[];                                                                                                     \
    }
#define BT_OUTPUT1(slot)                                                                                                       \
    layout(std430, binding = slot) writeonly buffer block_out {                                                                \
        float tensor_out[];                                                                                                    \
    }

/* The invocation's number; groups beyond what one dimension may hold go to the second. */
int invocation() {
    return int(gl_GlobalInvocationID.x + gl_GlobalInvocationID.y * gl_NumWorkGroups.x * gl_WorkGroupSize.x);
}

/* a / b for 0 <= a < 2^22, 0 < b, without the integer division that vector units lack: a float quotient and one step to
   either side. Emit refuses dispatches with more invocations. */
int quotient(int a, int b) {
    int q = int(float(a) / float(b));
    int rest = a - q * b;
    return rest < 0 ? q - 1 : rest >= b ? q + 1 : q;
}
