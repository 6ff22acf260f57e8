/* SPDX-License-Identifier: MIT */
#include "app/evaluate.h"

#include "app/files.h"
#include "base/clock.h"
#include "base/log.h"
#include "match/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mated comparisons are few; of two people a million tell an FMR of 1e-5 (10 errors). */
enum { OTHERS_MOST = 1000000, FOLDS = 10, REPLICATES = 500, EACH = 3, PEOPLE_LEAST = 2 * FOLDS, PEOPLE_MOST = 20000 };

bt_status bt_evaluation_number(struct bt_app *app, const char *option, const char *text, uint64_t least, uint64_t most,
                               uint64_t *out) {
    if (bt_app_number(text, out) && *out >= least && *out <= most) return BT_OK;
    bt_log_error(app->log, "%s %s: a whole number from %" PRIu64 " to %" PRIu64 " is wanted", option, text, least, most);
    return BT_E_ARGUMENT;
}

static bt_status fmr_of(struct bt_app *app, double *out_fmr) {
    const char *text = app->options.fmr;
    char *end = NULL;
    *out_fmr = text ? strtod(text, &end) : 1e-3;
    if (!text || (end != text && !*end && *out_fmr > 0 && *out_fmr <= .5)) return BT_OK;
    bt_log_error(app->log, "--fmr %s: a rate above 0, at most 0.5, is wanted, as 0.001", text);
    return BT_E_ARGUMENT;
}

static const char *claim_text(enum bt_claim claim) {
    return claim == BT_CLAIM_RULE_OF_3    ? "may be claimed (rule of 3)"
           : claim == BT_CLAIM_RULE_OF_30 ? "may be claimed (rule of 30)"
                                          : "may not be claimed of so many comparisons";
}

static void print(const struct bt_evaluation *e, const char *folder) {
    static const char *const name[BT_STUDY_SCORES] = {"MobileFaceNet", "ResNet-128", "both, fused"};
    printf("%s: %" PRIu32 " templates of %" PRIu32 " people, %" PRIu32 " pictures without a face\n\n", e->gallery->what,
           e->gallery->pictures, e->gallery->subjects, e->gallery->failed);
    printf("%-14s %9s %9s %9s %10s   FMR at most %g\n", "", "EER", "FNMR", "threshold", "FMR", e->params->fmr);
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
        const struct bt_study_score *s = &e->study->score[m];
        const double fmr = (double)s->k_fold.false_matches / (double)s->k_fold.non_mated,
                     fnmr = (double)s->k_fold.false_non_matches / (double)s->k_fold.mated;
        printf("%-14s %8.3f%% %8.3f%% %9.3f %10.2e   %s\n", name[m], 100 * s->figures.eer, 100 * fnmr, s->k_fold.threshold, fmr,
               claim_text(s->claim));
    }
    printf("\nthe limits in use here: false matches %" PRIu64 " of %" PRIu64 ", false non-matches %" PRIu64 " of %" PRIu64 "\n",
           e->in_use.false_matches, e->in_use.non_mated, e->in_use.false_non_matches, e->in_use.mated);
    if (e->study->suspects)
        printf("\n%" PRIu32
               " pictures look more like somebody else than like their own: labels may be swapped (report.json names them)\n",
               e->study->suspects);
    printf("\nreport   %s/report.html\nfigures  %s/report.json\n", folder, folder);
}

/* Both matchers' scores, larger is more alike; and what the limits in use say of them. */
static void compare(const struct bt_gallery *g, struct bt_study_pair *pair, uint32_t pairs, struct bt_study_count *in_use) {
    *in_use = (struct bt_study_count){.threshold = (double)bt_match_limits.llr};
    for (uint32_t i = 0; i < pairs; i++) {
        const struct bt_match_score s = bt_match_compare(&g->templates[pair[i].a], &g->templates[pair[i].b]);
        const bool mated = g->picture[pair[i].a].subject == g->picture[pair[i].b].subject;
        in_use->mated += mated, in_use->non_mated += !mated;
        in_use->false_matches += !mated && s.same, in_use->false_non_matches += mated && !s.same;
        pair[i].score[0] = s.cosine;
        pair[i].score[1] = -s.distance;
    }
}

static bt_status study(struct bt_app *app, struct bt_acquire *acquire, struct bt_gallery *g, double fmr, uint64_t seed,
                       const char *folder, int64_t began_ns) {
    struct bt_study *study = NULL;
    struct bt_study_count in_use = {0};
    bt_status status = BT_OK;
    if (!g->pair) status = bt_study_pairs(g->picture, g->pictures, OTHERS_MOST, seed, &g->pair, &g->pairs);
    if (!status) compare(g, g->pair, g->pairs, &in_use);
    const struct bt_study_params params = {.picture = g->picture,
                                           .pictures = g->pictures,
                                           .subjects = g->subjects,
                                           .failed = g->failed,
                                           .pair = g->pair,
                                           .pairs = g->pairs,
                                           .label = bt_gallery_labels,
                                           .fmr = fmr,
                                           .folds = FOLDS,
                                           .replicates = REPLICATES,
                                           .seed = seed};
    if (!status) status = bt_study_run(&params, &study);
    if (status == BT_E_ARGUMENT)
        bt_log_error(app->log,
                     "too little to count: at least %d people of two pictures each are wanted, and each tenth of them "
                     "needs comparisons of its own; there are %" PRIu32 " people, %" PRIu32 " pictures with a face and %" PRIu32
                     " comparisons",
                     PEOPLE_LEAST, g->subjects, g->pictures, g->pairs);
    if (!status) {
        const struct bt_evaluation e = {
            g, &params, study, bt_acquire_device(acquire), (double)(bt_clock_now_ns() - began_ns) * 1e-9, in_use};
        status = bt_evaluation_write(app->log, &e, folder);
        if (!status) print(&e, folder);
    }
    bt_study_destroy(&study);
    return status;
}

bt_status bt_app_evaluate(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    const int64_t began_ns = bt_clock_now_ns();
    const char *folder = o->output ? o->output : "evaluation";
    uint64_t people = 0, seed = 1;
    double fmr = 0;
    struct bt_acquire *acquire = NULL;
    struct bt_gallery gallery = {0};
    if (o->words == 1 && !strcmp(o->word[0], "liveness")) return bt_app_evaluate_liveness(app);
    if (o->words && !strcmp(o->word[0], "swap")) return bt_app_evaluate_swap(app);
    if (o->words == 1 && !strcmp(o->word[0], "gate")) return bt_app_evaluate_gate(app);
    if (!o->words || strcmp(o->word[0], "match") || (o->words == 2) == (o->synthetic != NULL) || (o->pairs && o->synthetic)) {
        bt_log_error(app->log, "bauta evaluate match FOLDER [--pairs FILE], or bauta evaluate match --synthetic N");
        return BT_E_ARGUMENT;
    }
    bt_status status =
        o->synthetic ? bt_evaluation_number(app, "--synthetic", o->synthetic, PEOPLE_LEAST, PEOPLE_MOST, &people) : BT_OK;
    if (!status && o->seed) status = bt_evaluation_number(app, "--seed", o->seed, 0, UINT32_MAX, &seed);
    if (!status) status = fmr_of(app, &fmr);
    if (!status) status = bt_files_make_folder(app->log, folder);
    if (!status) status = bt_acquire_create(app, &acquire);
    if (!status) {
        status = o->synthetic ? bt_gallery_synthetic(app, acquire, (uint32_t)people, EACH, seed, &gallery)
                              : bt_gallery_folder(app, acquire, o->word[1], o->pairs, &gallery);
    }
    if (!status) status = study(app, acquire, &gallery, fmr, seed, folder, began_ns);
    bt_gallery_finish(&gallery);
    bt_acquire_destroy(&acquire);
    return status;
}
