/* SPDX-License-Identifier: MIT */
#include "engine/emit/pack.h"

enum { LANES = 4 };

static size_t groups4(uint32_t channels) {
    return (channels + LANES - 1) / LANES;
}

/* Bias and slope of `groups` groups from channel 0 on, behind the weights. */
static void write_params(const struct bt_pack_conv *p, float *to, size_t groups) {
    for (size_t g = 0; g < groups; g++) {
        for (size_t lane = 0; lane < LANES; lane++) {
            size_t c = g * LANES + lane;
            to[(g * 2) * LANES + lane] = c >= p->out ? p->bias_missing : p->bias ? p->bias[c] : 0.0f;
            to[(g * 2 + 1) * LANES + lane] = c >= p->out ? 0.0f : p->slope[p->slope_count == 1 ? 0 : c];
        }
    }
}

size_t bt_emit_pack_conv_bytes(const struct bt_pack_conv *p) {
    size_t taps = (size_t)p->kernel_h * p->kernel_w;
    return (groups4(p->out) * groups4(p->in) * taps * LANES + groups4(p->out) * 2) * LANES * sizeof(float);
}

int32_t bt_emit_pack_conv_write(const struct bt_pack_conv *p, float *to) {
    size_t taps = (size_t)p->kernel_h * p->kernel_w, ci4 = groups4(p->in);
    size_t group_in = p->in / p->group, group_out = p->out / p->group;
    for (size_t co = 0; co < p->out; co++) {
        size_t first = co / group_out * group_in;
        for (size_t k = 0; k < group_in; k++) {
            size_t ci = first + k;
            for (size_t t = 0; t < taps; t++) {
                size_t vec = ((co / LANES * ci4 + ci / LANES) * taps + t) * LANES + ci % LANES;
                to[vec * LANES + co % LANES] = p->weight[(co * group_in + k) * taps + t];
            }
        }
    }
    size_t params = groups4(p->out) * ci4 * taps * LANES;
    write_params(p, to + params * LANES, groups4(p->out));
    return (int32_t)params;
}

size_t bt_emit_pack_depthwise_bytes(const struct bt_pack_conv *p) {
    return groups4(p->out) * ((size_t)p->kernel_h * p->kernel_w + 2) * LANES * sizeof(float);
}

int32_t bt_emit_pack_depthwise_write(const struct bt_pack_conv *p, float *to) {
    size_t taps = (size_t)p->kernel_h * p->kernel_w;
    for (size_t c = 0; c < p->out; c++) {
        for (size_t t = 0; t < taps; t++) to[(c / LANES * taps + t) * LANES + c % LANES] = p->weight[c * taps + t];
    }
    size_t params = groups4(p->out) * taps;
    write_params(p, to + params * LANES, groups4(p->out));
    return (int32_t)params;
}

enum { PARTS = 4 };

size_t bt_emit_pack_transpose_bytes(const struct bt_pack_conv *p) {
    return PARTS * (groups4(p->out) * groups4(p->in) * LANES + groups4(p->out) * 2) * LANES * sizeof(float);
}

int32_t bt_emit_pack_transpose_write(const struct bt_pack_conv *p, float *to) {
    size_t co4 = groups4(p->out), ci4 = groups4(p->in);
    for (size_t part = 0; part < PARTS; part++) {
        for (size_t co = 0; co < p->out; co++) {
            for (size_t ci = 0; ci < p->in; ci++) {
                size_t vec = ((part * co4 + co / LANES) * ci4 + ci / LANES) * LANES + ci % LANES;
                to[vec * LANES + co % LANES] = p->weight[(ci * p->out + co) * PARTS + part];
            }
        }
    }
    size_t params = PARTS * co4 * ci4 * LANES;
    for (size_t part = 0; part < PARTS; part++) write_params(p, to + (params + part * co4 * 2) * LANES, co4);
    return (int32_t)params;
}
