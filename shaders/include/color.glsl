// SPDX-License-Identifier: MIT
// Colour, for GLSL: see color.h for the working space.
#ifndef BT_COLOR_GLSL
#define BT_COLOR_GLSL
#include "include/color.h"

// Y'CbCr codes (8 bits, as 0 to 255) to gamma-coded R'G'B', unclamped. ITU-R BT.601-7 and BT.709-6, section 3: offsets and
// excursions of the limited range; full range as in JFIF.
vec3 bt_rgb_from_yuv(vec3 codes, bool full_range, bool bt709) {
    const float kr = bt709 ? 0.2126 : 0.299, kb = bt709 ? 0.0722 : 0.114, kg = 1.0 - kr - kb;
    const float y = full_range ? codes.x / 255.0 : (codes.x - 16.0) / 219.0;
    const vec2 c = (codes.yz - 128.0) / (full_range ? 255.0 : 224.0);
    const float r = y + 2.0 * (1.0 - kr) * c.y, b = y + 2.0 * (1.0 - kb) * c.x;
    return vec3(r, (y - kr * r - kb * b) / kg, b);
}

vec3 bt_linear_from_coded(vec3 coded) {
    return pow(clamp(coded, 0.0, 1.0), vec3(BT_GAMMA));
}

vec3 bt_coded_from_linear(vec3 linear) {
    return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / BT_GAMMA));
}

#endif
