/* SPDX-License-Identifier: MIT */
/* Enrolment's challenge, driven by a head made of numbers: the canonical mesh, posed and deformed. */
#include "enroll/challenge.h"
#include "support/brief.h"
#include "support/cmocka.h"
#include "support/test_rig.h"

#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)
static const int64_t tick_ns = 33333333;
static const float degree = 0.017453293f;

static struct bt_enroll_meter *meter;
static struct bt_rng noise;

struct act {
    float yaw, pitch, smile, mouth, brows, eyes; /* radians; the others 0 … 1 */
    struct bt_vec2 shift;                        /* cm */
};

static void move_ring(struct bt_vec3 *face, enum bt_rig_ring ring, float x, float y) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    for (uint32_t i = 0; i < list.count; i++) {
        face[list.vertex[i]].x += x;
        face[list.vertex[i]].y += y;
    }
}

/* The head of an act, in a frame of 1280 x 720. `flat`: the picture of the head at rest is turned, as the landmarks of a
   photograph would be if a net put a head's depth behind them: the worst that a flat picture can do. */
static void draw(const struct act *a, bool flat, struct bt_vec3 *out) {
    struct bt_vec3 face[BT_RIG_VERTICES];
    const float yaw[3] = {0, a->yaw, 0}, pitch[3] = {a->pitch, 0, 0};
    struct bt_pose pose = {.scale = 18, .translation = {640 + 18 * a->shift.x, -(360 + 18 * a->shift.y), 0}};
    float ry[9], rx[9];
    memcpy(face, bt_rig_mesh(rig)->closed, sizeof face);
    move_ring(face, BT_RIG_BROW_0_LOWER, 0, 0.7f * a->brows);
    move_ring(face, BT_RIG_BROW_1_LOWER, 0, 0.7f * a->brows);
    face[61].x -= 0.5f * a->smile;
    face[291].x += 0.5f * a->smile;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) /* the jaw */
        if (v == 14 || bt_rig_mesh(rig)->canonical[v].y < -5.5f) face[v].y -= 2.0f * a->mouth;
    for (uint32_t e = 0; e < 2; e++) {
        static const uint16_t lid[2][2] = {{159, 145}, {386, 374}};
        face[lid[e][0]].y += 0.95f * a->eyes * (face[lid[e][1]].y - face[lid[e][0]].y);
    }
    bt_rotation_from_vector(yaw, ry);
    bt_rotation_from_vector(pitch, rx);
    for (uint32_t i = 0; i < 9; i++) {
        pose.rotation[i] = 0;
        for (uint32_t k = 0; k < 3; k++) pose.rotation[i] += ry[i / 3 * 3 + k] * rx[k * 3 + i % 3];
    }
    bt_pose_denormalise(&pose, face, BT_RIG_VERTICES, out);
    if (flat) {
        /* x, y of a plane that is turned as far, before a camera at 60 cm; z stays that of the turned head. */
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const float away = 60 / (60 - face[v].x * sinf(-a->yaw) * cosf(a->pitch) - face[v].y * sinf(-a->pitch));
            out[v].x = 640 + 18 * (a->shift.x + face[v].x * cosf(a->yaw) * away);
            out[v].y = 360 + 18 * (a->shift.y - face[v].y * cosf(a->pitch) * away);
        }
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) { /* .3 px */
        out[v].x += 0.3f * bt_rng_normal(&noise);
        out[v].y += 0.3f * bt_rng_normal(&noise);
        out[v].z += 0.3f * bt_rng_normal(&noise);
    }
}

static float *muscle(struct act *a, enum bt_enroll_task task, float *out_full) {
    static const float full[BT_TASK_COUNT] = {0.42f, -0.42f, -0.26f, 0.26f, 1, 1, 1, 1};
    float *const at[BT_TASK_COUNT] = {&a->yaw, &a->yaw, &a->pitch, &a->pitch, &a->smile, &a->mouth, &a->brows, &a->eyes};
    *out_full = full[task];
    return at[task];
}

/* Somebody who does what is asked after a while, and as quickly as people do. */
struct actor {
    struct act act;
    int64_t now_ns, asked_ns;
    int64_t reaction_ns; /* 0: 300 ms */
    bool flat, still, alone_not;
    enum bt_enroll_task (*instead)(enum bt_enroll_task task); /* NULL: what is asked */
    enum bt_enroll_phase phase;
};

static void perform(struct actor *actor, const struct bt_enroll_state *state) {
    struct act wish = {0};
    if (state->phase != actor->phase) actor->asked_ns = actor->now_ns;
    actor->phase = state->phase;
    const int64_t reaction_ns = actor->reaction_ns ? actor->reaction_ns : 300 * MS;
    if (state->phase == BT_ENROLL_DO && !actor->still && actor->now_ns - actor->asked_ns >= reaction_ns) {
        float full;
        float *at = muscle(&wish, actor->instead ? actor->instead(state->task) : state->task, &full);
        *at = full;
    }
    float *now = &actor->act.yaw;
    const float *to = &wish.yaw;
    for (uint32_t i = 0; i < 6; i++) now[i] += 0.25f * (to[i] - now[i]); /* 63 % in 120 ms */
    actor->act.shift.x = 0.2f * sinf((float)actor->now_ns * 2e-9f);      /* nobody sits quite still */
}

static void find_rest(struct actor *actor) {
    struct bt_vec3 landmark[BT_RIG_VERTICES];
    bt_enroll_meter_reset(meter);
    for (uint32_t i = 0; i < 100; i++, actor->now_ns += tick_ns) {
        draw(&actor->act, actor->flat, landmark);
        if (bt_enroll_meter_rest(meter, landmark, actor->now_ns)) return;
    }
    fail_msg("no rest was found");
}

static struct bt_enroll_challenge *begin(uint64_t n, uint32_t tasks, int64_t expires_ns) {
    char nonce[33];
    struct bt_enroll_challenge *challenge = NULL;
    snprintf(nonce, sizeof nonce, "%016llx%016llx", (unsigned long long)(n * 0x9e3779b97f4a7c15u),
             (unsigned long long)(n ^ 0x5bf0363db2c1a7u));
    const struct bt_enroll_challenge_params params = {.nonce = nonce, .tasks = tasks, .expires_ns = expires_ns};
    assert_int_equal(bt_enroll_challenge_create(&params, &challenge), BT_OK);
    return challenge;
}

static struct bt_enroll_state play(struct actor *actor, struct bt_enroll_challenge *challenge) {
    struct bt_vec3 landmark[BT_RIG_VERTICES];
    struct bt_enroll_measure measure;
    struct bt_enroll_state state = {.phase = BT_ENROLL_REST};
    for (uint32_t i = 0; i < 4000 && state.phase != BT_ENROLL_PASSED && state.phase != BT_ENROLL_FAILED; i++) {
        perform(actor, &state);
        draw(&actor->act, actor->flat, landmark);
        assert_true(bt_enroll_meter_read(meter, landmark, &measure));
        state = bt_enroll_challenge_step(challenge, actor->now_ns, &measure, BT_TROUBLE_NONE);
        actor->now_ns += tick_ns;
    }
    return state;
}

static struct bt_enroll_state whole(struct actor *actor, uint64_t nonce) {
    actor->now_ns = INT64_C(1000000000);
    find_rest(actor);
    struct bt_enroll_challenge *challenge = begin(nonce, 6, INT64_MAX);
    const struct bt_enroll_state state = play(actor, challenge);
    bt_enroll_challenge_destroy(&challenge);
    assert_null(challenge);
    return state;
}

static int set_up(void **state) {
    bt_rng_init(&noise, 5, 1);
    if (rig_set_up(state)) return -1;
    return bt_enroll_meter_create(rig, &meter) == BT_OK ? 0 : -1;
}

static int tear_down(void **state) {
    bt_enroll_meter_destroy(&meter);
    return rig_tear_down(state);
}

static void test_an_honest_person_passes(void **state) {
    (void)state;
    uint32_t passed = 0;
    const uint32_t count = test_brief(200, 3);
    for (uint32_t n = 0; n < count; n++) {
        struct actor actor = {.reaction_ns = (250 + n % 20 * 60) * MS};
        const struct bt_enroll_state s = whole(&actor, n);
        if (s.phase == BT_ENROLL_PASSED && s.done == 6)
            passed++;
        else
            print_message("nonce %u: task %d, failure %d\n", n, s.task, s.failure);
    }
    assert_int_equal(passed, count);
}

static void test_the_order_follows_from_the_nonce(void **state) {
    (void)state;
    uint32_t first[BT_TASK_COUNT] = {0}, differ = 0, last = 0;
    for (uint32_t n = 0; n < 400; n++) {
        struct bt_enroll_challenge *a = begin(n, 5, INT64_MAX), *b = begin(n, 5, INT64_MAX);
        const struct bt_enroll_state x = bt_enroll_challenge_step(a, 0, NULL, BT_TROUBLE_NOBODY);
        assert_int_equal(x.task, bt_enroll_challenge_step(b, 0, NULL, BT_TROUBLE_NOBODY).task);
        first[x.task]++;
        differ += x.task != last;
        last = x.task;
        bt_enroll_challenge_destroy(&a);
        bt_enroll_challenge_destroy(&b);
    }
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) assert_in_range(first[i], 25, 90); /* 50 each, were they all alike */
    assert_true(differ > 300);
}

static void test_bad_parameters(void **state) {
    (void)state;
    struct bt_enroll_challenge *challenge = NULL;
    const char *const bad[] = {NULL,
                               "",
                               "0123456789abcdef",
                               "0123456789abcdef0123456789abcdeg",
                               "0123456789ABCDEF0123456789abcdef",
                               "0123456789abcdef0123456789abcdef0"};
    for (uint32_t i = 0; i < BT_COUNT(bad); i++) {
        const struct bt_enroll_challenge_params params = {.nonce = bad[i], .tasks = 5, .expires_ns = 1};
        assert_int_equal(bt_enroll_challenge_create(&params, &challenge), BT_E_ARGUMENT);
    }
    for (uint32_t tasks = 0; tasks < 12; tasks++) {
        const struct bt_enroll_challenge_params params = {.nonce = "0123456789abcdef0123456789abcdef", .tasks = tasks};
        const bt_status status = bt_enroll_challenge_create(&params, &challenge);
        assert_int_equal(status, tasks >= 5 && tasks <= BT_TASK_COUNT ? BT_OK : BT_E_ARGUMENT);
        if (!status) bt_enroll_challenge_destroy(&challenge);
    }
}

static void expect(struct actor actor, enum bt_enroll_failure failure) {
    const uint32_t count = test_brief(40, 2);
    for (uint32_t n = 0; n < count; n++) {
        struct actor one = actor;
        const struct bt_enroll_state s = whole(&one, 1000 + n);
        assert_int_equal(s.phase, BT_ENROLL_FAILED);
        if (failure) assert_int_equal(s.failure, failure);
    }
}

static void test_a_still_picture(void **state) {
    (void)state;
    expect((struct actor){.still = true}, BT_FAILURE_LATE);
    expect((struct actor){.still = true, .flat = true}, BT_FAILURE_LATE);
}

static void test_a_moved_photograph(void **state) {
    (void)state;
    uint32_t flat = 0;
    const uint32_t count = test_brief(60, 3);
    for (uint32_t n = 0; n < count; n++) {
        struct actor actor = {.flat = true};
        const struct bt_enroll_state s = whole(&actor, 2000 + n);
        assert_int_equal(s.phase, BT_ENROLL_FAILED);
        flat += s.failure == BT_FAILURE_FLAT;
    }
    assert_true(flat > 0);
}

/* The turn alone, as far as it goes: no turn of a plane has relief. */
static void test_relief(void **state) {
    (void)state;
    struct bt_vec3 landmark[BT_RIG_VERTICES];
    struct bt_enroll_measure m;
    float least = 9, most = 0;
    for (int flat = 0; flat < 2; flat++) {
        struct actor actor = {.flat = flat};
        find_rest(&actor);
        for (int d = -50; d <= 50; d += 2)
            for (int p = -10; p <= 10; p += 5) {
                const struct act act = {.yaw = (float)d * degree, .pitch = (float)p * degree, .mouth = flat ? 1 : 0};
                draw(&act, flat, landmark);
                if (!bt_enroll_meter_read(meter, landmark, &m) || !m.turned) continue;
                if (flat)
                    most = fmaxf(most, m.relief);
                else
                    least = fminf(least, m.relief);
            }
    }
    print_message("relief: a head's at least %.3f, a turned plane's at most %.3f\n", (double)least, (double)most);
    assert_true(least > 1.5f * BT_ENROLL_RELIEF_LEAST && most < BT_ENROLL_RELIEF_LEAST / 1.5f);
}

static enum bt_enroll_task other_order(enum bt_enroll_task task) {
    return (enum bt_enroll_task)((task + 3) % BT_TASK_COUNT);
}

static void test_another_order(void **state) {
    (void)state;
    expect((struct actor){.instead = other_order}, BT_FAILURE_NONE); /* wrong, or too late where the wrong is not read */
}

static void test_a_recording_that_plays_by_itself(void **state) {
    (void)state;
    uint32_t passed = 0;
    const uint32_t count = test_brief(300, 5);
    for (uint32_t n = 0; n < count; n++) {
        /* Knows the tasks and their order, but not when they are asked: one every two seconds. */
        struct actor actor = {.now_ns = INT64_C(1000000000)};
        find_rest(&actor);
        struct bt_enroll_challenge *challenge = begin(3000 + n, 5, INT64_MAX);
        const int64_t start_ns = actor.now_ns;
        struct bt_vec3 landmark[BT_RIG_VERTICES];
        struct bt_enroll_measure measure;
        struct bt_enroll_state s = {.phase = BT_ENROLL_REST};
        uint32_t did = UINT32_MAX;
        enum bt_enroll_task task = BT_TASK_LEFT;
        while (s.phase != BT_ENROLL_PASSED && s.phase != BT_ENROLL_FAILED) {
            const int64_t part_ns = (actor.now_ns - start_ns) % (2000 * MS);
            const uint32_t turn = (uint32_t)((actor.now_ns - start_ns) / (2000 * MS));
            if (turn != did) task = s.task, did = turn;
            struct bt_enroll_state play = {.phase = part_ns < 900 * MS ? BT_ENROLL_DO : BT_ENROLL_REST, .task = task};
            actor.reaction_ns = 1;
            perform(&actor, &play);
            draw(&actor.act, false, landmark);
            assert_true(bt_enroll_meter_read(meter, landmark, &measure));
            s = bt_enroll_challenge_step(challenge, actor.now_ns, &measure, BT_TROUBLE_NONE);
            actor.now_ns += tick_ns;
        }
        passed += s.phase == BT_ENROLL_PASSED;
        bt_enroll_challenge_destroy(&challenge);
    }
    print_message("a recording that knows the order, not the time: passed %u of %u\n", passed, count);
    assert_true(passed * 20 <= count);
}

static void test_too_early_and_too_late(void **state) {
    (void)state;
    struct bt_enroll_measure m = {.sign = {0}}, done = m;
    struct bt_enroll_challenge *c = begin(7, 5, INT64_MAX);
    int64_t now_ns = 0;
    struct bt_enroll_state s;
    do s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
    while (s.phase == BT_ENROLL_REST);
    assert_int_equal(s.phase, BT_ENROLL_DO);
    done.sign[s.task] = 1.5f;
    s = bt_enroll_challenge_step(c, now_ns + 100 * MS, &done, BT_TROUBLE_NONE);
    assert_int_equal(s.failure, BT_FAILURE_EARLY);
    bt_enroll_challenge_destroy(&c);

    uint64_t n = 0; /* a blink when the eyes are asked for is not too early */
    for (s.task = BT_TASK_LEFT; s.task != BT_TASK_EYES; n++) {
        c = begin(n, 5, INT64_MAX);
        s = bt_enroll_challenge_step(c, 0, &m, BT_TROUBLE_NONE);
        if (s.task != BT_TASK_EYES) bt_enroll_challenge_destroy(&c);
    }
    now_ns = 0;
    do s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
    while (s.phase == BT_ENROLL_REST);
    done = m;
    done.sign[BT_TASK_EYES] = 1.5f;
    s = bt_enroll_challenge_step(c, now_ns + 100 * MS, &done, BT_TROUBLE_NONE);
    assert_int_equal(s.failure, BT_FAILURE_NONE);
    bt_enroll_challenge_destroy(&c);

    c = begin(7, 5, INT64_MAX);
    now_ns = 0;
    do s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
    while (s.phase == BT_ENROLL_REST);
    const int64_t asked_ns = now_ns;
    do s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
    while (s.phase == BT_ENROLL_DO);
    assert_int_equal(s.failure, BT_FAILURE_LATE);
    assert_in_range(now_ns - asked_ns, 6000 * MS, 6100 * MS);
    bt_enroll_challenge_destroy(&c);

    c = begin(7, 5, INT64_MAX); /* a task's sign before any was asked */
    bt_enroll_challenge_step(c, 0, &m, BT_TROUBLE_NONE);
    for (now_ns = 0, s.phase = BT_ENROLL_REST; s.phase == BT_ENROLL_REST;)
        s = bt_enroll_challenge_step(c, now_ns += tick_ns, &done, BT_TROUBLE_NONE);
    assert_int_equal(s.failure, BT_FAILURE_EARLY);
    bt_enroll_challenge_destroy(&c);
}

/* The pause is random, and a twitch or a blink is not the task. */
static void test_pauses_differ_and_signs_must_last(void **state) {
    (void)state;
    const struct bt_enroll_measure rest = {.sign = {0}};
    int64_t shortest_ns = INT64_MAX, longest_ns = 0;
    for (uint32_t n = 0; n < 60; n++) {
        struct bt_enroll_challenge *c = begin(n, 8, INT64_MAX);
        struct bt_enroll_state s = {.phase = BT_ENROLL_REST};
        int64_t now_ns = 0;
        while (s.phase == BT_ENROLL_REST) s = bt_enroll_challenge_step(c, now_ns += 10 * MS, &rest, BT_TROUBLE_NONE);
        if (now_ns < shortest_ns) shortest_ns = now_ns;
        if (now_ns > longest_ns) longest_ns = now_ns;
        struct bt_enroll_measure done = rest;
        done.sign[s.task] = 1.5f;
        done.turned = true, done.relief = 0.27f;
        const int64_t blink_ns = s.task == BT_TASK_EYES ? 400 * MS : 150 * MS, asked_ns = now_ns;
        while (now_ns - asked_ns < 500 * MS) s = bt_enroll_challenge_step(c, now_ns += 10 * MS, &rest, BT_TROUBLE_NONE);
        while (now_ns - asked_ns < 500 * MS + blink_ns)
            s = bt_enroll_challenge_step(c, now_ns += 10 * MS, &done, BT_TROUBLE_NONE);
        assert_int_equal(s.phase, BT_ENROLL_DO);
        s = bt_enroll_challenge_step(c, now_ns += 10 * MS, &rest, BT_TROUBLE_NONE);
        for (int i = 0; i < 60 && s.phase == BT_ENROLL_DO; i++)
            s = bt_enroll_challenge_step(c, now_ns += 10 * MS, &done, BT_TROUBLE_NONE);
        assert_int_equal(s.phase, BT_ENROLL_BACK);
        bt_enroll_challenge_destroy(&c);
    }
    assert_true(shortest_ns >= 400 * MS && shortest_ns < 520 * MS && longest_ns > 1080 * MS && longest_ns < 1250 * MS);
}

static void test_jumps_losses_and_a_second_person(void **state) {
    (void)state;
    const struct bt_enroll_measure m = {.sign = {0}};
    struct bt_enroll_measure there = m, turned = m, nan = m;
    there.centre.x = 0.7f; /* 6 cm in a thirtieth of a second */
    turned.angles.yaw = 0.5f;
    nan.sign[3] = NAN;
    for (uint32_t kind = 0; kind < 8; kind++) {
        struct bt_enroll_challenge *c = begin(kind, 5, INT64_C(20000000000));
        int64_t now_ns = 0;
        struct bt_enroll_state s = {0};
        for (uint32_t i = 0; i < 5; i++) s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
        assert_int_equal(s.failure, BT_FAILURE_NONE);
        enum bt_enroll_failure want = BT_FAILURE_NONE;
        switch (kind) {
        case 0:
            s = bt_enroll_challenge_step(c, now_ns += tick_ns, &there, BT_TROUBLE_NONE);
            want = BT_FAILURE_JUMP;
            break;
        case 1:
            s = bt_enroll_challenge_step(c, now_ns += tick_ns, &turned, BT_TROUBLE_NONE);
            want = BT_FAILURE_JUMP;
            break;
        case 2: /* time runs backwards */
            s = bt_enroll_challenge_step(c, now_ns - tick_ns, &m, BT_TROUBLE_NONE);
            want = BT_FAILURE_JUMP;
            break;
        case 3:
        case 4: /* nobody; or numbers that are none */
            for (uint32_t i = 0; i < 30 && s.phase != BT_ENROLL_FAILED; i++)
                s = bt_enroll_challenge_step(c, now_ns += tick_ns, kind == 3 ? NULL : &nan, BT_TROUBLE_NOBODY);
            want = BT_FAILURE_LOST;
            break;
        case 5: /* a blink of the tracker is forgiven */
            for (uint32_t i = 0; i < 10; i++) s = bt_enroll_challenge_step(c, now_ns += tick_ns, NULL, BT_TROUBLE_NOBODY);
            s = bt_enroll_challenge_step(c, now_ns += tick_ns, &m, BT_TROUBLE_NONE);
            break;
        case 6:
            for (uint32_t i = 0; i < 12 && s.phase != BT_ENROLL_FAILED; i++)
                s = bt_enroll_challenge_step(c, now_ns += tick_ns, i % 2 ? NULL : &m, BT_TROUBLE_TWO);
            want = BT_FAILURE_TWO;
            break;
        case 7: /* a second without pictures */
            s = bt_enroll_challenge_step(c, now_ns += 1000 * MS, &m, BT_TROUBLE_NONE);
            want = BT_FAILURE_LOST;
            break;
        }
        if (s.failure != want) print_message("kind %u\n", kind);
        assert_int_equal(s.failure, want);
        bt_enroll_challenge_destroy(&c);
    }
}

static void test_it_expires(void **state) {
    (void)state;
    struct actor actor = {.now_ns = 0};
    find_rest(&actor);
    struct bt_enroll_challenge *c = begin(3, 8, actor.now_ns + 3000 * MS);
    assert_int_equal(play(&actor, c).failure, BT_FAILURE_EXPIRED);
    const struct bt_enroll_measure m = {.sign = {0}};
    assert_int_equal(bt_enroll_challenge_step(c, 0, &m, BT_TROUBLE_NONE).failure, BT_FAILURE_EXPIRED); /* and stays so */
    bt_enroll_challenge_destroy(&c);
}

static void test_rest_wants_stillness_and_a_face(void **state) {
    (void)state;
    struct bt_vec3 landmark[BT_RIG_VERTICES] = {{0}};
    struct bt_enroll_measure m;
    bt_enroll_meter_reset(meter);
    assert_false(bt_enroll_meter_read(meter, landmark, &m));
    for (uint32_t i = 0; i < 60; i++) assert_false(bt_enroll_meter_rest(meter, landmark, i * tick_ns));
    for (uint32_t i = 0; i < BT_RIG_VERTICES; i++) landmark[i] = (struct bt_vec3){NAN, INFINITY, 0};
    for (uint32_t i = 0; i < 60; i++) assert_false(bt_enroll_meter_rest(meter, landmark, i * tick_ns));
    for (uint32_t i = 0; i < 200; i++) { /* shakes the head */
        const struct act act = {.yaw = 0.15f * sinf((float)i * 0.3f)};
        draw(&act, false, landmark);
        assert_false(bt_enroll_meter_rest(meter, landmark, i * tick_ns));
    }
    for (uint32_t i = 0; i < 60; i++) { /* looks away */
        const struct act act = {.yaw = 0.4f};
        draw(&act, false, landmark);
        assert_false(bt_enroll_meter_rest(meter, landmark, i * tick_ns));
    }
    bool known = false;
    uint32_t i = 0;
    for (; i < 60 && !known; i++) { /* a blink does no harm */
        const struct act act = {.eyes = i < 6};
        draw(&act, false, landmark);
        known = bt_enroll_meter_rest(meter, landmark, i * tick_ns);
    }
    assert_true(known && i > 29 && i < 34);
    assert_true(bt_enroll_meter_read(meter, landmark, &m));
    assert_true(m.sign[BT_TASK_EYES] < 0.3f); /* they are open, as at rest */
    const struct act shut = {.eyes = 1};
    draw(&shut, false, landmark);
    assert_true(bt_enroll_meter_read(meter, landmark, &m) && m.sign[BT_TASK_EYES] >= 1);
    landmark[100].y = NAN;
    assert_false(bt_enroll_meter_read(meter, landmark, &m));
}

static void test_signs_go_where_they_should(void **state) {
    (void)state;
    struct actor actor = {.now_ns = 0};
    struct bt_vec3 landmark[BT_RIG_VERTICES];
    struct bt_enroll_measure m;
    find_rest(&actor);
    for (uint32_t t = 0; t < BT_TASK_COUNT; t++) {
        struct act act = {0};
        float full;
        float *at = muscle(&act, (enum bt_enroll_task)t, &full);
        *at = full;
        draw(&act, false, landmark);
        assert_true(bt_enroll_meter_read(meter, landmark, &m));
        assert_true(m.sign[t] >= 1);
        for (uint32_t i = 0; i < BT_TASK_COUNT; i++)
            if (i != t && !(t <= BT_TASK_DOWN && i > BT_TASK_DOWN)) assert_true(m.sign[i] < 0.6f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_honest_person_passes),
        cmocka_unit_test(test_the_order_follows_from_the_nonce),
        cmocka_unit_test(test_bad_parameters),
        cmocka_unit_test(test_a_still_picture),
        cmocka_unit_test(test_a_moved_photograph),
        cmocka_unit_test(test_relief),
        cmocka_unit_test(test_another_order),
        cmocka_unit_test(test_a_recording_that_plays_by_itself),
        cmocka_unit_test(test_too_early_and_too_late),
        cmocka_unit_test(test_pauses_differ_and_signs_must_last),
        cmocka_unit_test(test_jumps_losses_and_a_second_person),
        cmocka_unit_test(test_it_expires),
        cmocka_unit_test(test_rest_wants_stillness_and_a_face),
        cmocka_unit_test(test_signs_go_where_they_should),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
