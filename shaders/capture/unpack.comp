// SPDX-License-Identifier: MIT
// 8-bit YUYV, NV12 or I420 to linear light. Chroma is repeated, not filtered: cameras have blurred it already.
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "capture/unpack.h"
#include "include/color.glsl"

layout(local_size_x = BT_UNPACK_LOCAL) in;
layout(constant_id = BT_UNPACK_FORMAT) const uint format = 0;
layout(constant_id = BT_UNPACK_WIDTH) const uint width = 2;
layout(constant_id = BT_UNPACK_HEIGHT) const uint height = 2;
layout(constant_id = BT_UNPACK_FULL_RANGE) const bool full_range = false;
layout(constant_id = BT_UNPACK_BT709) const bool bt709 = false;
layout(constant_id = BT_UNPACK_MIRROR) const bool mirror = false;

#include "capture/picture.glsl"
layout(set = 0, binding = BT_UNPACK_FRAME, rgba16f) uniform writeonly image2D frame;

void put(uint x, uint y, uint luma, uvec2 chroma) {
    const vec3 rgb = bt_linear_from_coded(bt_rgb_from_yuv(vec3(luma, chroma), full_range, bt709));
    imageStore(frame, ivec2(mirror ? width - 1u - x : x, y), vec4(rgb, 1.0));
}

void main() {
    const uint x = gl_GlobalInvocationID.x * 2u, y = gl_GlobalInvocationID.y * 2u;
    if (x >= width) return;
    if (format == BT_UNPACK_YUYV) {
        const uint top = word((y * width + x) >> 1), bottom = word(((y + 1u) * width + x) >> 1);
        const uvec2 c = uvec2((top >> 8) & 255u, top >> 24), d = uvec2((bottom >> 8) & 255u, bottom >> 24);
        put(x, y, top & 255u, c);
        put(x + 1u, y, (top >> 16) & 255u, c);
        put(x, y + 1u, bottom & 255u, d);
        put(x + 1u, y + 1u, (bottom >> 16) & 255u, d);
        return;
    }
    const uint area = width * height;
    const uvec2 top = pair(y * width + x), bottom = pair((y + 1u) * width + x);
    uvec2 c;
    if (format == BT_UNPACK_NV12) {
        c = pair(area + (y >> 1) * width + x);
    } else {
        const uint at = area + (y >> 1) * (width >> 1) + (x >> 1);
        c = uvec2(single(at), single(at + (area >> 2)));
    }
    put(x, y, top.x, c);
    put(x + 1u, y, top.y, c);
    put(x, y + 1u, bottom.x, c);
    put(x + 1u, y + 1u, bottom.y, c);
}
