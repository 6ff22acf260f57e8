// SPDX-License-Identifier: MIT
// A picture to a frame of another size: turned, mirrored, cropped or with borders, filtered in linear light.
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "capture/place.h"
#include "include/color.glsl"

layout(local_size_x = BT_PLACE_LOCAL, local_size_y = BT_PLACE_LOCAL) in;
layout(constant_id = BT_UNPACK_FORMAT) const uint format = 0;
layout(constant_id = BT_UNPACK_WIDTH) const uint width = 2;
layout(constant_id = BT_UNPACK_HEIGHT) const uint height = 2;
layout(constant_id = BT_UNPACK_FULL_RANGE) const bool full_range = false;
layout(constant_id = BT_UNPACK_BT709) const bool bt709 = false;
layout(constant_id = BT_UNPACK_MIRROR) const bool mirror = false;
layout(constant_id = BT_PLACE_QUARTERS) const uint quarters = 0;
layout(constant_id = BT_PLACE_FRAME_WIDTH) const uint frame_width = 2;
layout(constant_id = BT_PLACE_FRAME_HEIGHT) const uint frame_height = 2;
layout(constant_id = BT_PLACE_LETTERBOX) const bool letterbox = false;

#include "capture/picture.glsl"
layout(set = 0, binding = BT_UNPACK_FRAME, rgba16f) uniform writeonly image2D frame;

// Chroma is repeated, as in unpack.comp.
vec3 linear_at(uint x, uint y) {
    uint luma;
    uvec2 chroma;
    const uint area = width * height;
    if (format == BT_UNPACK_YUYV) {
        const uint both = word((y * width + (x & ~1u)) >> 1);
        luma = (both >> ((x & 1u) << 4)) & 255u;
        chroma = uvec2((both >> 8) & 255u, both >> 24);
    } else {
        luma = single(y * width + x);
        if (format == BT_UNPACK_NV12) {
            chroma = pair(area + (y >> 1) * width + (x & ~1u));
        } else {
            const uint at = area + (y >> 1) * (width >> 1) + (x >> 1);
            chroma = uvec2(single(at), single(at + (area >> 2)));
        }
    }
    return bt_linear_from_coded(bt_rgb_from_yuv(vec3(luma, chroma), full_range, bt709));
}

// Of the turned picture, whose pixel (x, y) is this one of the picture's.
vec3 turned_at(uint x, uint y) {
    if (quarters == 1u) return linear_at(y, height - 1u - x);
    if (quarters == 2u) return linear_at(width - 1u - x, height - 1u - y);
    if (quarters == 3u) return linear_at(width - 1u - y, x);
    return linear_at(x, y);
}

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= frame_width || at.y >= frame_height) return;
    const bool lies = (quarters & 1u) != 0u;
    const vec2 size = lies ? vec2(height, width) : vec2(width, height), room = vec2(frame_width, frame_height);
    const vec2 ratio = size / room;
    const float scale = letterbox ? max(ratio.x, ratio.y) : min(ratio.x, ratio.y);
    const vec2 upright = vec2(mirror ? frame_width - 1u - at.x : at.x, at.y);
    const vec2 middle = (upright + 0.5 - 0.5 * room) * scale + 0.5 * size; // px from the turned picture's corner
    vec3 sum = vec3(0.0);
    if (all(greaterThanEqual(middle, vec2(0.0))) && all(lessThanEqual(middle, size))) {
        const float reach = clamp(scale, 1.0, float(BT_PLACE_REACH));
        const ivec2 first = ivec2(floor(middle - 0.5 - reach)) + 1, last = ivec2(ceil(middle - 0.5 + reach)) - 1;
        float weights = 0.0;
        for (int y = first.y; y <= last.y; y++)
            for (int x = first.x; x <= last.x; x++) {
                const vec2 away = abs(vec2(x, y) + 0.5 - middle) / reach;
                const float weight = max(1.0 - away.x, 0.0) * max(1.0 - away.y, 0.0);
                const ivec2 inside = clamp(ivec2(x, y), ivec2(0), ivec2(size) - 1);
                sum += weight * turned_at(uint(inside.x), uint(inside.y));
                weights += weight;
            }
        sum /= weights;
    }
    imageStore(frame, ivec2(at), vec4(sum, 1.0));
}
