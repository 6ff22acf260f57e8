/* SPDX-License-Identifier: MIT */
/* A masked face is no person's: before a face is made, the pictures of the whole try are looked through for the program's own
   invisible mark, as `bauta verify` would. A screen that shows a session passes every movement (`bauta evaluate liveness`). */
#include "app/enroll.h"

#include "app/shot.h"
#include "trust/vault/secret.h"
#include "watermark/watermark.h"

#include <stdlib.h>

static const int64_t every_ns = 60000000; /* the mark turns each second: no more pictures are needed */

struct bt_enroll_marked {
    struct bt_watermark_detector *detector;
    struct bt_secret *luma;
    uint32_t width_px;
    int64_t fed_ns;
};

bt_status bt_enroll_marked_create(struct bt_log *log, uint32_t width_px, uint32_t height_px,
                                  struct bt_enroll_marked **out_marked) {
    const struct bt_watermark_detector_params params = {.width_px = width_px, .height_px = height_px};
    struct bt_enroll_marked *m = calloc(1, sizeof *m);
    if (!m) return BT_E_MEMORY;
    m->width_px = width_px;
    bt_status status = bt_watermark_detector_create(&params, &m->detector);
    if (!status) status = bt_secret_create(log, (size_t)width_px * height_px, &m->luma);
    bt_enroll_marked_reset(m);
    if (status)
        bt_enroll_marked_destroy(&m);
    else
        *out_marked = m;
    return status;
}

void bt_enroll_marked_destroy(struct bt_enroll_marked **marked) {
    if (!*marked) return;
    bt_watermark_detector_destroy(&(*marked)->detector);
    bt_secret_destroy(&(*marked)->luma);
    free(*marked);
    *marked = NULL;
}

void bt_enroll_marked_reset(struct bt_enroll_marked *m) {
    if (m->detector) bt_watermark_detector_reset(m->detector);
    m->fed_ns = INT64_MIN / 2;
}

void bt_enroll_marked_add(struct bt_enroll_marked *m, const struct bt_shot *shot, int64_t now_ns) {
    if (now_ns - m->fed_ns < every_ns) return;
    m->fed_ns = now_ns;
    bt_shot_luma(shot, bt_secret_data(m->luma));
    bt_watermark_detector_feed(m->detector, bt_secret_data(m->luma), m->width_px, now_ns);
}

bool bt_enroll_marked_is(struct bt_enroll_marked *m) {
    struct bt_watermark_result result;
    bt_watermark_detector_read(m->detector, &result);
    return result.present;
}
