/* SPDX-License-Identifier: MIT */
/* Looks for the mark in windows of 2 s, which say from when to when, and of 10 s, which find what is fainter. */
#include "app/verify.h"

#include "base/clock.h"
#include "base/log.h"
#include "pipeline/capture/capture.h"
#include "watermark/watermark.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t WINDOW_NS[2] = {2000000000, 10000000000}, SAY_EVERY_NS = 200000000;

struct window {
    struct bt_watermark_detector *detector;
    int64_t began_ns;
    uint32_t pictures;
};

struct looking {
    struct bt_verify *v;
    const char *name;
    struct window window[2];
    struct bt_verify_look look;
    int64_t first_ns, last_ns, total_ns; /* of the file; total: its own claim, 0 unknown */
    int64_t said_ns;
    bool found; /* a window of 2 s inside of this one of 10 s */
};

/* `extend`: the window also says how far the mark reaches; a brief one says it better. */
static void note(struct looking *l, const struct bt_watermark_result *r, bool extend) {
    struct bt_verify_look *look = &l->look;
    struct bt_verify_mark *m = look->mark;
    while (m < look->mark + look->marks && (m->session != r->session || m->key != r->key)) m++;
    if (m == look->mark + BT_VERIFY_MARKS) return; /* eight sessions in one file are told */
    if (m == look->mark + look->marks) {
        *m = (struct bt_verify_mark){.session = r->session, .key = r->key, .from_ns = r->from_ns, .to_ns = r->to_ns};
        look->marks++;
    }
    m->windows++;
    if (extend && r->from_ns < m->from_ns) m->from_ns = r->from_ns;
    if (extend && r->to_ns > m->to_ns) m->to_ns = r->to_ns;
    if (r->log10_false_alarm < m->log10_false_alarm) {
        m->log10_false_alarm = r->log10_false_alarm;
        m->scale = r->scale;
        m->x_px = r->x_px;
        m->y_px = r->y_px;
    }
}

/* Ends both windows that are full, or all when `last`. */
static void read_windows(struct looking *l, int64_t now_ns, bool last) {
    struct window *brief = &l->window[0], *wide = &l->window[1];
    const bool whole = brief->pictures == wide->pictures; /* the brief one holds all that the wide one does */
    struct bt_watermark_result r;
    const int64_t left_ns = l->total_ns - (now_ns - l->first_ns);       /* by the file's own claim */
    const bool nearly_over = left_ns > 0 && left_ns < WINDOW_NS[0] / 2; /* too little for a window of its own */
    if (brief->pictures && (last || (!nearly_over && now_ns - brief->began_ns >= WINDOW_NS[0]))) {
        bt_watermark_detector_read(brief->detector, &r);
        l->look.windows++;
        if (r.present) note(l, &r, true);
        l->found = l->found || r.present;
        bt_watermark_detector_reset(brief->detector);
        brief->pictures = 0;
    }
    if (wide->pictures && (last || now_ns - wide->began_ns >= WINDOW_NS[1])) {
        if (!(last && whole)) {
            bt_watermark_detector_read(wide->detector, &r);
            l->look.windows++;
            if (r.present) note(l, &r, !l->found);
        }
        bt_watermark_detector_reset(wide->detector);
        wide->pictures = 0;
        l->found = false;
    }
}

static void show_progress(struct looking *l, bool over) {
    enum { COLUMNS = 30 };
    const int64_t now_ns = bt_clock_now_ns();
    if (!l->v->progress || l->total_ns <= WINDOW_NS[0]) return;
    if (over) {
        fprintf(stderr, "\r\033[K");
        return;
    }
    if (now_ns - l->said_ns < SAY_EVERY_NS) return;
    l->said_ns = now_ns;
    double part = (double)(l->last_ns - l->first_ns) / (double)l->total_ns;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    char bar[COLUMNS + 1];
    for (int i = 0; i < COLUMNS; i++) bar[i] = i < (int)(part * COLUMNS) ? '#' : '.';
    bar[COLUMNS] = 0;
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%%s", l->name, bar, 100 * part, l->look.marks ? ", marked" : "");
    fflush(stderr);
}

static bt_status read_all(struct looking *l, struct bt_source *source, uint8_t *data) {
    struct bt_picture picture = {.data = data};
    for (;;) {
        if (atomic_load(&l->v->stopped)) return BT_E_INTERRUPTED;
        const bt_status status = source->ops->read(source, &picture);
        if (status == BT_E_END) break;
        if (status) return status;
        const int64_t now_ns = picture.capture_ns;
        if (!l->look.pictures++) l->first_ns = now_ns;
        read_windows(l, now_ns, false);
        for (size_t i = 0; i < BT_COUNT(l->window); i++) {
            struct window *w = &l->window[i];
            if (!w->pictures++) w->began_ns = now_ns;
            bt_watermark_detector_feed(w->detector, data, picture.width_px, now_ns - l->first_ns);
        }
        l->last_ns = now_ns;
        show_progress(l, false);
    }
    read_windows(l, l->last_ns, true);
    return BT_OK;
}

bt_status bt_verify_look(struct bt_verify *verify, const char *name, struct bt_source *source,
                         struct bt_verify_look *out_look) {
    const struct bt_source_format *f = &source->format;
    struct looking l = {.v = verify, .name = name, .total_ns = bt_source_file_length_ns(source)};
    const struct bt_watermark_detector_params params = {.width_px = f->width_px, .height_px = f->height_px};
    if (f->width_px < BT_WATERMARK_LEAST_PX || f->height_px < BT_WATERMARK_LEAST_PX) {
        bt_log_error(verify->warnings, "%s: %u x %u px is too small to look at; %d a side is the least", name, f->width_px,
                     f->height_px, BT_WATERMARK_LEAST_PX);
        return BT_E_UNSUPPORTED;
    }
    uint8_t *data = malloc(bt_picture_bytes(f->pixels, f->width_px, f->height_px));
    bt_status status = data ? BT_OK : BT_E_MEMORY;
    for (size_t i = 0; !status && i < BT_COUNT(l.window); i++)
        status = bt_watermark_detector_create(&params, &l.window[i].detector);
    if (!status) status = read_all(&l, source, data);
    show_progress(&l, true);
    for (size_t i = 0; i < BT_COUNT(l.window); i++) bt_watermark_detector_destroy(&l.window[i].detector);
    free(data);
    if (status) return status;
    l.look.width_px = f->width_px;
    l.look.height_px = f->height_px;
    l.look.length_ns = l.last_ns - l.first_ns;
    for (uint32_t i = 0; i < l.look.marks; i++) /* each window was a chance of a false alarm */
        l.look.mark[i].log10_false_alarm += log10f((float)l.look.windows);
    *out_look = l.look;
    return BT_OK;
}
