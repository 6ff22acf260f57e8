/* SPDX-License-Identifier: MIT */
#include "app/top.h"

#include "control/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { BAR_COLUMNS = 40, REASONS_SHOWN = 4 };

struct screen {
    char *at;
    size_t left;
    int rows;
};

/* One line, cut to the screen: texts on it may be long, though they are one byte a column but for names of devices. */
__attribute__((format(printf, 2, 3))) static void line(struct screen *s, const char *format, ...) {
    char text[4 * BT_TOP_COLUMNS];
    va_list args;
    if (s->rows == BT_TOP_ROWS) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int columns = 0;
    char *end = text;
    for (; *end; end++) {
        if ((unsigned char)*end < 0x20 || *end == 0x7f) *end = '?';
        if (((unsigned char)*end & 0xc0) == 0x80) continue; /* UTF-8 continues: no column of its own */
        if (columns++ == BT_TOP_COLUMNS) break;
    }
    while (end > text && end[-1] == ' ') end--;
    *end = 0;
    int n = snprintf(s->at, s->left, "%s\n", text);
    if (n < 0 || (size_t)n >= s->left) return;
    s->at += n;
    s->left -= (size_t)n;
    s->rows++;
}

static void bar(char out[BAR_COLUMNS + 1], double part) {
    const size_t full = part >= 1 ? BAR_COLUMNS : part > 0 ? (size_t)(part * BAR_COLUMNS + 0.5) : 0;
    memset(out, '#', full);
    out[full] = 0;
}

static const char *why_of(const struct bt_control_status *s) {
    const bool card = s->state == BT_CONTROL_CARD || s->state == BT_CONTROL_HELD || s->state == BT_CONTROL_REFERRED;
    return card ? bauta_status_text(s->why) : "";
}

/* The reasons that cost most frames, most first. */
static void draw_reasons(struct screen *screen, const struct bt_control_status *s) {
    double below = 1e300;
    for (int shown = 0; shown < REASONS_SHOWN; shown++) {
        int best = 0;
        for (int i = 1; i < BAUTA_STATUS_COUNT; i++)
            if (s->placards_by_status[i] > s->placards_by_status[best] && s->placards_by_status[i] < below) best = i;
        if (!best) return;
        below = s->placards_by_status[best];
        line(screen, "  %10.0f  %s", below, bauta_status_text((bt_status)best));
    }
}

void bt_top_draw(const struct bt_control_status *s, char *out_text, size_t bytes) {
    struct screen screen = {out_text, bytes, 0};
    char filled[BAR_COLUMNS + 1];
    double budget_ms = s->fps > 0 ? 1000 / s->fps : 0;
    const unsigned seconds = s->uptime_s > 0 && s->uptime_s < 1e9 ? (unsigned)s->uptime_s : 0;
    out_text[0] = 0;
    const char *why = why_of(s);
    line(&screen, "bauta %.0f  %s%s%s", s->pid, bt_control_state_text(s->state), *why ? ": " : "", why);
    line(&screen, "%s, %.0fx%.0f, for %u:%02u:%02u, %s", s->face, s->width_px, s->height_px, seconds / 3600, seconds / 60 % 60,
         seconds % 60, s->device);
    line(&screen, "%s%s", s->hint, *s->hint ? ". bauta ctl approve, or stop" : "");
    line(&screen, "%6.1f frames/s   latency %.1f ms, at worst (99 %%) %.1f ms   newest %.0f ms ago", s->fps, s->latency_p50_ms,
         s->latency_p99_ms, s->queue_age_ms);
    line(&screen, "%s", "");
    for (uint32_t i = 0; i < s->stage_count && i < BT_CONTROL_STAGES_MOST; i++) {
        bar(filled, budget_ms > 0 ? s->stage[i].ms / budget_ms : 0);
        line(&screen, "  %-10.10s %8.2f ms  %s", s->stage[i].name, s->stage[i].ms, filled);
        if (screen.rows == BT_TOP_ROWS - 9) break; /* what follows is shown in any case */
    }
    line(&screen, "%s", "");
    line(&screen, "  %10.0f  frames: %.0f masked, %.0f held, %.0f cards", s->frames, s->masked, s->held, s->placards);
    draw_reasons(&screen, s);
    line(&screen, "  dropped: %.0f by the camera, %.0f by the outputs", s->camera_dropped, s->output_dropped);
    line(&screen, "  memory: %.0f MiB, on the GPU %.0f MiB", s->rss_bytes / 1048576, s->gpu_bytes / 1048576);
}
