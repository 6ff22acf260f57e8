/* SPDX-License-Identifier: MIT */
/* Line and step charts as SVG, for pages that stand alone: no script, no font, no file from elsewhere. */
#ifndef BT_EVALUATE_CHART_H
#define BT_EVALUATE_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum bt_chart_scale {
    BT_CHART_LINEAR,
    BT_CHART_LOG,    /* base 10; above 0 */
    BT_CHART_NORMAL, /* normal deviates: between 0 and 1. DET curves of normal scores are straight on it */
};
struct bt_chart_axis {
    const char *title;
    enum bt_chart_scale scale;
    double low, high; /* what is not between is drawn at the edge */
};
struct bt_chart_series {
    const char *name; /* NULL: not in the legend */
    const double *x, *y;
    uint32_t count;
    uint8_t colour; /* of the eight that can be told apart */
    bool filled;    /* down to the axis: a histogram */
    bool dots;      /* marks instead of a line */
};
struct bt_chart {
    const char *title;
    uint32_t width_px, height_px;
    struct bt_chart_axis x, y;
    const struct bt_chart_series *series;
    uint32_t count;
    bool legend_low;  /* at the bottom, where curves are high */
    bool legend_left; /* where they rise */
};

/* Titles and names are escaped. */
void bt_chart_draw(FILE *out, const struct bt_chart *chart);

#endif
