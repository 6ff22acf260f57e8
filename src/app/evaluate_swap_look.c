/* SPDX-License-Identifier: MIT */
#include "app/evaluate_swap.h"

#include "evaluate/colour.h"
#include "evaluate/motion.h"
#include "trust/vault/secret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Corners and lids of the eyes, brows, lips, chin and forehead in MediaPipe's numbering; eye 0 is at the picture's left. */
enum { LIP_UP = 13, LIP_LOW = 14, MOUTH_0 = 61, MOUTH_1 = 291, CHIN = 152, FOREHEAD = 10, IRIS_0 = 468, IRIS_1 = 473 };
static const uint16_t eye_corner[2][2] = {{33, 133}, {362, 263}}, eye_lid[2][2] = {{159, 145}, {386, 374}},
                      eye_iris[2] = {IRIS_0, IRIS_1}, brow[2] = {105, 334};

/* Beside the outline: paint ends on it; hair and neck begin outside. Of the way from the face's middle to the outline. */
static const float inside = 0.90f, outside = 1.07f;
static const float shut = 0.12f;   /* lids' distance over the eye's width: no iris to speak of */
static const float front = 0.35f;  /* cosine of a surface's turn from the camera: what is seen flatter is not looked at */
static const float painted = 0.6f; /* of the rig's map of paint */
static const double faded_de =
    3; /* the ground's change from which a frame is on its way to the card; the mark changes it by less than 1 */

enum { POINTS = BT_RIG_TRIANGLES, GRID_W = 16, GRID_H = 12, OVAL = 36 };

struct bt_swap_look {
    const struct bt_rig *rig;
    bool skin[POINTS];
    struct bt_vec3 before[2][2][BT_LANDMARKS]; /* [frames ago - 1][in, out] */
    uint32_t known[2];                         /* how many frames of each */
    float luma[2][POINTS];                     /* of the frame before */
    bool lit;                                  /* luma is known */
};

const struct bt_swap_measure_text bt_swap_measures[BT_SWAP_MEASURES] = {
    [BT_SWAP_WORN] = {"worn_cosine", "output alike the worn face", "cosine"},
    [BT_SWAP_WORN_IN] = {"worn_cosine_of_driver", "driver alike the worn face", "cosine"},
    [BT_SWAP_DRIVER] = {"driver_cosine", "output alike the driver", "cosine"},
    [BT_SWAP_WORN_FAR] = {"worn_distance", "output to the worn face", "distance"},
    [BT_SWAP_WORN_IN_FAR] = {"worn_distance_of_driver", "driver to the worn face", "distance"},
    [BT_SWAP_DRIVER_FAR] = {"driver_distance", "output to the driver", "distance"},
    [BT_SWAP_POSE] = {"pose_error", "pose error", "degrees"},
    [BT_SWAP_GAZE] = {"gaze_error", "gaze error", "degrees"},
    [BT_SWAP_EXPRESSION] = {"expression_error", "expression error", "of the eyes' distance"},
    [BT_SWAP_JITTER_OUT] = {"jitter_output", "jitter of the output's landmarks", "thousandths of the eyes' distance"},
    [BT_SWAP_JITTER_IN] = {"jitter_driver", "jitter of the driver's landmarks", "thousandths of the eyes' distance"},
    [BT_SWAP_FLICKER_OUT] = {"flicker_output", "change of the output's luma", "of 255, a frame"},
    [BT_SWAP_FLICKER_IN] = {"flicker_driver", "change of the driver's luma", "of 255, a frame"},
    [BT_SWAP_SEAM_OUT] = {"seam_output", "step across the output's outline", "CIEDE2000"},
    [BT_SWAP_SEAM_IN] = {"seam_driver", "step across the driver's outline", "CIEDE2000"},
    [BT_SWAP_NECK_OUT] = {"neck_output", "output's face to neck", "CIEDE2000"},
    [BT_SWAP_NECK_IN] = {"neck_driver", "driver's face to neck", "CIEDE2000"},
    [BT_SWAP_UNCHANGED] = {"unchanged", "unchanged points of the face", "share"},
    [BT_SWAP_JITTER] = {"jitter_added", "jitter, beyond the driver's", "thousandths of the eyes' distance"},
    [BT_SWAP_FLICKER] = {"flicker_added", "flicker: change of luma beyond the driver's", "of 255, a frame"},
    [BT_SWAP_SEAM] = {"seam_added", "seam: step beyond the driver's", "CIEDE2000"},
    [BT_SWAP_NECK] = {"neck_added", "face to neck, beyond the driver's", "CIEDE2000"},
};

/* The rig's maps say where paint lies: of each triangle, by its middle. */
static void find_skin(struct bt_swap_look *l) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(l->rig);
    const struct bt_rig_maps *maps = bt_rig_maps(l->rig);
    for (uint32_t t = 0; t < POINTS; t++) {
        float u = 0, v = 0;
        for (uint32_t k = 0; k < 3; k++) u += mesh->uv[mesh->triangle[t][k]].x / 3, v += mesh->uv[mesh->triangle[t][k]].y / 3;
        const size_t at = (size_t)(v * BT_RIG_MAP_PX) * BT_RIG_MAP_PX + (size_t)(u * BT_RIG_MAP_PX);
        l->skin[t] = mesh->tag[t] == BT_RIG_TAG_SKIN && maps->paint[at] > painted;
    }
}

bt_status bt_swap_look_create(const struct bt_rig *rig, struct bt_swap_look **out_look) {
    struct bt_swap_look *l = calloc(1, sizeof *l);
    if (!l) return BT_E_MEMORY;
    l->rig = rig;
    find_skin(l);
    *out_look = l;
    return BT_OK;
}

void bt_swap_look_destroy(struct bt_swap_look **look) {
    if (!*look) return;
    bt_secret_wipe(*look, sizeof **look);
    free(*look);
    *look = NULL;
}

void bt_swap_look_break(struct bt_swap_look *l) {
    l->known[0] = l->known[1] = 0;
    l->lit = false;
}

/* --- points and colours --- */

static bool under(const struct bt_rect *r, float x, float y) {
    const float margin = 3; /* the points are means of 3 x 3, and chroma is shared by 2 x 2 */
    return r->w > 0 && x > r->x - margin && x < r->x + r->w + margin && y > r->y - margin && y < r->y + r->h + margin;
}

static bool covered(const struct bt_rect plate[BT_DISCLOSE_PLATES], float x, float y) {
    return under(&plate[0], x, y) || under(&plate[1], x, y);
}

/* The mean of 3 x 3 pixels about a point. false: outside, or under label or banner. */
static bool colour_at(const struct bt_picture_rgb *p, const struct bt_rect *plate, float x, float y, double out[3]) {
    if (!(x >= 1 && y >= 1 && x < (float)p->width_px - 1 && y < (float)p->height_px - 1) || covered(plate, x, y)) return false;
    const uint8_t *at = p->rgb + ((size_t)((uint32_t)y - 1) * p->width_px + (uint32_t)x - 1) * 3;
    out[0] = out[1] = out[2] = 0;
    for (uint32_t row = 0; row < 3; row++)
        for (uint32_t k = 0; k < 9; k++) out[k % 3] += at[(size_t)row * p->width_px * 3 + k] / 9.0;
    return true;
}

static bool lab_at(const struct bt_picture_rgb *p, const struct bt_rect *plate, float x, float y, struct bt_lab *out) {
    double rgb[3];
    if (!colour_at(p, plate, x, y, rgb)) return false;
    *out = bt_evaluate_lab(rgb);
    return true;
}

static double middle(double *values, uint32_t count) {
    return bt_evaluate_quantile(values, count, .5);
}

/* The middles of painted triangles that face the camera; out[t].z 0: not this one. */
static void points_of(const struct bt_swap_look *l, const struct bt_face *face, struct bt_vec3 out[POINTS]) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(l->rig);
    for (uint32_t t = 0; t < POINTS; t++) {
        const struct bt_vec3 a = face->landmark[mesh->triangle[t][0]], b = face->landmark[mesh->triangle[t][1]],
                             c = face->landmark[mesh->triangle[t][2]];
        const float ux = b.x - a.x, uy = b.y - a.y, uz = b.z - a.z, vx = c.x - a.x, vy = c.y - a.y, vz = c.z - a.z;
        const float nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
        /* Frame space is face space with y and z turned over: the same handedness, so out of the face is -z. */
        const bool shown = l->skin[t] && -nz > front * sqrtf(nx * nx + ny * ny + nz * nz);
        out[t] = (struct bt_vec3){(a.x + b.x + c.x) / 3, (a.y + b.y + c.y) / 3, shown ? 1 : 0};
    }
}

static double unchanged(const struct bt_swap_look *l, const struct bt_swap_pair *pair, const struct bt_face *face) {
    struct bt_vec3 point[POINTS];
    double same = 0, all = 0;
    points_of(l, face, point);
    for (uint32_t t = 0; t < POINTS; t++) {
        struct bt_lab in, out;
        if (point[t].z <= 0 || !lab_at(pair->in, pair->plate, point[t].x, point[t].y, &in) ||
            !lab_at(pair->out, pair->plate, point[t].x, point[t].y, &out))
            continue;
        all++;
        same += bt_evaluate_delta_e(&in, &out) < BT_SWAP_SAME_DELTA_E;
    }
    return all > 0 ? same / all : (double)NAN;
}

/* The ground's colours, away from the face: changed only where a frame fades into the card. */
static bool fades(const struct bt_swap_pair *pair) {
    const struct bt_rect *box = &pair->in_face->box_px;
    double change[GRID_W * GRID_H];
    uint32_t n = 0;
    for (uint32_t k = 0; k < GRID_W * GRID_H; k++) {
        const float x = ((float)(k % GRID_W) + .5f) / GRID_W * (float)pair->in->width_px,
                    y = ((float)(k / GRID_W) + .5f) / GRID_H * (float)pair->in->height_px;
        struct bt_lab in, out;
        if (x > box->x - .3f * box->w && x < box->x + 1.3f * box->w && y > box->y - .4f * box->h && y < box->y + 1.4f * box->h)
            continue;
        if (!lab_at(pair->in, pair->plate, x, y, &in) || !lab_at(pair->out, pair->plate, x, y, &out)) continue;
        change[n++] = bt_evaluate_delta_e(&in, &out);
    }
    return n >= 8 && middle(change, n) > faded_de;
}

/* Along rays from the middle of the outline: inside against outside, in each picture. */
static void seam(const struct bt_swap_pair *pair, double *value) {
    const struct bt_rig_list oval = bt_rig_ring(BT_RIG_OVAL);
    const struct bt_vec3 *p = pair->in_face->landmark;
    struct bt_vec2 centre = {0, 0};
    double in = 0, out = 0, n = 0;
    for (uint32_t i = 0; i < oval.count; i++)
        centre.x += p[oval.vertex[i]].x / (float)oval.count, centre.y += p[oval.vertex[i]].y / (float)oval.count;
    for (uint32_t i = 0; i < oval.count; i++) {
        const float dx = p[oval.vertex[i]].x - centre.x, dy = p[oval.vertex[i]].y - centre.y;
        struct bt_lab a, b, c, d;
        if (!lab_at(pair->in, pair->plate, centre.x + inside * dx, centre.y + inside * dy, &a) ||
            !lab_at(pair->in, pair->plate, centre.x + outside * dx, centre.y + outside * dy, &b) ||
            !lab_at(pair->out, pair->plate, centre.x + inside * dx, centre.y + inside * dy, &c) ||
            !lab_at(pair->out, pair->plate, centre.x + outside * dx, centre.y + outside * dy, &d))
            continue;
        in += bt_evaluate_delta_e(&a, &b);
        out += bt_evaluate_delta_e(&c, &d);
        n++;
    }
    if (n < oval.count / 2.0) return;
    value[BT_SWAP_SEAM_IN] = in / n;
    value[BT_SWAP_SEAM_OUT] = out / n;
    value[BT_SWAP_SEAM] = (out - in) / n;
}

/* The median colour of some points. */
static bool colour_of(const struct bt_picture_rgb *picture, const struct bt_rect *plate, const struct bt_vec2 *point,
                      uint32_t count, struct bt_lab *out) {
    double part[3][POINTS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct bt_lab lab;
        if (!lab_at(picture, plate, point[i].x, point[i].y, &lab)) continue;
        part[0][n] = lab.l;
        part[1][n] = lab.a;
        part[2][n++] = lab.b;
    }
    if (n < 8) return false;
    *out = (struct bt_lab){middle(part[0], n), middle(part[1], n), middle(part[2], n)};
    return true;
}

/* The lower half of the face against a patch below the chin. Where that is no neck but a collar or a beard, both pictures have
   the same of it, and the difference of the two still tells. */
static void neck(const struct bt_swap_look *l, const struct bt_swap_pair *pair, double *value) {
    const struct bt_vec3 *p = pair->in_face->landmark;
    const struct bt_vec2 down = {p[CHIN].x - p[FOREHEAD].x, p[CHIN].y - p[FOREHEAD].y}, across = {-down.y, down.x};
    struct bt_vec3 point[POINTS];
    struct bt_vec2 face[POINTS], below[25];
    uint32_t faces = 0, n = 0;
    points_of(l, pair->in_face, point);
    for (uint32_t t = 0; t < POINTS; t++) {
        const float along = ((point[t].x - p[FOREHEAD].x) * down.x + (point[t].y - p[FOREHEAD].y) * down.y) /
                            (down.x * down.x + down.y * down.y);
        if (point[t].z > 0 && along > .55f) face[faces++] = (struct bt_vec2){point[t].x, point[t].y};
    }
    for (uint32_t k = 0; k < 25; k++) {
        const float d = .10f + .03f * (float)(k / 5), s = .06f * ((float)(k % 5) - 2);
        const struct bt_vec2 at = {p[CHIN].x + d * down.x + s * across.x, p[CHIN].y + d * down.y + s * across.y};
        below[n++] = at;
    }
    struct bt_lab colour[2][2];
    for (int k = 0; k < 2; k++) {
        const struct bt_picture_rgb *picture = k ? pair->out : pair->in;
        if (!colour_of(picture, pair->plate, face, faces, &colour[k][0]) ||
            !colour_of(picture, pair->plate, below, n, &colour[k][1]))
            return;
    }
    value[BT_SWAP_NECK_IN] = bt_evaluate_delta_e(&colour[0][0], &colour[0][1]);
    value[BT_SWAP_NECK_OUT] = bt_evaluate_delta_e(&colour[1][0], &colour[1][1]);
    value[BT_SWAP_NECK] = value[BT_SWAP_NECK_OUT] - value[BT_SWAP_NECK_IN];
}

/* Luma of the same points of the skin now and a frame ago, by the driver's landmarks in both pictures: whatever these miss,
   both miss. */
static void flicker(struct bt_swap_look *l, const struct bt_swap_pair *pair, double *value) {
    struct bt_vec3 point[POINTS];
    float luma[2][POINTS];
    points_of(l, pair->in_face, point);
    for (uint32_t t = 0; t < POINTS; t++)
        for (int k = 0; k < 2; k++) {
            double rgb[3];
            luma[k][t] = point[t].z > 0 && colour_at(k ? pair->out : pair->in, pair->plate, point[t].x, point[t].y, rgb)
                             ? (float)(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2])
                             : NAN;
        }
    if (l->lit) {
        value[BT_SWAP_FLICKER_IN] = bt_evaluate_warp_change(luma[0], l->luma[0], POINTS);
        value[BT_SWAP_FLICKER_OUT] = bt_evaluate_warp_change(luma[1], l->luma[1], POINTS);
        value[BT_SWAP_FLICKER] = value[BT_SWAP_FLICKER_OUT] - value[BT_SWAP_FLICKER_IN];
    }
    memcpy(l->luma, luma, sizeof luma);
    l->lit = true;
}

/* --- landmarks --- */

static double eyes_px(const struct bt_face *face) {
    const struct bt_vec3 *a = &face->landmark[33], *b = &face->landmark[263];
    return hypot(hypot((double)(a->x - b->x), (double)(a->y - b->y)), (double)(a->z - b->z));
}

static float apart(const struct bt_vec3 *p, uint32_t a, uint32_t b) {
    return hypotf(p[a].x - p[b].x, p[a].y - p[b].y);
}

static void shapes(const struct bt_vec3 *p, double out[BT_SWAP_SHAPES]) {
    const double eyes = (double)apart(p, 33, 263);
    out[BT_SWAP_OPEN] = (double)apart(p, LIP_UP, LIP_LOW) / eyes;
    out[BT_SWAP_WIDE] = (double)apart(p, MOUTH_0, MOUTH_1) / eyes;
    for (int e = 0; e < 2; e++) {
        const float y = (p[eye_corner[e][0]].y + p[eye_corner[e][1]].y) / 2;
        out[BT_SWAP_BROW_0 + e] = (double)(p[brow[e]].y - y) / eyes;
        out[BT_SWAP_LID_0 + e] = (double)apart(p, eye_lid[e][0], eye_lid[e][1]) / eyes;
    }
}

/* Off the middle of the corners, over their distance. false: shut. */
static bool gaze_of(const struct bt_vec3 *p, int e, struct bt_vec2 *out) {
    const uint32_t a = eye_corner[e][0], b = eye_corner[e][1], iris = eye_iris[e];
    const float width = apart(p, a, b);
    if (!(width > 0) || apart(p, eye_lid[e][0], eye_lid[e][1]) < shut * width) return false;
    *out = (struct bt_vec2){(p[iris].x - (p[a].x + p[b].x) / 2) / width, (p[iris].y - (p[a].y + p[b].y) / 2) / width};
    return true;
}

static double trembles(struct bt_swap_look *l, int k, const struct bt_face *face) {
    const double jitter = l->known[k] >= 2 ? 1000 * bt_evaluate_jitter(face->raw, l->before[0][k], l->before[1][k],
                                                                       BT_MESH_LANDMARKS, eyes_px(face))
                                           : (double)NAN;
    memcpy(l->before[1][k], l->before[0][k], sizeof l->before[0][k]);
    memcpy(l->before[0][k], face->raw, sizeof face->raw);
    l->known[k]++;
    return jitter;
}

static void landmarks(struct bt_swap_look *l, const struct bt_swap_pair *pair, struct bt_swap_sample *s) {
    const struct bt_vec3 *canonical = bt_rig_mesh(l->rig)->canonical;
    const struct bt_face *face[2] = {pair->in_face, pair->out_face};
    struct bt_vec3 normal[2][BT_LANDMARKS];
    struct bt_pose pose[2];
    s->value[BT_SWAP_JITTER_IN] = trembles(l, 0, face[0]);
    s->value[BT_SWAP_JITTER_OUT] = trembles(l, 1, face[1]);
    s->value[BT_SWAP_JITTER] = s->value[BT_SWAP_JITTER_OUT] - s->value[BT_SWAP_JITTER_IN];
    for (int k = 0; k < 2; k++) {
        if (!bt_pose_fit(l->rig, face[k]->landmark, canonical, &pose[k])) return;
        bt_pose_normalise(&pose[k], face[k]->landmark, BT_LANDMARKS, normal[k]);
    }
    s->value[BT_SWAP_POSE] = bt_evaluate_turn_deg(pose[0].rotation, pose[1].rotation);
    shapes(normal[0], s->shape_in);
    shapes(normal[1], s->shape_out);
    double gaze = 0, eyes = 0;
    for (int e = 0; e < 2; e++) {
        struct bt_vec2 in, out;
        if (!gaze_of(normal[0], e, &in) || !gaze_of(normal[1], e, &out)) continue;
        gaze += bt_evaluate_gaze_deg(in, out);
        eyes++;
    }
    if (eyes > 0) s->value[BT_SWAP_GAZE] = gaze / eyes;
}

/* Do label or banner lie on the face? By its mesh. */
static bool hides(const struct bt_swap_pair *pair) {
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++)
        if (covered(pair->plate, pair->in_face->landmark[i].x, pair->in_face->landmark[i].y)) return true;
    return false;
}

void bt_swap_look_at(struct bt_swap_look *l, const struct bt_swap_pair *pair, struct bt_swap_sample *s) {
    for (int m = 0; m < BT_SWAP_MEASURES; m++) s->value[m] = (double)NAN;
    for (int k = 0; k < BT_SWAP_SHAPES; k++) s->shape_in[k] = s->shape_out[k] = (double)NAN;
    s->seen = pair->out_face != NULL;
    s->leak = s->faded = s->covered = false;
    /* Where the tracker says the face is, and where it is found in what left: paint beside the face leaves it bare. */
    const struct bt_face *face[2] = {pair->in_face, pair->out_face};
    for (int k = 0; k < 2; k++) {
        const double share = face[k] ? unchanged(l, pair, face[k]) : (double)NAN;
        s->value[BT_SWAP_UNCHANGED] = fmax(s->value[BT_SWAP_UNCHANGED], share); /* the one that is a number */
    }
    s->leak = s->value[BT_SWAP_UNCHANGED] >= BT_SWAP_LEAK_SHARE;
    if (!pair->in_face) {
        bt_swap_look_break(l);
        return;
    }
    s->faded = fades(pair);
    s->covered = hides(pair);
    if (s->faded) {
        l->lit = false;
    } else {
        seam(pair, s->value);
        neck(l, pair, s->value);
        flicker(l, pair, s->value);
    }
    if (pair->out_face && !s->covered)
        landmarks(l, pair, s);
    else
        l->known[0] = l->known[1] = 0;
}

bt_status bt_swap_expressions(struct bt_swap_sample *samples, uint32_t count) {
    double *values = malloc((count ? count : 1) * sizeof *values), median[2][BT_SWAP_SHAPES];
    if (!values) return BT_E_MEMORY;
    for (int k = 0; k < 2 * BT_SWAP_SHAPES; k++) {
        const int shape = k / 2;
        for (uint32_t i = 0; i < count; i++) values[i] = k % 2 ? samples[i].shape_out[shape] : samples[i].shape_in[shape];
        median[k % 2][shape] = middle(values, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        double sum = 0;
        for (int k = 0; k < BT_SWAP_SHAPES; k++) {
            const double error = (samples[i].shape_out[k] - median[1][k]) - (samples[i].shape_in[k] - median[0][k]);
            sum += error * error / BT_SWAP_SHAPES;
        }
        samples[i].value[BT_SWAP_EXPRESSION] = sqrt(sum);
    }
    free(values);
    return BT_OK;
}
