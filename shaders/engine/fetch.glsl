/* SPDX-License-Identifier: MIT */
/* How kernels read. With BT_TEXELS, through uniform texel buffers, which a CPU driver reads several times faster than storage
   buffers; without, from storage buffers. vec4 for C4 tensors and weights, float for PLAIN ones.
   With BT_HALF, the slots that HALVES names hold C4 tensors or weights in float16: four to a uvec2 (a texel view converts by
   itself). Packing is GLSL's own and asks for no feature. A result that does not fit float16 is told to the host, who makes the
   net anew without. With BT_HALF_PRODUCTS convolutions multiply in float16 too, and add four products in it at most. */
#extension GL_EXT_control_flow_attributes : enable

#ifdef BT_LANES
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#endif

layout(local_size_x_id = 0) in;

#ifdef BT_HALF
layout(constant_id = BT_ENGINE_HALVES) const int HALVES = 0;
#endif
#ifdef BT_HALF_PRODUCTS
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define BT_REAL float16_t
#define BT_VEC f16vec4
#define BT_TO_REAL(v) float16_t(v)
#define BT_TO_VEC(v) f16vec4(v)
#define BT_FROM_REAL(v) float(v)
#define BT_FROM_VEC(v) vec4(v)
#else
#define BT_REAL float
#define BT_VEC vec4
#define BT_TO_REAL(v) v
#define BT_TO_VEC(v) v
#define BT_FROM_REAL(v) v
#define BT_FROM_VEC(v) v
#endif

#ifdef BT_TEXELS
#define BT_INPUT4(slot, block, name) layout(binding = slot) uniform samplerBuffer name
#define BT_INPUT1(slot, block, name) layout(binding = slot) uniform samplerBuffer name
#define BT_FETCH4(name, i) texelFetch(name, i)
#define BT_FETCH1(name, i) texelFetch(name, i).x
#elif defined(BT_HALF)
#define BT_INPUT4(slot, block, name)                                                                                           \
    layout(std430, binding = slot) readonly buffer block {                                                                     \
        uvec2 name[];                                                                                                          \
    };                                                                                                                         \
    const bool name##_is_half = (HALVES & (1 << slot)) != 0
#define BT_INPUT1(slot, block, name)                                                                                           \
    layout(std430, binding = slot) readonly buffer block {                                                                     \
        float name[];                                                                                                          \
    }
#define BT_FETCH4(name, i)                                                                                                     \
    (name##_is_half ? vec4(unpackHalf2x16(name[i].x), unpackHalf2x16(name[i].y))                                               \
                    : uintBitsToFloat(uvec4(name[(i) * 2], name[(i) * 2 + 1])))
#define BT_FETCH1(name, i) name[i]
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
#ifdef BT_HALF
bool too_large(vec4 v) {
    /* Of the bits, as a compiler may take it that no float is infinite or NaN. */
    return any(greaterThan(floatBitsToUint(v) & 0x7fffffffu, uvec4(BT_ENGINE_HALF_MOST)));
}
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
#elif defined(BT_HALF)
#define BT_OUTPUT4(slot)                                                                                                       \
    layout(std430, binding = slot) writeonly buffer block_out {                                                                \
        uvec2 tensor_out[];                                                                                                    \
    };                                                                                                                         \
    layout(std430, binding = slot + 1) writeonly buffer block_overflow {                                                       \
        uint overflow;                                                                                                         \
    };                                                                                                                         \
    const bool out_is_half = (HALVES & (1 << slot)) != 0
#define BT_STORE4(i, v)                                                                                                        \
    {                                                                                                                          \
        vec4 stored = v;                                                                                                       \
        if (out_is_half) {                                                                                                     \
            if (too_large(stored)) overflow = 1u;                                                                              \
            tensor_out[i] = uvec2(packHalf2x16(stored.xy), packHalf2x16(stored.zw));                                           \
        } else {                                                                                                               \
            tensor_out[(i) * 2] = floatBitsToUint(stored.xy);                                                                  \
            tensor_out[(i) * 2 + 1] = floatBitsToUint(stored.zw);                                                              \
        }                                                                                                                      \
    }
#define BT_STORE_PAIR(i, v, w)                                                                                                 \
    {                                                                                                                          \
        BT_STORE4(i, v)                                                                                                        \
        BT_STORE4((i) + 1, w)                                                                                                  \
    }
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

/* A sum of products in float16, which may have overflowed; to be asked before the activation hides it. */
#ifdef BT_HALF_PRODUCTS
#define BT_CHECK_SUM(v)                                                                                                        \
    if (too_large(v)) overflow = 1u
#else
#define BT_CHECK_SUM(v)
#endif

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
