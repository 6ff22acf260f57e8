/* SPDX-License-Identifier: MIT */
/* Colour, read by C and GLSL. The working space is linear light with BT.709 primaries.
   Gamma 2.2 stands for the display's transfer function: the mask's light fit was measured with it. */
#ifndef BT_SHADER_COLOR_H
#define BT_SHADER_COLOR_H

#define BT_GAMMA 2.2

#ifdef GL_core_profile
#define BT_GLSL 1
#endif

#endif
