// SPDX-License-Identifier: MIT
// Real spherical harmonics to order 2, unnormalised, as the mask's light was measured with (Ramamoorthi and Hanrahan 2001:
// nine coefficients hold what a matt surface shows of its surroundings).
void harmonics(vec3 n, out float h[9])
{
    h[0] = 1.0;
    h[1] = n.y;
    h[2] = n.z;
    h[3] = n.x;
    h[4] = n.x * n.y;
    h[5] = n.y * n.z;
    h[6] = 3.0 * n.z * n.z - 1.0;
    h[7] = n.x * n.z;
    h[8] = n.x * n.x - n.y * n.y;
}

vec3 normal_of(vec2 xy)
{
    return vec3(xy, sqrt(max(0.0, 1.0 - dot(xy, xy))));
}

#ifdef BT_LIGHT_BINDING
layout(binding = BT_LIGHT_BINDING) uniform light_block { vec4 light[BT_SWAP_LIGHT_STATE]; };

vec3 irradiance(vec3 n)
{
    float h[9];
    harmonics(n, h);
    vec3 e = vec3(0.0);
    for (int i = 0; i < 9; ++i)
        e += h[i] * light[i].rgb;
    // Two orders cannot hold a shadow's edge: past it they go dark or below zero, on a nose sharper than the driver's most of all.
    // Below .35 of the mean light they are bent to it; what the driver really shows there comes back with the residual.
    vec3 low = 0.35 * max(light[0].rgb, vec3(0.004)), d = e - low;
    return 0.5 * (e + low + sqrt(d * d + 0.25 * low * low));
}
#endif
