/* SPDX-License-Identifier: MIT */
#include "app/described.h"

#include "app/files.h"
#include "app/profiles.h"
#include "app/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "mask/mask.h"
#include "pipeline/disclose/disclose.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include "trust/vault/digest.h"
#include "watermark/watermark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_NS = 1000000000;
enum { PROGRAM_MOST_BYTES = 1 << 30 };

void bt_described_source(struct bt_session *s, const struct bt_session_consent *consent) {
    static const enum bt_manifest_source sources[BT_ORIGIN_COUNT] = {[BT_ORIGIN_CAMERA] = BT_MANIFEST_CAMERA,
                                                                     [BT_ORIGIN_FILE] = BT_MANIFEST_FILE,
                                                                     [BT_ORIGIN_BUILTIN] = BT_MANIFEST_BUILTIN};
    s->described.manifest.source = sources[consent->origin];
    s->described.logged = consent->logged;
}

bt_status bt_described_model(struct bt_session *s, const char *name, const char sha256[BT_MANIFEST_DIGEST]) {
    struct bt_manifest *m = &s->described.manifest;
    uint32_t i = 0;
    while (i < m->models && strcmp(m->model[i].name, name)) i++; /* an enrolment loads them anew with every try */
    if (i == BT_MANIFEST_MODELS) return BT_E_ARGUMENT;
    snprintf(m->model[i].name, sizeof m->model[i].name, "%s", name);
    memcpy(m->model[i].sha256, sha256, sizeof m->model[i].sha256);
    if (i == m->models) m->models++;
    return BT_OK;
}

static bt_status describe_software(struct bt_session *s) {
    struct bt_manifest *m = &s->described.manifest;
    struct bt_bytes program = {0};
    bt_status status = bt_files_read(s->log, "/proc/self/exe", PROGRAM_MOST_BYTES, &program);
    if (!status) status = bt_vault_sha256_hex(program.data, program.size, m->software_sha256);
    free((void *)program.data);
    snprintf(m->software, sizeof m->software, "bauta");
    snprintf(m->version, sizeof m->version, "%s", BAUTA_VERSION);
    return status;
}

static void describe_face(struct bt_session *s) {
    struct bt_manifest *m = &s->described.manifest;
    const struct bt_worn *w = &s->worn;
    m->role = !w->mask ? BT_MANIFEST_SYNTHETIC : w->lent ? BT_MANIFEST_LENT : BT_MANIFEST_OWN;
    /* The keyed pseudonym of the receipts; of a lent face, the pack's random number: its owner's key stays out of it. */
    snprintf(m->pseudonym, sizeof m->pseudonym, "%s",
             !w->mask  ? s->mask->name
             : w->lent ? w->pack.terms.pack_id
                       : w->own.last.subject);
}

/* The installation's key; where nothing of the installation is opened (the demo), one for this session. */
static bt_status choose_signer(struct bt_session *s, const struct bt_signer **out_signer) {
    struct bt_described *d = &s->described;
    struct bt_secret *seed = NULL;
    d->manifest.origin = s->trust.signer ? BT_MANIFEST_INSTALLATION : BT_MANIFEST_EPHEMERAL;
    bt_status status = s->trust.signer ? BT_OK : bt_seal_new_seed(s->log, &seed);
    if (seed) status = bt_seal_signer_create(s->log, seed, &d->signer);
    bt_secret_destroy(&seed);
    *out_signer = s->trust.signer ? s->trust.signer : d->signer;
    return status;
}

static bt_status place(struct bt_session *s, const char *record, char beside[PATH_MAX], char kept[PATH_MAX]) {
    beside[0] = kept[0] = 0;
    if (record && snprintf(beside, PATH_MAX, "%s.manifest.json", record) >= PATH_MAX) return BT_E_ARGUMENT;
    if (!s->described.logged) return BT_OK;
    bt_status status = bt_files_session(NULL, kept, PATH_MAX);
    if (!status) status = bt_files_make_private_folder(s->log, kept);
    return status ? status : bt_files_session(s->described.manifest.session, kept, PATH_MAX);
}

static char *newest(void *user) {
    return bt_sidecar_text(user);
}

static bt_status fill_tags(struct bt_described *d, struct bt_output_about *out_about) {
    bt_status status = bt_manifest_aigc(&d->manifest, &d->aigc);
    if (status) return status;
    d->start = bt_sidecar_text(d->sidecar);
    if (!d->start) return BT_E_MEMORY;
    snprintf(d->comment, sizeof d->comment, "%s. Made by bauta %s, session %s; bauta verify says more of it.",
             bt_disclose_label_text(), BAUTA_VERSION, d->manifest.session);
    const struct bt_output_tag tags[BT_COUNT(d->tag)] = {{"comment", d->comment},
                                                         {"AIGC", d->aigc},
                                                         {"digitalSourceType", BT_MANIFEST_SOURCE_TYPE},
                                                         {"bauta_session", d->manifest.session},
                                                         {"bauta_manifest", d->start}};
    memcpy(d->tag, tags, sizeof tags);
    *out_about = (struct bt_output_about){
        .tag = d->tag, .tags = BT_COUNT(d->tag), .user = d->sidecar, .last = newest, .last_key = "bauta_manifest"};
    return BT_OK;
}

bt_status bt_described_begin(struct bt_session *s, const char *record, struct bt_observer next,
                             struct bt_output_about *out_about) {
    struct bt_described *d = &s->described;
    struct bt_manifest *m = &d->manifest;
    char beside[PATH_MAX], kept[PATH_MAX];
    const struct bt_signer *signer = NULL;
    snprintf(m->session, sizeof m->session, "%s", bt_grant_session(s->grant));
    m->start_s = m->end_s = bt_clock_wall_ns() / SECOND_NS;
    m->mark_key = BT_WATERMARK_KEY;
    for (m->profiles = 0; m->profiles < s->profiles->count && m->profiles < BT_MANIFEST_PROFILES; m->profiles++)
        snprintf(m->profile[m->profiles], sizeof m->profile[0], "%s", s->profiles->id[m->profiles]);
    m->audit_lines = bt_audit_count(s->audit);
    snprintf(m->audit_head, sizeof m->audit_head, "%s", bt_audit_head(s->audit));
    describe_face(s);
    bt_status status = describe_software(s);
    if (!status) status = choose_signer(s, &signer);
    if (!status) status = place(s, record, beside, kept);
    if (status) return status;
    const struct bt_sidecar_params params = {.log = s->log,
                                             .signer = signer,
                                             .manifest = m,
                                             .file = {*kept ? kept : NULL, *beside ? beside : NULL},
                                             .is_private = {true, false},
                                             .next = next};
    status = bt_sidecar_create(&params, &d->sidecar);
    return status ? status : fill_tags(d, out_about);
}

void bt_described_end(struct bt_session *s, bt_status why) {
    struct bt_described *d = &s->described;
    if (d->sidecar && bt_sidecar_end(d->sidecar, why, bt_audit_count(s->audit), bt_audit_head(s->audit)))
        bt_log_error(s->log, "the session's manifest could not be finished: it still says that the session runs");
}

void bt_described_finish(struct bt_described *d) {
    bt_sidecar_destroy(&d->sidecar);
    bt_seal_signer_destroy(&d->signer);
    free(d->aigc);
    free(d->start);
    d->aigc = d->start = NULL;
}
