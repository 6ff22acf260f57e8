/* SPDX-License-Identifier: MIT */
/* The manifests that may speak of a file, and whether they do. */
#include "app/verify.h"

#include "app/files.h"
#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const int64_t SECOND_NS = 1000000000;
enum {
    SLACK_S = 300, /* between two machines' clocks */
    LENGTH_S = 10, /* a picture at the very start and end, and the recording's own rounding */
};

const char *bt_verify_misfit(const struct bt_manifest *m, const struct bt_verify_look *look, int64_t now_s) {
    const struct bt_verify_mark *mark = NULL;
    for (uint32_t i = 0; i < look->marks && !mark; i++)
        if (look->mark[i].session == bt_manifest_payload(m->session)) mark = &look->mark[i];
    if (!mark) return look->marks ? "it is another session's" : "no mark was found to hold it against";
    if (mark->key != m->mark_key) return "the mark was made with another key";
    if (m->end_s < m->start_s) return "it ends before it starts";
    if (m->end_s > now_s + SLACK_S) return "it speaks of the future";
    /* A recording that is fed in may run faster or slower than the clock; a camera does not. */
    if (m->state == BT_MANIFEST_ENDED && m->source == BT_MANIFEST_CAMERA &&
        (mark->to_ns - mark->from_ns) / SECOND_NS > m->end_s - m->start_s + LENGTH_S)
        return "the marked pictures last longer than the session did";
    return NULL;
}

static bool is_named(const struct bt_verify *v, const struct bt_verify_claim *c) {
    char hex[2 * BT_SEAL_PUBLIC_BYTES + 1];
    bt_seal_hex_encode(c->manifest.key, BT_SEAL_PUBLIC_BYTES, hex);
    return v->key && (!strcasecmp(v->key, hex) || !strcasecmp(v->key, c->fingerprint));
}

/* Adds what these bytes claim. */
static bt_status judge(const struct bt_verify *v, struct bt_bytes bytes, enum bt_verify_place place, const char *path,
                       const struct bt_verify_look *look, struct bt_verify_claims *claims) {
    struct bt_verify_claim *c = &claims->claim[claims->count];
    bt_status status = BT_OK;
    if (claims->count == BT_VERIFY_CLAIMS) return BT_OK;
    memset(c, 0, sizeof *c);
    c->place = place;
    snprintf(c->path, sizeof c->path, "%s", path);
    c->genuine = !bt_manifest_read(bytes, &c->manifest, &c->why);
    if (c->genuine) {
        status = bt_manifest_fingerprint(c->manifest.key, c->fingerprint);
        c->signer = v->has_own && !memcmp(v->own, c->manifest.key, sizeof v->own) ? BT_VERIFY_OWN
                    : is_named(v, c)                                              ? BT_VERIFY_NAMED
                    : c->manifest.origin == BT_MANIFEST_EPHEMERAL                 ? BT_VERIFY_EPHEMERAL
                                                                                  : BT_VERIFY_UNKNOWN;
        c->why = bt_verify_misfit(&c->manifest, look, bt_clock_wall_ns() / SECOND_NS);
        if (!c->why && v->key && !is_named(v, c)) c->why = "another key signed it than the one that was given";
    }
    if (place == BT_VERIFY_KEPT && c->why) return status; /* one of many that lie there: not this file's business */
    claims->count++;
    return status;
}

static bt_status judge_file(const struct bt_verify *v, const char *path, enum bt_verify_place place,
                            const struct bt_verify_look *look, struct bt_verify_claims *claims) {
    struct bt_bytes bytes = {0};
    if (place != BT_VERIFY_GIVEN && access(path, F_OK)) return BT_OK;
    bt_status status = bt_files_read(v->warnings, path, BT_MANIFEST_MOST_BYTES, &bytes);
    if (!status) status = judge(v, bytes, place, path, look, claims);
    free((void *)bytes.data);
    return status;
}

/* The installation's own sessions whose name begins as a mark's number does. */
static bt_status judge_kept(const struct bt_verify *v, const struct bt_verify_look *look, struct bt_verify_claims *claims) {
    char folder[PATH_MAX], path[PATH_MAX + 300], number[9];
    DIR *d = bt_files_session(NULL, folder, sizeof folder) ? NULL : opendir(folder);
    bt_status status = BT_OK;
    for (const struct dirent *e; d && !status && (e = readdir(d));) {
        for (uint32_t i = 0; !status && i < look->marks; i++) {
            snprintf(number, sizeof number, "%08x", look->mark[i].session);
            const char *dot = strchr(e->d_name, '.');
            if (strncmp(e->d_name, number, 8) || !dot || strcmp(dot, ".json")) continue;
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
            status = judge_file(v, path, BT_VERIFY_KEPT, look, claims);
        }
    }
    if (d) closedir(d);
    return status;
}

bt_status bt_verify_claims(const struct bt_verify *v, const char *path, const char *inside, const struct bt_verify_look *look,
                           struct bt_verify_claims *out_claims) {
    struct bt_verify_claims claims = {.claim = calloc(BT_VERIFY_CLAIMS, sizeof *claims.claim), .taken = -1};
    char beside[PATH_MAX];
    if (!claims.claim) return BT_E_MEMORY;
    bt_status status = v->manifest ? judge_file(v, v->manifest, BT_VERIFY_GIVEN, look, &claims) : BT_OK;
    if (!status && snprintf(beside, sizeof beside, "%s.manifest.json", path) < PATH_MAX)
        status = judge_file(v, beside, BT_VERIFY_BESIDE, look, &claims);
    if (!status && inside)
        status = judge(v, (struct bt_bytes){(const uint8_t *)inside, strlen(inside)}, BT_VERIFY_INSIDE, path, look, &claims);
    if (!status) status = judge_kept(v, look, &claims);
    for (uint32_t i = 0; i < claims.count; i++) {
        if (claims.claim[i].why)
            claims.against = true;
        else if (claims.taken < 0)
            claims.taken = (int32_t)i;
    }
    if (v->key && claims.taken < 0) claims.against = true;
    if (status)
        free(claims.claim);
    else
        *out_claims = claims;
    return status;
}
