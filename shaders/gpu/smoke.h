/* SPDX-License-Identifier: MIT */
/* A kernel for the tests of src/gpu: one slot of each kind, a specialisation constant of each type, a push block. */
#ifndef BT_SHADER_GPU_SMOKE_H
#define BT_SHADER_GPU_SMOKE_H

#define SMOKE_OUT     0 /* storage: float out[count] */
#define SMOKE_FACTORS 1 /* uniform: vec4 */
#define SMOKE_TEXELS  2 /* samplerBuffer, R32F */
#define SMOKE_PICTURE 3 /* sampler2D */
#define SMOKE_TRACE   4 /* image2D, RGBA32F */

#define SMOKE_LOCAL_X 0 /* specialisation constants */
#define SMOKE_SCALE   1 /* float */
#define SMOKE_OFFSET  2 /* int */

#ifndef BT_GLSL
#include <stdint.h>
struct smoke_push {
    uint32_t count, width_px;
    float u, v; /* where the picture is sampled, 0 to 1 */
};
_Static_assert(sizeof(struct smoke_push) == 16, "as in smoke.comp");
#endif
#endif
