/* SPDX-License-Identifier: MIT */
/* Swap's answers: no face without consent, none without a face, and an error, never a crash, for landmarks that are none. The
   fade before a head is turned too far. */
#include "pipeline/swap/swap.h"
#include "base/clock.h"
#include "base/rng.h"
#include "gpu/image.h"
#include "gpu/memory.h"
#include "mask/mask.h"
#include "pipeline/swap/turn.h"
#include "rig/rig.h"
#include "support/geometry_file.h"
#include "support/half.h"
#include "support/late_gpu.h"
#include "support/test_gpu.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
    allocations++;
    return __real_realloc(old, size);
}

enum { W = 158, H = 131 }; /* odd on purpose */

struct state {
    struct test_gpu gpu;
    struct bt_rig *rig;
    struct bt_mask mask;
    struct bt_audit *audit;
    struct bt_grant *grant;
    struct bt_swap *swap;
    struct bt_image *image;
    uint16_t before[W * H * 4], after[W * H * 4];
    struct bt_faces faces;
    struct bt_frame frame;
};

static struct bt_grant *grant_for(struct state *s, const char *face, int64_t valid_ns) {
    struct bt_grant *grant = NULL;
    const struct bt_consent_params params = {.log = s->gpu.log,
                                             .audit = s->audit,
                                             .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_NOBODY},
                                             .face_name = face,
                                             .valid_ns = valid_ns};
    assert_int_equal(bt_consent_obtain(&params, &grant), BT_OK);
    return grant;
}

/* The canonical face, turned by yaw, in the middle of the frame. */
static void pose_face(struct state *s, float yaw) {
    const struct bt_vec3 *v = bt_rig_mesh(s->rig)->canonical;
    struct bt_face *face = &s->faces.face[0];
    const float scale = 5.5f, c = cosf(yaw), n = sinf(yaw);
    for (int i = 0; i < BT_LANDMARKS; i++) {
        struct bt_vec3 p = v[i < BT_RIG_VERTICES ? i : 0];
        face->landmark[i] =
            (struct bt_vec3){W / 2.f + scale * (c * p.x + n * p.z), H / 2.f - scale * p.y, -scale * (c * p.z - n * p.x)};
    }
    memcpy(face->raw, face->landmark, sizeof face->raw);
}

static bt_status tick(struct state *s) {
    assert_int_equal(bt_image_write(s->image, s->before, sizeof s->before), BT_OK);
    s->frame.capture_ns += 33333333;
    s->frame.sequence++;
    bt_status st = bt_swap_and_blend(s->swap, s->grant, &s->frame, &s->faces);
    assert_int_equal(bt_image_read(s->image, s->after, sizeof s->after), BT_OK);
    return st;
}

static int set_up(void **at) {
    static uint8_t storage[GEOMETRY_FILE_MAX];
    struct state *s = calloc(1, sizeof *s);
    struct bt_rng rng;
    *at = s;
    if (!s || test_gpu_open(&s->gpu) || bt_rig_create(s->gpu.log, geometry_file(storage), &s->rig)) return -1;
    strcpy(s->mask.name, "tester");
    memcpy(s->mask.neutral, bt_rig_mesh(s->rig)->closed, sizeof s->mask.neutral);
    for (int i = 0; i < BT_MASK_TEXELS * 3; i++) s->mask.ratio[i] = (uint16_t)(i % 3 == 0 ? 8000 : 20000);
    if (bt_audit_open(s->gpu.log, NULL, NULL, &s->audit)) return -1;
    s->grant = grant_for(s, "tester", 0);
    if (bt_image_create(s->gpu.gpu, W, H, BT_IMAGE_RGBA16F, &s->image)) return -1;
    const struct bt_swap_params params = {
        .log = s->gpu.log, .gpu = s->gpu.gpu, .rig = s->rig, .mask = &s->mask, .width_px = W, .height_px = H};
    if (bt_swap_create(&params, s->grant, &s->swap)) return -1;
    bt_rng_init(&rng, 7, 7);
    for (int i = 0; i < W * H; i++) {
        float noise = 1 + .05f * bt_rng_normal(&rng);
        const float skin[4] = {.45f * noise, .28f * noise, .2f * noise, 1};
        for (int c = 0; c < 4; c++) s->before[4 * i + c] = test_half_of(skin[c]);
    }
    s->frame = (struct bt_frame){.linear = s->image, .width_px = W, .height_px = H, .capture_ns = 1000000000};
    s->faces.count = 1;
    s->faces.measures.light = .5f;
    s->faces.face[0].id = 1;
    s->faces.face[0].confidence = 1;
    pose_face(s, 0);
    return 0;
}

static int tear_down(void **at) {
    struct state *s = *at;
    bt_swap_destroy(&s->swap);
    bt_image_destroy(&s->image);
    bt_grant_destroy(&s->grant);
    bt_audit_close(&s->audit);
    bt_rig_destroy(&s->rig);
    int errors = s->gpu.validation;
    test_gpu_close(&s->gpu);
    free(s);
    return errors;
}

static void make_needs_consent(void **at) {
    struct state *s = *at;
    struct bt_swap *swap = NULL;
    const struct bt_swap_params params = {
        .log = s->gpu.log, .gpu = s->gpu.gpu, .rig = s->rig, .mask = &s->mask, .width_px = W, .height_px = H};
    assert_int_equal(bt_swap_create(&params, NULL, &swap), BT_E_CONSENT);
    assert_null(swap);
    struct bt_grant *other = grant_for(s, "somebody-else", 0);
    assert_int_equal(bt_swap_create(&params, other, &swap), BT_E_CONSENT);
    bt_grant_destroy(&other);
    struct bt_grant *withdrawn = grant_for(s, "tester", 0);
    bt_grant_withdraw(withdrawn);
    assert_int_equal(bt_swap_create(&params, withdrawn, &swap), BT_E_CONSENT);
    bt_grant_destroy(&withdrawn);
    assert_null(swap);
}

static void paints_the_face_alone(void **at) {
    struct state *s = *at;
    for (int i = 0; i < 3; i++) assert_int_equal(tick(s), BT_OK);
    /* The cheek is as red as the ratio says, by what the driver's own light and skin are; corners are as they were. */
    size_t cheek = 4 * ((size_t)(H / 2 + 5) * W + W / 2 - 22);
    float red = test_half_to_float(s->after[cheek]), green = test_half_to_float(s->after[cheek + 1]);
    assert_true(red > .1f && red < .4f);
    assert_true(green > .25f && green < .5f);
    for (int c = 0; c < 4; c++) {
        assert_int_equal(s->after[c], s->before[c]);
        assert_int_equal(s->after[4 * W * H - 4 + c], s->before[4 * W * H - 4 + c]);
    }
    for (int i = 0; i < 4 * W * H; i++) assert_true(isfinite(test_half_to_float(s->after[i])));
}

static void a_tick_allocates_nothing(void **at) {
    struct state *s = *at;
    assert_int_equal(tick(s), BT_OK); /* the frame's descriptor sets are made when it is first seen */
    allocations = 0;
    s->frame.capture_ns += 33333333;
    assert_int_equal(bt_swap_and_blend(s->swap, s->grant, &s->frame, &s->faces), BT_OK);
    assert_int_equal(allocations, 0);
}

/* A matte that comes later, and sees nobody at all: it bares nothing inside the face, and costs no memory once it was seen. */
static void a_matte_that_is_wrong(void **at) {
    enum { MATTE_W = 16, MATTE_H = 9 };
    struct state *s = *at;
    for (int i = 0; i < 2; i++) assert_int_equal(tick(s), BT_OK);
    assert_int_equal(bt_buffer_create(s->gpu.gpu, 256 + MATTE_W * MATTE_H * 4, BT_MEMORY_DEVICE, &s->faces.matte), BT_OK);
    s->faces.matte_offset_bytes = 256;
    s->faces.matte_w = MATTE_W;
    s->faces.matte_h = MATTE_H;
    s->faces.matte_from_frame = (struct bt_affine){{.1f, 0, 0, 0, .07f, 0}};
    assert_int_equal(tick(s), BT_OK);
    size_t cheek = 4 * ((size_t)(H / 2 + 5) * W + W / 2 - 22);
    assert_true(test_half_to_float(s->after[cheek]) < .4f && test_half_to_float(s->after[cheek + 1]) > .25f);
    allocations = 0;
    s->frame.capture_ns += 33333333;
    assert_int_equal(bt_swap_and_blend(s->swap, s->grant, &s->frame, &s->faces), BT_OK);
    assert_int_equal(allocations, 0);
    bt_swap_destroy(&s->swap); /* before the matte */
    bt_buffer_destroy(&s->faces.matte);
}

static void lapsed_consent_stops_the_next_tick(void **at) {
    struct state *s = *at;
    assert_int_equal(tick(s), BT_OK);
    bt_grant_withdraw(s->grant);
    assert_int_equal(tick(s), BT_E_CONSENT);
    assert_memory_equal(s->after, s->before, sizeof s->after);
    bt_grant_destroy(&s->grant);
    assert_int_equal(tick(s), BT_E_CONSENT); /* no grant at all */
    s->grant = grant_for(s, "somebody-else", 0);
    assert_int_equal(tick(s), BT_E_CONSENT);
    bt_grant_destroy(&s->grant);
    s->grant = grant_for(s, "tester", 200000000);
    assert_int_equal(tick(s), BT_OK);
    bt_clock_sleep_until_ns(bt_clock_now_ns() + 210000000);
    assert_int_equal(tick(s), BT_E_CONSENT);
    bt_grant_destroy(&s->grant);
    s->grant = grant_for(s, "tester", 0);
    assert_int_equal(tick(s), BT_OK);
}

static void nobody_to_mask(void **at) {
    struct state *s = *at;
    static const int32_t wrong[] = {-1, -100, 1, 3, 4, 1000};
    for (size_t i = 0; i < BT_COUNT(wrong); i++) {
        s->faces.wearer = wrong[i];
        assert_int_equal(tick(s), BT_E_NO_FACE);
        assert_memory_equal(s->after, s->before, sizeof s->after);
    }
    s->faces.wearer = 0;
    s->faces.count = 0;
    assert_int_equal(tick(s), BT_E_NO_FACE);
    s->faces.count = 4000000000u;
    assert_int_equal(tick(s), BT_E_NO_FACE);
    s->faces.count = 1;
    assert_int_equal(tick(s), BT_OK);
}

static void landmarks_that_are_none(void **at) {
    struct state *s = *at;
    static const float wrong[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 1e6f};
    for (size_t i = 0; i < BT_COUNT(wrong); i++)
        for (int k = 0; k < 3; k++) {
            pose_face(s, 0);
            struct bt_vec3 *p = &s->faces.face[0].landmark[(int)i * 31 + k];
            *(k == 0 ? &p->x : k == 1 ? &p->y : &p->z) = wrong[i];
            assert_int_equal(tick(s), BT_E_NO_FACE);
            assert_memory_equal(s->after, s->before, sizeof s->after);
        }
    memset(s->faces.face[0].landmark, 0, sizeof s->faces.face[0].landmark);
    assert_int_equal(tick(s), BT_E_NO_FACE);
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 3);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < BT_LANDMARKS; i++)
            s->faces.face[0].landmark[i] =
                (struct bt_vec3){bt_rng_uniform(&rng, -W, 2 * W), bt_rng_uniform(&rng, -H, 2 * H), bt_rng_uniform(&rng, -W, W)};
        (void)!tick(s); /* any answer but a crash; what it paints stays finite */
        for (int i = 0; i < 4 * W * H; i++) assert_true(isfinite(test_half_to_float(s->after[i])));
    }
    s->faces.face[0].id++;
    pose_face(s, 0);
    assert_int_equal(tick(s), BT_OK);
}

static void turned_too_far(void **at) {
    struct state *s = *at;
    pose_face(s, .3f);
    assert_int_equal(tick(s), BT_OK);
    pose_face(s, .9f);
    assert_int_equal(tick(s), BT_E_POSE);
    assert_memory_equal(s->after, s->before, sizeof s->after);
    pose_face(s, -.9f);
    assert_int_equal(tick(s), BT_E_POSE);
    pose_face(s, -.48f); /* inside the outer limit, but it has to come back under the inner one */
    assert_int_equal(tick(s), BT_E_POSE);
    pose_face(s, -.4f);
    assert_int_equal(tick(s), BT_OK);
    pose_face(s, -.48f);
    assert_int_equal(tick(s), BT_OK);
}

enum { RATE = 25 };
static const float LIMIT = .52f; /* turn.c */

static float turn_to(struct bt_turn *turn, float yaw, float pitch) {
    bt_swap_turn_step(turn, (struct bt_angles){yaw, pitch, 0}, turn->last_ns + 1000000000 / RATE);
    assert_true(turn->fade >= 0 && turn->fade <= 1);
    return turn->fade;
}

/* Held at an angle until the fade rests: nothing within the good range, more with every step beyond, all of it at the limit. */
static void the_fade_rises_with_the_angle(void **at) {
    (void)at;
    for (int axis = 0; axis < 4; axis++) {
        float last = 0, limit = axis < 2 ? .52f : .49f, sign = axis % 2 ? -1 : 1;
        for (float part = 0; part <= 1; part += .01f) {
            struct bt_turn turn = {0};
            float angle = sign * limit * part, fade = 0;
            for (int i = 0; i < 2 * RATE; i++) fade = turn_to(&turn, axis < 2 ? angle : 0, axis < 2 ? .1f : angle);
            assert_false(turn.away);
            assert_true(part < .9f ? fade <= 0 : fade >= last);
            if (part > .91f) assert_true(fade > last);
            last = fade;
        }
        assert_true(last > .85f);
    }
}

/* A head that looks away and back, slowly and fast, by yaw, pitch and both: what is shown never jumps. */
static void the_fade_is_steady(void **at) {
    (void)at;
    static const float speed[] = {.1f, .5f, 1, 1.7f, 2.6f}; /* radians a second, a quick glance at most */
    for (size_t s = 0; s < BT_COUNT(speed); s++)
        for (int axis = 0; axis < 3; axis++) {
            struct bt_turn turn = {0};
            float angle = 0, last = 0, before_card = 0;
            bool was_away = false, out = false;
            for (int direction = 1; direction >= -1; direction -= 2)
                for (; direction > 0 ? angle < .9f : angle > 0; angle += (float)direction * speed[s] / RATE) {
                    float fade = turn_to(&turn, axis == 1 ? 0 : angle, axis == 0 ? 0 : angle);
                    assert_true(turn.away || angle <= LIMIT);
                    if (turn.away) {
                        if (!was_away) before_card = last;
                        out = true;
                        assert_true(fade >= 1);
                    } else if (was_away) {
                        assert_true(fade >= 1);
                    } else {
                        assert_true(fabsf(fade - last) < .34f);
                        if (out) assert_true(fade <= last);
                        if (!out) assert_true(fade >= last);
                    }
                    last = fade;
                    was_away = turn.away;
                }
            assert_true(out && !turn.away);
            assert_true(before_card >= (speed[s] < 2 ? .6f : .3f));
            for (int i = 0; i < RATE / 2; i++) { /* a nod on the way back holds nothing up */
                float before = turn.fade;
                assert_true(turn_to(&turn, 0, .02f * (float)i) < before || before <= 0);
            }
            assert_true(turn.fade <= 0);
        }
}

static void the_fade_bears_anything(void **at) {
    (void)at;
    struct bt_turn turn = {0};
    assert_true(turn_to(&turn, .5f, 0) > .5f); /* nothing was shown before: nothing to be steady with */
    (void)turn_to(&turn, NAN, 0);
    assert_true(turn.away && turn.fade >= 1);
    assert_true(turn_to(&turn, 0, 0) >= 1 && !turn.away);
    (void)turn_to(&turn, 0, INFINITY);
    assert_true(turn.away);
    /* Away, and lost for a minute: back from the card all the same. */
    turn.last_ns += INT64_C(60000000000);
    assert_true(turn_to(&turn, 0, 0) >= 1 && !turn.away);
    float fade = turn_to(&turn, 0, 0);
    assert_true(fade < 1 && fade > .6f);
    bt_swap_turn_step(&turn, (struct bt_angles){0}, turn.last_ns); /* no time passed, or it went back */
    bt_swap_turn_step(&turn, (struct bt_angles){0}, turn.last_ns - 1000);
    assert_true(turn.fade <= fade && turn.fade >= fade);
    bt_swap_turn_step(&turn, (struct bt_angles){0}, turn.last_ns + 400000000); /* five frames lost */
    assert_true(fade - turn.fade < .34f);
}

/* What the frame is told, and that the face is masked all the while. */
static void a_turn_fades_to_the_card_and_back(void **at) {
    struct state *s = *at;
    float yaw = 0, last = 0, most = 0;
    bool carded = false;
    for (int i = 0; i < 60; i++) {
        yaw += i < 30 ? .02f : -.02f;
        pose_face(s, yaw);
        bt_status st = tick(s);
        assert_true(st == BT_OK || st == BT_E_POSE);
        if (st) {
            assert_true(carded || last > .6f);
            carded = true;
            last = 1;
            continue;
        }
        assert_true(yaw < LIMIT + .02f); /* the fitted pose is within a degree of the one set */
        assert_true(fabsf(s->frame.fade - last) < .34f);
        assert_true(s->frame.fade > 0 || memcmp(s->after, s->before, sizeof s->after));
        /* The nose is in view at every angle; skin's own red is .45. */
        size_t nose = 4 * ((size_t)(H / 2) * W + W / 2 + (size_t)(25 * yaw));
        if (i > 2) assert_true(test_half_to_float(s->after[nose]) < .4f && test_half_to_float(s->after[nose + 1]) > .25f);
        last = s->frame.fade;
        most = fmaxf(most, carded ? 0 : last);
    }
    assert_true(carded && most > .6f && last <= 0);
}

static void taken_down_while_the_gpu_is_at_it(void **at) {
    struct state *s = *at;
    assert_int_equal(tick(s), BT_OK);
    late_gpu = true;
    late_gpu_destroyed = 0;
    s->frame.capture_ns += 33333333;
    assert_int_equal(bt_swap_and_blend(s->swap, s->grant, &s->frame, &s->faces), BT_OK);
    bt_swap_destroy(&s->swap);
    late_gpu = false;
    assert_int_equal(late_gpu_destroyed, 0);
}

static void too_dark(void **at) {
    struct state *s = *at;
    s->faces.measures.light = .03f;
    assert_int_equal(tick(s), BT_E_TOO_DARK);
    s->faces.measures.light = .052f;
    assert_int_equal(tick(s), BT_E_TOO_DARK);
    s->faces.measures.light = .09f;
    assert_int_equal(tick(s), BT_OK);
    s->faces.measures.light = NAN;
    assert_int_equal(tick(s), BT_E_TOO_DARK);
}

/* Holds something with a colour of its own, not unlike skin, before the face. */
static void hold(struct state *s, float cx, float cy, float rx, float ry) {
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float u = ((float)x - cx) / rx, v = ((float)y - cy) / ry;
            const float palm[3] = {.22f, .11f, .06f};
            for (size_t c = 0; c < 3 && u * u + v * v < 1; c++)
                s->before[4 * ((size_t)y * W + (size_t)x) + c] = test_half_of(palm[c]);
        }
}

static void a_hand_before_the_face(void **at) {
    struct state *s = *at;
    uint16_t *clear = malloc(sizeof s->before);
    assert_non_null(clear);
    memcpy(clear, s->before, sizeof s->before);
    for (int i = 0; i < 30; i++) assert_int_equal(tick(s), BT_OK);

    /* A finger: its own pixels stay, the face is worn on. */
    hold(s, W / 2.f + 14, H / 2.f + 4, 5, 9);
    for (int i = 0; i < 6; i++) assert_int_equal(tick(s), BT_OK);
    size_t middle = 4 * ((size_t)(H / 2 + 4) * W + W / 2 + 14);
    for (size_t c = 0; c < 3; c++)
        assert_float_equal(test_half_to_float(s->after[middle + c]), test_half_to_float(s->before[middle + c]), .02);

    /* A palm over the lower face: not painted over, at the latest by the third frame. */
    memcpy(s->before, clear, sizeof s->before);
    for (int i = 0; i < 10; i++) assert_int_equal(tick(s), BT_OK);
    hold(s, W / 2.f, H / 2.f + 22, 34, 26);
    for (int i = 0; i < 3; i++) (void)!tick(s);
    for (int i = 0; i < 5; i++) assert_int_equal(tick(s), BT_E_OCCLUDED);

    /* Taken away again. */
    memcpy(s->before, clear, sizeof s->before);
    for (int i = 0; i < 3; i++) (void)!tick(s);
    assert_int_equal(tick(s), BT_OK);

    /* One lamp more is no hand. */
    for (int i = 0; i < 4 * W * H; i++)
        if (i % 4 != 3) s->before[i] = test_half_of(test_half_to_float(s->before[i]) * (i % 4 == 0 ? 1.5f : 1.3f));
    for (int i = 0; i < 10; i++) assert_int_equal(tick(s), BT_OK);
    s->faces.face[0].confidence = .3f; /* the net itself sees no face */
    assert_int_equal(tick(s), BT_E_OCCLUDED);
    free(clear);
}

/* Dark lashes beyond an eye's outer corner are no hair before the face: the mask is painted there. */
static void lashes_are_no_hair(void **at) {
    struct state *s = *at;
    const struct bt_vec3 *corner = s->faces.face[0].landmark + 263;
    const int x = (int)corner->x + 3, y = (int)corner->y;
    const size_t there = 4 * ((size_t)y * W + (size_t)x);
    const float skin = test_half_to_float(s->before[there]);
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            for (int c = 0; c < 3; c++) s->before[4 * ((y + j) * W + x + i) + c] = test_half_of(.02f);
    for (int i = 0; i < 20; i++) assert_int_equal(tick(s), BT_OK);
    const float red = test_half_to_float(s->after[there]);
    print_message("skin %.3f, lashes painted over %.3f\n", (double)skin, (double)red);
    assert_true(red > .1f);
}

static void another_size_is_refused(void **at) {
    struct state *s = *at;
    s->frame.width_px = W + 2;
    assert_int_equal(tick(s), BT_E_ARGUMENT);
}

/* A face may hang over the frame's edge; half of it has to be in view. */
static void at_the_edge(void **at) {
    struct state *s = *at;
    for (float x = 0; x < 200; x += 17) {
        pose_face(s, 0);
        for (int i = 0; i < BT_LANDMARKS; i++) s->faces.face[0].landmark[i].x += x, s->faces.face[0].landmark[i].y -= x / 2;
        bt_status st = tick(s);
        assert_true(st == BT_OK || st == BT_E_NO_FACE);
        if (x > 150) assert_int_equal(st, BT_E_NO_FACE);
        for (int i = 0; i < 4 * W * H; i++) assert_true(isfinite(test_half_to_float(s->after[i])));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(make_needs_consent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paints_the_face_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tick_allocates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_matte_that_is_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lapsed_consent_stops_the_next_tick, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_to_mask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(landmarks_that_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turned_too_far, set_up, tear_down),
        cmocka_unit_test(the_fade_rises_with_the_angle),
        cmocka_unit_test(the_fade_is_steady),
        cmocka_unit_test(the_fade_bears_anything),
        cmocka_unit_test_setup_teardown(a_turn_fades_to_the_card_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(taken_down_while_the_gpu_is_at_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_dark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hand_before_the_face, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lashes_are_no_hair, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_size_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(at_the_edge, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
