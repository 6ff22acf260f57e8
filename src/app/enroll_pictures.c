/* SPDX-License-Identifier: MIT */
/* The pictures that must all be of one person, and whether they are. */
#include "app/enroll.h"

#include "app/shot.h"
#include "base/log.h"
#include "match/figures.h"
#include "match/match.h"
#include "trust/vault/secret.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = BT_ENROLL_PICTURE_SIDE_PX };

struct picture {
    uint32_t width_px, height_px;
    struct bt_vec3 landmark[BT_LANDMARKS];
    uint8_t rgb[SIDE * SIDE * 3];
};

struct bt_enroll_pictures {
    struct bt_secret *memory; /* BT_ENROLL_PICTURES_MOST of struct picture */
    uint32_t count;
};

bt_status bt_enroll_pictures_create(struct bt_log *log, struct bt_enroll_pictures **out_pictures) {
    struct bt_enroll_pictures *p = calloc(1, sizeof *p);
    if (!p) return BT_E_MEMORY;
    bt_status status = bt_secret_create(log, BT_ENROLL_PICTURES_MOST * sizeof(struct picture), &p->memory);
    if (status)
        free(p);
    else
        *out_pictures = p;
    return status;
}

void bt_enroll_pictures_destroy(struct bt_enroll_pictures **pictures) {
    if (!*pictures) return;
    bt_secret_destroy(&(*pictures)->memory);
    free(*pictures);
    *pictures = NULL;
}

void bt_enroll_pictures_clear(struct bt_enroll_pictures *p) {
    memset(bt_secret_data(p->memory), 0, bt_secret_size(p->memory));
    p->count = 0;
}

static struct picture *at(const struct bt_enroll_pictures *p, uint32_t index) {
    return (struct picture *)(void *)bt_secret_data(p->memory) + index;
}

/* The crop, smaller by a whole number where it must be. */
void bt_enroll_pictures_add(struct bt_enroll_pictures *p, const struct bt_shot *shot) {
    const struct bt_shot_crop *crop = bt_shot_crop_of(shot);
    const uint32_t side = crop->width_px > crop->height_px ? crop->width_px : crop->height_px, step = (side + SIDE - 1) / SIDE;
    if (!crop->bytes || !step) return;
    struct picture *to = at(p, p->count < BT_ENROLL_PICTURES_MOST ? p->count++ : BT_ENROLL_PICTURES_MOST - 1);
    to->width_px = crop->width_px / step;
    to->height_px = crop->height_px / step;
    for (uint32_t row = 0; row < to->height_px; row++)
        for (uint32_t col = 0; col < to->width_px; col++)
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t sum = 0;
                for (uint32_t k = 0; k < step * step; k++)
                    sum +=
                        crop->bytes[(((size_t)row * step + k / step) * crop->width_px + (size_t)col * step + k % step) * 3 + c];
                to->rgb[((size_t)row * to->width_px + col) * 3 + c] = (uint8_t)((sum + step * step / 2) / (step * step));
            }
    for (uint32_t i = 0; i < BT_LANDMARKS; i++)
        to->landmark[i] = (struct bt_vec3){crop->landmark[i].x / (float)step, crop->landmark[i].y / (float)step,
                                           crop->landmark[i].z / (float)step};
}

uint32_t bt_enroll_pictures_count(const struct bt_enroll_pictures *p) {
    return p->count;
}

/* Every picture against every other, by both nets. */
static bool all_same(const struct bt_template *templates, uint32_t count, float *out_worst) {
    bool same = true;
    *out_worst = INFINITY;
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < i; k++) {
            const struct bt_match_score score = bt_match_compare(&templates[i], &templates[k]);
            same = same && score.same;
            *out_worst = fminf(*out_worst, score.llr);
        }
    return same;
}

bt_status bt_enroll_match(struct bt_enrolment *e) {
    struct bt_enroll_pictures *p = e->pictures;
    struct bt_match *match = NULL;
    struct bt_secret *memory = NULL;
    fprintf(stderr,
            e->chinese ? "  正在检查所有画面是否为同一人(错误匹配率 %.3f%%,最多 %.3f%%)……\n"
                       : "  Checking that all pictures are of one person (FMR %.3f %%, at most %.3f) …\n",
            100 * bt_match_real.fmr, 100 * bt_match_real.fmr_95[1]);
    bt_status status = bt_session_match(&e->session, &match);
    if (!status) status = bt_secret_create(e->log, (p->count + 1) * sizeof(struct bt_template), &memory);
    if (status) goto done;
    struct bt_template *templates = (struct bt_template *)(void *)bt_secret_data(memory), *mean = &templates[p->count];
    for (uint32_t i = 0; !status && i < p->count; i++) {
        const struct picture *one = at(p, i);
        status = bt_match_template(match, one->rgb, one->width_px, one->height_px, one->landmark, &templates[i]);
    }
    if (status) goto done;
    struct bt_match_score worst;
    bt_match_mean(templates, p->count, mean, &worst);
    const bool same = all_same(templates, p->count, &e->receipt.match_score);
    e->receipt.match_threshold = bt_match_limits.llr;
    e->receipt.match_fmr = (float)bt_match_real.fmr;
    e->receipt.match_fmr_95[0] = (float)bt_match_real.fmr_95[0];
    e->receipt.match_fmr_95[1] = (float)bt_match_real.fmr_95[1];
    snprintf(e->receipt.match_claim, sizeof e->receipt.match_claim, "FMR at most %g: %s, %" PRIu32 " people, %s",
             bt_match_limits.claimed, bt_match_limits.rule, bt_match_real.subjects, bt_match_real.date);
    if (!same || !worst.same) {
        bt_log_error(e->log, "%s",
                     e->chinese ? "画面不全是同一个人:什么都没有保留"
                                : "the pictures are not all of one person: nothing is kept");
        status = BT_E_CONSENT;
        goto done;
    }
    bt_log_debug(e->log, "%" PRIu32 " pictures match each other: log likelihood ratio at least %.2f", p->count,
                 (double)e->receipt.match_score);
    bt_secret_destroy(&e->template);
    status = bt_secret_create(e->log, BT_MATCH_TEMPLATE_BYTES, &e->template);
    if (!status) bt_match_encode(mean, bt_secret_data(e->template));
done:
    bt_enroll_pictures_clear(p);
    bt_secret_destroy(&memory);
    bt_match_destroy(&match);
    return status;
}
