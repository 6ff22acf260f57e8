/* SPDX-License-Identifier: MIT */
#include "app/wearer.h"

#include "app/change.h"
#include "app/shot.h"
#include "base/clock.h"
#include "base/log.h"
#include "match/match.h"
#include "pipeline/frame.h"
#include "trust/vault/secret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATES = 4, FAILURES = 2 };
static const int64_t MS = 1000000;
/* Who keeps the head turned is asked back after so long: the tracker's own word that it is the same face is not good for ever.
 */
static const int64_t unseen_most_ns = 60000000000;

struct memory {
    struct bt_template mean, one[TEMPLATES], now;
};

struct bt_wearer {
    struct bt_log *log;
    struct bt_match *match;
    struct bt_shot *shot;
    struct bt_secret *secret;
    struct memory *m; /* in secret */
    bool enrolled, owned;
    uint32_t count; /* templates of the wearer; enrolled: all there will be */
    /* Of the face that is followed now. */
    bool followed;
    struct bt_change change;
    uint32_t id, failures;
    int64_t next_ns, looked_ns, failed_ns,
        agreed_ns;     /* the next look; the last; the first that failed; the last that did not */
    bt_status verdict; /* until the next look */
};

static bt_status open_all(struct bt_wearer *w, const struct bt_wearer_params *p) {
    bt_status status = bt_shot_create(p->gpu, p->log, p->width_px, p->height_px, &w->shot);
    if (!status) status = bt_secret_create(p->log, sizeof *w->m, &w->secret);
    if (status) return status;
    w->m = (struct memory *)(void *)bt_secret_data(w->secret);
    if (!p->enrolled.size) return BT_OK;
    w->enrolled = true;
    w->count = TEMPLATES;
    return bt_match_decode(p->log, p->enrolled, &w->m->mean);
}

bt_status bt_wearer_create(const struct bt_wearer_params *params, struct bt_wearer **out_wearer) {
    struct bt_wearer *w = calloc(1, sizeof *w);
    struct bt_match *match = params->match;
    if (!w) {
        bt_match_destroy(&match);
        return BT_E_MEMORY;
    }
    w->log = params->log;
    w->match = match;
    w->owned = params->owned;
    bt_status status = open_all(w, params);
    if (status)
        bt_wearer_destroy(&w);
    else
        *out_wearer = w;
    return status;
}

void bt_wearer_destroy(struct bt_wearer **wearer) {
    struct bt_wearer *w = *wearer;
    if (!w) return;
    if (w->match) bt_match_destroy(&w->match);
    bt_shot_destroy(&w->shot);
    bt_secret_destroy(&w->secret);
    bt_secret_wipe(&w->change, sizeof w->change);
    free(w);
    *wearer = NULL;
}

void bt_wearer_forget(struct bt_wearer *w) {
    if (w->owned) return;
    bt_secret_wipe(w->m, sizeof *w->m);
    bt_secret_wipe(&w->change, sizeof w->change);
    w->count = 0;
    w->followed = false;
}

void bt_wearer_again(struct bt_wearer *w) {
    w->followed = false;
}

bool bt_wearer_owned(const struct bt_wearer *w) {
    return w->owned;
}

/* The template of who is in the frame, into m->now; nothing else of the picture stays. */
static bt_status look(struct bt_wearer *w, const struct bt_frame *frame, const struct bt_faces *faces) {
    struct bt_enroll_scene scene;
    bt_status status = bt_shot_take(w->shot, frame, faces, &scene);
    if (status) return status;
    const struct bt_shot_crop *crop = bt_shot_crop_of(w->shot);
    if (!crop->rgb) return BT_E_POSE;
    status = bt_match_template(w->match, crop->bytes, crop->width_px, crop->height_px, crop->landmark, &w->m->now);
    bt_shot_wipe(w->shot);
    return status;
}

/* The wearer's own picture joins the mean until there are enough. */
static void learn(struct bt_wearer *w) {
    struct bt_match_score worst;
    if (w->enrolled || w->count == TEMPLATES) return;
    w->m->one[w->count++] = w->m->now;
    bt_match_mean(w->m->one, w->count, &w->m->mean, &worst);
}

static bt_status judge(struct bt_wearer *w, int64_t now_ns) {
    const bool same = !w->count || bt_match_compare(&w->m->mean, &w->m->now).same;
    w->looked_ns = now_ns;
    w->next_ns = now_ns + (w->verdict && w->count ? BT_WEARER_SOON_MS : BT_WEARER_AGAIN_MS) * MS;
    if (same) {
        learn(w);
        w->next_ns = now_ns + BT_WEARER_AGAIN_MS * MS;
        bt_change_agree(&w->change);
        if (w->count == TEMPLATES) w->next_ns = now_ns + BT_WEARER_EVERY_MS * MS;
        w->failures = 0;
        w->agreed_ns = now_ns;
        return BT_OK;
    }
    if (!w->failures++) w->failed_ns = now_ns;
    /* Apart in time: one blink or one hand is not two looks. */
    if (w->failures >= FAILURES && now_ns - w->failed_ns >= BT_WEARER_AGAIN_MS * MS) return BT_E_STRANGER;
    return w->verdict; /* who was known is masked until a second look agrees; who was not, is not */
}

bt_status bt_wearer_vouch(void *wearer, const struct bt_frame *frame, const struct bt_faces *faces) {
    struct bt_wearer *w = wearer;
    const int64_t now_ns = frame->capture_ns;
    if (faces->wearer < 0 || (uint32_t)faces->wearer >= faces->count) return BT_E_NO_FACE;
    const uint32_t id = faces->face[faces->wearer].id;
    if (!w->followed || id != w->id) {
        w->followed = true;
        w->id = id;
        w->failures = 0;
        w->next_ns = now_ns;
        w->verdict = BT_E_REFERRED;
        w->change = (struct bt_change){0};
    }
    const enum bt_change_sign sign = bt_change_step(&w->change, faces, now_ns);
    const bool looked = now_ns - w->looked_ns < BT_WEARER_SLOW_MS * MS;
    if (sign == BT_CHANGE_SUDDEN && !w->verdict) { /* nobody's until a look says whose */
        w->verdict = BT_E_REFERRED;
        w->failures = 0;
    }
    if (sign == BT_CHANGE_SUDDEN || (sign == BT_CHANGE_SLOW && !looked)) w->next_ns = now_ns;
    if (now_ns < w->next_ns) return w->verdict;
    if (!bt_change_frontal(&faces->measures)) return w->verdict || now_ns - w->agreed_ns >= unseen_most_ns ? BT_E_POSE : BT_OK;
    const bt_status status = look(w, frame, faces);
    if (!status) w->verdict = judge(w, now_ns);
    if (w->m) bt_secret_wipe(&w->m->now, sizeof w->m->now);
    return status ? status : w->verdict;
}
