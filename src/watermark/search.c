/* SPDX-License-Identifier: MIT */
#include "watermark/search.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    N = BT_WATERMARK_BINS,
    PER_CELL = N / BT_WATERMARK_SIDE,
    /* So many of a place and its neighbours are read, those first where the known cells stand out most. It is not always the
       right one: of the sessions' numbers one in some 4,000 lends a neighbour more. */
    NEAR = 3,
    RINGS = N, /* more than the largest distance between two frequencies' squares' corners: 32 sqrt 2 */
};

static int frequency(int k) {
    return k < N / 2 ? k : k - N;
}

/* Draws a cell with its middle at bin (x, y), in bins. */
static void draw(struct bt_watermark_square *q, float x, float y, float value) {
    for (int j = 0; j < N; j++)
        for (int i = 0; i < N; i++) {
            float dx = (float)i + 0.5f - x, dy = (float)j + 0.5f - y;
            dx -= N * roundf(dx / N);
            dy -= N * roundf(dy / N);
            q->re[j][i] += value * bt_watermark_shape(dx / PER_CELL) * bt_watermark_shape(dy / PER_CELL);
        }
}

void bt_watermark_search_init(struct bt_watermark_search *search, uint16_t key, float *rows, uint8_t *bin) {
    memset(search, 0, sizeof *search);
    search->key = key;
    search->rows = rows;
    search->bin = bin;
    bt_watermark_layout_init(key, &search->layout);
    for (uint32_t i = 0; i < BT_WATERMARK_SYNC; i++) {
        uint32_t cell = search->layout.cell[i];
        draw(&search->sync, PER_CELL * ((float)(cell % BT_WATERMARK_SIDE) + 0.5f),
             PER_CELL * ((float)(cell / BT_WATERMARK_SIDE) + 0.5f), search->layout.sign[i]);
    }
    draw(&search->shape, 0.5f * PER_CELL, 0.5f * PER_CELL, 1.0f);
    bt_watermark_fft(&search->sync, false);
    bt_watermark_fft(&search->shape, false);
}

/* Adds the picture up, tile upon tile: rows first, which is by far the most of it and goes by vectors. */
static void fold(struct bt_watermark_search *s, const float *residual, uint32_t w, uint32_t h, float scale, float (*out)[N]) {
    float bins_per_px = 1.0f / (scale * (float)(BT_WATERMARK_TILE_PX / N));
    memset(s->rows, 0, sizeof *s->rows * N * w);
    for (uint32_t y = 0; y < h; y++) {
        int bin = (int)floorf(((float)y + 0.5f - 0.5f * (float)h) * bins_per_px) & (N - 1);
        float *restrict to = s->rows + (size_t)bin * w;
        const float *restrict from = residual + (size_t)y * w;
        for (uint32_t x = 0; x < w; x++) to[x] += from[x];
    }
    for (uint32_t x = 0; x < w; x++)
        s->bin[x] = (uint8_t)((int)floorf(((float)x + 0.5f - 0.5f * (float)w) * bins_per_px) & (N - 1));
    for (uint32_t y = 0; y < N; y++) {
        memset(out[y], 0, sizeof out[y]);
        const float *from = s->rows + (size_t)y * w;
        for (uint32_t x = 0; x < w; x++) out[y][s->bin[x]] += from[x];
    }
}

/* Divides by the power that frequencies of the same length have: what is left of the picture is strongest at the low ones
   (a matched filter in coloured noise). */
static void whiten(struct bt_watermark_square *q) {
    float power[RINGS] = {0};
    int count[RINGS] = {0};
    q->re[0][0] = q->im[0][0] = 0.0f;
    for (int v = 0; v < N; v++)
        for (int u = 0; u < N; u++) {
            int ring = (int)lrintf(hypotf((float)frequency(u), (float)frequency(v)));
            power[ring] += q->re[v][u] * q->re[v][u] + q->im[v][u] * q->im[v][u];
            count[ring]++;
        }
    for (int v = 0; v < N; v++)
        for (int u = 0; u < N; u++) {
            int ring = (int)lrintf(hypotf((float)frequency(u), (float)frequency(v)));
            float weight = power[ring] > 0.0f ? (float)count[ring] / power[ring] : 0.0f;
            q->re[v][u] *= weight;
            q->im[v][u] *= weight;
        }
}

static void load(struct bt_watermark_search *s, const struct bt_watermark_view *view, float scale) {
    memset(&s->plain.im, 0, sizeof s->plain.im);
    fold(s, view->residual[BT_WATERMARK_PLAIN], view->w, view->h, scale, s->plain.re);
    bt_watermark_fft(&s->plain, false);
    whiten(&s->plain);
    if (!view->turned) return;
    fold(s, view->residual[BT_WATERMARK_TURNED], view->w, view->h, scale, s->turned.re);
    fold(s, view->residual[BT_WATERMARK_TURNED_LATE], view->w, view->h, scale, s->turned.im);
    bt_watermark_fft(&s->turned, false);
    whiten(&s->turned);
}

/* Correlates with a template's spectrum. */
static void correlate(const struct bt_watermark_square *q, const struct bt_watermark_square *with,
                      struct bt_watermark_square *out) {
    for (int v = 0; v < N; v++)
        for (int u = 0; u < N; u++) {
            float a = q->re[v][u], b = q->im[v][u], c = with->re[v][u], d = with->im[v][u];
            out->re[v][u] = a * c + b * d;
            out->im[v][u] = b * c - a * d;
        }
    bt_watermark_fft(out, true);
}

/* The two highest peaks of a map, which are not neighbours, by the map's own deviation. `out`'s scale is set already. */
static void peaks(const struct bt_watermark_square *map, bool complex, struct bt_watermark_place *out) {
    double power = 0.0;
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++) {
            float re = map->re[y][x], im = complex ? map->im[y][x] : 0.0f, value = re * re + im * im;
            power += value;
            for (int k = 0; k < 2; k++) {
                int dx = abs(x - out[k].x), dy = abs(y - out[k].y);
                bool same = out[k].z > 0.0f && (dx <= 2 || dx >= N - 2) && (dy <= 2 || dy >= N - 2);
                if (value <= out[k].z) {
                    if (same) break;
                    continue;
                }
                if (k == 0 && !same) out[1] = out[0];
                out[k].x = x, out[k].y = y, out[k].z = value;
                break;
            }
        }
    float mean = (float)(power / (complex ? 2.0 * N * N : 1.0 * N * N));
    for (int k = 0; k < 2; k++) out[k].z = mean > 0.0f ? sqrtf(out[k].z / mean) : 0.0f;
}

void bt_watermark_search_places(struct bt_watermark_search *search, const struct bt_watermark_view *view, float scale,
                                struct bt_watermark_place *out_places) {
    for (int k = 0; k < BT_WATERMARK_PEAKS; k++) out_places[k] = (struct bt_watermark_place){scale, 0, 0, 0.0f};
    load(search, view, scale);
    correlate(&search->plain, &search->sync, &search->map);
    peaks(&search->map, false, out_places);
    if (!view->turned) return;
    correlate(&search->turned, &search->sync, &search->map);
    peaks(&search->map, true, out_places + 2);
}

static bool better(const struct bt_watermark_reading *a, const struct bt_watermark_reading *b) {
    return a->checked != b->checked ? a->checked : a->score > b->score;
}

struct cells {
    float at[BT_WATERMARK_PLANES][BT_WATERMARK_CELLS]; /* in the layout's order, signs taken away, of deviation 1 */
    float z[BT_WATERMARK_PLANES];                      /* what the known ones add up to */
};

/* Chernoff: the signs of the pattern are the key's, as good as coin tosses to a picture that was not marked by it. That cells
   with values g, signed at random, add up to `sum` or more has a chance of at most exp(-t sum) times the product of
   cosh(t g), for any t; the best t is where the exponent's derivative, sum of g tanh(t g) less `sum`, is 0. */
static float log_chance(const float *g, float sum) {
    float most = 0.0f, power = 0.0f;
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) most += fabsf(g[i]), power += g[i] * g[i];
    if (!(sum > 0.0f) || !(power > 0.0f)) return 0.0f;
    float unit = sqrtf(BT_WATERMARK_CELLS / power), target = fminf(sum, 0.999f * most) * unit, low = 0.0f, high = 64.0f;
    for (int round = 0; round < 24; round++) {
        float t = 0.5f * (low + high), mean = 0.0f;
        for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) mean += g[i] * unit * tanhf(t * g[i] * unit);
        if (mean < target)
            low = t;
        else
            high = t;
    }
    double exponent = -(double)low * target;
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) {
        double x = fabs((double)low * g[i] * unit);
        exponent += x + log1p(exp(-2.0 * x)) - log(2.0); /* of cosh */
    }
    return (float)fmin(exponent, 0.0);
}

static void sample(const struct bt_watermark_search *s, float map[N][N], int x, int y, float *out, float *out_z) {
    float power = 0.0f, sum = 0.0f;
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) {
        uint32_t cell = s->layout.cell[i];
        int u = x + PER_CELL * (int)(cell % BT_WATERMARK_SIDE), v = y + PER_CELL * (int)(cell / BT_WATERMARK_SIDE);
        out[i] = map[v & (N - 1)][u & (N - 1)] * (float)s->layout.sign[i];
        power += out[i] * out[i];
        if (i < BT_WATERMARK_SYNC) sum += out[i];
    }
    float deviation = sqrtf(power / BT_WATERMARK_CELLS), unit = deviation > 0.0f ? 1.0f / deviation : 0.0f;
    for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) out[i] *= unit;
    *out_z = sum * unit / sqrtf(BT_WATERMARK_SYNC);
}

/* What these cells say: all planes together, only those that turn, or not. Each plane weighs what its known cells say of its
   signal to noise. */
static struct bt_watermark_reading decode(const struct cells *cells, uint32_t planes, uint16_t key) {
    struct bt_watermark_reading best = {0};
    for (uint32_t mix = 1; mix < (planes > 1 ? 4u : 2u); mix++) {
        float soft[BT_WATERMARK_CELLS] = {0}, power = 0.0f, dot = 0.0f;
        for (uint32_t k = 0; k < planes; k++)
            for (uint32_t i = 0; i < BT_WATERMARK_CELLS && mix & (k == BT_WATERMARK_PLAIN ? 1u : 2u); i++)
                soft[i] += cells->z[k] * cells->at[k][i];
        struct bt_watermark_reading r;
        int8_t coded[BT_WATERMARK_CODED];
        r.checked = bt_watermark_decode(soft + BT_WATERMARK_SYNC, key, &r.session);
        bt_watermark_code(r.session, key, coded);
        for (uint32_t i = 0; i < BT_WATERMARK_CELLS; i++) {
            power += soft[i] * soft[i];
            dot += soft[i] * (i < BT_WATERMARK_SYNC ? 1.0f : (float)coded[i - BT_WATERMARK_SYNC]);
        }
        r.score = power > 0.0f ? dot / sqrtf(power * BT_WATERMARK_CELLS) : 0.0f;
        r.log_chance = r.checked ? log_chance(soft, dot) : 0.0f;
        if (better(&r, &best)) best = r;
    }
    return best;
}

struct bt_watermark_reading bt_watermark_search_read(struct bt_watermark_search *search, const struct bt_watermark_view *view,
                                                     struct bt_watermark_place *place) {
    load(search, view, place->scale);
    correlate(&search->plain, &search->shape, &search->map);
    memcpy(search->plain.re, search->map.re, sizeof search->plain.re);
    if (view->turned) {
        correlate(&search->turned, &search->shape, &search->map);
        memcpy(&search->turned, &search->map, sizeof search->turned);
    }
    float(*map[BT_WATERMARK_PLANES])[N] = {search->plain.re, search->turned.re, search->turned.im};
    uint32_t planes = view->turned ? BT_WATERMARK_PLANES : 1;
    struct near {
        int x, y;
        float z;
        struct cells cells;
    } near[NEAR] = {0};
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            struct near here = {.x = place->x + i, .y = place->y + j};
            for (uint32_t k = 0; k < planes; k++) {
                sample(search, map[k], here.x, here.y, here.cells.at[k], &here.cells.z[k]);
                here.z += here.cells.z[k] * here.cells.z[k];
            }
            uint32_t at = NEAR;
            for (; at > 0 && near[at - 1].z < here.z; at--)
                if (at < NEAR) near[at] = near[at - 1];
            if (at < NEAR) near[at] = here;
        }
    struct bt_watermark_reading best = {0};
    for (uint32_t n = 0; n < NEAR; n++) {
        const struct bt_watermark_reading r = decode(&near[n].cells, planes, search->key);
        if (!better(&r, &best)) continue;
        best = r;
        place->x = near[n].x, place->y = near[n].y;
    }
    return best;
}
