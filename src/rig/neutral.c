/* SPDX-License-Identifier: MIT */
/* A reservoir of up to 256 frames, thinned evenly in time, is all that is remembered (about 1.4 MB). A frame's say is how
   neutral its expression is, measured against what this driver usually does: robust z scores (median, MAD) of mouth gap, mouth
   width, lid gap, brow height and jaw, the mouth gap against its 10th percentile; and how frontal the head is. The mean is
   robust as well (a few IRLS steps), done for one slice of the vertices a tick, so that no tick is long. The one-frame rule is
   the prior. What is answered moves towards that estimate at a bounded speed. */
#include "rig/neutral.h"
#include "rig/exact.h"
#include "rig/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESERVOIR = 256, SLICES = 12, SLICE = BT_RIG_VERTICES / SLICES, IRLS = 4 };
enum feature { GAP, WIDTH, LIDS, BROWS, JAW, PITCH, FEATURES };

static const int64_t SPACING_FIRST_NS = 40000000, SPACING_LAST_NS = 1600000000;
static const float PRIOR = 6.0f;       /* the prior weighs as much as so many wholly neutral frames */
static const float SPEED_CM_S = 0.15f; /* of the answer, at most */
static const float SETTLE_S = 0.8f;    /* time constant towards the estimate */
static const float NOTICEABLE_CM = 0.06f;

struct entry {
    struct bt_vec3 mesh[BT_RIG_VERTICES];
    float feature[FEATURES], yaw, weight;
};

struct bt_neutral {
    const struct bt_rig *rig;
    uint32_t count, oldest, slice;
    int64_t spacing_ns, last_kept_ns, last_ns;
    bool started;
    float evidence;                        /* sum of the reservoir's weights */
    struct bt_vec3 prior[BT_RIG_VERTICES]; /* mean of the one-frame rule over what came so far */
    float prior_frames;
    struct bt_vec3 estimate[BT_RIG_VERTICES], answer[BT_RIG_VERTICES], marked[BT_RIG_VERTICES];
    uint32_t revision;
    struct entry entry[RESERVOIR];
};

void bt_neutral_reset(struct bt_neutral *n) {
    const struct bt_rig *rig = n->rig;
    const uint32_t revision = n->revision;
    memset(n, 0, offsetof(struct bt_neutral, entry));
    n->rig = rig;
    n->revision = revision + 1;
    n->spacing_ns = SPACING_FIRST_NS;
    memcpy(n->answer, rig->closed, sizeof(n->answer));
    memcpy(n->marked, rig->closed, sizeof(n->marked));
}

bt_status bt_neutral_create(const struct bt_rig *rig, struct bt_neutral **out_neutral) {
    struct bt_neutral *n = calloc(1, sizeof(*n));
    if (!n) return BT_E_MEMORY;
    n->rig = rig;
    bt_neutral_reset(n);
    *out_neutral = n;
    return BT_OK;
}

void bt_neutral_destroy(struct bt_neutral **neutral) {
    if (!neutral) return;
    if (*neutral) explicit_bzero(*neutral, sizeof **neutral); /* a person's proportions */
    free(*neutral);
    *neutral = NULL;
}

static float span(const struct bt_vec3 *mesh, uint32_t a, uint32_t b) {
    const struct bt_vec3 d = bt_vec3_sub(mesh[a], mesh[b]);
    return sqrtf(bt_vec3_dot(d, d));
}

static void measure(const struct bt_vec3 *mesh, float pitch, float out[FEATURES]) {
    out[GAP] = span(mesh, 13, 14) / 3.0f;
    out[WIDTH] = span(mesh, 61, 291) / 2.0f;
    out[LIDS] = (span(mesh, 159, 145) + span(mesh, 386, 374)) / 2.0f;
    out[BROWS] =
        (mesh[105].y + mesh[334].y + mesh[66].y + mesh[296].y - mesh[33].y - mesh[133].y - mesh[263].y - mesh[362].y) / 4.0f;
    out[JAW] = (mesh[152].y - mesh[1].y) / 4.0f;
    out[PITCH] = pitch;
}

/* The k-th smallest (Hoare's FIND, 1961); reorders. */
static float kth(float *x, uint32_t count, uint32_t k) {
    int32_t low = 0, high = (int32_t)count - 1;
    while (low < high) {
        const float pivot = x[k];
        int32_t i = low, j = high;
        do {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i > j) break;
            const float swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        } while (i <= j);
        if (j < (int32_t)k) low = i;
        if ((int32_t)k < i) high = j;
    }
    return x[k];
}

/* Every kept frame's weight, from this moment's medians. */
static void weigh(struct bt_neutral *n) {
    static const float floor_of[FEATURES] = {0.03f, 0.03f, 0.03f, 0.06f, 0.02f, 0.1f};
    float column[RESERVOIR], median[FEATURES], spread[FEATURES];
    float gap_low = 0.0f;
    for (uint32_t f = 0; f < FEATURES; f++) {
        for (uint32_t i = 0; i < n->count; i++) column[i] = n->entry[i].feature[f];
        if (f == GAP) gap_low = kth(column, n->count, n->count / 10);
        median[f] = kth(column, n->count, n->count / 2);
        for (uint32_t i = 0; i < n->count; i++) column[i] = fabsf(n->entry[i].feature[f] - median[f]);
        spread[f] = 1.48f * kth(column, n->count, n->count / 2) + floor_of[f];
    }
    n->evidence = 0.0f;
    for (uint32_t i = 0; i < n->count; i++) {
        struct entry *e = &n->entry[i];
        float sum = 0.0f;
        for (uint32_t f = GAP; f <= JAW; f++) {
            float z = (e->feature[f] - median[f]) / spread[f];
            if (f == GAP) z = fmaxf(e->feature[GAP] - gap_low, 0.0f) / 0.06f;
            if (f == LIDS && z < 0.0f) z *= 1.5f; /* lids half shut are no neutral, wide ones nearly are */
            sum += z * z;
        }
        const float yaw = e->yaw / 0.35f, pitch = (e->feature[PITCH] - median[PITCH]) / 0.35f;
        e->weight = expf(-0.25f * sum - yaw * yaw - pitch * pitch);
        n->evidence += e->weight;
    }
}

/* Robust mean of one vertex over the reservoir, the prior among the voters. */
static struct bt_vec3 estimate_vertex(const struct bt_neutral *n, uint32_t v, float prior) {
    struct bt_vec3 mean = n->prior[v];
    for (uint32_t step = 0; step <= IRLS; step++) {
        struct bt_vec3 sum = {0.0f, 0.0f, 0.0f};
        float total = 0.0f;
        for (uint32_t i = 0; i < n->count; i++) {
            const struct entry *e = &n->entry[i];
            const struct bt_vec3 d = bt_vec3_sub(e->mesh[v], mean);
            /* Cauchy weights at .15 cm; the first round trusts everybody, so that a far prior cannot vote the frames out. */
            const float w = step ? e->weight / (1.0f + bt_vec3_dot(d, d) / (0.15f * 0.15f)) : e->weight;
            sum = bt_vec3_add_scaled(sum, e->mesh[v], w);
            total += w;
        }
        const float all = total + prior * total / (n->evidence + 1e-6f) + 1e-6f;
        sum = bt_vec3_add_scaled(sum, n->prior[v], all - total);
        mean = (struct bt_vec3){sum.x / all, sum.y / all, sum.z / all};
    }
    return mean;
}

static void keep(struct bt_neutral *n, const struct bt_vec3 *mesh, float yaw, float pitch) {
    if (n->count == RESERVOIR && n->spacing_ns < SPACING_LAST_NS) {
        /* Full: every second one goes, and from now on they come half as often. */
        for (uint32_t i = 1; i < RESERVOIR / 2; i++) n->entry[i] = n->entry[2 * i];
        n->count = RESERVOIR / 2;
        n->spacing_ns *= 2;
    }
    struct entry *e = &n->entry[n->count < RESERVOIR ? n->count++ : n->oldest++ % RESERVOIR];
    memcpy(e->mesh, mesh, sizeof(e->mesh));
    measure(mesh, pitch, e->feature);
    e->yaw = yaw;
    e->weight = 0.0f;
}

/* One frame's guess: what moves with expression is pulled to the closed canonical. */
static void vote_prior(struct bt_neutral *n, const struct bt_vec3 *mesh, float yaw) {
    const float front = expf(-(yaw / 0.35f) * (yaw / 0.35f)) + 1e-3f;
    n->prior_frames = fminf(n->prior_frames + front, 250.0f);
    const float share = front / n->prior_frames;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 one = bt_vec3_add_scaled(mesh[v], bt_vec3_sub(n->rig->closed[v], mesh[v]), n->rig->settle[v]);
        n->prior[v] = bt_vec3_add_scaled(n->prior[v], bt_vec3_sub(one, n->prior[v]), fminf(share, 1.0f));
    }
}

static void approach(struct bt_neutral *n, float dt_s) {
    const float share = 1.0f - expf(-dt_s / SETTLE_S), limit = SPEED_CM_S * dt_s;
    float moved2 = 0.0f;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 d = bt_vec3_sub(n->estimate[v], n->answer[v]);
        const float step = share * sqrtf(bt_vec3_dot(d, d));
        n->answer[v] = bt_vec3_add_scaled(n->answer[v], d, step > limit ? share * limit / step : share);
        const struct bt_vec3 m = bt_vec3_sub(n->answer[v], n->marked[v]);
        moved2 = fmaxf(moved2, bt_vec3_dot(m, m));
    }
    if (moved2 < NOTICEABLE_CM * NOTICEABLE_CM) return;
    memcpy(n->marked, n->answer, sizeof(n->marked));
    n->revision++;
}

void bt_neutral_step(struct bt_neutral *n, const struct bt_vec3 *mesh, float yaw, float pitch, int64_t time_ns) {
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        if (!(fabsf(mesh[v].x) < 50.0f && fabsf(mesh[v].y) < 50.0f && fabsf(mesh[v].z) < 50.0f)) return;
    vote_prior(n, mesh, yaw);
    if (!n->started) {
        n->started = true;
        n->last_ns = time_ns;
        keep(n, mesh, yaw, pitch);
        n->last_kept_ns = time_ns;
        memcpy(n->estimate, n->prior, sizeof(n->estimate));
        memcpy(n->answer, n->prior, sizeof(n->answer));
        memcpy(n->marked, n->prior, sizeof(n->marked));
        n->revision++;
        return;
    }
    if (time_ns - n->last_kept_ns >= n->spacing_ns - 1000000) {
        keep(n, mesh, yaw, pitch);
        n->last_kept_ns = time_ns;
    }
    if (n->slice == 0) weigh(n);
    for (uint32_t v = n->slice * SLICE; v < (n->slice + 1) * SLICE; v++) n->estimate[v] = estimate_vertex(n, v, PRIOR);
    n->slice = (n->slice + 1) % SLICES;
    const float dt = bt_clamp((float)(time_ns - n->last_ns) * 1e-9f, 0.0f, 0.1f);
    n->last_ns = time_ns;
    approach(n, dt);
}

void bt_neutral_settle(struct bt_neutral *n, float prior) {
    if (!n->started) return;
    weigh(n);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) n->estimate[v] = estimate_vertex(n, v, prior);
    memcpy(n->answer, n->estimate, sizeof(n->answer));
    memcpy(n->marked, n->answer, sizeof(n->marked));
    n->revision++;
}

const struct bt_vec3 *bt_neutral_vertices(const struct bt_neutral *neutral) {
    return neutral->answer;
}

float bt_neutral_confidence(const struct bt_neutral *neutral) {
    return neutral->evidence / (neutral->evidence + PRIOR);
}

uint32_t bt_neutral_revision(const struct bt_neutral *neutral) {
    return neutral->revision;
}
