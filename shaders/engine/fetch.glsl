/* SPDX-License-Identifier: MIT */
/* How kernels read. With BT_TEXELS, through uniform texel buffers, which a CPU driver reads several times faster than storage
   buffers; without, from storage buffers. vec4 for C4 tensors and weights, float for PLAIN ones. */
#extension GL_EXT_control_flow_attributes : enable

#ifdef BT_LANES
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#endif

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
/* With BT_LANES in stores of 64 bits: a CPU driver pays by the store. Pairs are neighbours, the first at an even place. */
#ifdef BT_LANES
#define BT_OUTPUT4(slot)                                                                                                       \
    layout(std430, binding = slot) writeonly buffer block_out {                                                                \
        u64vec2 tensor_out[];                                                                                                  \
    };                                                                                                                         \
    layout(std430, binding = slot) writeonly buffer block_pairs {                                                              \
        u64vec4 pairs_out[];                                                                                                   \
    }
#define BT_BITS(v) u64vec2(packUint2x32(floatBitsToUint((v).xy)), packUint2x32(floatBitsToUint((v).zw)))
#define BT_STORE4(i, v)      tensor_out[i] = BT_BITS(v)
#define BT_STORE_PAIR(i, v, w) pairs_out[(i) >> 1] = u64vec4(BT_BITS(v), BT_BITS(w))
#else
#define BT_OUTPUT4(slot)                                                                                                       \
    layout(std430, binding = slot) writeonly buffer block_out {                                                                \
        vec4 tensor_out[];                                                                                                     \
    }
#define BT_STORE4(i, v) tensor_out[i] = v
#define BT_STORE_PAIR(i, v, w) tensor_out[i] = v, tensor_out[(i) + 1] = w
#endif
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
