/* SPDX-License-Identifier: MIT */
/* Displacements made by hand from the landmarks' meaning (MediaPipe's canonical_face_model_uv_visualization.png shows the
   numbering). Sizes are portrait px: this face is 92 px wide at the ears. */
#include "footage/expression.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { LIP_PAIRS = 9, LID_PAIRS = 7, WIDE_GAP_PX = 18 };

/* Inner lips, right corner to left, upper above lower; then the lids, and the crease above the upper one. */
static const uint16_t upper_lip[LIP_PAIRS] = {191, 80, 81, 82, 13, 312, 311, 310, 415};
static const uint16_t lower_lip[LIP_PAIRS] = {95, 88, 178, 87, 14, 317, 402, 318, 324};
static const uint16_t corner[2] = {78, 308};
static const uint16_t upper_lid[2][LID_PAIRS] = {{246, 161, 160, 159, 158, 157, 173}, {466, 388, 387, 386, 385, 384, 398}};
static const uint16_t lower_lid[2][LID_PAIRS] = {{7, 163, 144, 145, 153, 154, 155}, {249, 390, 373, 374, 380, 381, 382}};
static const uint16_t crease[2][LID_PAIRS] = {{247, 30, 29, 27, 28, 56, 190}, {467, 260, 259, 257, 258, 286, 414}};
static const uint16_t brow[2][5] = {{70, 63, 105, 66, 107}, {300, 293, 334, 296, 336}};

static float smoothstep(float low, float high, float x) {
    float t = fminf(fmaxf((x - low) / (high - low), 0), 1);
    return t * t * (3 - 2 * t);
}

/* The line y(x) through the points, held at its ends. */
struct line {
    float x[LIP_PAIRS + 2], y[LIP_PAIRS + 2];
};

static float line_at(const struct line *line, float x) {
    size_t i = 0;
    while (i < LIP_PAIRS && x > line->x[i + 1]) {
        i++;
    }
    float part = (x - line->x[i]) / (line->x[i + 1] - line->x[i]);
    part = fminf(fmaxf(part, 0), 1);
    return line->y[i] + part * (line->y[i + 1] - line->y[i]);
}

static void init_mouth(struct bt_footage_expression *e) {
    const struct bt_vec3 *p = bt_footage_landmark;
    struct line upper, lower, seam;
    for (size_t i = 0; i < LIP_PAIRS + 2; i++) {
        bool end = i == 0 || i == LIP_PAIRS + 1;
        const struct bt_vec3 *u = end ? &p[corner[i != 0]] : &p[upper_lip[i - 1]];
        const struct bt_vec3 *l = end ? u : &p[lower_lip[i - 1]];
        upper.x[i] = u->x, upper.y[i] = u->y;
        lower.x[i] = l->x, lower.y[i] = l->y;
        seam.x[i] = (u->x + l->x) / 2;
        seam.y[i] = u->y + 0.5F * (l->y - u->y); /* both lips go half the way */
    }
    const float middle = (p[13].x + p[14].x) / 2;
    e->rest_gap_px = p[14].y - p[13].y;
    for (size_t v = 0; v < BT_FOOTAGE_FACE_VERTICES; v++) {
        float x = p[v].x, y = p[v].y, at = line_at(&seam, x);
        bool above = y < at;
        const struct line *edge = above ? &upper : &lower;
        float from_edge = y - line_at(edge, x);
        float outside = fmaxf(0, fmaxf(seam.x[0] - x, x - seam.x[LIP_PAIRS + 1]));
        e->press[v] = (at - line_at(edge, x)) * expf(-from_edge * from_edge / 81 - outside * outside / 25);
        if (!above) {
            /* The jaw turns about the ears: at once below the lip, slowly along the cheek. */
            float reach = 0.8F + 34 * smoothstep(12, 30, fabsf(x - middle));
            e->jaw[v] = smoothstep(0, 1, (y - at + 0.4F) / reach) *
                        (1 - 0.45F * smoothstep(13, 21, fabsf(x - middle)) * expf(-from_edge * from_edge / 60));
        }
    }
}

/* How a smile is taken back: its corners go inwards and down, and the cheeks follow. */
static void init_smile(struct bt_footage_expression *e) {
    const struct bt_vec3 *p = bt_footage_landmark;
    const struct bt_vec2 pull[2] = {{4.2F, 2.6F}, {-4.2F, 2.6F}};
    for (size_t v = 0; v < BT_FOOTAGE_FACE_VERTICES; v++) {
        for (size_t side = 0; side < 2; side++) {
            const struct bt_vec3 *c = &p[side ? 291 : 61];
            float d2 = (p[v].x - c->x) * (p[v].x - c->x) + (p[v].y - c->y) * (p[v].y - c->y);
            float near = expf(-d2 / (2 * 11 * 11));
            e->relax[v].x += pull[side].x * near;
            e->relax[v].y += pull[side].y * near;
        }
    }
}

static void init_eyes(struct bt_footage_expression *e) {
    const struct bt_vec3 *p = bt_footage_landmark;
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < LID_PAIRS; i++) {
            float gap = p[lower_lid[side][i]].y - p[upper_lid[side][i]].y;
            e->lid[upper_lid[side][i]] = 0.97F * gap;
            e->lid[lower_lid[side][i]] = -0.03F * gap;
            e->lid[crease[side][i]] = 0.4F * gap;
        }
    }
    for (size_t v = 0; v < BT_FOOTAGE_FACE_VERTICES; v++) {
        float nearest = 1e9F;
        for (size_t k = 0; k < 10; k++) {
            const struct bt_vec3 *b = &p[brow[k / 5][k % 5]];
            nearest = fminf(nearest, (p[v].x - b->x) * (p[v].x - b->x) + 1.5F * (p[v].y - b->y) * (p[v].y - b->y));
        }
        e->brow[v] = -4.5F * expf(-nearest / (2 * 6.5F * 6.5F));
    }
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < LID_PAIRS; i++) {
            e->brow[upper_lid[side][i]] *= 0.25F;
            e->brow[lower_lid[side][i]] = 0;
        }
    }
}

void bt_footage_expression_init(struct bt_footage_expression *expression) {
    memset(expression, 0, sizeof(*expression));
    init_mouth(expression);
    init_smile(expression);
    init_eyes(expression);
}

void bt_footage_expression_apply(const struct bt_footage_expression *expression, const struct bt_footage_pose *pose,
                                 struct bt_vec3 out_vertex[BT_FOOTAGE_FACE_VERTICES]) {
    float gap = pose->mouth * WIDE_GAP_PX;
    float shut = fmaxf(0, 1 - gap / expression->rest_gap_px); /* 1: lips meet */
    float open = fmaxf(0, gap - expression->rest_gap_px);
    float relax = 1 - pose->smile;
    for (size_t v = 0; v < BT_FOOTAGE_FACE_VERTICES; v++) {
        struct bt_vec3 p = bt_footage_landmark[v];
        p.y += 0.97F * shut * expression->press[v] + open * expression->jaw[v]; /* a dark seam of .2 px stays */
        p.z += 0.3F * open * expression->jaw[v];
        p.x += relax * expression->relax[v].x;
        p.y += relax * expression->relax[v].y;
        p.y += pose->blink * expression->lid[v] + pose->brow * expression->brow[v];
        out_vertex[v] = p;
    }
}
