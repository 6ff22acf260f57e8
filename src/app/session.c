/* SPDX-License-Identifier: MIT */
#include "app/session.h"

#include "app/attend.h"
#include "app/profiles.h"
#include "app/referral.h"
#include "app/terminal.h"
#include "app/watch.h"
#include "app/wearer.h"
#include "app/worn.h"
#include "base/clock.h"
#include "base/log.h"
#include "gpu/device.h"
#include "mask/mask.h"
#include "match/figures.h"
#include "match/match.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "rig/rig.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include "trust/consent/notice.h"
#include "trust/manifest/manifest.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_NS = 1000000000;
static const int64_t HOLD_S = 5; /* as receipts and notices say it */

static bt_status find_face(struct bt_session *s, const char *name, uint32_t purposes) {
    if (!purposes || bt_worn_is_nobodys(name)) return bt_worn_find(s->log, s->rig, name, &s->mask);
    bt_status status = bt_trust_open(s->log, &s->trust);
    s->trust.keyring_only = s->person != NULL;
    if (!status) status = bt_worn_person(&s->trust, name, purposes, &s->worn);
    if (!status) s->mask = s->worn.mask;
    return status;
}

bt_status bt_session_prepare(struct bt_session *s, struct bt_app *app, uint32_t purposes) {
    const struct bt_app_options *o = &app->options;
    s->log = app->log;
    s->profiles = calloc(1, sizeof *s->profiles);
    bt_status status = s->profiles ? bt_profiles_choose(s->log, &o->profile, s->profiles) : BT_E_MEMORY;
    if (!status) status = bt_store_open(s->log, o->models, &s->models);
    if (!status) status = bt_worn_rig(&s->models, &s->rig);
    if (!status) status = find_face(s, o->face, purposes);
    if (status) return status;
    status = bt_cache_open_device(&s->cache, s->log, o->device, &s->gpu);
    return status ? status : bt_cache_budget(s->log, o->tune, s->gpu, &s->tune_ns);
}

/* The wearer's own consent to start with nobody to ask; false: there is none. */
static bool find_standing(const struct bt_session *s, int64_t now_s, struct bt_consent_state *out_state) {
    const struct bt_ledger_params params = bt_trust_ledger(&s->trust);
    struct bt_ledger *ledger = NULL;
    bool found = !bt_ledger_read(&params, &ledger) && !bt_ledger_state(ledger, BT_RECEIPT_NO_FACE, now_s, out_state);
    bt_ledger_free(&ledger);
    return found;
}

bt_status bt_session_consent(struct bt_session *s, const struct bt_session_consent *c) {
    const struct bt_session_person terminal = {bt_terminal_asker(), bt_terminal_attended(), bt_terminal_chinese()};
    const struct bt_session_person *asked = s->person ? s->person : &terminal;
    struct bt_consent_state standing;
    int64_t now_s = bt_clock_wall_ns() / SECOND_NS;
    bt_described_source(s, c);
    bool person = s->worn.mask != NULL, attended = asked->attended;
    bt_status status = c->logged && !s->trust.signer ? bt_trust_open(s->log, &s->trust) : BT_OK;
    if (!status) status = bt_audit_open(s->log, c->logged ? s->trust.audit : NULL, s->trust.signer, &s->audit);
    if (status) return status;
    const struct bt_consent_match match = {.fmr = bt_match_real.fmr,
                                           .fmr_95 = {bt_match_real.fmr_95[0], bt_match_real.fmr_95[1]},
                                           .comparisons = bt_match_real.non_mated,
                                           .people = bt_match_real.subjects,
                                           .date = bt_match_real.date};
    const struct bt_consent_params params = {
        .log = s->log,
        .audit = s->audit,
        .asker = &asked->asker,
        .facts = {.origin = c->origin,
                  .owner = person ? BT_OWNER_PERSON : BT_OWNER_NOBODY,
                  .wearer_attended = attended,
                  .leaves_machine = c->leaves_machine},
        .owner = {.own = person && !s->worn.lent ? &s->worn.own : NULL,
                  .lent = person && s->worn.lent ? &s->worn.pack : NULL,
                  .identity_sha256 = s->worn.identity_sha256},
        .purposes = c->purposes,
        .standing = c->logged && !attended && find_standing(s, now_s, &standing) ? &standing : NULL,
        .now_s = now_s,
        .face_name = s->mask->name,
        .profiles = s->profiles->names,
        .source_name = c->source_name,
        .record_path = c->record_path,
        .match = c->origin == BT_ORIGIN_CAMERA ? &match : NULL,
        .chinese = asked->chinese,
    };
    if (c->origin == BT_ORIGIN_CAMERA) {
        s->notice = malloc(BT_NOTICE_BYTES);
        if (!s->notice) return BT_E_MEMORY;
        bt_notice_write(&params, s->notice, BT_NOTICE_BYTES);
    }
    status = bt_consent_obtain(&params, &s->grant);
    if (!status && person)
        status = bt_worn_count(&s->trust, &s->worn, c->purposes | (attended ? 0 : (uint32_t)BT_PURPOSE_UNATTENDED));
    return status;
}

enum { NETS_MOST = 3 };
/* Nets, and what they are: each is what was signed. */
struct nets {
    struct bt_bytes net[NETS_MOST];
    char sha256[NETS_MOST][BT_VAULT_SHA256_HEX];
};

/* In this order. Also on failure, the caller drops what was read. */
static bt_status read_nets(const struct bt_session *s, const char *const *names, uint32_t count, struct nets *out_nets) {
    bt_status status = BT_OK;
    for (uint32_t i = 0; !status && i < count; i++) {
        char file[40];
        snprintf(file, sizeof file, "%s.onnx", names[i]);
        status = bt_store_read(&s->models, file, &out_nets->net[i], out_nets->sha256[i]);
    }
    return status;
}

static void drop_nets(struct nets *nets) {
    for (uint32_t i = 0; i < NETS_MOST; i++) free((void *)(uintptr_t)nets->net[i].data);
}

bt_status bt_session_track(struct bt_session *s) {
    static const char *const names[NETS_MOST] = {"face_detector", "face_mesh", "selfie_matte"};
    struct nets nets = {0};
    bt_status status = read_nets(s, names, BT_COUNT(names), &nets);
    for (size_t i = 0; !status && i < BT_COUNT(names); i++) status = bt_described_model(s, names[i], nets.sha256[i]);
    if (!status) {
        bt_cache_load_tuning(&s->cache, s->gpu);
        bt_cache_measure(&s->cache, s->gpu, nets.net, BT_COUNT(names), s->tune_ns);
    }
    struct bt_track_params params = {.log = s->log,
                                     .gpu = s->gpu,
                                     .rig = s->rig,
                                     .detector = nets.net[0],
                                     .mesh = nets.net[1],
                                     .matte = nets.net[2],
                                     .tuning = s->cache.tuning,
                                     .width_px = s->width_px,
                                     .height_px = s->height_px};
    if (!status) status = bt_track_create(&params, &s->track);
    drop_nets(&nets);
    return status;
}

bt_status bt_session_match(const struct bt_session *s, struct bt_match **out_match) {
    static const char *const names[2] = {"face_id_mobile", "face_id_resnet"};
    struct nets nets = {0};
    bt_status status = read_nets(s, names, BT_COUNT(names), &nets);
    const struct bt_match_params params = {.gpu = s->gpu, .log = s->log, .cosine_net = nets.net[0], .euclid_net = nets.net[1]};
    if (!status) status = bt_match_create(&params, out_match);
    drop_nets(&nets);
    return status;
}

/* What the worn face's owner chose to be shown while it is lost. A mask that belongs to nobody: the card. */
static int64_t hold_ns(const struct bt_worn *worn) {
    const enum bt_lost lost = worn->lent ? worn->pack.terms.lost : worn->own.last.lost;
    return worn->mask && lost == BT_LOST_FREEZE ? HOLD_S * SECOND_NS : 0;
}

/* A recording has no use for gaps, and a file costs nobody's privacy. */
static bool may_sleep(const struct bt_session_run *run, bool live) {
    return live && run->loopback && !run->record && !run->hash && !run->always_on;
}

/* On the output thread, after a frame left, and so after `pipeline` was set. */
static void sleep_or_wake(void *user, bool watched) {
    struct bt_session *s = user;
    if (watched)
        bt_pipeline_resume(s->pipeline, BT_PAUSE_UNWATCHED);
    else
        bt_pipeline_pause(s->pipeline, BT_PAUSE_UNWATCHED);
}

/* Without the nets nobody can say who sits there: then no camera is masked. */
static bt_status start_watching(struct bt_session *s, struct bt_observer next) {
    struct bt_match *match = NULL;
    const bool asks = !s->person && bt_terminal_attended();
    bt_status status = bt_session_match(s, &match);
    if (status) {
        bt_log_error(s->log, "a live camera needs the networks that know the wearer again: see bauta doctor");
        return status;
    }
    struct bt_wearer_params wearer = {.log = s->log,
                                      .gpu = s->gpu,
                                      .match = match,
                                      .width_px = s->width_px,
                                      .height_px = s->height_px,
                                      .owned = s->worn.mask != NULL};
    if (s->worn.templates) wearer.enrolled = bt_secret_bytes(s->worn.templates);
    status = bt_wearer_create(&wearer, &s->wearer);
    const struct bt_referral_params referral = {.log = s->log,
                                                .audit = s->audit,
                                                .session = bt_grant_session(s->grant),
                                                .approve = asks,
                                                .attended = asks,
                                                .wearer = s->wearer,
                                                .next = next};
    return status ? status : bt_referral_create(&referral, &s->referral);
}

bt_status bt_session_start(struct bt_session *s, const struct bt_session_run *run) {
    const struct bt_shape *shape = &run->shape;
    struct bt_capture_params capture = {.log = s->log,
                                        .gpu = s->gpu,
                                        .source = run->source,
                                        .mirror = shape->mirror,
                                        .turn_deg = shape->turn_deg,
                                        .width_px = shape->width_px,
                                        .height_px = shape->height_px,
                                        .letterbox = shape->letterbox};
    bt_status status = bt_capture_create(&capture, &s->capture);
    if (status) return status;
    const struct bt_source_format *format = bt_capture_format(s->capture);
    s->width_px = format->width_px;
    s->height_px = format->height_px;
    struct bt_disclose_params disclose = {.log = s->log,
                                          .gpu = s->gpu,
                                          .width_px = s->width_px,
                                          .height_px = s->height_px,
                                          .egress = run->loopback && !shape->i420 ? BT_EGRESS_YUYV : BT_EGRESS_I420,
                                          .rules = bt_profiles_rules(s->profiles),
                                          .session = bt_manifest_payload(bt_grant_session(s->grant))};
    struct bt_swap_params swap = {
        .log = s->log, .gpu = s->gpu, .rig = s->rig, .mask = s->mask, .width_px = s->width_px, .height_px = s->height_px};
    struct bt_output_about about;
    status = bt_disclose_create(&disclose, &s->disclose);
    if (!status) status = bt_session_track(s);
    if (!status) status = bt_swap_create(&swap, s->grant, &s->swap);
    if (!status) status = bt_described_begin(s, run->record, run->observer, &about);
    if (status) return status;
    struct bt_output_params output = {.log = s->log,
                                      .disclose = s->disclose,
                                      .width_px = s->width_px,
                                      .height_px = s->height_px,
                                      .rate_num = shape->rate ? shape->rate : format->rate_num,
                                      .rate_den = shape->rate ? 1 : format->rate_den,
                                      .at_rate = shape->rate > 0,
                                      .loopback = run->loopback,
                                      .record = run->record,
                                      .hash = run->hash,
                                      .about = &about,
                                      .paced = format->live,
                                      .watch = {s, may_sleep(run, format->live) ? sleep_or_wake : NULL}};
    status = bt_output_create(&output, &s->output);
    if (status) return status;
    const struct bt_observer observer = bt_sidecar_observer(s->described.sidecar);
    if (run->watched) status = start_watching(s, observer);
    if (status) return status;
    struct bt_pipeline_params pipeline = {.log = s->log,
                                          .grant = s->grant,
                                          .capture = s->capture,
                                          .track = s->track,
                                          .swap = s->swap,
                                          .disclose = s->disclose,
                                          .output = s->output,
                                          .observer = s->referral ? bt_referral_observer(s->referral) : observer,
                                          .frames = run->frames,
                                          .hold_ns = hold_ns(&s->worn)};
    if (s->referral) pipeline.vouch = bt_referral_vouch(s->referral);
    status = bt_pipeline_create(&pipeline, &s->pipeline);
    if (!status && s->referral) bt_referral_begin(s->referral, s->pipeline);
    if (!status) bt_cache_save(&s->cache, s->gpu); /* now that every kernel is made */
    return status;
}

void bt_session_stop(struct bt_session *s) {
    bt_grant_withdraw(s->grant);
    bt_pipeline_stop(s->pipeline);
}

/* Ctrl-C withdraws. */
static void stop(void *user) {
    bt_session_stop(user);
}

/* The next tick shows the card, and is the last. */
static void lapse(void *user) {
    struct bt_session *s = user;
    atomic_store(&s->lapsed, true);
    bt_grant_withdraw(s->grant);
}

static bt_status start_attending(struct bt_session *s, struct bt_attend **out_attend) {
    if (!s->referral || s->person || !bt_terminal_attended()) return BT_OK;
    const struct bt_attend_params params = {
        .log = s->log, .referral = s->referral, .notice = s->notice, .chinese = bt_terminal_chinese(), .stop = stop, .user = s};
    return bt_attend_create(&params, out_attend);
}

bt_status bt_session_run(struct bt_session *s) {
    struct bt_terminal_watch *watch = s->person ? NULL : bt_terminal_watch_signals(stop, s);
    struct bt_watch *owner = NULL;
    struct bt_attend *attend = NULL;
    if (!watch && !s->person) return BT_E_MEMORY;
    bt_status status = s->worn.mask ? bt_watch_create(&s->trust, &s->worn, lapse, s, &owner) : BT_OK;
    if (!status) status = start_attending(s, &attend);
    if (!status) status = bt_pipeline_run(s->pipeline);
    bt_attend_destroy(&attend);
    bt_watch_destroy(&owner);
    bool stopped = !bt_grant_live(s->grant, bt_clock_now_ns());
    bt_terminal_unwatch(&watch);
    bt_status finished = bt_output_finish(s->output);
    if (status == BT_E_CONSENT && stopped && !atomic_load(&s->lapsed)) status = BT_OK;
    return status ? status : finished;
}

static json_t *rounded(double value) {
    return json_real((double)(int64_t)(value * 1000 + 0.5) / 1000);
}

json_t *bt_session_stats(const struct bt_session *s) {
    if (!s->pipeline) return NULL;
    struct bt_pipeline_stats p = bt_pipeline_stats_of(s->pipeline);
    struct bt_output_stats out = bt_output_stats_of(s->output);
    const struct bt_referral_counts decided = s->referral ? bt_referral_counts(s->referral) : (struct bt_referral_counts){0};
    const struct bt_gpu_caps *caps = bt_gpu_caps(s->gpu);
    char size[32], device[600];
    snprintf(size, sizeof size, "%" PRIu32 "x%" PRIu32, s->width_px, s->height_px);
    snprintf(device, sizeof device, "%s (%s)", caps->name, caps->driver);
    json_t *stages = json_object(), *placards = json_object();
    for (int i = 0; i < BT_STAGE_COUNT; i++)
        json_object_set_new(stages, bt_stage_name((enum bt_stage)i), rounded(p.stage_ms[i]));
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++)
        if (p.placards_by_status[i])
            json_object_set_new(placards, bauta_status_text((bauta_status)i),
                                json_integer((json_int_t)p.placards_by_status[i]));
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:s,s:o,s:{s:o,s:o},s:o,s:o,s:s,s:s,s:o,s:I,s:I,s:I,s:s,s:s,s:{s:I,s:I},s:{s:I,s:I,s:I}}",
        "frames", (json_int_t)p.frames, "swapped", (json_int_t)p.swapped, "placard", (json_int_t)p.placard, "held",
        (json_int_t)p.held, "disclosed", (json_int_t)p.disclosed, "size", size, "fps", rounded(p.fps), "latency_ms", "p50",
        rounded(p.latency_p50_ms), "p99", rounded(p.latency_p99_ms), "stages_ms", stages, "cpu_ms", rounded(p.cpu_ms), "device",
        device, "face", s->worn.mask ? "a person's" : s->mask->name, "placards", placards, "tracked", (json_int_t)p.with_face,
        "camera_dropped", (json_int_t)bt_capture_dropped(s->capture), "output_dropped", (json_int_t)out.dropped, "label",
        bt_disclose_label_text(), "profiles", s->profiles->names, "mark", "looks", (json_int_t)out.mark_looks, "seen",
        (json_int_t)out.mark_seen, "wearer", "referred", (json_int_t)decided.referred, "approved", (json_int_t)decided.approved,
        "strangers", (json_int_t)decided.strangers);
}

void bt_session_finish(struct bt_session *s, bt_status status) {
    bt_referral_destroy(&s->referral); /* its lines come before the last */
    if (s->grant && s->audit) {
        char frames[24] = "0", masked[24] = "0";
        if (s->pipeline) {
            struct bt_pipeline_stats p = bt_pipeline_stats_of(s->pipeline);
            snprintf(frames, sizeof frames, "%" PRIu64, p.frames);
            snprintf(masked, sizeof masked, "%" PRIu64, p.swapped);
        }
        const struct bt_audit_field fields[] = {{"session", bt_grant_session(s->grant)},
                                                {"why", bauta_status_text(status)},
                                                {"frames", frames},
                                                {"masked", masked}};
        if (bt_audit_append(s->audit, bt_clock_wall_ns(), "session.ended", fields, BT_COUNT(fields)))
            bt_log_error(s->log, "the end of the session could not be logged");
        bt_described_end(s, status);
    }
    bt_pipeline_destroy(&s->pipeline);
    bt_wearer_destroy(&s->wearer);
    if (s->output) bt_output_destroy(&s->output);
    bt_described_finish(&s->described);
    if (s->swap) bt_swap_destroy(&s->swap);
    if (s->track) bt_track_destroy(&s->track);
    if (s->disclose) bt_disclose_destroy(&s->disclose);
    if (s->capture) bt_capture_destroy(&s->capture);
    bt_grant_destroy(&s->grant);
    bt_audit_close(&s->audit);
    bt_trust_close(&s->trust);
    bt_cache_close(&s->cache);
    if (s->gpu) bt_gpu_destroy(&s->gpu);
    if (s->worn.mask) s->mask = NULL;
    bt_worn_finish(&s->worn);
    bt_mask_destroy(&s->mask);
    bt_rig_destroy(&s->rig);
    bt_store_close(&s->models);
    free(s->notice);
    s->notice = NULL;
    free(s->profiles);
    s->profiles = NULL;
}
