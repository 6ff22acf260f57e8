/* SPDX-License-Identifier: MIT */
#include "watermark/search.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A level halves once more; at each, scales from LEAST to twice LEAST are looked for, so that cells are 3 to 6.5 px. */
enum { LEVELS = 3 };
#define LEAST 0.4f
#define MOST  2.2f
/* Between two scales, the outermost cell moves by so much of a cell. */
#define STEP_CELLS 0.5f
/* Places that are read; the likeliest are read at neighbouring scales too. */
enum { PLACES = 48, NEAR_PLACES = 12, NEAR_STEPS = 4 };

struct bt_watermark_detector {
    uint32_t w, h;
    uint16_t key;
    float given_scale, last_scale; /* 0: none */
    struct bt_watermark_planes planes;
    uint32_t pictures;
    int64_t from_ns, to_ns;
    float *residual[BT_WATERMARK_PLANES], *scratch[2];
    struct bt_watermark_search search;
};

bt_status bt_watermark_detector_create(const struct bt_watermark_detector_params *params,
                                       struct bt_watermark_detector **out_detector) {
    uint32_t w = params->width_px, h = params->height_px;
    uint32_t least = w < h ? w : h, most = w < h ? h : w;
    if (least < BT_WATERMARK_LEAST_PX || most > BT_WATERMARK_MOST_PX || !(params->scale >= 0.0f)) return BT_E_ARGUMENT;
    bt_status st = BT_E_MEMORY;
    struct bt_watermark_detector *d = calloc(1, sizeof *d);
    if (!d) return st;
    d->w = w, d->h = h;
    d->key = params->key ? params->key : BT_WATERMARK_KEY;
    d->given_scale = params->scale;
    if ((st = bt_watermark_planes_init(w, h, &d->planes))) goto fail;
    st = BT_E_MEMORY;
    size_t px = (size_t)d->planes.w * (d->planes.h + 1), rows = (size_t)d->planes.w * BT_WATERMARK_BINS;
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++)
        if (!(d->residual[k] = malloc(px * sizeof *d->residual[k]))) goto fail;
    /* The search's rows share a scratch: residuals are ready by then. */
    if (!(d->scratch[0] = malloc((px > rows ? px : rows) * sizeof *d->scratch[0]))) goto fail;
    if (!(d->scratch[1] = malloc((px + d->planes.w) * sizeof *d->scratch[1]))) goto fail;
    bt_watermark_search_init(&d->search, d->key, d->scratch[0], (uint8_t *)d->scratch[1]);
    *out_detector = d;
    return BT_OK;
fail:
    bt_watermark_detector_destroy(&d);
    return st;
}

static void drop(float *buffer, size_t bytes) {
    if (buffer) explicit_bzero(buffer, bytes);
    free(buffer);
}

void bt_watermark_detector_destroy(struct bt_watermark_detector **detector) {
    struct bt_watermark_detector *d = *detector;
    if (!d) return;
    /* What was looked at may have been somebody's face. */
    const size_t bytes = (size_t)d->planes.w * d->planes.h * sizeof(float);
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++) drop(d->residual[k], bytes);
    for (uint32_t k = 0; k < 2; k++) drop(d->scratch[k], bytes);
    bt_watermark_planes_reset(&d->planes);
    bt_watermark_planes_finish(&d->planes);
    free(d);
    *detector = NULL;
}

void bt_watermark_detector_reset(struct bt_watermark_detector *detector) {
    bt_watermark_planes_reset(&detector->planes);
    detector->pictures = 0;
}

void bt_watermark_detector_feed(struct bt_watermark_detector *detector, const uint8_t *luma, size_t stride, int64_t time_ns) {
    bt_watermark_planes_add(&detector->planes, luma, stride, time_ns);
    if (!detector->pictures++) detector->from_ns = time_ns;
    detector->to_ns = time_ns;
}

static struct bt_watermark_view view_of(struct bt_watermark_detector *d, uint32_t level) {
    struct bt_watermark_view v = {.w = d->planes.w >> level, .h = d->planes.h >> level};
    int32_t all = d->planes.count[BT_WATERMARK_PLAIN];
    /* What does not turn within the pictures that there are shows nothing new. */
    for (uint32_t k = 1; k < BT_WATERMARK_PLANES; k++) v.turned |= abs(d->planes.count[k]) < all;
    for (uint32_t k = 0; k < BT_WATERMARK_PLANES; k++) {
        v.residual[k] = d->residual[k];
        if (k == BT_WATERMARK_PLAIN || v.turned)
            bt_watermark_planes_residual(&d->planes, k, level, d->residual[k], d->scratch[0], d->scratch[1]);
    }
    return v;
}

static float step_of(const struct bt_watermark_view *v, float scale) {
    float most = (float)(v->w > v->h ? v->w : v->h);
    return STEP_CELLS * 2.0f * BT_WATERMARK_CELL_PX * scale * scale / most;
}

/* Times all that was tried: 2^32 sessions, at `tried` scales, all shifts and mixtures (eight directions of the three planes).
 */
static float log10_false_alarm(float log_chance, double tried) {
    double chances = tried * BT_WATERMARK_BINS * BT_WATERMARK_BINS * 8.0;
    return (float)fmin(0.0, log10(chances) + 32.0 * log10(2.0) + (double)log_chance / log(10.0));
}

struct found {
    struct bt_watermark_place place;
    struct bt_watermark_reading reading;
};

/* Reads a place; keeps it if it is better than what is known. */
static bool consider(struct bt_watermark_detector *d, const struct bt_watermark_view *v, struct bt_watermark_place place,
                     struct found *best) {
    struct bt_watermark_reading r = bt_watermark_search_read(&d->search, v, &place);
    if (r.checked < best->reading.checked) return false;
    if (r.checked == best->reading.checked && r.score <= best->reading.score) return false;
    *best = (struct found){place, r};
    return r.checked;
}

static void keep(struct bt_watermark_place *list, struct bt_watermark_place place) {
    uint32_t i = PLACES;
    if (place.z <= list[PLACES - 1].z) return;
    for (; i > 0 && list[i - 1].z < place.z; i--)
        if (i < PLACES) list[i] = list[i - 1];
    list[i] = place;
}

/* One level, scales from least to most (of the level). */
static struct found search_level(struct bt_watermark_detector *d, uint32_t level, float least, float most, double *tried) {
    struct bt_watermark_view v = view_of(d, level);
    struct bt_watermark_place list[PLACES] = {0}, at[BT_WATERMARK_PEAKS];
    struct found best = {0};
    for (float scale = least; scale <= most; scale += step_of(&v, scale)) {
        bt_watermark_search_places(&d->search, &v, scale, at);
        for (uint32_t k = 0; k < BT_WATERMARK_PEAKS; k++) keep(list, at[k]);
        *tried += 1.0;
    }
    for (uint32_t i = 0; i < PLACES && list[i].z > 0.0f && !best.reading.checked; i++) consider(d, &v, list[i], &best);
    for (uint32_t i = 0; i < NEAR_PLACES && list[i].z > 0.0f && !best.reading.checked; i++)
        for (int k = -NEAR_STEPS; k <= NEAR_STEPS; k++) {
            struct bt_watermark_place near = list[i];
            near.scale += (float)k / NEAR_STEPS * step_of(&v, near.scale);
            if (k && least < most) consider(d, &v, near, &best);
        }
    if (best.reading.checked && least < most) { /* the scale itself, finely: the score is highest where it is right */
        float step = step_of(&v, best.place.scale);
        for (int round = 0; round < 3; round++, step *= 0.5f)
            for (int k = -1; k <= 1; k += 2) {
                struct bt_watermark_place near = best.place;
                near.scale += 0.5f * (float)k * step;
                consider(d, &v, near, &best);
            }
    }
    return best;
}

void bt_watermark_detector_read(struct bt_watermark_detector *detector, struct bt_watermark_result *out_result) {
    struct bt_watermark_detector *d = detector;
    struct bt_watermark_result r = {.key = d->key, .pictures = d->pictures, .from_ns = d->from_ns, .to_ns = d->to_ns};
    double tried = 0.0;
    float shrink = (float)d->planes.shrink;
    for (int pass = 0; pass < 2 && d->pictures && !r.present; pass++) {
        float known = d->given_scale > 0.0f ? d->given_scale : d->last_scale;
        if (pass == 0 && !(known > 0.0f)) continue;
        if (pass == 1 && d->given_scale > 0.0f) break;
        for (uint32_t level = 0; level < LEVELS && !r.present; level++) {
            float unit = 1.0f / (float)(1u << level), least = LEAST, most = fminf(2.0f * LEAST, MOST * unit);
            if ((d->planes.w >> level) < BT_WATERMARK_LEAST_PX / 2 || (d->planes.h >> level) < BT_WATERMARK_LEAST_PX / 2)
                continue;
            if (pass == 0) {
                least = most = known / shrink * unit;
                if (least >= 2.0f * LEAST && level + 1 < LEVELS) continue;
                if (least < LEAST && level > 0) continue;
            }
            struct found f = search_level(d, level, least, most, &tried);
            float chance = log10_false_alarm(f.reading.log_chance, tried);
            bool present = f.reading.checked && chance <= BT_WATERMARK_LOG10_FALSE_ALARM;
            if (!present && f.reading.score <= r.score) continue;
            r.present = present;
            r.session = f.reading.session;
            r.score = f.reading.score;
            r.log10_false_alarm = chance;
            float level_px = shrink / unit, tile = BT_WATERMARK_TILE_PX * f.place.scale;
            float bin = tile / BT_WATERMARK_BINS;
            float x = 0.5f * (float)(d->planes.w >> level) + bin * (float)f.place.x;
            float y = 0.5f * (float)(d->planes.h >> level) + bin * (float)f.place.y;
            r.scale = f.place.scale * level_px;
            r.x_px = (x - tile * floorf(x / tile)) * level_px;
            r.y_px = (y - tile * floorf(y / tile)) * level_px;
        }
    }
    if (r.present) d->last_scale = r.scale;
    *out_result = r;
}
