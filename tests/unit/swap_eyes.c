/* SPDX-License-Identifier: MIT */
/* Where the driver's irises are drawn: as far between the mask's eye corners, and between its lids, as between the driver's
   own; under every shipped mask, for a real face's landmarks, turned and winking. Read from what the kernels read. */
#include "mask/mask.h"
#include "pipeline/swap/eyes.h"
#include "pipeline/swap/surface.h"
#include "rig/rig.h"
#include "support/brief.h"
#include "support/geometry_file.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAME_PX = 512, TILE_WORDS = BT_SWAP_GRID_PX / BT_SWAP_TILE_W * (BT_SWAP_GRID_PX / BT_SWAP_TILE_H) * 2 };

/* Of the corners' distance: .02 are 3 degrees of gaze. Of the lids' distance, where triangles bend the lines across an eye. */
static const double ALONG = .01, BETWEEN = .12, ABOVE = .08;

struct state {
    struct bt_rig *rig;
    struct bt_swap_eyes eyes;
    struct bt_face portrait, face;
    struct bt_surface_view view;
    float driver[BT_RIG_FINE_VERTICES * 8], hybrid[BT_RIG_FINE_VERTICES * 8];
    uint32_t tile[TILE_WORDS];
    float list[BT_SWAP_LISTS][BT_SWAP_LIST_MAX * 4];
    struct bt_vec3 driver_px[BT_RIG_FINE_VERTICES], hybrid_px[BT_RIG_FINE_VERTICES], shown_px[BT_RIG_FINE_VERTICES];
    bool drawn[BT_RIG_FINE_TRIANGLES];
};

static int set_up(void **at) {
    static uint8_t storage[GEOMETRY_FILE_MAX];
    char path[1024], line[512];
    struct state *s = calloc(1, sizeof *s);
    *at = s;
    if (!s || bt_rig_create(NULL, geometry_file(storage), &s->rig)) return -1;
    bt_swap_eyes_init(&s->eyes, s->rig);
    snprintf(path, sizeof path, "%s/tests/golden/portrait_landmarks.txt", getenv("BAUTA_TEST_SOURCE"));
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    uint32_t count = 0;
    while (fgets(line, sizeof line, file) && count < BT_LANDMARKS) {
        struct bt_vec3 *p = &s->portrait.landmark[count];
        if (line[0] != '#' && sscanf(line, "%f %f %f", &p->x, &p->y, &p->z) == 3) count++;
    }
    fclose(file);
    return count == BT_LANDMARKS ? 0 : -1;
}

static int tear_down(void **at) {
    struct state *s = *at;
    bt_rig_destroy(&s->rig);
    free(s);
    return 0;
}

/* The portrait's head, turned, its lids shut by a part of the way: eye 0's, eye 1's. */
static void pose(struct state *s, float yaw, float pitch, const float shut[2]) {
    struct bt_vec3 middle = {0, 0, 0};
    s->face = s->portrait;
    for (uint32_t e = 0; e < 2; e++)
        for (uint32_t i = 1; i < BT_SWAP_LID_POINTS - 1; i++) {
            const struct bt_vec3 *lower = &s->portrait.landmark[s->eyes.lid[e][0][i]];
            struct bt_vec3 *upper = &s->face.landmark[s->eyes.lid[e][1][i]];
            upper->x += shut[e] * (lower->x - upper->x);
            upper->y += shut[e] * (lower->y - upper->y);
        }
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) {
        middle.x += s->face.landmark[i].x / BT_LANDMARKS;
        middle.y += s->face.landmark[i].y / BT_LANDMARKS;
    }
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) {
        struct bt_vec3 *p = &s->face.landmark[i], q = {p->x - middle.x, p->y - middle.y, p->z};
        q = (struct bt_vec3){cosf(yaw) * q.x + sinf(yaw) * q.z, q.y, cosf(yaw) * q.z - sinf(yaw) * q.x};
        q = (struct bt_vec3){q.x, cosf(pitch) * q.y + sinf(pitch) * q.z, cosf(pitch) * q.z - sinf(pitch) * q.y};
        *p = (struct bt_vec3){q.x + middle.x, q.y + middle.y, q.z};
    }
}

/* Corner k of a triangle that is drawn: where its barycentrics are those of the corner. */
static struct bt_vec3 corner_of(const struct state *s, const float *a, const float *d, int k) {
    const float u = (k == 0) - a[2], v = (k == 1) - d[2], area = a[0] * d[1] - a[1] * d[0];
    const float x = (u * d[1] - v * a[1]) / area, y = (v * a[0] - u * d[0]) / area;
    return (struct bt_vec3){x / s->view.grid_scale + (float)s->view.box.x, y / s->view.grid_scale + (float)s->view.box.y, 0};
}

static void draw(struct state *s, struct bt_surface *surface, int64_t time_ns) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    const struct bt_surface_out out = {
        .driver = s->driver, .hybrid = s->hybrid, .tile = s->tile, .list = {s->list[0], s->list[1]}};
    assert_int_equal(bt_swap_surface_step(surface, &s->face, time_ns, &out, &s->view), BT_OK);
    memset(s->drawn, 0, sizeof s->drawn);
    for (uint32_t t = 0; t < s->view.tiles_w * s->view.tiles_h; t++)
        for (uint32_t i = s->tile[2 * t]; i < s->tile[2 * t] + s->tile[2 * t + 1]; i++) {
            const uint32_t which = (uint32_t)s->list[0][4 * i + 3];
            for (int k = 0; k < 3 && !s->drawn[which]; k++)
                s->hybrid_px[m->fine_triangle[which][k]] =
                    corner_of(s, s->list[0] + 4 * (size_t)i, s->list[1] + 4 * (size_t)i, k);
            s->drawn[which] = true;
        }
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        s->driver_px[v] = (struct bt_vec3){s->driver[8 * v], s->driver[8 * v + 1], 0};
        s->shown_px[v] =
            (struct bt_vec3){s->hybrid_px[v].x + s->hybrid[8 * v + 2], s->hybrid_px[v].y + s->hybrid[8 * v + 3], 0};
    }
}

/* Along the line of an eye's corners, from the outer, in their distance; how far up from the lower lid to the upper; above the
   line, in the same distance. */
struct look {
    double along, up, above;
};

static double across(const struct bt_vec3 *a, const struct bt_vec3 *b, struct bt_vec3 p) {
    return ((double)(b->x - a->x) * (double)(p.y - a->y) - (double)(b->y - a->y) * (double)(p.x - a->x));
}

static double across_unit(const struct bt_vec3 *a, const struct bt_vec3 *b) {
    const double x = (double)(b->x - a->x), y = (double)(b->y - a->y);
    return x * x + y * y;
}

static double along_of(const struct bt_vec3 *a, const struct bt_vec3 *b, struct bt_vec3 p) {
    const double x = (double)(b->x - a->x), y = (double)(b->y - a->y);
    return (x * (double)(p.x - a->x) + y * (double)(p.y - a->y)) / across_unit(a, b);
}

/* The point of a lid so far along; beyond the corners, on their line. */
static struct bt_vec3 lid_at(const struct state *s, const struct bt_vec3 *vertex, uint32_t e, uint32_t l, double along) {
    const uint16_t *lid = s->eyes.lid[e][l];
    const struct bt_vec3 *a = &vertex[lid[0]], *b = &vertex[lid[BT_SWAP_LID_POINTS - 1]];
    if (along < 0 || along > 1)
        return (struct bt_vec3){a->x + (float)along * (b->x - a->x), a->y + (float)along * (b->y - a->y), 0};
    for (uint32_t i = 0; i + 1 < BT_SWAP_LID_POINTS; i++) {
        const struct bt_vec3 p = vertex[lid[i]], q = vertex[lid[i + 1]];
        const double from = along_of(a, b, p), to = along_of(a, b, q), t = (along - from) / (to - from);
        if (t >= 0 && t <= 1) return (struct bt_vec3){p.x + (float)t * (q.x - p.x), p.y + (float)t * (q.y - p.y), 0};
    }
    fail_msg("nothing of a lid lies %.3f along", along);
    return *a;
}

static struct look look_of(const struct state *s, const struct bt_vec3 *vertex, uint32_t e, struct bt_vec3 p) {
    const uint16_t *lid = s->eyes.lid[e][0];
    const struct bt_vec3 *a = &vertex[lid[0]], *b = &vertex[lid[BT_SWAP_LID_POINTS - 1]];
    const double along = along_of(a, b, p);
    const double lower = across(a, b, lid_at(s, vertex, e, 0, along)), upper = across(a, b, lid_at(s, vertex, e, 1, along));
    return (struct look){along, (across(a, b, p) - lower) / (upper - lower), across(a, b, p) / across_unit(a, b)};
}

/* Where the frame's point q is drawn in an eye's opening. */
static bool drawn_at(const struct state *s, struct bt_vec3 q, struct bt_vec3 *out) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    for (uint32_t t = 0; t < BT_RIG_FINE_TRIANGLES; t++) {
        const uint32_t *v = m->fine_triangle[t];
        if (!s->drawn[t] || m->fine_tag[t] != BT_RIG_TAG_EYE) continue;
        const double area = across(&s->shown_px[v[0]], &s->shown_px[v[1]], s->shown_px[v[2]]);
        const double w0 = across(&s->shown_px[v[1]], &s->shown_px[v[2]], q) / area,
                     w1 = across(&s->shown_px[v[2]], &s->shown_px[v[0]], q) / area;
        if (w0 < 0 || w1 < 0 || w0 + w1 > 1) continue;
        const struct bt_vec3 *h = s->hybrid_px;
        out->x = (float)(w0 * (double)h[v[0]].x + w1 * (double)h[v[1]].x + (1 - w0 - w1) * (double)h[v[2]].x);
        out->y = (float)(w0 * (double)h[v[0]].y + w1 * (double)h[v[1]].y + (1 - w0 - w1) * (double)h[v[2]].y);
        return true;
    }
    return false;
}

static void irises_stay(const struct state *s, const char *mask, struct look *worst) {
    static const double gaze[] = {.3, .4, .5, .6, .7}, height[] = {.35, .5, .65};
    for (uint32_t e = 0; e < 2; e++)
        for (uint32_t g = 0; g < BT_COUNT(gaze) * BT_COUNT(height); g++) {
            const double up = height[g / BT_COUNT(gaze)];
            const struct bt_vec3 low = lid_at(s, s->driver_px, e, 0, gaze[g % BT_COUNT(gaze)]);
            const struct bt_vec3 high = lid_at(s, s->driver_px, e, 1, gaze[g % BT_COUNT(gaze)]);
            const struct bt_vec3 q = {low.x + (float)up * (high.x - low.x), low.y + (float)up * (high.y - low.y), 0};
            struct bt_vec3 p = {0, 0, 0};
            if (!drawn_at(s, q, &p)) fail_msg("%s: the iris of eye %u is not drawn", mask, e);
            const struct look in = look_of(s, s->driver_px, e, q), out = look_of(s, s->hybrid_px, e, p);
            worst->along = fmax(worst->along, fabs(in.along - out.along));
            worst->up = fmax(worst->up, fabs(in.up - out.up));
            worst->above = fmax(worst->above, fabs(in.above - out.above));
        }
}

static void irises_keep_their_place(void **at) {
    static const float turn[][2] = {{0, 0}, {.26f, 0}, {-.26f, 0}, {0, .2f}, {.2f, -.2f}}, open[2] = {0, 0}, half[2] = {.5f, 0};
    struct state *s = *at;
    for (uint32_t i = 0; i < bt_mask_builtin_count(); i += test_brief(1, 5)) {
        struct bt_mask *mask = NULL;
        struct bt_surface *surface = NULL;
        struct look worst = {0, 0, 0};
        const char *name = bt_mask_builtin_at(i)->name;
        assert_int_equal(bt_mask_builtin_grow(s->rig, i, &mask), BT_OK);
        assert_int_equal(bt_swap_surface_create(NULL, s->rig, mask, FRAME_PX, FRAME_PX, BT_SWAP_GRID_PX, &surface), BT_OK);
        for (uint32_t t = 0; t < 2 * BT_COUNT(turn); t++) {
            pose(s, turn[t / 2][0], turn[t / 2][1], t % 2 ? half : open);
            draw(s, surface, 1000000000 + 33333333 * (int64_t)t);
            irises_stay(s, name, &worst);
        }
        print_message("%s: at worst %.4f of the eye's width aside, %.3f of the lids' distance up or down, %.3f of the width\n",
                      name, worst.along, worst.up, worst.above);
        assert_true(worst.along < ALONG);
        assert_true(worst.up < BETWEEN);
        assert_true(worst.above < ABOVE);
        bt_swap_surface_destroy(&surface);
        bt_mask_destroy(&mask);
    }
}

/* Blinks and winks close: what is drawn at a lid is the driver's own lid, however far it is shut. */
static void lids_stay_lids(void **at) {
    static const float shut[][2] = {{0, 0}, {.5f, .5f}, {.95f, .95f}, {1, 0}, {0, .9f}};
    struct state *s = *at;
    struct bt_mask *mask = NULL;
    struct bt_surface *surface = NULL;
    uint32_t index = 0;
    assert_true(bt_mask_builtin_find("zanni", &index));
    assert_int_equal(bt_mask_builtin_grow(s->rig, index, &mask), BT_OK);
    assert_int_equal(bt_swap_surface_create(NULL, s->rig, mask, FRAME_PX, FRAME_PX, BT_SWAP_GRID_PX, &surface), BT_OK);
    for (uint32_t k = 0; k < BT_COUNT(shut); k++) {
        pose(s, 0, 0, shut[k]);
        draw(s, surface, 1000000000 + 33333333 * (int64_t)k);
        for (uint32_t e = 0; e < 2; e++) {
            const struct bt_vec3 *a = &s->driver_px[s->eyes.lid[e][0][0]],
                                 *b = &s->driver_px[s->eyes.lid[e][0][BT_SWAP_LID_POINTS - 1]];
            for (uint32_t l = 0; l < 2; l++)
                for (uint32_t i = 1; i < BT_SWAP_LID_POINTS - 1; i++) {
                    const struct bt_vec3 p = s->shown_px[s->eyes.lid[e][l][i]];
                    const struct bt_vec3 own = lid_at(s, s->driver_px, e, l, along_of(a, b, p));
                    assert_true(hypotf(p.x - own.x, p.y - own.y) < .3f);
                }
        }
    }
    bt_swap_surface_destroy(&surface);
    bt_mask_destroy(&mask);
}

/* Corners that fall together, and lids turned inside out, are drawn somewhere near. */
static void eyes_that_are_none(void **at) {
    static const float none[2] = {0, 0};
    struct state *s = *at;
    struct bt_vec2 shown[BT_RIG_FINE_VERTICES];
    pose(s, 0, 0, none);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        s->driver_px[v] = s->hybrid_px[v] = s->face.landmark[v % BT_RIG_VERTICES];
    for (uint32_t e = 0; e < 2; e++)
        s->hybrid_px[s->eyes.lid[e][0][0]] = s->hybrid_px[s->eyes.lid[e][0][BT_SWAP_LID_POINTS - 1]];
    bt_swap_eyes_shown(&s->eyes, s->driver_px, s->hybrid_px, shown);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        assert_true(hypotf(shown[v].x - s->driver_px[v].x, shown[v].y - s->driver_px[v].y) < 20);
    bt_swap_eyes_shown(&s->eyes, s->hybrid_px, s->driver_px, shown);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        assert_true(hypotf(shown[v].x - s->hybrid_px[v].x, shown[v].y - s->hybrid_px[v].y) < 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(irises_keep_their_place),
        cmocka_unit_test(lids_stay_lids),
        cmocka_unit_test(eyes_that_are_none),
    };
    return cmocka_run_group_tests_name("swap_eyes", tests, set_up, tear_down);
}
