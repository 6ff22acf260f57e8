// SPDX-License-Identifier: MIT
// The only shader that is bound to the egress pool: it draws the label and adds the invisible mark, so no bytes leave without.
// A pixel that is not a number becomes black before the label goes over it: nothing upstream can spoil the label.
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "disclose/pack.h"

layout(local_size_x = BT_PACK_LOCAL) in;
layout(constant_id = BT_PACK_FORMAT) const uint format = 0;
layout(constant_id = BT_PACK_WIDTH) const uint width = 2;
layout(constant_id = BT_PACK_HEIGHT) const uint height = 2;
layout(constant_id = BT_PACK_BT709) const uint bt709 = 0;
layout(constant_id = BT_PACK_FADES) const uint fades = 0;

layout(binding = BT_PACK_FRAME) uniform sampler2D frame;
layout(binding = BT_PACK_OVERLAY) uniform sampler2D overlay;
layout(binding = BT_PACK_EGRESS, std430) writeonly buffer Egress { uint egress[]; };
layout(binding = BT_PACK_TILE, std430) readonly buffer Tile { uint tile[]; };
layout(push_constant) uniform Push { bt_pack_push push; };

// The plate that a block of 8 x 2 px from (x, y) may touch: never both, they stand BT_PACK_APART_X or _Y px apart.
struct Plate {
    uvec2 at, size;
    uint row; // of the overlay
};

Plate plate_near(uint x, uint y) {
    uvec2 l = uvec2(x + 7u - push.label_x, y + 1u - push.label_y);
    if (l.x < push.label_w + 7u && l.y < push.label_h + 1u)
        return Plate(uvec2(push.label_x, push.label_y), uvec2(push.label_w, push.label_h), push.label_row);
    return Plate(uvec2(push.banner_x, push.banner_y), uvec2(push.banner_w, push.banner_h), push.banner_row);
}

// The overlay at a frame pixel. Outside: transparent, which the label's rounded corner (texel 0) is.
vec4 over(Plate plate, uint x, uint y) {
    uvec2 p = uvec2(x, y) - plate.at;
    bool inside = p.x < plate.size.x && p.y < plate.size.y;
    return texelFetch(overlay, inside ? ivec2(p.x, p.y + plate.row) : ivec2(0), 0);
}

// x^(1/2.2) from 0 to 1, by a fit in the fourth root that is exact at both ends: off by at most 0.0005, a tenth of a code, and
// a fifth of the whole kernel cheaper than pow on a CPU driver. (Least maximum by reweighted least squares.)
vec3 gamma_code(vec3 x) {
    vec3 s = sqrt(sqrt(x));
    return s + s * (1.0 - s) * (-0.96566358 + s * (0.26820146 - 0.13164685 * s));
}

// Gamma-coded RGB: faded (even steps to the eye), then the label drawn.
vec3 pixel(Plate plate, uint x, uint y) {
    vec3 c = texelFetch(frame, ivec2(x, y), 0).rgb;
    c = mix(vec3(0.0), c, greaterThan(c, vec3(0.0)));
    c = gamma_code(min(c, vec3(1.0)));
    if (fades != 0u) c = mix(c, vec3(BT_PACK_GROUND_R, BT_PACK_GROUND_G, BT_PACK_GROUND_B) / 255.0, push.fade);
    vec4 o = over(plate, x, y);
    return o.rgb + c * (1.0 - o.a);
}

float luma(vec3 c) {
    float kr = bt709 != 0u ? BT_PACK_KR_709 : BT_PACK_KR_601, kb = bt709 != 0u ? BT_PACK_KB_709 : BT_PACK_KB_601;
    return kr * c.r + (1.0 - kr - kb) * c.g + kb * c.b;
}

// Four px of the mark's tile, from (x, y); 4 divides x.
vec4 mark_at(uint x, uint y) {
    return unpackSnorm4x8(tile[(y % BT_MARK_TILE) * (BT_MARK_TILE / 4u) + x / 4u % (BT_MARK_TILE / 4u)]);
}

// A pair of neighbours, marked: over label and banner too, which it is too faint to harm.
uvec2 code_y(vec3 a, vec3 b, vec2 mark) {
    vec2 y = 219.0 * vec2(luma(a), luma(b));
    float gain = push.sign * min(push.least + push.slope * abs(y.x - y.y), push.most);
    return uvec2(16.5 + y + gain * mark);
}

uint code_u(vec3 c) {
    float kb = bt709 != 0u ? BT_PACK_KB_709 : BT_PACK_KB_601;
    return uint(128.5 + 112.0 / (1.0 - kb) * (c.b - luma(c)));
}

uint code_v(vec3 c) {
    float kr = bt709 != 0u ? BT_PACK_KR_709 : BT_PACK_KR_601;
    return uint(128.5 + 112.0 / (1.0 - kr) * (c.r - luma(c)));
}

void pack_yuyv(uvec2 id) {
    if (id.x >= width / 2u) return;
    Plate p = plate_near(2u * id.x, id.y);
    vec3 a = pixel(p, 2u * id.x, id.y), b = pixel(p, 2u * id.x + 1u, id.y), m = 0.5 * (a + b);
    vec4 mark = mark_at(2u * id.x, id.y);
    uvec2 y = code_y(a, b, (id.x & 1u) == 0u ? mark.xy : mark.zw);
    egress[id.y * (width / 2u) + id.x] = y.x | code_u(m) << 8 | y.y << 16 | code_v(m) << 24;
}

void pack_block(uvec2 id) {
    if (id.x >= width / 8u) return;
    Plate p = plate_near(8u * id.x, 2u * id.y);
    vec4 mark_top, mark_low;
    uint top0 = 0u, top1 = 0u, low0 = 0u, low1 = 0u, u = 0u, v = 0u;
    for (uint i = 0u; i < 4u; i++) {
        uint x = 8u * id.x + 2u * i, y = 2u * id.y, shift = 16u * (i & 1u);
        if ((i & 1u) == 0u) {
            mark_top = mark_at(x, y);
            mark_low = mark_at(x, y + 1u);
        } else {
            mark_top = mark_top.zwzw;
            mark_low = mark_low.zwzw;
        }
        vec3 a = pixel(p, x, y), b = pixel(p, x + 1u, y), c = pixel(p, x, y + 1u), d = pixel(p, x + 1u, y + 1u);
        vec3 m = 0.25 * (a + b + c + d);
        uvec2 ab = code_y(a, b, mark_top.xy), cd = code_y(c, d, mark_low.xy);
        uint top = (ab.x | ab.y << 8) << shift, low = (cd.x | cd.y << 8) << shift;
        if (i < 2u) {
            top0 |= top;
            low0 |= low;
        } else {
            top1 |= top;
            low1 |= low;
        }
        u |= code_u(m) << (8u * i);
        v |= code_v(m) << (8u * i);
    }
    uint row = width / 4u, at = 2u * id.y * row + 2u * id.x, luma_words = row * height;
    egress[at] = top0;
    egress[at + 1u] = top1;
    egress[at + row] = low0;
    egress[at + row + 1u] = low1;
    if (format == BT_PACK_NV12) {
        at = luma_words + id.y * row + 2u * id.x;
        egress[at] = (u & 255u) | (v & 255u) << 8 | (u >> 8 & 255u) << 16 | (v >> 8 & 255u) << 24;
        egress[at + 1u] = (u >> 16 & 255u) | (v >> 16 & 255u) << 8 | (u >> 24) << 16 | (v >> 24) << 24;
    } else {
        at = luma_words + id.y * (width / 8u) + id.x;
        egress[at] = u;
        egress[at + luma_words / 4u] = v;
    }
}

uint byte_at(uint i) {
    uint luma_bytes = width * height, chroma = luma_bytes / 4u;
    if (i < luma_bytes) {
        uint odd = i & 1u, x = i % width - odd, y = i / width;
        Plate p = plate_near(x, y);
        vec4 mark = mark_at(x, y);
        return code_y(pixel(p, x, y), pixel(p, x + 1u, y), (x & 2u) == 0u ? mark.xy : mark.zw)[odd];
    }
    i -= luma_bytes;
    if (i >= 2u * chroma) return 0u;
    uint at = format == BT_PACK_NV12 ? i / 2u : i % chroma;
    bool is_v = format == BT_PACK_NV12 ? (i & 1u) == 1u : i >= chroma;
    uint x = 2u * (at % (width / 2u)), y = 2u * (at / (width / 2u));
    Plate p = plate_near(x, y);
    vec3 m = 0.25 * (pixel(p, x, y) + pixel(p, x + 1u, y) + pixel(p, x, y + 1u) + pixel(p, x + 1u, y + 1u));
    return is_v ? code_v(m) : code_u(m);
}

void pack_word(uvec2 id) {
    uint i = id.y * BT_PACK_WORD_ROW + id.x;
    if (i >= (width * height * 3u / 2u + 3u) / 4u) return;
    uint word = 0u;
    for (uint k = 0u; k < 4u; k++) word |= byte_at(4u * i + k) << (8u * k);
    egress[i] = word;
}

void main() {
    uvec2 id = gl_GlobalInvocationID.xy;
    if (format == BT_PACK_YUYV) pack_yuyv(id);
    else if (width % 8u == 0u) pack_block(id);
    else pack_word(id);
}
