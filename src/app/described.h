/* SPDX-License-Identifier: MIT */
/* What a session says of itself: its manifest, filled in as it becomes known, and what its recording carries. */
#ifndef BT_APP_DESCRIBED_H
#define BT_APP_DESCRIBED_H

#include "app/sidecar.h"
#include "base/bytes.h"
#include "pipeline/output/output.h"

struct bt_session;
struct bt_session_consent;

/* Zero before it begins. */
struct bt_described {
    struct bt_manifest manifest;
    bool logged;              /* the manifest also lies with the installation's sessions */
    struct bt_signer *signer; /* made for this session, where nothing of the installation is opened */
    struct bt_sidecar *sidecar;
    char *aigc, *start, comment[256]; /* for the recording's container */
    struct bt_output_tag tag[5];
};

void bt_described_source(struct bt_session *session, const struct bt_session_consent *consent);
BT_CHECKED bt_status bt_described_model(struct bt_session *session, const char *name, const char sha256[BT_MANIFEST_DIGEST]);
/* Once the grant is there and the models are known: writes the first manifest, beside the recording (NULL: none) too.
   `next` is told of every frame. Then out_about is what the recording carries: borrowed from the session. */
BT_CHECKED bt_status bt_described_begin(struct bt_session *session, const char *record, struct bt_observer next,
                                        struct bt_output_about *out_about);
/* Writes the last, after the audit's closing line. */
void bt_described_end(struct bt_session *session, bt_status why);
void bt_described_finish(struct bt_described *described);

#endif
