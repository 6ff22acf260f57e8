/* SPDX-License-Identifier: MIT */
/* Convolution weights from ONNX's order to what conv.comp and dw.comp read; see shaders/engine/conv.h. Pure. */
#ifndef BT_EMIT_PACK_H
#define BT_EMIT_PACK_H

#include <stddef.h>
#include <stdint.h>

struct bt_pack_conv {
    uint32_t out, in; /* channels of the whole convolution */
    uint32_t group;   /* >1: a dense kernel with zeros, for grouped convolutions that are not depthwise */
    uint32_t kernel_h, kernel_w;
    const float *weight; /* [out][in / group][ky][kx] */
    const float *bias;   /* [out] or NULL */
    const float *slope;  /* [out], or one when slope_count is 1 */
    uint32_t slope_count;
    float bias_missing; /* for lanes without a channel: what makes the activation's result zero */
};

size_t bt_emit_pack_conv_bytes(const struct bt_pack_conv *p);
/* Returns the vec4 index of bias and slope. `to` is zeroed. */
int32_t bt_emit_pack_conv_write(const struct bt_pack_conv *p, float *to);

size_t bt_emit_pack_depthwise_bytes(const struct bt_pack_conv *p);
int32_t bt_emit_pack_depthwise_write(const struct bt_pack_conv *p, float *to);

/* ConvTranspose with kernel 2 x 2 and stride 2, weight [in][out][2][2], as a 1 x 1 convolution to four parts. */
size_t bt_emit_pack_transpose_bytes(const struct bt_pack_conv *p);
int32_t bt_emit_pack_transpose_write(const struct bt_pack_conv *p, float *to);

#endif
