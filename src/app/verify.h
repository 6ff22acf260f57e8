/* SPDX-License-Identifier: MIT */
/* bauta verify: is the invisible mark in these pictures, of which session, and whose was that. */
#ifndef BT_APP_VERIFY_H
#define BT_APP_VERIFY_H

#include "base/status.h"
#include "trust/manifest/manifest.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_source;
struct json_t;

enum { BT_VERIFY_MARKS = 8, BT_VERIFY_CLAIMS = 16 };

/* What all files of one call share. */
struct bt_verify {
    struct bt_log *log;                /* the program's */
    struct bt_log *warnings;           /* the same without what is only told */
    const char *manifest;              /* --manifest, or NULL */
    const char *key;                   /* --key: 64 hex digits, or the 16 of a fingerprint; or NULL */
    bool has_own, progress;            /* progress: a person looks at standard error */
    uint8_t own[BT_SEAL_PUBLIC_BYTES]; /* this installation's key */
    atomic_bool stopped;
    pthread_mutex_t lock;
    struct bt_source *reading; /* what a signal interrupts; under the lock */
};

/* ---- the pictures (verify_look.c) ---- */

/* One session's mark, over all windows of time in which it was found. */
struct bt_verify_mark {
    uint32_t session;
    uint16_t key;
    uint32_t windows;
    int64_t from_ns, to_ns;  /* since the first picture */
    float log10_false_alarm; /* of the surest window, times the windows that were looked at */
    float scale, x_px, y_px; /* there: this picture's size by the marked one's, and where a tile begins */
};
struct bt_verify_look {
    uint64_t pictures;
    uint32_t windows; /* that were looked at */
    uint32_t width_px, height_px;
    int64_t length_ns; /* from the first picture to the last */
    struct bt_verify_mark mark[BT_VERIFY_MARKS];
    uint32_t marks;
};
/* Reads the source to its end. BT_E_INTERRUPTED; BT_E_UNSUPPORTED: too small to look at (the log says so). */
BT_CHECKED bt_status bt_verify_look(struct bt_verify *verify, const char *name, struct bt_source *source,
                                    struct bt_verify_look *out_look);

/* ---- manifests (verify_claims.c) ---- */

enum bt_verify_place { BT_VERIFY_GIVEN, BT_VERIFY_BESIDE, BT_VERIFY_INSIDE, BT_VERIFY_KEPT };
enum bt_verify_signer { BT_VERIFY_OWN, BT_VERIFY_NAMED, BT_VERIFY_EPHEMERAL, BT_VERIFY_UNKNOWN };
struct bt_verify_claim {
    enum bt_verify_place place;
    char path[PATH_MAX];
    const char *why; /* it is not to be believed, or speaks of something else; NULL: it fits. Static English */
    bool genuine;    /* signed as it is by the key that it names; only then the rest means something */
    enum bt_verify_signer signer;
    char fingerprint[BT_MANIFEST_FINGERPRINT];
    struct bt_manifest manifest;
};
struct bt_verify_claims {
    struct bt_verify_claim *claim; /* the caller frees it */
    uint32_t count;
    bool against;  /* one of them speaks against the file, or --key is not met */
    int32_t taken; /* the one to be told: it fits; else -1 */
};
/* All that can be had for the file: given, beside it, inside (the container's text, or NULL), and of the own sessions. */
BT_CHECKED bt_status bt_verify_claims(const struct bt_verify *verify, const char *path, const char *inside,
                                      const struct bt_verify_look *look, struct bt_verify_claims *out_claims);
/* NULL when this manifest fits one of the marks; else what does not. Pure. */
const char *bt_verify_misfit(const struct bt_manifest *manifest, const struct bt_verify_look *look, int64_t now_s);

/* ---- words (verify_say.c) ---- */

struct bt_verify_result {
    const char *path;
    bt_status status; /* BT_OK: it was looked at */
    struct bt_verify_look look;
    struct bt_verify_claims claims;
};
/* Marked, and nothing that was given or found speaks against it. */
bool bt_verify_good(const struct bt_verify_result *result);
void bt_verify_say(const struct bt_verify_result *result);
struct json_t *bt_verify_json(const struct bt_verify_result *result); /* the caller drops it; NULL: no memory */

#endif
