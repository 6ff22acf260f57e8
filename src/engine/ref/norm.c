/* SPDX-License-Identifier: MIT */
#include "engine/ref/kernels.h"
#include <math.h>

/* Operators.md: y = (x - mean) / sqrt(variance + epsilon) * scale + shift, a channel at a time. BatchNormalization is given
   mean and variance (inputs 3 and 4), InstanceNormalization takes them of each item's channel. */
bt_status bt_ref_normalize(const struct bt_ref_call *call) {
    const struct bt_shape *s = &call->out->shape;
    size_t channels = s->dim[1], plane = bt_shape_elements(s) / ((size_t)s->dim[0] * channels);
    const float *scale = call->in[1].data, *shift = call->in[2].data;
    for (size_t i = 0; i < s->dim[0] * channels; i++) {
        const float *x = (const float *)call->in[0].data + i * plane;
        float *y = (float *)call->out->data + i * plane;
        double mean = 0, variance = 0;
        if (call->op == BT_OP_BATCH_NORMALIZATION) {
            mean = (double)((const float *)call->in[3].data)[i % channels];
            variance = (double)((const float *)call->in[4].data)[i % channels];
        } else {
            for (size_t k = 0; k < plane; k++) mean += (double)x[k];
            mean /= (double)plane;
            for (size_t k = 0; k < plane; k++) variance += ((double)x[k] - mean) * ((double)x[k] - mean);
            variance /= (double)plane;
        }
        double gain = (double)scale[i % channels] / sqrt(variance + (double)call->attr->epsilon);
        for (size_t k = 0; k < plane; k++) y[k] = (float)(((double)x[k] - mean) * gain + (double)shift[i % channels]);
    }
    return BT_OK;
}
