/* SPDX-License-Identifier: MIT */
#include "match/match.h"
#include "base/log.h"
#include "engine/net.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include "match/figures.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 5, SIDE_MOST = 150, TAPS_MOST = 4 };

static const int64_t WAIT_NS = 20000000000; /* a CPU driver that compiles its kernels first, under load */

struct point_of {
    uint16_t landmark[2]; /* the mean of two; the same twice for one */
    struct bt_vec2 at;    /* in the crop, 0 ... 1 */
};

struct net_of {
    const char *name;
    uint32_t side, size;
    float mean[3], scale; /* input = (byte - mean) / scale */
    struct point_of point[POINTS];
};

static const struct net_of nets[2] = {
    {"face_id_mobile",
     112,
     BT_MATCH_COSINE,
     {127.5f, 127.5f, 127.5f},
     128.0f,
     /* The five points of insightface's arcface_dst (recognition/arcface_torch), which MobileFaceNet_TF was trained on: eyes,
        nose's tip, mouth's corners; in px of 112. */
     {{{33, 133}, {38.2946f / 112.0f, 51.6963f / 112.0f}},
      {{263, 362}, {73.5318f / 112.0f, 51.5014f / 112.0f}},
      {{1, 1}, {56.0252f / 112.0f, 71.7366f / 112.0f}},
      {{61, 61}, {41.5493f / 112.0f, 92.3655f / 112.0f}},
      {{291, 291}, {70.7299f / 112.0f, 92.2041f / 112.0f}}}},
    {"face_id_resnet",
     150,
     BT_MATCH_EUCLID,
     /* The mean colour and 256 of dlib's input_rgb_image_sized (dlib/dnn/input.h). */
     {122.782f, 117.001f, 104.298f},
     256.0f,
     /* dlib's five points (get_face_chip_details, dlib/image_transforms/interpolation.h), less a border of .25 on every side:
        corners of the eyes and the nose's base. */
     {{{263, 263}, {(0.25f + 0.8595675f) / 1.5f, (0.25f + 0.2134982f) / 1.5f}},
      {{362, 362}, {(0.25f + 0.6460605f) / 1.5f, (0.25f + 0.2289674f) / 1.5f}},
      {{33, 33}, {(0.25f + 0.1205751f) / 1.5f, (0.25f + 0.2137275f) / 1.5f}},
      {{133, 133}, {(0.25f + 0.3340851f) / 1.5f, (0.25f + 0.2290642f) / 1.5f}},
      {{2, 2}, {(0.25f + 0.4901123f) / 1.5f, (0.25f + 0.6277975f) / 1.5f}}}},
};

struct bt_match {
    struct bt_gpu *gpu;
    struct bt_log *log;
    struct bt_net *net[2];
    float crop[3 * SIDE_MOST * SIDE_MOST];
};

static bool shape_is(const struct bt_tensor *t, uint32_t rank, const uint32_t *dim) {
    return t && t->rank == rank && memcmp(t->dim, dim, rank * sizeof(*dim)) == 0;
}

static bt_status open_net(struct bt_match *m, uint32_t which, struct bt_bytes onnx) {
    const struct net_of *n = &nets[which];
    const struct bt_net_params params = {.gpu = m->gpu, .log = m->log, .name = n->name, .onnx = onnx};
    bt_status status = bt_net_create(&params, &m->net[which]);
    if (status) return status;
    const uint32_t in[4] = {1, 3, n->side, n->side}, out[2] = {1, n->size};
    if (shape_is(bt_net_input(m->net[which], "image"), 4, in) && shape_is(bt_net_output(m->net[which], "embedding"), 2, out))
        return BT_OK;
    bt_log_error(m->log, "match: %s has other inputs or outputs than it should", n->name);
    return BT_E_FORMAT;
}

bt_status bt_match_create(const struct bt_match_params *params, struct bt_match **out_match) {
    bt_status status = BT_E_MEMORY;
    struct bt_match *m = calloc(1, sizeof(*m));
    if (!m) goto fail;
    m->gpu = params->gpu;
    m->log = params->log;
    status = open_net(m, 0, params->cosine_net);
    if (status) goto fail;
    status = open_net(m, 1, params->euclid_net);
    if (status) goto fail;
    *out_match = m;
    m = NULL;
fail:
    bt_match_destroy(&m);
    return status;
}

void bt_match_destroy(struct bt_match **match) {
    if (!match || !*match) return;
    for (uint32_t i = 0; i < 2; i++) bt_net_destroy(&(*match)->net[i]);
    explicit_bzero(*match, sizeof(**match));
    free(*match);
    *match = NULL;
}

/* frame from crop: the similarity that takes the template's points nearest to the face's (least squares: Umeyama 1991, in the
   plane). False: the points are no face's. */
static bool align(const struct net_of *n, const struct bt_vec3 *landmark, struct bt_affine *out) {
    struct bt_vec2 from[POINTS], to[POINTS], a = {0, 0}, b = {0, 0};
    for (uint32_t i = 0; i < POINTS; i++) {
        const struct bt_vec3 p = landmark[n->point[i].landmark[0]], q = landmark[n->point[i].landmark[1]];
        from[i] = (struct bt_vec2){n->point[i].at.x * (float)n->side, n->point[i].at.y * (float)n->side};
        to[i] = (struct bt_vec2){0.5f * (p.x + q.x), 0.5f * (p.y + q.y)};
        if (!(fabsf(to[i].x) < 1e5f && fabsf(to[i].y) < 1e5f)) return false;
        a.x += from[i].x / POINTS, a.y += from[i].y / POINTS;
        b.x += to[i].x / POINTS, b.y += to[i].y / POINTS;
    }
    float dot = 0.0f, cross = 0.0f, size = 0.0f;
    for (uint32_t i = 0; i < POINTS; i++) {
        const float x = from[i].x - a.x, y = from[i].y - a.y, u = to[i].x - b.x, v = to[i].y - b.y;
        dot += x * u + y * v;
        cross += x * v - y * u;
        size += x * x + y * y;
    }
    const float c = dot / size, s = cross / size, scale = hypotf(c, s);
    if (!(scale > 0.05f && scale < 100.0f)) return false; /* a face of 5 px, or points that lie in one place */
    *out = (struct bt_affine){{c, -s, b.x - c * a.x + s * a.y, s, c, b.y - s * a.x - c * a.y}};
    return true;
}

static float clamped(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}

struct source {
    const uint8_t *rgb;
    uint32_t w, h;
};

/* Bilinear; black outside, as both nets' own crops are. */
static void add_sample(const struct source *s, struct bt_vec2 p, float out[3]) {
    const float fx = p.x - 0.5f, fy = p.y - 0.5f;
    if (!(fx > -1.0f && fy > -1.0f && fx < (float)s->w && fy < (float)s->h)) return;
    const int32_t x0 = (int32_t)floorf(fx), y0 = (int32_t)floorf(fy);
    for (int32_t k = 0; k < 4; k++) {
        const int32_t x = x0 + (k & 1), y = y0 + (k >> 1);
        if (x < 0 || y < 0 || x >= (int32_t)s->w || y >= (int32_t)s->h) continue;
        const float w = (k & 1 ? fx - (float)x0 : 1.0f - fx + (float)x0) * (k >> 1 ? fy - (float)y0 : 1.0f - fy + (float)y0);
        const uint8_t *px = s->rgb + 3 * ((size_t)y * s->w + (size_t)x);
        for (uint32_t c = 0; c < 3; c++) out[c] += w * px[c];
    }
}

/* Planes R, G, B, as ONNX has them. A face larger than the crop is averaged down: a crop pixel takes up to 4 x 4 samples. */
static void crop(const struct source *s, const struct net_of *n, const struct bt_affine *frame_from_crop, float *out) {
    const float scale = hypotf(frame_from_crop->m[0], frame_from_crop->m[3]);
    const uint32_t taps = (uint32_t)clamped(ceilf(scale), 1.0f, TAPS_MOST), area = n->side * n->side;
    for (uint32_t y = 0; y < n->side; y++) {
        for (uint32_t x = 0; x < n->side; x++) {
            float sum[3] = {0.0f, 0.0f, 0.0f};
            for (uint32_t k = 0; k < taps * taps; k++) {
                const struct bt_vec2 at = {(float)x + ((float)(k % taps) + 0.5f) / (float)taps,
                                           (float)y + ((float)(k / taps) + 0.5f) / (float)taps};
                add_sample(s, bt_affine_apply(frame_from_crop, at), sum);
            }
            for (uint32_t c = 0; c < 3; c++)
                out[c * area + y * n->side + x] = (sum[c] / (float)(taps * taps) - n->mean[c]) / n->scale;
        }
    }
}

static bt_status run(struct bt_match *m, uint32_t which, float *out) {
    struct bt_net *net = m->net[which];
    bt_status status = bt_net_fill(bt_net_input(net, "image"), m->crop);
    if (status) return status;
    struct bt_commands *commands = bt_net_commands(net);
    uint64_t value = 0;
    status = bt_gpu_submit(m->gpu, &commands, 1, &value);
    if (status) return status;
    status = bt_gpu_wait(m->gpu, value, WAIT_NS);
    if (status) return status;
    const struct bt_tensor *t = bt_net_output(net, "embedding");
    memcpy(out, (const uint8_t *)bt_buffer_map(t->buffer) + t->offset_bytes, nets[which].size * sizeof(float));
    for (uint32_t i = 0; i < nets[which].size; i++)
        if (!isfinite(out[i])) return BT_E_DEVICE;
    return BT_OK;
}

static float length(const float *x, uint32_t count) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < count; i++) sum += x[i] * x[i];
    return sqrtf(sum);
}

static void make_unit(float *x, uint32_t count) {
    const float scale = 1.0f / fmaxf(length(x, count), 1e-12f);
    for (uint32_t i = 0; i < count; i++) x[i] *= scale;
}

bt_status bt_match_template(struct bt_match *m, const uint8_t *rgb, uint32_t width_px, uint32_t height_px,
                            const struct bt_vec3 *landmark, struct bt_template *out_template) {
    struct bt_template t;
    struct bt_affine frame_from_crop[2];
    const struct source source = {rgb, width_px, height_px};
    bt_status status = BT_E_POSE;
    for (uint32_t i = 0; i < 2; i++)
        if (!align(&nets[i], landmark, &frame_from_crop[i])) goto done;
    for (uint32_t i = 0; i < 2; i++) {
        crop(&source, &nets[i], &frame_from_crop[i], m->crop);
        status = run(m, i, i ? t.euclid : t.cosine);
        if (status) goto done;
    }
    make_unit(t.cosine, BT_MATCH_COSINE);
    *out_template = t;
done:
    explicit_bzero(&t, sizeof(t));
    explicit_bzero(m->crop, sizeof(m->crop));
    return status;
}

struct bt_match_score bt_match_compare(const struct bt_template *a, const struct bt_template *b) {
    struct bt_match_score score = {.cosine = 0.0f};
    for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) score.cosine += a->cosine[i] * b->cosine[i];
    for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) {
        const float d = a->euclid[i] - b->euclid[i];
        score.distance += d * d;
    }
    score.distance = sqrtf(score.distance);
    const struct bt_match_limits *l = &bt_match_limits;
    score.llr = (float)(l->bias + l->weight[0] * ((double)score.cosine - l->mean[0]) / l->deviation[0] +
                        l->weight[1] * (-(double)score.distance - l->mean[1]) / l->deviation[1]);
    score.same = score.llr >= l->llr && score.cosine >= l->cosine_least && score.distance <= l->distance_most;
    return score;
}

void bt_match_mean(const struct bt_template *templates, uint32_t count, struct bt_template *out_mean,
                   struct bt_match_score *out_worst) {
    struct bt_template mean = {.cosine = {0.0f}};
    struct bt_match_score worst = {.cosine = 2.0f, .distance = -1.0f, .llr = INFINITY, .same = true};
    for (uint32_t n = 0; n < count; n++) {
        for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) mean.cosine[i] += templates[n].cosine[i] / (float)count;
        for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) mean.euclid[i] += templates[n].euclid[i] / (float)count;
    }
    make_unit(mean.cosine, BT_MATCH_COSINE);
    for (uint32_t n = 0; n < count; n++) {
        const struct bt_match_score score = bt_match_compare(&templates[n], &mean);
        worst.cosine = fminf(worst.cosine, score.cosine);
        worst.distance = fmaxf(worst.distance, score.distance);
        worst.llr = fminf(worst.llr, score.llr);
        worst.same = worst.same && score.same;
    }
    *out_mean = mean;
    *out_worst = worst;
    explicit_bzero(&mean, sizeof(mean));
}
