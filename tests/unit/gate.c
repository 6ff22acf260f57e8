/* SPDX-License-Identifier: MIT */
#include "pipeline/gate/gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { FRAME_MS = 40 };

/* Well on the good side of every row. */
static struct bt_faces good(void) {
    return (struct bt_faces){
        .count = 1,
        .measures = {
            .light = .5f, .contrast = .15f, .noise = .01f, .sharpness = .5f, .eye_px = 120, .confidence = 1, .jitter = .005f}};
}

static void set(struct bt_measures *m, enum bt_gate_measure measure, float to) {
    float *const value[BT_GATE_MEASURES] = {
        [BT_GATE_LIGHT] = &m->light,           [BT_GATE_BURNT] = &m->burnt,   [BT_GATE_CONTRAST] = &m->contrast,
        [BT_GATE_SIZE] = &m->eye_px,           [BT_GATE_NOISE] = &m->noise,   [BT_GATE_SHARPNESS] = &m->sharpness,
        [BT_GATE_CONFIDENCE] = &m->confidence, [BT_GATE_JITTER] = &m->jitter,
    };
    const float ratio = m->noise / m->contrast;
    *value[measure] = measure == BT_GATE_NOISE ? to * m->contrast : to;
    if (measure == BT_GATE_CONTRAST && !isnan(to)) m->noise = ratio * to;
}

static bt_status judge(struct bt_gate *gate, const struct bt_faces *faces, int64_t *ms) {
    *ms += FRAME_MS;
    return bt_gate_judge(gate, faces, *ms * 1000000);
}

static void every_bar_to_masking(void **state) {
    (void)state;
    static const struct {
        uint32_t count;
        int32_t wearer;
        float light;
        bt_status status;
    } rows[] = {
        {1, 0, 0.5f, BT_OK},          {0, -1, 0.5f, BT_E_NO_FACE},  {1, -1, 0.5f, BT_E_NO_FACE}, {1, 1, 0.5f, BT_E_NO_FACE},
        {2, 0, 0.5f, BT_E_TWO_FACES}, {4, 3, 0.5f, BT_E_TWO_FACES}, {1, 0, 0.0f, BT_E_TOO_DARK}, {0, -1, 0.0f, BT_E_TOO_DARK},
    };
    for (size_t i = 0; i < BT_COUNT(rows); i++) {
        struct bt_gate gate = {0};
        struct bt_faces faces = good();
        int64_t ms = 1000;
        faces.count = rows[i].count;
        faces.wearer = rows[i].wearer;
        faces.measures.light = rows[i].light;
        assert_int_equal(judge(&gate, &faces, &ms), rows[i].status);
    }
}

static float beyond(const struct bt_gate_row *row, float limit, float share) {
    return row->enter < row->leave ? limit * (1 - share) : limit * (1 + share);
}

/* Each row, and only that one, by its own measure: in after its time, out past the second threshold, not before. */
static void each_row_is_reached_and_left(void **state) {
    (void)state;
    for (int i = 0; i < BT_GATE_MEASURES; i++) {
        const struct bt_gate_row *row = bt_gate_row((enum bt_gate_measure)i);
        struct bt_gate gate = {0};
        struct bt_faces faces = good();
        int64_t ms = 1000;
        const enum bt_gate_measure m = (enum bt_gate_measure)i;
        const float fine = bt_gate_value(&faces.measures, m);
        assert_true(row->enter != row->leave && row->name && bt_gate_of_picture(row->status));
        assert_int_equal(judge(&gate, &faces, &ms), BT_OK);
        set(&faces.measures, m, beyond(row, row->enter, .01f));
        bt_status status = BT_OK;
        int64_t began_ms = ms + FRAME_MS;
        while (!(status = judge(&gate, &faces, &ms))) assert_true(ms - began_ms < row->after_ms);
        assert_int_equal(status, row->status);
        assert_true(ms - began_ms >= row->after_ms);
        set(&faces.measures, m, (row->enter + row->leave) / 2); /* between the thresholds nothing changes */
        for (int k = 0; k < 50; k++) assert_int_equal(judge(&gate, &faces, &ms), row->status);
        set(&faces.measures, m, fine);
        began_ms = ms + FRAME_MS;
        while ((status = judge(&gate, &faces, &ms))) assert_int_equal(status, row->status);
        assert_in_range(ms - began_ms, BT_GATE_LEAVE_MS, BT_GATE_LEAVE_MS + FRAME_MS);
        set(&faces.measures, m, (row->enter + row->leave) / 2);
        for (int k = 0; k < 50; k++) assert_int_equal(judge(&gate, &faces, &ms), BT_OK);
        set(&faces.measures, m, NAN);
        for (int k = 0; k < 50; k++) status = judge(&gate, &faces, &ms);
        assert_int_equal(status, row->status);
    }
}

/* A ramp down and up again under noise as wide as the gap between the thresholds: one change each way. */
static void a_noisy_ramp_does_not_flicker(void **state) {
    (void)state;
    for (int i = 0; i < BT_GATE_MEASURES; i++) {
        const struct bt_gate_row *row = bt_gate_row((enum bt_gate_measure)i);
        const float gap = row->leave - row->enter;
        struct bt_gate gate = {0};
        struct bt_faces faces = good();
        int64_t ms = 1000;
        uint32_t seed = 12345, changes = 0;
        bt_status before = BT_OK;
        for (int k = 0; k < 1000; k++) {
            const float way = k < 500 ? (float)k / 500 : (float)(1000 - k) / 500; /* 0 good … 1 bad */
            seed = seed * 1664525u + 1013904223u;
            const float noise = ((float)(seed >> 8) / 16777216.0f - .5f) * gap;
            set(&faces.measures, (enum bt_gate_measure)i, row->leave + gap - way * 3 * gap + noise);
            const bt_status now = judge(&gate, &faces, &ms);
            changes += now != before;
            before = now;
            if (k == 0 || k == 999) assert_int_equal(now, BT_OK);
            if (k == 500) assert_int_equal(now, row->status);
        }
        assert_int_equal(changes, 2);
    }
}

static void the_most_urgent_is_told(void **state) {
    (void)state;
    struct bt_gate gate = {0};
    struct bt_faces faces = good();
    int64_t ms = 1000;
    bt_status status = BT_OK;
    for (int i = BT_GATE_MEASURES - 1; i >= 0; i--) {
        const struct bt_gate_row *row = bt_gate_row((enum bt_gate_measure)i);
        set(&faces.measures, (enum bt_gate_measure)i, beyond(row, row->enter, .01f));
        for (int k = 0; k < 20; k++) status = judge(&gate, &faces, &ms);
        assert_int_equal(status, row->status);
    }
    faces.count = 2; /* too dark to say how many there are */
    assert_int_equal(judge(&gate, &faces, &ms), BT_E_TOO_DARK);
    faces.measures.light = .5f;
    for (int k = 0; k < 20; k++) status = judge(&gate, &faces, &ms);
    assert_int_equal(status, BT_E_TWO_FACES);
    /* A face that is gone takes its troubles along, and so does a second without pictures. */
    faces.count = 1;
    faces.wearer = -1;
    assert_int_equal(judge(&gate, &faces, &ms), BT_E_NO_FACE);
    faces = good();
    assert_int_equal(judge(&gate, &faces, &ms), BT_OK);
    faces.measures.light = 0;
    assert_int_equal(judge(&gate, &faces, &ms), BT_E_TOO_DARK);
    faces = good();
    assert_int_equal(judge(&gate, &faces, &ms), BT_E_TOO_DARK);
    ms += 1000;
    assert_int_equal(judge(&gate, &faces, &ms), BT_OK);
}

static void hints_are_there(void **state) {
    (void)state;
    assert_string_equal(bt_gate_hint(BT_OK, false), "");
    assert_string_equal(bt_gate_hint(BAUTA_STATUS_COUNT, true), "");
    assert_string_equal(bt_gate_hint(BT_E_TOO_DARK, false), "Too dark. Light your face from the front");
    for (int status = 1; status < BAUTA_STATUS_COUNT; status++)
        for (int chinese = 0; chinese < 2; chinese++) assert_true(strlen(bt_gate_hint((bt_status)status, chinese)) > 8);
    assert_false(bt_gate_of_picture(BT_OK) || bt_gate_of_picture(BT_E_CONSENT) || bt_gate_of_picture(BT_E_DEVICE));
    assert_true(bt_gate_of_picture(BT_E_POSE) && bt_gate_of_picture(BT_E_BLURRED) && bt_gate_of_picture(BT_E_NO_FACE));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bar_to_masking),
        cmocka_unit_test(each_row_is_reached_and_left),
        cmocka_unit_test(a_noisy_ramp_does_not_flicker),
        cmocka_unit_test(the_most_urgent_is_told),
        cmocka_unit_test(hints_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
