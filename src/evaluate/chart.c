/* SPDX-License-Identifier: MIT */
#include "evaluate/chart.h"

#include "evaluate/page.h"

#include <math.h>
#include <string.h>

enum { LEFT = 62, RIGHT = 16, TOP = 34, BOTTOM = 46, TICKS_MOST = 16, LINE_POINTS = 8 };

/* Okabe and Ito (2008): told apart also by people who do not see red and green apart. */
static const char *const colours[8] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#888888"};

/* Where the normal distribution function is p: by halving, to about 1e-12. */
static double deviate(double p) {
    double low = -9, high = 9;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (.5 * erfc(-middle / sqrt(2)) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

static double along(const struct bt_chart_axis *a, double value) {
    const double v = value < a->low || isnan(value) ? a->low : value > a->high ? a->high : value;
    switch (a->scale) {
    case BT_CHART_LOG:
        return (log10(v) - log10(a->low)) / (log10(a->high) - log10(a->low));
    case BT_CHART_NORMAL:
        return (deviate(v) - deviate(a->low)) / (deviate(a->high) - deviate(a->low));
    case BT_CHART_LINEAR:
        break;
    }
    return (v - a->low) / (a->high - a->low);
}

/* Places of a scale that read well. */
static uint32_t ticks_of(const struct bt_chart_axis *a, double *out) {
    static const double deviates[] = {1e-6, 1e-5, 1e-4, 1e-3, .01, .05, .2, .5, .8, .95, .99};
    uint32_t n = 0;
    if (a->scale == BT_CHART_NORMAL) {
        for (uint32_t i = 0; i < sizeof deviates / sizeof *deviates; i++)
            if (deviates[i] >= a->low && deviates[i] <= a->high) out[n++] = deviates[i];
    } else if (a->scale == BT_CHART_LOG) {
        for (int e = (int)ceil(log10(a->low) - 1e-9); e <= (int)floor(log10(a->high) + 1e-9) && n < TICKS_MOST; e++)
            out[n++] = pow(10, e);
    } else {
        const double rough = (a->high - a->low) / 6, ten = pow(10, floor(log10(rough)));
        const double step = rough / ten < 1.5 ? ten : rough / ten < 3.5 ? 2 * ten : rough / ten < 7.5 ? 5 * ten : 10 * ten;
        for (double v = ceil(a->low / step - 1e-9) * step; v <= a->high + 1e-9 * step && n < TICKS_MOST; v += step)
            out[n++] = fabs(v) < 1e-9 * step ? 0 : v;
    }
    return n;
}

struct frame {
    double x, y, w, h;
};

static double px_x(const struct frame *f, const struct bt_chart *c, double value) {
    return f->x + f->w * along(&c->x, value);
}

static double px_y(const struct frame *f, const struct bt_chart *c, double value) {
    return f->y + f->h * (1 - along(&c->y, value));
}

static void draw_axes(FILE *out, const struct bt_chart *c, const struct frame *f) {
    double tick[TICKS_MOST];
    const uint32_t columns = ticks_of(&c->x, tick);
    for (uint32_t i = 0; i < columns; i++)
        fprintf(out,
                "<path d=\"M%.1f %.1fV%.1f\" class=\"grid\"/><text x=\"%.1f\" y=\"%.1f\" class=\"tick\" "
                "text-anchor=\"middle\">%g</text>\n",
                px_x(f, c, tick[i]), f->y, f->y + f->h, px_x(f, c, tick[i]), f->y + f->h + 15, tick[i]);
    const uint32_t rows = ticks_of(&c->y, tick);
    for (uint32_t i = 0; i < rows; i++)
        fprintf(out,
                "<path d=\"M%.1f %.1fH%.1f\" class=\"grid\"/><text x=\"%.1f\" y=\"%.1f\" class=\"tick\" "
                "text-anchor=\"end\">%g</text>\n",
                f->x, px_y(f, c, tick[i]), f->x + f->w, f->x - 5, px_y(f, c, tick[i]) + 4, tick[i]);
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"frame\"/>\n", f->x, f->y, f->w, f->h);
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"axis\" text-anchor=\"middle\">", f->x + f->w / 2, f->y + f->h + 36);
    bt_page_text(out, c->x.title);
    fprintf(out, "</text>\n<text transform=\"translate(14 %.1f) rotate(-90)\" class=\"axis\" text-anchor=\"middle\">",
            f->y + f->h / 2);
    bt_page_text(out, c->y.title);
    fputs("</text>\n", out);
}

static void draw_series(FILE *out, const struct bt_chart *c, const struct frame *f, const struct bt_chart_series *s) {
    const char *colour = colours[s->colour % 8];
    if (s->dots) {
        for (uint32_t i = 0; i < s->count; i++)
            fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px_x(f, c, s->x[i]), px_y(f, c, s->y[i]),
                    colour);
        return;
    }
    if (!s->count) return;
    fprintf(out, "<path fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\" stroke-width=\"1.6\" d=\"", s->filled ? colour : "none",
            s->filled ? ".3" : "0", colour);
    for (uint32_t i = 0; i < s->count; i++)
        fprintf(out, "%s%c%.1f %.1f", i && i % LINE_POINTS == 0 ? "\n" : "", i ? 'L' : 'M', px_x(f, c, s->x[i]),
                px_y(f, c, s->y[i]));
    if (s->filled) fprintf(out, "V%.1fH%.1fZ", f->y + f->h, px_x(f, c, s->x[0]));
    fputs("\"/>\n", out);
}

static void draw_legend(FILE *out, const struct bt_chart *c, const struct frame *f) {
    size_t longest = 0;
    uint32_t named = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        if (!c->series[i].name) continue;
        const size_t length = strlen(c->series[i].name);
        longest = length > longest ? length : longest;
        named++;
    }
    if (!named) return;
    const double width = 6.6 * (double)longest + 26, height = 16.0 * named + 6,
                 x = c->legend_left ? f->x + width + 4 : f->x + f->w - 4; /* about, of a 12 px font */
    double y = c->legend_low ? f->y + f->h - height - 4 : f->y + 4;
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#fff\" fill-opacity=\".85\"/>\n", x - width,
            y, width, height);
    for (uint32_t i = 0; i < c->count; i++) {
        if (!c->series[i].name) continue;
        y += 16;
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"10\" height=\"10\" fill=\"%s\"/><text x=\"%.1f\" y=\"%.1f\" "
                "text-anchor=\"end\">",
                x - 14, y - 10, colours[c->series[i].colour % 8], x - 20, y - 1);
        bt_page_text(out, c->series[i].name);
        fputs("</text>\n", out);
    }
}

void bt_chart_draw(FILE *out, const struct bt_chart *c) {
    const struct frame f = {LEFT, TOP, (double)c->width_px - LEFT - RIGHT, (double)c->height_px - TOP - BOTTOM};
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"%u\" height=\"%u\" role=\"img\" "
            "aria-label=\"",
            c->width_px, c->height_px, c->width_px, c->height_px);
    bt_page_text(out, c->title);
    fprintf(out,
            "\">\n<style>.grid{stroke:#ddd;fill:none}.frame{stroke:#444;fill:none}text{font:12px sans-serif;fill:#222}"
            ".tick{font-size:11px}.title{font-size:14px;font-weight:bold}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%.1f\" y=\"20\" class=\"title\">",
            f.x);
    bt_page_text(out, c->title);
    fputs("</text>\n", out);
    draw_axes(out, c, &f);
    draw_legend(out, c, &f); /* first, so that it hides nothing */
    for (uint32_t i = 0; i < c->count; i++) draw_series(out, c, &f, &c->series[i]);
    fputs("</svg>\n", out);
}
