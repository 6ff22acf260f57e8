/* SPDX-License-Identifier: MIT */
#include "support/oracle.h"
#include "pipeline/disclose/check.h"
#include "support/label_reader.h"
#include "watermark/dose.h"
#include <math.h>
#include <stdlib.h>

struct oracle {
    struct label_reader *reader;
    struct bt_watermark_detector *detector;
    struct bt_watermark_tile tile;
    uint32_t session, w, h, fed;
    uint8_t *luma; /* of YUYV, by itself */
};

struct oracle *oracle_open(const uint8_t *font, size_t font_bytes, uint32_t session, uint32_t width_px, uint32_t height_px) {
    struct oracle *o = calloc(1, sizeof *o);
    if (!o) return NULL;
    *o = (struct oracle){.session = session, .w = width_px, .h = height_px};
    bt_watermark_tile_init(session, BT_WATERMARK_KEY, &o->tile);
    o->luma = malloc((size_t)width_px * height_px);
    o->reader = label_reader_open(font, font_bytes);
    const struct bt_watermark_detector_params params = {.width_px = width_px, .height_px = height_px, .scale = 1};
    if (!o->luma || !o->reader || bt_watermark_detector_create(&params, &o->detector)) oracle_close(&o);
    return o;
}

void oracle_close(struct oracle **oracle) {
    struct oracle *o = *oracle;
    if (!o) return;
    label_reader_close(o->reader);
    bt_watermark_detector_destroy(&o->detector);
    free(o->luma);
    free(o);
    *oracle = NULL;
}

/* A card's mark does not turn; a held frame's sign is whatever it was. Others may be turning when the clock
   says so; when they do not, the sign is what they say (dose.h). Tests' pictures are quiet enough to see every mark. */
static const char *look_at_mark(const struct oracle *o, const struct bt_disclosed_view *view, enum oracle_frame frame) {
    const struct bt_watermark_plane plane = bt_disclose_luma(view);
    const struct bt_watermark_strength found = bt_watermark_strength_of(&o->tile, &view->dose, &plane, 1);
    const bool kept = fabsf(view->dose.sign) >= BT_WATERMARK_HELD;
    const float sign = frame == ORACLE_CARD ? 1 : kept ? view->dose.sign : bt_watermark_sign(view->capture_ns);
    const bool turning = bt_watermark_judge((struct bt_watermark_strength){sign, 0}, sign) == BT_WATERMARK_UNSURE;
    if (frame == ORACLE_HELD || turning) return NULL; /* it may have been made while the sign turned: the window says more */
    return bt_watermark_judge(found, sign) == BT_WATERMARK_THERE ? NULL : "the invisible mark is not there";
}

const char *oracle_look(struct oracle *o, const struct bt_disclosed_view *view, enum oracle_frame frame) {
    const bool yuyv = view->egress == BT_EGRESS_YUYV;
    if (view->width_px != o->w || view->height_px != o->h) return "another size";
    if (view->size_bytes != (size_t)o->w * o->h * (yuyv ? 4 : 3) / 2) return "not the bytes of such a frame";
    /* What is quick comes first: the reader searches the whole picture for a label that is not where it was. */
    if (!bt_disclose_check(view, NULL)) return "the label's plate is not as it was drawn";
    const char *wrong = look_at_mark(o, view, frame);
    if (wrong) return wrong;
    const struct label_picture picture =
        yuyv ? label_picture_yuyv(view->bytes, o->w, o->h) : label_picture_planar(view->bytes, o->w, o->w, o->h);
    const struct label_reading reading = label_reader_read(o->reader, &picture);
    if (!reading.there) return reading.lacks;
    if (frame == ORACLE_NEW) {
        for (size_t i = 0; yuyv && i < (size_t)o->w * o->h; i++) o->luma[i] = view->bytes[2 * i];
        bt_watermark_detector_feed(o->detector, yuyv ? o->luma : view->bytes, o->w, view->capture_ns);
        o->fed++;
    }
    return NULL;
}

const char *oracle_window(struct oracle *o) {
    struct bt_watermark_result found = {0};
    const bool enough = o->fed >= ORACLE_LEAST;
    if (enough) bt_watermark_detector_read(o->detector, &found);
    bt_watermark_detector_reset(o->detector);
    o->fed = 0;
    if (!enough) return NULL;
    if (!found.present) return "the mark is not found blind";
    return found.session == o->session ? NULL : "the mark says another session";
}
