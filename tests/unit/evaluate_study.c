/* SPDX-License-Identifier: MIT */
/* The whole study on people made of numbers, whose rates are known; a wrong threshold and a swapped label are caught. */
#include "base/rng.h"
#include "evaluate/chart.h"
#include "evaluate/study.h"
#include "support/cmocka.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 120, EACH = 4, PICTURES = PEOPLE * EACH };

struct people {
    struct bt_study_picture picture[PICTURES];
    struct bt_study_pair *pair;
    uint32_t pairs;
    struct bt_study_params params;
};

/* Pictures are points: a person's place plus what changes from picture to picture, more in the dark. */
static void make(struct people *p, uint64_t seed, bool swapped) {
    static const char *const label[BT_STUDY_LABELS] = {"light"};
    static float place[PICTURES][6];
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 1);
    for (uint32_t i = 0; i < PICTURES; i++) {
        const float light = bt_rng_uniform(&rng, 0, 1);
        p->picture[i] = (struct bt_study_picture){.subject = i / EACH, .label = {light, NAN, NAN, NAN, NAN, NAN}};
        for (uint32_t k = 0; k < 6; k++) {
            const float own = i % EACH ? place[i - i % EACH][k] : 2 * bt_rng_normal(&rng);
            place[i][k] = i % EACH ? own + (light < .33f ? .9f : .4f) * bt_rng_normal(&rng) : own;
        }
    }
    if (swapped) p->picture[5].subject = 77;
    assert_int_equal(bt_study_pairs(p->picture, PICTURES, 20000, 3, &p->pair, &p->pairs), BT_OK);
    for (uint32_t i = 0; i < p->pairs; i++)
        for (uint32_t m = 0; m < BT_STUDY_MATCHERS; m++) {
            float d = 0;
            for (uint32_t k = 3 * m; k < 3 * m + 3; k++) {
                const float x = place[p->pair[i].a][k] - place[p->pair[i].b][k];
                d += x * x;
            }
            p->pair[i].score[m] = -sqrtf(d);
        }
    p->params = (struct bt_study_params){.picture = p->picture,
                                         .pictures = PICTURES,
                                         .subjects = PEOPLE,
                                         .failed = 20,
                                         .pair = p->pair,
                                         .pairs = p->pairs,
                                         .label = label,
                                         .fmr = .01,
                                         .folds = 5,
                                         .replicates = 40,
                                         .seed = 9};
}

static double rate(uint64_t errors, uint64_t of) {
    return (double)errors / (double)of;
}

static void counts_errors(void **state) {
    (void)state;
    static struct people p;
    struct bt_study *s = NULL;
    make(&p, 1, false);
    assert_int_equal(bt_study_run(&p.params, &s), BT_OK);
    assert_true(fabs(s->fta - 20. / (PICTURES + 20)) < 1e-12 && s->suspects == 0);
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
        const struct bt_study_score *one = &s->score[m];
        assert_true(one->figures.fmr <= .01 && one->figures.fmr > .005);
        assert_true(bt_rates_mated(one->rates) == PEOPLE * EACH * (EACH - 1) / 2 && bt_rates_non_mated(one->rates) == 20000);
        /* What was chosen elsewhere does on people never seen about what it should. */
        assert_true(rate(one->k_fold.false_matches, one->k_fold.non_mated) < .03);
        assert_true(rate(one->hold_out.false_matches, one->hold_out.non_mated) < .04);
        assert_true(one->k_fold.mated == PEOPLE * EACH * (EACH - 1) / 2); /* each person is held out once */
        assert_true(one->k_fold.non_mated < 20000 / 4 && one->hold_out.mated == 36 * EACH * (EACH - 1) / 2);
        assert_true(one->bootstrap.fnmr.low <= one->figures.fnmr && one->figures.fnmr <= one->bootstrap.fnmr.high);
        assert_true(one->fmr_binomial.low < one->figures.fmr && one->figures.fmr < one->fmr_binomial.high);
        /* Two dark pictures are refused more often than two bright ones. */
        const struct bt_study_bin *dark = &one->bin[0][0], *bright = &one->bin[0][2];
        assert_true(rate(dark->false_non_matches, dark->mated) > rate(bright->false_non_matches, bright->mated));
        assert_true(one->bin[1][0].mated == 0);
    }
    /* Two matchers are better than either. */
    assert_true(s->score[BT_STUDY_FUSION].figures.eer < .8 * s->score[0].figures.eer &&
                s->score[BT_STUDY_FUSION].figures.eer < .8 * s->score[1].figures.eer && s->cllr < .3);
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
        const struct bt_study_score *one = &s->score[m];
        const uint64_t matches = bt_rates_false_matches(one->rates, one->threshold),
                       non_matches = bt_rates_false_non_matches(one->rates, one->threshold);
        assert_true(bt_study_holds(&p.params, s, m, one->threshold, matches, non_matches));
        assert_false(bt_study_holds(&p.params, s, m, one->threshold - .5f, matches, non_matches)); /* a wrong threshold */
        p.picture[0].subject = 50;                                                                 /* a swapped label */
        assert_false(bt_study_holds(&p.params, s, m, one->threshold, matches, non_matches));
        p.picture[0].subject = 0;
    }
    bt_study_destroy(&s);
    free(p.pair);
}

static void finds_a_swapped_label(void **state) {
    (void)state;
    static struct people p;
    struct bt_study *s = NULL;
    make(&p, 1, true);
    assert_int_equal(bt_study_run(&p.params, &s), BT_OK);
    bool found = false;
    for (uint32_t i = 0; i < s->suspects; i++) found |= s->suspect[i] == 5;
    assert_true(found && s->suspects <= 3);
    bt_study_destroy(&s);
    free(p.pair);
}

static void refuses(void **state) {
    (void)state;
    static struct people p;
    struct bt_study *s = NULL;
    make(&p, 2, false);
    p.params.folds = 1;
    assert_int_equal(bt_study_run(&p.params, &s), BT_E_ARGUMENT);
    p.params.folds = 5;
    p.params.subjects = 9;
    assert_int_equal(bt_study_run(&p.params, &s), BT_E_ARGUMENT);
    free(p.pair);
    const struct bt_study_picture one[2] = {{.subject = 1}, {.subject = 2}};
    uint32_t count;
    assert_int_equal(bt_study_pairs(one, 2, 10, 1, &p.pair, &count), BT_E_ARGUMENT); /* nobody twice */
    assert_int_equal(bt_study_pairs(one, 0, 10, 1, &p.pair, &count), BT_E_ARGUMENT);
    assert_null(s);
}

static void draws_charts(void **state) {
    (void)state;
    static const double x[] = {1e-5, 1e-3, .5, 7}, y[] = {.5, .2, 1e-3, NAN};
    const struct bt_chart_series series[] = {{.name = "a < b", .x = x, .y = y, .count = 4},
                                             {.x = x, .y = y, .count = 4, .dots = true, .colour = 9},
                                             {.name = "area", .x = x, .y = y, .count = 3, .filled = true}};
    const struct bt_chart chart = {.title = "\"T\" & <t>",
                                   .width_px = 400,
                                   .height_px = 300,
                                   .x = {"FMR", BT_CHART_LOG, 1e-5, 1},
                                   .y = {"FNMR", BT_CHART_NORMAL, 1e-4, .99},
                                   .series = series,
                                   .count = 3};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    bt_chart_draw(out, &chart);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "&quot;T&quot; &amp; &lt;t&gt;"));
    assert_non_null(strstr(text, "a &lt; b"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    assert_non_null(strstr(text, ">0.001</text>")); /* a tick of either */
    assert_non_null(strstr(text, "</svg>"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_errors), cmocka_unit_test(finds_a_swapped_label),
                                       cmocka_unit_test(refuses), cmocka_unit_test(draws_charts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
