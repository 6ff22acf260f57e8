/* SPDX-License-Identifier: MIT */
/* Spatial operators on rank-4 maps. Sums run in double where the order would matter: this is the oracle. */
#include "engine/ref/kernels.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct map {
    uint32_t n, c, h, w;
    float *at;
};

static struct map map_of(const struct bt_ref_tensor *t) {
    return (struct map){.n = t->shape.dim[0], .c = t->shape.dim[1], .h = t->shape.dim[2], .w = t->shape.dim[3], .at = t->data};
}

static float *plane(const struct map *m, uint32_t n, uint32_t c) {
    return m->at + ((size_t)n * m->c + c) * m->h * m->w;
}

static float activate(const struct bt_attr *a, float x, float slope) {
    switch (a->act) {
    case BT_ACT_RELU:
        return x > 0 ? x : 0;
    case BT_ACT_PRELU:
        return x < 0 ? x * slope : x;
    case BT_ACT_LEAKY_RELU:
        return x < 0 ? x * a->low : x;
    case BT_ACT_HARD_SWISH:
        return x * fminf(fmaxf(x * (1.0f / 6.0f) + 0.5f, 0), 1);
    case BT_ACT_SIGMOID:
        return x >= 0 ? 1.0f / (1.0f + expf(-x)) : expf(x) / (1.0f + expf(x));
    case BT_ACT_CLIP:
        return fminf(fmaxf(x, a->low), a->high);
    default:
        return x;
    }
}

/* What follows the sum in a fused convolution: see BT_CONV_*. */
static void finish(const struct bt_ref_call *call, const struct map *y) {
    const float *bias = call->in_count > BT_CONV_BIAS ? call->in[BT_CONV_BIAS].data : NULL;
    const struct bt_ref_tensor *residual = call->in_count > BT_CONV_RESIDUAL ? &call->in[BT_CONV_RESIDUAL] : NULL;
    const struct bt_ref_tensor *slope = call->in_count > BT_CONV_SLOPE ? &call->in[BT_CONV_SLOPE] : NULL;
    size_t area = (size_t)y->h * y->w;
    bool one_slope = slope && slope->data && bt_shape_elements(&slope->shape) == 1;
    for (uint32_t n = 0; n < y->n; n++) {
        for (uint32_t c = 0; c < y->c; c++) {
            float *p = plane(y, n, c), b = bias ? bias[c] : 0;
            float s = slope && slope->data ? ((const float *)slope->data)[one_slope ? 0 : c] : 0;
            const float *r = NULL;
            if (residual && residual->data && c < residual->shape.dim[1]) {
                struct map m = map_of(residual);
                r = plane(&m, n, c);
            }
            bool late = call->attr->late;
            for (size_t i = 0; i < area; i++) {
                float v = r ? r[i] : 0;
                p[i] = late ? activate(call->attr, p[i] + b, s) + v : activate(call->attr, p[i] + b + v, s);
            }
        }
    }
}

/* First and one past the last output index o for which 0 <= o * stride + offset < in. */
static void valid_range(int64_t offset, int64_t stride, int64_t in, int64_t out, int64_t *from, int64_t *to) {
    *from = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    *to = in - offset <= 0 ? 0 : (in - offset + stride - 1) / stride;
    if (*to > out) *to = out;
}

bt_status bt_ref_conv(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    struct map x = map_of(&call->in[0]), y = map_of(call->out), w = map_of(&call->in[1]);
    uint32_t in_per = x.c / a->group, out_per = y.c / a->group;
    memset(y.at, 0, bt_shape_elements(&call->out->shape) * sizeof(float));
    for (uint32_t n = 0; n < y.n; n++) {
        for (uint32_t oc = 0; oc < y.c; oc++) {
            float *p = plane(&y, n, oc);
            for (uint32_t ic = 0; ic < in_per; ic++) {
                const float *q = plane(&x, n, oc / out_per * in_per + ic), *k = plane(&w, oc, ic);
                for (uint32_t t = 0; t < a->kernel[0] * a->kernel[1]; t++) {
                    int64_t dy = (int64_t)(t / a->kernel[1]) * a->dilation[0] - a->pad_before[0], y0, y1, x0, x1;
                    int64_t dx = (int64_t)(t % a->kernel[1]) * a->dilation[1] - a->pad_before[1];
                    valid_range(dy, a->stride[0], x.h, y.h, &y0, &y1);
                    valid_range(dx, a->stride[1], x.w, y.w, &x0, &x1);
                    for (int64_t oy = y0; oy < y1; oy++) {
                        const float *row = q + (size_t)(oy * a->stride[0] + dy) * x.w;
                        for (int64_t ox = x0; ox < x1; ox++)
                            p[(size_t)oy * y.w + (size_t)ox] += k[t] * row[ox * a->stride[1] + dx];
                    }
                }
            }
        }
    }
    finish(call, &y);
    return BT_OK;
}

bt_status bt_ref_separable_conv(const struct bt_ref_call *call) {
    const struct bt_attr depthwise = bt_separable_depthwise(call->attr), pointwise = bt_separable_pointwise(call->attr);
    struct bt_ref_tensor between = *call->out, in[BT_CONV_INPUTS] = {[BT_CONV_X] = call->in[BT_CONV_X],
                                                                     [BT_CONV_WEIGHT] = call->in[BT_SEPARABLE_WEIGHT],
                                                                     [BT_CONV_BIAS] = call->in[BT_SEPARABLE_BIAS],
                                                                     [BT_CONV_SLOPE] = call->in[BT_SEPARABLE_SLOPE]};
    between.shape.dim[1] = call->in[BT_CONV_X].shape.dim[1];
    between.data = malloc(bt_shape_elements(&between.shape) * sizeof(float));
    if (!between.data) return BT_E_MEMORY;
    bt_status st = bt_ref_conv(&(struct bt_ref_call){BT_OP_CONV, &depthwise, BT_CONV_INPUTS, in, &between});
    memcpy(in, call->in, sizeof in);
    in[BT_CONV_X] = between;
    if (!st) st = bt_ref_conv(&(struct bt_ref_call){BT_OP_CONV, &pointwise, BT_CONV_INPUTS, in, call->out});
    free(between.data);
    return st;
}

bt_status bt_ref_conv_transpose(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    struct map x = map_of(&call->in[0]), y = map_of(call->out), w = map_of(&call->in[1]);
    uint32_t in_per = x.c / a->group, out_per = y.c / a->group;
    memset(y.at, 0, bt_shape_elements(&call->out->shape) * sizeof(float));
    for (uint32_t n = 0; n < y.n; n++) {
        for (uint32_t oc = 0; oc < y.c; oc++) {
            float *p = plane(&y, n, oc);
            for (uint32_t ic = 0; ic < in_per; ic++) {
                uint32_t from = oc / out_per * in_per + ic;
                const float *q = plane(&x, n, from), *k = plane(&w, from, oc % out_per);
                for (uint32_t t = 0; t < a->kernel[0] * a->kernel[1]; t++) {
                    int64_t dy = (int64_t)(t / a->kernel[1]) * a->dilation[0] - a->pad_before[0], y0, y1, x0, x1;
                    int64_t dx = (int64_t)(t % a->kernel[1]) * a->dilation[1] - a->pad_before[1];
                    valid_range(dy, a->stride[0], y.h, x.h, &y0, &y1); /* the roles of in and out are swapped */
                    valid_range(dx, a->stride[1], y.w, x.w, &x0, &x1);
                    for (int64_t iy = y0; iy < y1; iy++) {
                        float *row = p + (size_t)(iy * a->stride[0] + dy) * y.w;
                        for (int64_t ix = x0; ix < x1; ix++)
                            row[ix * a->stride[1] + dx] += k[t] * q[(size_t)iy * x.w + (size_t)ix];
                    }
                }
            }
        }
    }
    finish(call, &y);
    return BT_OK;
}

static float pool_at(const struct bt_ref_call *call, const struct map *x, const float *q, int64_t oy, int64_t ox) {
    const struct bt_attr *a = call->attr;
    bool is_max = call->op == BT_OP_MAX_POOL;
    int64_t top = oy * a->stride[0] - a->pad_before[0], left = ox * a->stride[1] - a->pad_before[1];
    double best = is_max ? -INFINITY : 0, count = 0;
    for (uint32_t ky = 0; ky < a->kernel[0]; ky++) {
        for (uint32_t kx = 0; kx < a->kernel[1]; kx++) {
            int64_t iy = top + (int64_t)ky * a->dilation[0], ix = left + (int64_t)kx * a->dilation[1];
            bool inside = iy >= 0 && iy < x->h && ix >= 0 && ix < x->w;
            /* count_include_pad counts the pads, but nothing that ceil_mode adds beyond them. */
            count += inside || (a->count_pad && iy < (int64_t)x->h + a->pad_after[0] && ix < (int64_t)x->w + a->pad_after[1]);
            if (!inside) continue;
            double v = (double)q[iy * x->w + ix];
            best = !is_max ? best + v : v > best ? v : best;
        }
    }
    return (float)(is_max ? best : count > 0 ? best / count : 0);
}

bt_status bt_ref_pool(const struct bt_ref_call *call) {
    struct map x = map_of(&call->in[0]), y = map_of(call->out);
    for (uint32_t n = 0; n < y.n; n++) {
        for (uint32_t c = 0; c < y.c; c++) {
            float *p = plane(&y, n, c);
            const float *q = plane(&x, n, c);
            for (uint32_t oy = 0; oy < y.h; oy++) {
                for (uint32_t ox = 0; ox < y.w; ox++) p[(size_t)oy * y.w + ox] = pool_at(call, &x, q, oy, ox);
            }
        }
    }
    return BT_OK;
}

bt_status bt_ref_global_pool(const struct bt_ref_call *call) {
    struct map x = map_of(&call->in[0]), y = map_of(call->out);
    size_t area = (size_t)x.h * x.w;
    for (uint32_t n = 0; n < y.n; n++) {
        for (uint32_t c = 0; c < y.c; c++) {
            const float *q = plane(&x, n, c);
            double sum = 0;
            for (size_t i = 0; i < area; i++) sum += (double)q[i];
            *plane(&y, n, c) = (float)(sum / (double)area);
        }
    }
    return BT_OK;
}

/* Where output index o of one axis reads: Operators.md, Resize, coordinate_transformation_mode. */
static float resize_source(const struct bt_attr *a, uint32_t o, uint32_t out, uint32_t in, float scale) {
    switch (a->coord) {
    case BT_COORD_ASYMMETRIC:
        return (float)o / scale;
    case BT_COORD_ALIGN_CORNERS:
        return out > 1 ? (float)o * (float)(in - 1) / (float)(out - 1) : 0;
    case BT_COORD_PYTORCH_HALF_PIXEL:
        return out > 1 ? ((float)o + 0.5f) / scale - 0.5f : 0;
    default:
        return ((float)o + 0.5f) / scale - 0.5f;
    }
}

static uint32_t clamp_index(float v, uint32_t size) {
    return v <= 0 ? 0 : v >= (float)(size - 1) ? size - 1 : (uint32_t)v;
}

static uint32_t nearest_index(const struct bt_attr *a, float v, uint32_t size) {
    switch (a->nearest) {
    case BT_NEAREST_PREFER_FLOOR:
        v = ceilf(v - 0.5f);
        break;
    case BT_NEAREST_PREFER_CEIL:
        v = floorf(v + 0.5f);
        break;
    case BT_NEAREST_FLOOR:
        v = floorf(v);
        break;
    default:
        v = ceilf(v);
        break;
    }
    return clamp_index(v, size);
}

bt_status bt_ref_resize(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    struct map x = map_of(&call->in[0]), y = map_of(call->out);
    bool linear = a->resize == BT_RESIZE_LINEAR;
    for (uint32_t oy = 0; oy < y.h; oy++) {
        for (uint32_t ox = 0; ox < y.w; ox++) {
            float sy = resize_source(a, oy, y.h, x.h, a->scale[2]), sx = resize_source(a, ox, y.w, x.w, a->scale[3]);
            uint32_t y0 = linear ? clamp_index(floorf(sy), x.h) : nearest_index(a, sy, x.h);
            uint32_t x0 = linear ? clamp_index(floorf(sx), x.w) : nearest_index(a, sx, x.w);
            uint32_t y1 = linear ? clamp_index(floorf(sy) + 1, x.h) : y0, x1 = linear ? clamp_index(floorf(sx) + 1, x.w) : x0;
            float fy = linear ? sy - floorf(sy) : 0, fx = linear ? sx - floorf(sx) : 0;
            for (uint32_t nc = 0; nc < y.n * y.c; nc++) {
                const float *q = plane(&x, nc / y.c, nc % y.c);
                float top = q[(size_t)y0 * x.w + x0] * (1 - fx) + q[(size_t)y0 * x.w + x1] * fx;
                float low = q[(size_t)y1 * x.w + x0] * (1 - fx) + q[(size_t)y1 * x.w + x1] * fx;
                plane(&y, nc / y.c, nc % y.c)[(size_t)oy * y.w + ox] = top * (1 - fy) + low * fy;
            }
        }
    }
    return BT_OK;
}

bt_status bt_ref_depth_to_space(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    if (call->out->type != BT_TYPE_F32) return BT_E_UNSUPPORTED;
    struct map x = map_of(&call->in[0]), y = map_of(call->out);
    uint32_t b = a->block;
    for (uint32_t n = 0; n < y.n; n++) {
        for (uint32_t c = 0; c < y.c; c++) {
            for (uint32_t i = 0; i < y.h * y.w; i++) {
                uint32_t oy = i / y.w, ox = i % y.w, cell = oy % b * b + ox % b;
                uint32_t from = a->crd ? c * b * b + cell : cell * y.c + c;
                plane(&y, n, c)[i] = plane(&x, n, from)[(size_t)(oy / b) * x.w + ox / b];
            }
        }
    }
    return BT_OK;
}

/* Operators.md GridSample-16: [-1, 1] to pixels, then the padding. */
static float grid_source(const struct bt_attr *a, float v, uint32_t size) {
    float p = a->align_corners ? (v + 1) / 2 * (float)(size - 1) : ((v + 1) * (float)size - 1) / 2;
    if (a->grid_padding == BT_GRID_BORDER) return fminf(fmaxf(p, 0), (float)(size - 1));
    if (a->grid_padding == BT_GRID_ZEROS) return p;
    float low = a->align_corners ? 0 : -0.5f, span = a->align_corners ? (float)(size - 1) : (float)size;
    if (span <= 0) return 0;
    float d = fmodf(fabsf(p - low), 2 * span);
    return fminf(fmaxf((d > span ? 2 * span - d : d) + low, 0), (float)(size - 1));
}

static float grid_pixel(const struct map *x, const float *q, float fy, float fx) {
    bool inside = fy >= 0 && fx >= 0 && fy <= (float)(x->h - 1) && fx <= (float)(x->w - 1); /* false for NaN too */
    return inside ? q[(size_t)fy * x->w + (size_t)fx] : 0;
}

bt_status bt_ref_grid_sample(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    struct map x = map_of(&call->in[0]), y = map_of(call->out);
    const float *grid = call->in[1].data;
    for (uint32_t n = 0; n < y.n; n++) {
        for (size_t i = 0; i < (size_t)y.h * y.w; i++) {
            const float *g = grid + ((size_t)n * y.h * y.w + i) * 2;
            float sx = grid_source(a, g[0], x.w), sy = grid_source(a, g[1], x.h);
            bool nearest = a->resize == BT_RESIZE_NEAREST;
            float x0 = nearest ? rintf(sx) : floorf(sx), y0 = nearest ? rintf(sy) : floorf(sy);
            float fx = nearest ? 0 : sx - x0, fy = nearest ? 0 : sy - y0;
            for (uint32_t c = 0; c < y.c; c++) {
                const float *q = plane(&x, n, c);
                float v = grid_pixel(&x, q, y0, x0);
                if (!nearest) {
                    v = (v * (1 - fx) + grid_pixel(&x, q, y0, x0 + 1) * fx) * (1 - fy) +
                        (grid_pixel(&x, q, y0 + 1, x0) * (1 - fx) + grid_pixel(&x, q, y0 + 1, x0 + 1) * fx) * fy;
                }
                plane(&y, n, c)[i] = v;
            }
        }
    }
    return BT_OK;
}
