/* SPDX-License-Identifier: MIT */
/* The footage: the same pictures every time, in every size, and a truth that fits them. */
#include "footage/footage.h"
#include "footage/decode.h"
#include "footage/figure.h"
#include "footage/portrait.h"
#include "pipeline/capture/capture.h"
#include "support/brief.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static uint8_t geometry_data[65536];
static struct bt_bytes geometry = {geometry_data, 0};

static int load_geometry(void **state) {
    (void)state;
    char path[4096];
    const char *folder = getenv("BAUTA_TEST_MODELS");
    if (!folder) {
        return 0;
    }
    (void)snprintf(path, sizeof(path), "%s/face_geometry.bin", folder);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return 0;
    }
    geometry.size = fread(geometry_data, 1, sizeof(geometry_data), file);
    return fclose(file);
}

static void need_geometry(void) {
    if (!geometry.size) {
        skip();
    }
}

static uint64_t fnv1a(const uint8_t *data, size_t size) {
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * 1099511628211U;
    }
    return hash;
}

static struct bt_source *open_footage(uint32_t width, uint32_t height, uint32_t rate, uint64_t frames) {
    const struct bt_footage_params params = {
        .geometry = geometry, .width_px = width, .height_px = height, .rate = rate, .frames = frames};
    struct bt_source *source = NULL;
    assert_int_equal(bt_footage_create(&params, &source), BT_OK);
    return source;
}

static void test_same_frames_twice(void **state) {
    (void)state;
    need_geometry();
    enum { FRAMES = 40, BYTES = 320 * 240 * 3 / 2 };
    uint8_t *data = malloc(BYTES);
    assert_non_null(data);
    const int frames = (int)test_brief(FRAMES, 6);
    uint64_t hash[2][FRAMES] = {{0}};
    for (int run = 0; run < 2; run++) {
        struct bt_source *source = open_footage(320, 240, 2, (uint64_t)frames); /* two a second: the whole script */
        struct bt_picture picture = {.data = data};
        int64_t before = 0;
        for (int i = 0; i < frames; i++) {
            memset(data, run ? 0xAA : 0x55, BYTES);
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
            assert_true(i == 0 || picture.capture_ns - before == 500000000);
            before = picture.capture_ns;
            hash[run][i] = fnv1a(data, BYTES);
            assert_true(i == 0 || hash[run][i] != hash[run][i - 1]);
        }
        assert_int_equal(source->ops->read(source, &picture), BT_E_END);
        source->ops->destroy(source);
    }
    assert_memory_equal(hash[0], hash[1], sizeof(hash[0]));
    free(data);
}

/* Buffers of exactly the frame's size: the address sanitizer sees a byte too many. */
static void test_sizes(void **state) {
    (void)state;
    need_geometry();
    static const uint32_t size[][2] = {{320, 240}, {640, 480}, {640, 360}, {1280, 720}, {64, 64}, {66, 130}, {0, 0}};
    for (size_t i = 0; i < BT_COUNT(size); i++) {
        struct bt_source *source = open_footage(size[i][0], size[i][1], i == 3 ? 1 : 0, 20);
        const uint32_t width = size[i][0] ? size[i][0] : 640, height = size[i][1] ? size[i][1] : 480;
        assert_int_equal(source->format.width_px, width);
        assert_int_equal(source->format.height_px, height);
        assert_int_equal(source->format.pixels, BT_PIXELS_I420);
        assert_false(source->format.live);
        assert_int_equal(source->format.bt709, height >= 720);
        struct bt_picture picture = {.data = malloc((size_t)width * height * 3 / 2)};
        assert_non_null(picture.data);
        for (int frame = 0; frame < (i == 3 && !test_brief(0, 1) ? 20 : 2); frame++) {
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
        }
        free(picture.data);
        source->ops->destroy(source);
    }
}

static void test_refusals(void **state) {
    (void)state;
    need_geometry();
    struct bt_source *const untouched = (struct bt_source *)geometry_data;
    struct bt_source *source = untouched;
    static const struct bt_footage_params odd[] = {{.width_px = 321, .height_px = 240},
                                                   {.width_px = 320, .height_px = 241},
                                                   {.width_px = 32, .height_px = 32},
                                                   {.width_px = 8192, .height_px = 240},
                                                   {.rate = 100000}};
    for (size_t i = 0; i < BT_COUNT(odd); i++) {
        struct bt_footage_params params = odd[i];
        params.geometry = geometry;
        assert_int_equal(bt_footage_create(&params, &source), BT_E_ARGUMENT);
    }
    uint8_t *broken = malloc(geometry.size);
    assert_non_null(broken);
    const size_t triangles = 16 + 468 * 5 * 4;
    static const struct {
        size_t at;
        uint8_t value;
    } damage[] = {{0, 'X'}, {8, 1}, {12, 1}};
    for (size_t i = 0; i < BT_COUNT(damage) + 2; i++) {
        memcpy(broken, geometry.data, geometry.size);
        size_t left = geometry.size;
        if (i < BT_COUNT(damage)) {
            broken[damage[i].at] = damage[i].value;
        } else if (i == BT_COUNT(damage)) {
            memset(broken + triangles, 0xFF, 4);
        } else {
            left = triangles + 100;
        }
        const struct bt_footage_params params = {.geometry = {broken, left}};
        assert_int_equal(bt_footage_create(&params, &source), BT_E_FORMAT);
    }
    const struct bt_footage_params nothing = {0};
    assert_int_equal(bt_footage_create(&nothing, &source), BT_E_FORMAT);
    assert_ptr_equal(source, untouched);
    free(broken);
}

static void test_interrupt(void **state) {
    (void)state;
    need_geometry();
    struct bt_source *source = open_footage(64, 64, 0, 0);
    uint8_t data[64 * 64 * 3 / 2];
    struct bt_picture picture = {.data = data};
    assert_int_equal(source->ops->read(source, &picture), BT_OK);
    source->ops->interrupt(source);
    assert_int_equal(source->ops->read(source, &picture), BT_E_INTERRUPTED);
    source->ops->destroy(source);
}

/* What a demonstration needs to show, and nothing out of range; neighbours are near each other. */
static void test_truth(void **state) {
    (void)state;
    uint64_t count = bt_footage_frames(), away = 0, spells = 0, blinks = 0;
    assert_int_equal(count, 500);
    float yaw_low = 0, yaw_high = 0, pitch = 0, roll = 0, mouth = 0, dark = 1;
    struct bt_footage_truth before = bt_footage_truth(0);
    assert_true(before.visible);
    for (uint64_t i = 0; i < count; i++) {
        struct bt_footage_truth t = bt_footage_truth(i);
        assert_true(t.mouth >= 0 && t.mouth <= 1 && t.blink >= 0 && t.blink <= 1 && t.light > 0.2f && t.light < 1.5f);
        assert_true(fabsf(t.yaw_rad - before.yaw_rad) < 0.2f && fabsf(t.pitch_rad - before.pitch_rad) < 0.1f &&
                    fabsf(t.roll_rad - before.roll_rad) < 0.1f);
        away += !t.visible;
        spells += before.visible && !t.visible;
        blinks += before.blink < 0.5f && t.blink >= 0.5f;
        yaw_low = fminf(yaw_low, t.yaw_rad);
        yaw_high = fmaxf(yaw_high, t.yaw_rad);
        pitch = fmaxf(pitch, fabsf(t.pitch_rad));
        roll = fmaxf(roll, fabsf(t.roll_rad));
        mouth = fmaxf(mouth, t.mouth);
        dark = fminf(dark, t.light);
        before = t;
    }
    assert_true(away >= 20 && away <= 50);
    assert_int_equal(spells, 1);
    assert_true(blinks >= 8);
    assert_true(yaw_low < -0.78f && yaw_high > 0.40f && pitch > 0.15f && roll > 0.18f && mouth > 0.55f && dark < 0.5f);
    struct bt_footage_truth first = bt_footage_truth(0), again = bt_footage_truth(count);
    assert_memory_equal(&first.yaw_rad, &again.yaw_rad, sizeof(float));
}

/* Luma where the face is: follows the scripted light, and the person really goes. */
static void test_truth_fits_the_pictures(void **state) {
    (void)state;
    need_geometry();
    enum { W = 320, H = 240 };
    const uint32_t step = test_brief(1, 5); /* that many frames of the script at once */
    struct bt_source *source = open_footage(W, H, 25 / step, 0);
    struct bt_picture picture = {.data = malloc(W * H * 3 / 2)};
    assert_non_null(picture.data);
    double bright = 0, deviation_near = 0;
    for (uint64_t i = 0; i <= 400; i += step) {
        assert_int_equal(source->ops->read(source, &picture), BT_OK);
        if (i != 0 && i != 335 && i != 400) {
            continue;
        }
        double sum = 0, squares = 0, n = 0;
        for (int y = 70; y < 180; y++) {
            for (int x = 110; x < 210; x++) {
                double v = picture.data[y * W + x] - 16;
                sum += v, squares += v * v, n++;
            }
        }
        double mean = sum / n, deviation = sqrt(squares / n - mean * mean);
        struct bt_footage_truth t = bt_footage_truth(i);
        if (i == 0) {
            bright = mean;
            deviation_near = deviation;
        } else if (t.visible) {
            assert_true(fabs(mean / bright - (double)t.light) < 0.12);
        } else {
            assert_true(deviation < deviation_near / 3); /* an empty room is flat */
        }
    }
    free(picture.data);
    source->ops->destroy(source);
}

/* With no turn and the portrait's own expression, the figure is the portrait: each pixel shows itself. */
static void test_rest_is_the_portrait(void **state) {
    (void)state;
    need_geometry();
    struct bt_footage_figure *figure = NULL;
    assert_int_equal(bt_footage_figure_create(NULL, geometry, &figure), BT_OK);
    enum { SIDE = 400 };
    uint8_t opaque[4] = {0, 0, 0, 255};
    const struct bt_footage_picture solid = {1, 1, 4, opaque};
    struct bt_footage_map map = {calloc((size_t)SIDE * SIDE, sizeof(struct bt_footage_texel)), SIDE, SIDE, &solid};
    assert_non_null(map.texel);
    const struct bt_footage_pose rest = {.scale = 1, .smile = 1, .light = 1, .mouth = BT_FOOTAGE_REST_MOUTH};
    bt_footage_figure_draw(figure, &rest, 20, 0, 1, &map);
    size_t shown = 0, inner = 0;
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const struct bt_footage_texel *t = &map.texel[y * SIDE + x];
            if (t->layer == BT_FOOTAGE_NOTHING || t->z > 1e7f) {
                inner += t->layer == BT_FOOTAGE_INNER;
                continue;
            }
            shown++;
            assert_true(fabsf(t->u - ((float)x + 20.5f)) < 0.35f && fabsf(t->v - ((float)y + 0.5f)) < 0.35f);
            assert_true(fabsf(t->lit - 1) < 1e-4f);
        }
    }
    assert_true(shown > 50000);
    assert_true(inner > 150 && inner < 1500); /* a mouth and two eyes */
    free(map.texel);
    bt_footage_figure_destroy(&figure);
    assert_null(figure);
    bt_footage_figure_destroy(&figure);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_frames_twice),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_truth_fits_the_pictures),
        cmocka_unit_test(test_rest_is_the_portrait),
    };
    return cmocka_run_group_tests(tests, load_geometry, NULL);
}
