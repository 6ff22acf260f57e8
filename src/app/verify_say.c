/* SPDX-License-Identifier: MIT */
/* What was found, for a person and for a program. It says what is there; of what is not there it says that this proves nothing.
 */
#include "app/verify.h"

#include "base/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char ABSENCE[] =
    "this proves nothing about where the pictures come from: a mark can be lost, and other programs leave none";
static const char *const places[] = {"given", "beside", "inside", "sessions"};
static const char *const signers[] = {"own", "given", "ephemeral", "unknown"};
static const char *const signer_words[] = {
    "by this installation", "by the key that you gave",
    "by a key made for that session alone: nothing was changed since, but who signed it cannot be told",
    ("by a key that is not known here: nothing was changed since, but who signed it cannot be told. Ask for the other's "
     "bauta identity key and give it as --key")};

bool bt_verify_good(const struct bt_verify_result *r) {
    return !r->status && r->look.marks && !r->claims.against;
}

static double seconds(int64_t ns) {
    return (double)ns / 1e9;
}

static void moment(int64_t s, char out[32]) {
    const time_t t = (time_t)s;
    struct tm utc = {0};
    gmtime_r(&t, &utc);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &utc);
}

static const char *place_words(const struct bt_verify_claim *c) {
    return c->place == BT_VERIFY_INSIDE ? "in the file's own metadata" : c->path;
}

static void say_mark(const struct bt_verify_result *r, const struct bt_verify_mark *m) {
    printf("  mark         session %08" PRIx32 ", key %d\n", m->session, m->key);
    if (r->look.pictures > 1)
        printf("  seen         from %.1f s to %.1f s, in %" PRIu32 " of %" PRIu32 " windows of time\n", seconds(m->from_ns),
               seconds(m->to_ns), m->windows, r->look.windows);
    printf("  confidence   %s: of pictures without this mark, fewer than one in 10^%.0f would look so\n",
           m->log10_false_alarm <= -9 ? "as good as certain" : "very strong", floor(-(double)m->log10_false_alarm));
    printf("  found at     %.3g times the size that was marked, a tile at %.1f, %.1f px\n", (double)m->scale, (double)m->x_px,
           (double)m->y_px);
}

static void say_session(const struct bt_manifest *m) {
    static const char *const roles[BT_MANIFEST_ROLES] = {"a mask that belongs to nobody", "an enrolled face",
                                                         "a face that was lent"};
    char from[32], to[32];
    moment(m->start_s, from);
    moment(m->end_s, to);
    printf("  session      %s\n", m->session);
    printf("               %s to %s%s; %s %s\n", from, to,
           m->state == BT_MANIFEST_RUNNING ? " or later (it still ran, or was cut short)" : "", m->software, m->version);
    printf("               %s (%s); %" PRIu64 " frames: %" PRIu64 " masked, %" PRIu64 " held, %" PRIu64 " cards\n",
           roles[m->role], m->pseudonym, bt_manifest_frames(&m->counts), m->counts.masked, m->counts.held,
           bt_manifest_placards(&m->counts));
}

void bt_verify_say(const struct bt_verify_result *r) {
    if (r->status) {
        printf("%s: could not be looked at\n", r->path);
        return;
    }
    if (r->look.marks)
        printf("%s: marked by bauta\n", r->path);
    else
        printf("%s: no mark found in %" PRIu64 " picture%s; %s\n", r->path, r->look.pictures, r->look.pictures == 1 ? "" : "s",
               ABSENCE);
    for (uint32_t i = 0; i < r->look.marks; i++) say_mark(r, &r->look.mark[i]);
    for (uint32_t i = 0; i < r->claims.count; i++) {
        const struct bt_verify_claim *c = &r->claims.claim[i];
        if (c->why && !c->genuine)
            printf("  NOT VALID    the manifest %s: %s\n", place_words(c), c->why);
        else if (c->why)
            printf("  DOES NOT FIT the manifest %s, of session %s, key %s: %s\n", place_words(c), c->manifest.session,
                   c->fingerprint, c->why);
    }
    if (r->claims.taken >= 0) {
        const struct bt_verify_claim *c = &r->claims.claim[r->claims.taken];
        printf("  manifest     %s\n               signed %s (%s)\n", place_words(c), signer_words[c->signer], c->fingerprint);
        say_session(&c->manifest);
    } else if (r->look.marks) {
        printf("  manifest     none that fits: whose session it was cannot be told. --manifest FILE names one\n");
    }
}

static json_t *mark_json(const struct bt_verify_mark *m) {
    char session[9];
    snprintf(session, sizeof session, "%08" PRIx32, m->session);
    return json_pack("{s:s,s:i,s:f,s:f,s:I,s:f,s:f,s:f,s:f}", "session", session, "key", m->key, "from_s", seconds(m->from_ns),
                     "to_s", seconds(m->to_ns), "windows", (json_int_t)m->windows, "log10_false_alarm",
                     (double)m->log10_false_alarm, "scale", (double)m->scale, "x_px", (double)m->x_px, "y_px", (double)m->y_px);
}

static json_t *claim_json(const struct bt_verify_claim *c) {
    json_t *json = json_pack("{s:s,s:s,s:b,s:b}", "where", places[c->place], "path", c->path, "genuine", c->genuine, "fits",
                             c->why == NULL);
    if (json && c->why) json_object_set_new(json, "why", json_string(c->why));
    if (json && c->genuine) {
        const struct bt_manifest *m = &c->manifest;
        char from[32], to[32];
        moment(m->start_s, from);
        moment(m->end_s, to);
        json_object_set_new(json, "signed_by", json_string(signers[c->signer]));
        json_object_set_new(json, "fingerprint", json_string(c->fingerprint));
        json_object_set_new(json, "session", json_string(m->session));
        json_object_set_new(json, "state", json_string(m->state == BT_MANIFEST_RUNNING ? "running" : "ended"));
        json_object_set_new(json, "start", json_string(from));
        json_object_set_new(json, "end", json_string(to));
    }
    return json;
}

json_t *bt_verify_json(const struct bt_verify_result *r) {
    const char *verdict = r->status           ? "unreadable"
                          : bt_verify_good(r) ? "marked"
                          : r->look.marks     ? "mismatch"
                                              : "no mark found";
    json_t *marks = json_array(), *claims = json_array();
    for (uint32_t i = 0; i < r->look.marks; i++) json_array_append_new(marks, mark_json(&r->look.mark[i]));
    for (uint32_t i = 0; i < r->claims.count; i++) json_array_append_new(claims, claim_json(&r->claims.claim[i]));
    json_t *json = json_pack("{s:s,s:s,s:I,s:I,s:f,s:o,s:o,s:i}", "file", r->path, "verdict", verdict, "pictures",
                             (json_int_t)r->look.pictures, "windows", (json_int_t)r->look.windows, "seconds",
                             seconds(r->look.length_ns), "marks", marks, "manifests", claims, "taken", (int)r->claims.taken);
    if (json && r->status) json_object_set_new(json, "why", json_string(bauta_status_text(r->status)));
    if (json && !r->status && !r->look.marks) json_object_set_new(json, "note", json_string(ABSENCE));
    return json;
}
