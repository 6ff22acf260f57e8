/* SPDX-License-Identifier: MIT */
#include "app/evaluate_attack.h"

#include "base/rng.h"
#include "mask/view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)
enum { TASKS = 6, FRAME_PX = 720, REST_FRAMES_MOST = 300, FRAMES_MOST = 2400, TAKE_MOST = 1500 };
static const int64_t frame_ns = 33333333;
static const float camera_cm = 60; /* to whoever is before it */

const char *const bt_attack_name[BT_ATTACK_KINDS] = {
    [BT_ATTACK_PHOTO] = "printed photograph, moved by hand",
    [BT_ATTACK_EYES] = "printed photograph with eyes cut out",
    [BT_ATTACK_REPLAY] = "replayed recording of a passed challenge",
    [BT_ATTACK_CLIPS] = "clips on a screen, picked as they are asked for",
    [BT_ATTACK_MASK] = "our own masked output",
    [BT_ATTACK_NONE] = "living head",
};

/* What a body does: radians as in rig/pose.h, expressions 0 … 1 as in mask/view.h, cm. */
enum { YAW, PITCH, SMILE, OPEN, BROW, BLINK, ACTS };
struct act {
    float v[ACTS];
    float x, y;
};

/* What each task is done with, and how far by somebody who takes an average part in it: 24 degrees, 15 degrees, 4 mm at each
   corner, 14 mm, 4 mm of the brows (view.h lifts mostly their upper edge), shut. */
static const struct {
    uint32_t act;
    float full;
} doing[BT_TASK_COUNT] = {{YAW, .42f},   {YAW, -.42f}, {PITCH, -.26f}, {PITCH, .26f},
                          {SMILE, .75f}, {OPEN, .85f}, {BROW, 2.3f},   {BLINK, 1.0f}};

struct actor {
    struct bt_rng rng;
    struct act act;
    int64_t asked_ns, reaction_ns, blink_ns;
    float effort, grows, most, quick; /* of doing's full: at first, a second, at the end; how fast it is got to */
    enum bt_enroll_phase phase;
    enum bt_enroll_task task; /* that is done: not always what was asked */
    float slip;               /* how often the other one */
};

static void make_actor(struct actor *a, uint64_t seed, uint64_t stream) {
    *a = (struct actor){.phase = BT_ENROLL_REST};
    bt_rng_init(&a->rng, seed, stream);
    a->effort = bt_rng_uniform(&a->rng, .7f, 1.1f);
    a->grows = bt_rng_uniform(&a->rng, .1f, .4f);
    a->most = bt_rng_uniform(&a->rng, 1.0f, 1.6f);
    a->quick = bt_rng_uniform(&a->rng, .15f, .35f);
    a->slip = .01f;
    a->blink_ns = 2000 * MS;
}

static float blink_at(struct actor *a, int64_t now_ns) {
    if (now_ns > a->blink_ns + 150 * MS) a->blink_ns = now_ns + (int64_t)(bt_rng_uniform(&a->rng, 2, 6) * 1e9f);
    return now_ns >= a->blink_ns ? 1 : 0;
}

/* One frame of somebody who does what is asked: after a reaction, as far as they think is enough, then farther while the bar on
   the screen is not full; blinking, and never quite still. */
static void perform(struct actor *a, int64_t now_ns, enum bt_enroll_phase phase, enum bt_enroll_task task) {
    float wish[ACTS] = {0};
    if (phase != a->phase) {
        a->asked_ns = now_ns;
        a->reaction_ns = (int64_t)(bt_rng_uniform(&a->rng, .25f, 1.1f) * 1e9f);
        a->task = bt_rng_uniform(&a->rng, 0, 1) < a->slip ? (enum bt_enroll_task)(task ^ 1) : task;
    }
    a->phase = phase;
    const float s = (float)(now_ns - a->asked_ns - a->reaction_ns) * 1e-9f;
    if (phase == BT_ENROLL_DO && s > 0)
        wish[doing[a->task].act] = doing[a->task].full * fminf(a->effort + s * a->grows, a->most);
    wish[BLINK] = fminf(1, fmaxf(wish[BLINK], blink_at(a, now_ns)));
    for (uint32_t i = 0; i < ACTS; i++) a->act.v[i] += (i == BLINK ? .6f : a->quick) * (wish[i] - a->act.v[i]);
    a->act.x = .3f * sinf((float)now_ns * 1.3e-9f) + .1f * sinf((float)now_ns * 4.1e-9f);
    a->act.y = .15f * sinf((float)now_ns * 0.9e-9f);
}

/* A flat thing that is held: how it is turned, and where. */
struct held {
    float yaw, pitch, x, y;
};

struct scene {
    const struct bt_attack_trial *t;
    struct bt_rng rng;
    float width_cm, noise_px, yaw, pitch; /* of the picture; of the landmarks; how the camera stands to the face */
};

static void head(const struct scene *s, const struct bt_mask *who, const struct act *a, float yaw, float pitch,
                 struct bt_vec3 *out) {
    struct bt_vec3 face[BT_RIG_VERTICES];
    struct bt_mask_view view = bt_mask_view_plain();
    view.width_cm = s->width_cm;
    view.yaw = s->yaw + a->v[YAW] + yaw;
    view.pitch = s->pitch + a->v[PITCH] + pitch;
    view.smile = a->v[SMILE], view.open = a->v[OPEN], view.brow = a->v[BROW], view.blink = .95f * a->v[BLINK];
    view.x = a->x / s->width_cm, view.y = a->y / s->width_cm;
    const struct bt_pose pose = bt_mask_pose(&view, FRAME_PX);
    bt_mask_express(s->t->rig, who, &view, face);
    bt_pose_denormalise(&pose, face, BT_RIG_VERTICES, out);
}

/* Landmarks of the frame. Of a flat picture, x and y are the picture's, seen by perspective on its plane; z is that of a head
   turned as the plane is, as though the net put a whole head's depth behind the picture: the worst that it can do. (The tracker
   reads a print that is turned by 55 degrees as turned by 9: tests/golden/enroll_footage.c.) */
static void draw(struct scene *s, const struct bt_mask *who, const struct act *a, const struct held *held,
                 struct bt_vec3 *out) {
    head(s, who, a, 0, 0, out);
    if (held) {
        struct bt_vec3 deep[BT_RIG_VERTICES];
        const float scale = FRAME_PX / s->width_cm, middle = .5f * FRAME_PX;
        const float cy = cosf(held->yaw), sy = sinf(held->yaw), cp = cosf(held->pitch), sp = sinf(held->pitch);
        head(s, who, a, held->yaw, held->pitch, deep);
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const float x = (out[v].x - middle) / scale, y = (middle - out[v].y) / scale;
            const float down = y * cp, towards = y * sp; /* about x first, as a head nods, then about y */
            const float px = x * cy + towards * sy, pz = towards * cy - x * sy, away = camera_cm / (camera_cm - pz);
            out[v].x = middle + scale * (px * away + held->x);
            out[v].y = middle - scale * (down * away + held->y);
            out[v].z = deep[v].z;
        }
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        out[v].x += s->noise_px * bt_rng_normal(&s->rng);
        out[v].y += s->noise_px * bt_rng_normal(&s->rng);
        out[v].z += s->noise_px * bt_rng_normal(&s->rng);
    }
}

/* A hand: a drift, and a tremor of 8 to 12 Hz (Elble 1996, Clinical Neuroscience 3:2). */
static void shake(struct held *h, int64_t now_ns, float yaw, float pitch) {
    const float t = (float)(now_ns % (1000000 * MS)) * 1e-9f;
    h->yaw = yaw + .03f * sinf(1.1f * t) + .004f * sinf(57 * t);
    h->pitch = pitch + .02f * sinf(.8f * t + 1) + .004f * sinf(63 * t);
    h->x = .3f * sinf(.9f * t) + .02f * sinf(60 * t);
    h->y = .2f * sinf(1.2f * t) + .02f * sinf(52 * t);
}

/* --- what is shown --- */

struct take { /* a recording of somebody */
    uint32_t frames;
    struct act act[TAKE_MOST];
};

struct show {
    struct scene scene;
    struct actor actor, holder; /* whom it shows; who holds it */
    struct held held;
    struct take take;
    uint32_t at;     /* the take's frame */
    int64_t clip_ns; /* since when a clip runs */
    bool flat;
};

static void show_frame(struct show *w, int64_t now_ns, enum bt_enroll_phase phase, enum bt_enroll_task task,
                       struct bt_vec3 *out) {
    const struct bt_attack_trial *t = w->scene.t;
    static const struct act still;
    struct act shown = still;
    switch (t->kind) {
    case BT_ATTACK_PHOTO:
    case BT_ATTACK_EYES: /* the holder's wrists do what a neck would, farther; behind the paper there are only eyes */
        perform(&w->holder, now_ns, phase, task);
        shake(&w->held, now_ns, 1.8f * w->holder.act.v[YAW], 1.8f * w->holder.act.v[PITCH]);
        if (t->kind == BT_ATTACK_EYES) shown.v[BLINK] = w->holder.act.v[BLINK];
        break;
    case BT_ATTACK_REPLAY:
        shake(&w->held, now_ns, 0, 0);
        shown = w->take.act[w->at++ % w->take.frames];
        break;
    case BT_ATTACK_CLIPS: /* a clip shows the whole movement, as it was recorded: quick, large, back after 1.2 s */
        if (phase == BT_ENROLL_DO && w->holder.phase != BT_ENROLL_DO) {
            w->clip_ns = now_ns + (int64_t)(bt_rng_uniform(&w->holder.rng, .7f, 1.8f) * 1e9f);
            w->actor.task = bt_rng_uniform(&w->holder.rng, 0, 1) < .05f ? (enum bt_enroll_task)(task ^ 1) : task;
        }
        w->holder.phase = phase;
        perform(&w->actor, now_ns, BT_ENROLL_REST, task);
        if (now_ns >= w->clip_ns && now_ns < w->clip_ns + 1200 * MS) {
            float *v = &w->actor.act.v[doing[w->actor.task].act];
            *v += .4f * (1.3f * doing[w->actor.task].full - *v);
        }
        shown = w->actor.act;
        shake(&w->held, now_ns, 0, 0);
        break;
    default:
        perform(&w->actor, now_ns, phase, task);
        shown = w->actor.act;
        break;
    }
    draw(&w->scene, t->kind == BT_ATTACK_MASK ? t->worn : t->person, &shown, w->flat ? &w->held : NULL, out);
}

static void nonce_of(uint64_t seed, char out[33]) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 7);
    for (uint32_t i = 0; i < 4; i++) snprintf(out + 8 * i, 9, "%08" PRIx32, bt_rng_u32(&rng));
}

static bt_status sit(struct show *w, uint64_t seed, struct take *record, struct bt_attack_result *out) {
    const struct bt_attack_trial *t = w->scene.t;
    struct bt_vec3 landmark[BT_RIG_VERTICES];
    struct bt_enroll_measure measure;
    struct bt_enroll_challenge *challenge = NULL;
    struct bt_enroll_state state = {.phase = BT_ENROLL_REST};
    char nonce[33];
    int64_t now_ns = 1000 * MS;
    bool rested = false;
    *out = (struct bt_attack_result){false, BT_FAILURE_NONE};
    nonce_of(seed, nonce);
    const struct bt_enroll_challenge_params params = {.nonce = nonce, .tasks = TASKS, .expires_ns = INT64_MAX};
    bt_status status = bt_enroll_challenge_create(&params, &challenge);
    bt_enroll_meter_reset(t->meter);
    for (uint32_t i = 0; !status && !rested && i < REST_FRAMES_MOST; i++, now_ns += frame_ns) {
        show_frame(w, now_ns, BT_ENROLL_REST, BT_TASK_LEFT, landmark);
        rested = bt_enroll_meter_rest(t->meter, landmark, now_ns);
    }
    w->at = 0; /* a recording is started when the person whom it shows would be asked */
    for (uint32_t i = 0; rested && i < FRAMES_MOST && state.phase != BT_ENROLL_PASSED && state.phase != BT_ENROLL_FAILED; i++) {
        show_frame(w, now_ns, state.phase, state.task, landmark);
        if (record && record->frames < TAKE_MOST) record->act[record->frames++] = w->actor.act;
        const bool read = bt_enroll_meter_read(t->meter, landmark, &measure);
        state = bt_enroll_challenge_step(challenge, now_ns, read ? &measure : NULL, read ? BT_TROUBLE_NONE : BT_TROUBLE_NOBODY);
        now_ns += frame_ns;
    }
    bt_enroll_challenge_destroy(&challenge);
    out->passed = state.phase == BT_ENROLL_PASSED;
    out->failure = state.failure;
    return status;
}

bt_status bt_attack_run(const struct bt_attack_trial *trial, struct bt_attack_result *out_result) {
    struct show w = {.scene = {.t = trial}, .flat = trial->kind <= BT_ATTACK_CLIPS};
    struct bt_rng *rng = &w.scene.rng;
    bt_rng_init(rng, trial->seed, 40 + trial->kind);
    w.scene.width_cm = bt_rng_uniform(rng, 28, 50);
    w.scene.noise_px = bt_rng_uniform(rng, .15f, .6f);
    w.scene.yaw = .05f * bt_rng_normal(rng);
    w.scene.pitch = .08f * bt_rng_normal(rng);
    if (trial->kind == BT_ATTACK_REPLAY) { /* first the recording is made: a challenge that was passed, with its own nonce */
        const struct bt_attack_trial live = {BT_ATTACK_NONE, trial->rig, trial->person, NULL, trial->meter, trial->seed};
        struct bt_attack_result recorded = {0};
        bt_status status = BT_OK;
        for (uint64_t k = 1; !status && !recorded.passed && k < 20; k++) {
            w.scene.t = &live;
            w.flat = false;
            w.take.frames = 0;
            make_actor(&w.actor, trial->seed, 900 + k);
            status = sit(&w, trial->seed * 31 + k * 1000003, &w.take, &recorded);
        }
        if (status) return status;
        w.scene.t = trial;
        w.flat = true;
    }
    make_actor(&w.actor, trial->seed, 1);
    make_actor(&w.holder, trial->seed, 2);
    if (trial->kind == BT_ATTACK_MASK) w.scene.noise_px += .3f; /* a second tracker reads what the first one drew */
    return sit(&w, trial->seed, NULL, out_result);
}
