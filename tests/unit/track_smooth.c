/* SPDX-License-Identifier: MIT */
/* How still landmarks stand when a face does, and how little they lag when it moves. The bounds are the promise. */
#include "base/rng.h"
#include "pipeline/faces.h"
#include "pipeline/track/smooth.h"
#include "support/track_face.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const float PX_A_CM = 12; /* a face of 170 px: an arm's length from a 720-line webcam */
static const float TWO_PI = 6.2831853f;

struct motion {
    float x_cm, yaw, roll, scale; /* about the rest */
    float blink;                  /* 0 open … 1 shut */
    float gaze_cm;
    float mouth_cm; /* lower lip and jaw down */
};

static struct bt_pose pose_of(const struct motion *m) {
    struct bt_pose pose = {.scale = PX_A_CM * (1 + m->scale)};
    const float vector[3] = {0, m->yaw, m->roll};
    bt_rotation_from_vector(vector, pose.rotation);
    pose.translation = (struct bt_vec3){640 + m->x_cm * PX_A_CM, -360, 0};
    return pose;
}

static void points_of(const struct bt_rig *rig, const struct motion *m, struct bt_vec3 *out) {
    struct bt_vec3 mesh[BT_MESH_LANDMARKS];
    memcpy(mesh, bt_rig_mesh(rig)->canonical, sizeof mesh);
    const uint32_t lid[][2] = {{159, 145}, {158, 153}, {160, 144}, {386, 374}, {385, 380}, {387, 373}};
    for (uint32_t i = 0; i < BT_COUNT(lid); i++) mesh[lid[i][0]].y -= m->blink * (mesh[lid[i][0]].y - mesh[lid[i][1]].y);
    const uint32_t lower[] = {14, 17, 87, 317, 84, 314, 15, 16, 18, 200, 199, 175, 152};
    for (uint32_t i = 0; i < BT_COUNT(lower); i++) mesh[lower[i]].y -= m->mouth_cm;
    const struct bt_pose pose = pose_of(m);
    track_face_points(rig, mesh, &pose, out);
    for (uint32_t i = BT_MESH_LANDMARKS; i < BT_LANDMARKS; i++) out[i].x += m->gaze_cm * PX_A_CM;
}

/* The mesh net's tremble is mostly common to neighbours: a little whole-face motion, and a little of each point's own. */
static void tremble(struct bt_rng *rng, float px, struct bt_vec3 *p) {
    const float dx = bt_rng_normal(rng) * px, dy = bt_rng_normal(rng) * px;
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) {
        p[i].x += dx + bt_rng_normal(rng) * px;
        p[i].y += dy + bt_rng_normal(rng) * px;
        p[i].z += bt_rng_normal(rng) * px * 2;
    }
}

static double distance(const struct bt_vec3 *a, const struct bt_vec3 *b, uint32_t from, uint32_t to) {
    double sum = 0;
    for (uint32_t i = from; i < to; i++) sum += (double)hypotf(a[i].x - b[i].x, a[i].y - b[i].y);
    return sum / (to - from);
}

/* Mean step from frame to frame, of a face that does not move. */
static double steps(const struct bt_rig *rig, int64_t frame_ns, double *out_raw) {
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[2][BT_LANDMARKS], out[2][BT_LANDMARKS];
    const struct motion rest = {0};
    struct bt_rng rng;
    double before = 0, after = 0;
    assert_non_null(s);
    bt_rng_init(&rng, 11, 1);
    bt_track_smooth_init(s);
    for (uint32_t i = 0; i < 200; i++) {
        points_of(rig, &rest, raw[i % 2]);
        tremble(&rng, .2f, raw[i % 2]);
        bt_track_smooth_step(s, rig, raw[i % 2], 1000000 + (int64_t)i * frame_ns, out[i % 2]);
        if (i < 20) continue;
        before += distance(raw[0], raw[1], 0, BT_MESH_LANDMARKS);
        after += distance(out[0], out[1], 0, BT_MESH_LANDMARKS);
    }
    free(s);
    *out_raw = before / 180;
    return after / 180;
}

static void a_still_face_stands_still(void **state) {
    const int64_t frame_ns[] = {16666667, 33333333, 66666667};
    const double most[] = {.18, .27, .42}; /* of the raw step: the same Hz are more of a slower frame rate */
    for (uint32_t i = 0; i < BT_COUNT(frame_ns); i++) {
        double raw;
        const double smooth = steps(*state, frame_ns[i], &raw);
        print_message("still, %.0f fps: step %.3f px raw, %.3f px filtered\n", 1e9 / (double)frame_ns[i], raw, smooth);
        assert_true(smooth < most[i] * raw);
    }
}

typedef struct motion (*script)(float seconds);

struct lag {
    double worst_px, mean_px, speed_px_s;
};

/* Noise-free, so that all difference is lag. Points [from, to) count, from the second 0.2 on. */
static struct lag lag_of(const struct bt_rig *rig, script play, float seconds, float fps, uint32_t from, uint32_t to) {
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[BT_LANDMARKS], out[BT_LANDMARKS], last[BT_LANDMARKS];
    struct lag lag = {0, 0, 0};
    uint32_t n = 0;
    assert_non_null(s);
    bt_track_smooth_init(s);
    for (uint32_t i = 0; (float)i / fps < seconds; i++) {
        const struct motion m = play((float)i / fps);
        points_of(rig, &m, raw);
        bt_track_smooth_step(s, rig, raw, 1000000 + (int64_t)((double)i * 1e9 / (double)fps), out);
        if ((float)i / fps >= .2f) {
            const double d = distance(raw, out, from, to), v = distance(raw, last, from, to) * (double)fps;
            lag.worst_px = fmax(lag.worst_px, d);
            lag.speed_px_s = fmax(lag.speed_px_s, v);
            lag.mean_px += d;
            n++;
        }
        memcpy(last, raw, sizeof last);
    }
    lag.mean_px /= n;
    free(s);
    return lag;
}

static struct motion swaying(float t) {
    return (struct motion){.x_cm = 6 * sinf(TWO_PI * .8f * t)}; /* up to 30 cm/s */
}

static struct motion jumping(float t) {
    return (struct motion){.x_cm = t < .5f ? 0 : fminf((t - .5f) * 60, 12)}; /* from rest to 60 cm/s at once */
}

static struct motion turning(float t) {
    return (struct motion){.yaw = .5f * sinf(TWO_PI * .7f * t), .roll = .15f * sinf(TWO_PI * .9f * t)};
}

static struct motion nearing(float t) {
    return (struct motion){.scale = .25f * sinf(TWO_PI * .5f * t)};
}

static struct motion blinking(float t) {
    const float u = fmodf(t, .8f); /* shut within 70 ms, open within 130 */
    return (struct motion){.blink = u < .4f ? 0 : u < .47f ? (u - .4f) / .07f : u < .6f ? 1 - (u - .47f) / .13f : 0};
}

static struct motion glancing(float t) {
    return (struct motion){.gaze_cm = fmodf(t, 1) < .5f ? -.3f : .3f}; /* a saccade: there in the next frame */
}

static void a_moving_face_is_not_late(void **state) {
    const struct {
        const char *name;
        script play;
        uint32_t from, to;
        double worst_px, mean_ms; /* lag in time: mean distance over top speed */
    } want[] = {
        {"swaying, 30 cm/s", swaying, 0, BT_MESH_LANDMARKS, 2, 3},
        {"from rest to 60 cm/s", jumping, 0, BT_MESH_LANDMARKS, 1.5, 1},
        {"turning, 125 deg/s", turning, 0, BT_MESH_LANDMARKS, 1.6, 9},
        {"nearing", nearing, 0, BT_MESH_LANDMARKS, 1, 14},
    };
    int late = 0;
    for (uint32_t i = 0; i < BT_COUNT(want); i++) {
        const struct lag lag = lag_of(*state, want[i].play, 4, 30, want[i].from, want[i].to);
        const double ms = 1000 * lag.mean_px / lag.speed_px_s;
        print_message("%s: up to %.0f px/s, lag mean %.2f px (%.1f ms at top speed), worst %.2f px\n", want[i].name,
                      lag.speed_px_s, lag.mean_px, ms, lag.worst_px);
        late += !(lag.worst_px < want[i].worst_px && ms < want[i].mean_ms);
    }
    assert_int_equal(late, 0);
}

/* Share of a blink's depth that reaches the filtered lid, and how many frames later. */
static void blinks_come_through_in_time(void **state) {
    const struct bt_rig *rig = *state;
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[BT_LANDMARKS], out[BT_LANDMARKS];
    float raw_least = 1e9f, out_least = 1e9f, open = 0, worst_at_shut = 0;
    int raw_at = 0, out_at = 0;
    assert_non_null(s);
    bt_track_smooth_init(s);
    for (int i = 0; i < 30; i++) {
        const struct motion m = blinking((float)i / 30);
        points_of(rig, &m, raw);
        bt_track_smooth_step(s, rig, raw, 1000000 + (int64_t)i * 33333333, out);
        const float r = raw[145].y - raw[159].y, o = out[145].y - out[159].y;
        if (i == 5) open = r;
        if (r < raw_least) raw_least = r, raw_at = i, worst_at_shut = o;
        if (o < out_least) out_least = o, out_at = i;
    }
    print_message("blink: opening %.2f px open, %.2f raw at frame %d, filtered %.2f there, least %.2f at frame %d\n",
                  (double)open, (double)raw_least, raw_at, (double)worst_at_shut, (double)out_least, out_at);
    assert_true(out_at <= raw_at + 1);
    assert_true(open - out_least > .9f * (open - raw_least));
    assert_true(open - worst_at_shut > .85f * (open - raw_least));
    free(s);
}

static struct motion talking(float t) {
    return (struct motion){.mouth_cm = .6f - .6f * cosf(TWO_PI * 4 * t)}; /* four syllables a second */
}

static void speech_comes_through(void **state) {
    const struct bt_rig *rig = *state;
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[BT_LANDMARKS], out[BT_LANDMARKS];
    double rr = 0, ro = 0, oo = 0, r1 = 0, o1 = 0, n = 0;
    assert_non_null(s);
    bt_track_smooth_init(s);
    for (int i = 0; i < 120; i++) {
        const struct motion m = talking((float)i / 30);
        points_of(rig, &m, raw);
        bt_track_smooth_step(s, rig, raw, 1000000 + (int64_t)i * 33333333, out);
        if (i < 30) continue;
        const double r = (double)(raw[14].y - raw[13].y), o = (double)(out[14].y - out[13].y);
        rr += r * r, ro += r * o, oo += o * o, r1 += r, o1 += o, n++;
    }
    rr -= r1 * r1 / n, ro -= r1 * o1 / n, oo -= o1 * o1 / n;
    print_message("speech: gain %.2f, correlation %.3f\n", ro / rr, ro / sqrt(rr * oo));
    assert_true(ro / rr > .9 && ro / sqrt(rr * oo) > .95);
    free(s);
}

static void a_glance_arrives_within_two_frames(void **state) {
    const struct bt_rig *rig = *state;
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[BT_LANDMARKS], out[BT_LANDMARKS];
    assert_non_null(s);
    bt_track_smooth_init(s);
    double left[4] = {0};
    for (int i = 0; i < 19; i++) {
        const struct motion m = glancing((float)i / 30);
        points_of(rig, &m, raw);
        bt_track_smooth_step(s, rig, raw, 1000000 + (int64_t)i * 33333333, out);
        if (i >= 15) left[i - 15] = distance(raw, out, BT_MESH_LANDMARKS, BT_LANDMARKS);
    }
    print_message("glance of %.1f px: %.2f, %.2f, %.2f px left after 1, 2, 3 frames\n", .6 * (double)PX_A_CM, left[0], left[1],
                  left[2]);
    assert_true(left[0] < .2 * .6 * (double)PX_A_CM);
    assert_true(left[1] < .05 * .6 * (double)PX_A_CM);
    free(s);
}

static void time_stamps_may_do_anything(void **state) {
    const struct bt_rig *rig = *state;
    struct bt_smooth *s = calloc(1, sizeof *s);
    struct bt_vec3 raw[BT_LANDMARKS], out[BT_LANDMARKS];
    const int64_t when[] = {0, 0, 5, 5, INT64_MAX / 2, 3, 33333333, 40000000000, 40033333333};
    const struct motion rest = {0};
    assert_non_null(s);
    bt_track_smooth_init(s);
    points_of(rig, &rest, raw);
    for (uint32_t i = 0; i < BT_COUNT(when); i++) {
        bt_track_smooth_step(s, rig, raw, when[i], out);
        assert_true(distance(raw, out, 0, BT_LANDMARKS) < .05);
    }
    memset(raw, 0, sizeof raw); /* no pose fits: as they came in */
    bt_track_smooth_step(s, rig, raw, 40066666666, out);
    assert_memory_equal(raw, out, sizeof raw);
    free(s);
}

static int set_up(void **state) {
    *state = track_rig_open();
    return 0;
}

static int tear_down(void **state) {
    struct bt_rig *rig = *state;
    bt_rig_destroy(&rig);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_still_face_stands_still),          cmocka_unit_test(a_moving_face_is_not_late),
        cmocka_unit_test(blinks_come_through_in_time),        cmocka_unit_test(speech_comes_through),
        cmocka_unit_test(a_glance_arrives_within_two_frames), cmocka_unit_test(time_stamps_may_do_anything),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
