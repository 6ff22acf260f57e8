/* SPDX-License-Identifier: MIT */
#include "enroll/challenge.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

static const float pause_least_s = 0.4f, pause_most_s = 1.2f;
/* The quickest people answer a light in about .15 s (Woods et al. 2015, Frontiers in Human Neuroscience 9:131: mean .21). */
static const int64_t early_ns = 150 * MS;
static const int64_t do_most_ns = 6000 * MS, rest_most_ns = 8000 * MS;
static const int64_t hold_ns = 200 * MS, shut_ns = 500 * MS; /* longer than a blink, .1 to .4 s */
static const int64_t stray_ns = 200 * MS, wrong_ns = 350 * MS, back_ns = 100 * MS;
static const int64_t lost_ns = 700 * MS, two_ns = 250 * MS;
static const float at_rest = 0.6f, begun = 0.5f;
/* No head that is asked to turn moves as fast: 10 eye distances are 90 cm a second; 8.7 rad (500 degrees) a second is more than
   half way to the fastest shaking (Grossman et al. 1988, Experimental Brain Research 70:470: 780 degrees). The second terms
   are the landmarks' noise. */
static const float jump_eyes_s = 10, jump_eyes = 0.15f, jump_rad_s = 8.7f, jump_rad = 0.12f;

/* Since when something has been so without a break; -1: it is not. */
struct since {
    int64_t ns;
};

struct bt_enroll_challenge {
    enum bt_enroll_task task[BT_TASK_COUNT];
    int64_t pause_ns[BT_TASK_COUNT];
    uint32_t tasks, index;
    int64_t expires_ns, phase_ns, last_ns, seen_ns;
    enum bt_enroll_phase phase;
    enum bt_enroll_failure failure;
    struct since resting, holding, stray[BT_TASK_COUNT], lost, two;
    float relief_sum, relief_count, progress;
    bool begun;
    struct bt_vec2 centre;
    struct bt_angles angles;
};

static bool hex64(const char *text, uint64_t *out) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < 16; i++) {
        const char *digits = "0123456789abcdef", *at = text[i] ? strchr(digits, text[i]) : NULL;
        if (!at) return false;
        n = n << 4 | (uint64_t)(at - digits);
    }
    *out = n;
    return true;
}

static uint32_t below(struct bt_rng *rng, uint32_t n) {
    return (uint32_t)bt_rng_uniform(rng, 0, (float)n);
}

static void calm(struct bt_enroll_challenge *c) {
    c->resting.ns = c->holding.ns = -1;
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) c->stray[i].ns = -1;
}

static void enter(struct bt_enroll_challenge *c, enum bt_enroll_phase phase, int64_t now_ns) {
    c->phase = phase;
    c->phase_ns = now_ns;
    c->relief_sum = c->relief_count = 0;
    calm(c);
}

bt_status bt_enroll_challenge_create(const struct bt_enroll_challenge_params *params,
                                     struct bt_enroll_challenge **out_challenge) {
    uint64_t seed = 0, stream = 0;
    struct bt_rng rng;
    if (!params->nonce || strlen(params->nonce) != 32 || !hex64(params->nonce, &seed) || !hex64(params->nonce + 16, &stream) ||
        params->tasks < BT_ENROLL_TASKS_LEAST || params->tasks > BT_TASK_COUNT)
        return BT_E_ARGUMENT;
    struct bt_enroll_challenge *c = calloc(1, sizeof *c);
    if (!c) return BT_E_MEMORY;
    bt_rng_init(&rng, seed, stream);
    c->tasks = params->tasks;
    c->expires_ns = params->expires_ns;
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) c->task[i] = (enum bt_enroll_task)i;
    for (uint32_t i = BT_TASK_COUNT - 1; i > 0; i--) { /* Fisher and Yates */
        const uint32_t k = below(&rng, i + 1);
        const enum bt_enroll_task kept = c->task[i];
        c->task[i] = c->task[k];
        c->task[k] = kept;
    }
    bool turns = false;
    for (uint32_t i = 0; i < c->tasks; i++) turns = turns || c->task[i] == BT_TASK_LEFT || c->task[i] == BT_TASK_RIGHT;
    if (!turns) c->task[below(&rng, c->tasks)] = below(&rng, 2) ? BT_TASK_LEFT : BT_TASK_RIGHT; /* what is flat shows there */
    for (uint32_t i = 0; i < c->tasks; i++)
        c->pause_ns[i] = (int64_t)(bt_rng_uniform(&rng, pause_least_s, pause_most_s) * 1e9f);
    c->lost.ns = c->two.ns = -1;
    calm(c);
    *out_challenge = c;
    return BT_OK;
}

void bt_enroll_challenge_destroy(struct bt_enroll_challenge **challenge) {
    free(*challenge);
    *challenge = NULL;
}

static bool lasts(struct since *since, bool so, int64_t now_ns, int64_t long_ns) {
    if (!so) {
        since->ns = -1;
        return false;
    }
    if (since->ns < 0) since->ns = now_ns;
    return now_ns - since->ns >= long_ns;
}

static bool is_pose(enum bt_enroll_task task) {
    return task <= BT_TASK_DOWN;
}

static bool all_finite(const struct bt_enroll_measure *m) {
    float sum = m->angles.yaw + m->angles.pitch + m->angles.roll + m->relief + m->centre.x + m->centre.y;
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) sum += m->sign[i];
    return isfinite(sum);
}

static bool jumped(const struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m) {
    const float s = (float)(now_ns - c->seen_ns) * 1e-9f;
    const float moved = hypotf(m->centre.x - c->centre.x, m->centre.y - c->centre.y);
    const float turned = fmaxf(fabsf(m->angles.yaw - c->angles.yaw), fabsf(m->angles.pitch - c->angles.pitch));
    return moved > jump_eyes + jump_eyes_s * s || turned > jump_rad + jump_rad_s * s;
}

/* A sign of anything but `but` that lasts. Turned away, expressions are read badly: while a turn is asked for, only poses
   count. */
static bool strays(struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m, enum bt_enroll_task but,
                   int64_t long_ns) {
    bool found = false;
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) {
        const bool counts = i != (uint32_t)but && (is_pose((enum bt_enroll_task)i) || but == BT_TASK_COUNT || !is_pose(but));
        const int64_t least_ns = i == BT_TASK_EYES ? shut_ns + long_ns / 2 : long_ns;
        found = lasts(&c->stray[i], counts && m->sign[i] >= 1, now_ns, least_ns) || found;
    }
    return found;
}

static bool resting(const struct bt_enroll_measure *m) {
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++)
        if (i != BT_TASK_EYES && m->sign[i] >= at_rest) return false; /* a blink is rest too */
    return true;
}

static void fail(struct bt_enroll_challenge *c, enum bt_enroll_failure failure) {
    c->phase = BT_ENROLL_FAILED;
    c->failure = failure;
}

static void pause_step(struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m) {
    c->progress = 0;
    if (strays(c, now_ns, m, BT_TASK_COUNT, stray_ns))
        fail(c, BT_FAILURE_EARLY);
    else if (lasts(&c->resting, resting(m), now_ns, c->pause_ns[c->index]))
        enter(c, BT_ENROLL_DO, now_ns);
    else if (now_ns - c->phase_ns > rest_most_ns)
        fail(c, BT_FAILURE_LATE);
}

static void do_step(struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m) {
    const enum bt_enroll_task task = c->task[c->index];
    const float own = m->sign[task];
    const bool done = own >= 1, side = task == BT_TASK_LEFT || task == BT_TASK_RIGHT;
    c->progress = fminf(1, own);
    /* Eyes that blink just then are no sign of a recording: they must stay shut for longer anyway. */
    if (done && task != BT_TASK_EYES && now_ns - c->phase_ns < early_ns) {
        fail(c, BT_FAILURE_EARLY);
        return;
    }
    if (own < begun) {
        if (strays(c, now_ns, m, task, wrong_ns)) {
            fail(c, BT_FAILURE_WRONG);
            return;
        }
    } else {
        for (uint32_t i = 0; i < BT_TASK_COUNT; i++) c->stray[i].ns = -1;
    }
    if (done && m->turned) {
        c->relief_sum += m->relief;
        c->relief_count++;
    }
    if (lasts(&c->holding, done, now_ns, task == BT_TASK_EYES ? shut_ns : hold_ns)) {
        if (side && !(c->relief_sum >= BT_ENROLL_RELIEF_LEAST * fmaxf(1, c->relief_count)))
            fail(c, BT_FAILURE_FLAT);
        else
            enter(c, BT_ENROLL_BACK, now_ns);
    } else if (now_ns - c->phase_ns > do_most_ns) {
        fail(c, BT_FAILURE_LATE);
    }
}

static void back_step(struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m) {
    c->progress = 1;
    if (lasts(&c->resting, resting(m) && m->sign[BT_TASK_EYES] < at_rest, now_ns, back_ns)) {
        enter(c, ++c->index == c->tasks ? BT_ENROLL_PASSED : BT_ENROLL_REST, now_ns);
    } else if (now_ns - c->phase_ns > do_most_ns) {
        fail(c, BT_FAILURE_LATE);
    }
}

static void step(struct bt_enroll_challenge *c, int64_t now_ns, const struct bt_enroll_measure *m,
                 enum bt_enroll_trouble trouble) {
    if (!c->begun) c->phase_ns = c->last_ns = c->seen_ns = now_ns;
    const int64_t gap_ns = now_ns - c->last_ns;
    c->last_ns = now_ns;
    if (now_ns >= c->expires_ns) {
        fail(c, BT_FAILURE_EXPIRED);
    } else if (gap_ns < 0 || gap_ns > lost_ns) { /* what happened meanwhile was not seen */
        fail(c, gap_ns < 0 ? BT_FAILURE_JUMP : BT_FAILURE_LOST);
    } else if (lasts(&c->two, trouble == BT_TROUBLE_TWO, now_ns, two_ns)) {
        fail(c, BT_FAILURE_TWO);
    } else if (!m || !all_finite(m)) {
        calm(c);
        if (lasts(&c->lost, true, now_ns, lost_ns)) fail(c, BT_FAILURE_LOST);
    } else {
        c->lost.ns = -1;
        if (c->begun && jumped(c, now_ns, m))
            fail(c, BT_FAILURE_JUMP);
        else if (c->phase == BT_ENROLL_REST)
            pause_step(c, now_ns, m);
        else if (c->phase == BT_ENROLL_DO)
            do_step(c, now_ns, m);
        else
            back_step(c, now_ns, m);
        c->seen_ns = now_ns;
        c->centre = m->centre;
        c->angles = m->angles;
        c->begun = true;
    }
}

struct bt_enroll_state bt_enroll_challenge_step(struct bt_enroll_challenge *c, int64_t now_ns,
                                                const struct bt_enroll_measure *measure, enum bt_enroll_trouble trouble) {
    if (c->phase != BT_ENROLL_PASSED && c->phase != BT_ENROLL_FAILED) step(c, now_ns, measure, trouble);
    const uint32_t at = c->index < c->tasks ? c->index : c->tasks - 1;
    return (struct bt_enroll_state){.phase = c->phase,
                                    .task = c->task[at],
                                    .done = c->index,
                                    .of = c->tasks,
                                    .progress = c->progress,
                                    .failure = c->failure};
}
