/* SPDX-License-Identifier: MIT */
/* One function an operator or family; shapes are already checked by inference. */
#ifndef BT_REF_KERNELS_H
#define BT_REF_KERNELS_H

#include "engine/ref/ref.h"

struct bt_ref_call {
    enum bt_op op;
    const struct bt_attr *attr;
    uint32_t in_count;
    const struct bt_ref_tensor *in;
    struct bt_ref_tensor *out;
};

typedef bt_status (*bt_ref_fn)(const struct bt_ref_call *call);

bt_status bt_ref_unary(const struct bt_ref_call *call);
bt_status bt_ref_binary(const struct bt_ref_call *call);
bt_status bt_ref_cast(const struct bt_ref_call *call);
bt_status bt_ref_copy(const struct bt_ref_call *call);
bt_status bt_ref_conv(const struct bt_ref_call *call);
bt_status bt_ref_separable_conv(const struct bt_ref_call *call);
bt_status bt_ref_conv_transpose(const struct bt_ref_call *call);
bt_status bt_ref_pool(const struct bt_ref_call *call);
bt_status bt_ref_global_pool(const struct bt_ref_call *call);
bt_status bt_ref_normalize(const struct bt_ref_call *call);
bt_status bt_ref_resize(const struct bt_ref_call *call);
bt_status bt_ref_depth_to_space(const struct bt_ref_call *call);
bt_status bt_ref_grid_sample(const struct bt_ref_call *call);
bt_status bt_ref_pad(const struct bt_ref_call *call);
bt_status bt_ref_transpose(const struct bt_ref_call *call);
bt_status bt_ref_concat(const struct bt_ref_call *call);
bt_status bt_ref_slice(const struct bt_ref_call *call);
bt_status bt_ref_gather(const struct bt_ref_call *call);
bt_status bt_ref_matmul(const struct bt_ref_call *call);
bt_status bt_ref_gemm(const struct bt_ref_call *call);
bt_status bt_ref_reduce(const struct bt_ref_call *call);
bt_status bt_ref_softmax(const struct bt_ref_call *call);

/* Row-major strides, in elements. */
void bt_ref_strides(const struct bt_shape *shape, size_t *out_stride);
/* Strides of `in` as it broadcasts to `out`: 0 where it repeats. */
void bt_ref_broadcast_strides(const struct bt_shape *in, const struct bt_shape *out, size_t *out_stride);
/* Steps `at` to the next index of `shape`, last axis fastest; false after the last. */
bool bt_ref_next(const struct bt_shape *shape, uint32_t *at);

#endif
