/* SPDX-License-Identifier: MIT */
#include "app/sheet.h"

#include "app/picture.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/faces.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 7, COLUMNS = 4, CELL_W = 400, CELL_H = 300, GAP = 6 };

struct bt_sheet {
    struct bt_log *log;
    const struct bt_rig *rig;
    const struct bt_mask *mask;
    uint64_t moment[ROWS];
    struct bt_picture_rgb page, camera; /* camera: the newest cell, tracking is drawn over it */
    struct bt_picture_rgb cell, face;
    int row; /* the camera's picture that waits for its output; -1 none */
    uint32_t width_px;
};

bt_status bt_sheet_create(struct bt_log *log, const struct bt_rig *rig, const struct bt_mask *mask, uint64_t frames,
                          struct bt_sheet **out) {
    struct bt_sheet *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->log = log;
    s->rig = rig;
    s->mask = mask;
    s->row = -1;
    for (uint64_t i = 0; i < ROWS; i++) s->moment[i] = (2 * i + 1) * frames / (2 * ROWS);
    bt_status status = bt_picture_create(COLUMNS * (CELL_W + GAP) + GAP, ROWS * (CELL_H + GAP) + GAP, &s->page);
    if (!status) status = bt_picture_create(CELL_W, CELL_H, &s->camera);
    if (!status) status = bt_picture_create(CELL_W, CELL_H, &s->cell);
    if (!status) status = bt_picture_create(CELL_H, CELL_H, &s->face);
    if (status) {
        bt_sheet_destroy(&s);
        return status;
    }
    memset(s->page.rgb, 24, (size_t)s->page.width_px * s->page.height_px * 3);
    *out = s;
    return BT_OK;
}

void bt_sheet_destroy(struct bt_sheet **sheet) {
    struct bt_sheet *s = *sheet;
    if (!s) return;
    bt_picture_finish(&s->page);
    bt_picture_finish(&s->camera);
    bt_picture_finish(&s->cell);
    bt_picture_finish(&s->face);
    free(s);
    *sheet = NULL;
}

static void paste(struct bt_sheet *s, const struct bt_picture_rgb *cell, uint32_t column) {
    bt_picture_paste(cell, &s->page, GAP + column * (CELL_W + GAP) + (CELL_W - cell->width_px) / 2,
                     GAP + (uint32_t)s->row * (CELL_H + GAP));
}

void bt_sheet_camera(struct bt_sheet *s, uint64_t frame, const struct bt_picture *picture) {
    s->row = -1;
    for (int i = 0; i < ROWS; i++)
        if (s->moment[i] == frame) s->row = i;
    if (s->row < 0 || picture->pixels != BT_PIXELS_I420) return;
    bt_picture_from_i420(picture->data, picture->width_px, picture->height_px, picture->bt709, &s->camera);
    s->width_px = picture->width_px;
    paste(s, &s->camera, 0);
}

/* The worn mask alone, turned as the head is: yaw and pitch from three landmarks are near enough for a picture. */
static void draw_mask(struct bt_sheet *s, const struct bt_face *face) {
    const struct bt_vec3 *l = face->landmark;
    float yaw = atan2f(l[454].z - l[234].z, l[454].x - l[234].x);
    float pitch = atan2f(l[10].z - l[152].z, l[152].y - l[10].y);
    if (!bt_mask_render(s->rig, s->mask, CELL_H, yaw, pitch, s->face.rgb)) paste(s, &s->face, 2);
}

void bt_sheet_output(struct bt_sheet *s, const struct bt_report *report, const struct bt_disclose *disclose) {
    static const uint8_t mesh[3] = {60, 255, 120}, iris[3] = {255, 210, 40}, lost[3] = {255, 80, 60};
    if (s->row < 0) return;
    float scale = (float)CELL_W / (float)s->width_px;
    for (uint32_t f = 0; f < report->faces->count; f++)
        for (int i = 0; i < BT_LANDMARKS; i++) {
            const struct bt_vec3 *l = &report->faces->face[f].landmark[i];
            bt_picture_dot(&s->camera, l->x * scale, l->y * scale, i < BT_MESH_LANDMARKS ? 0.4f : 0.9f,
                           report->why             ? lost
                           : i < BT_MESH_LANDMARKS ? mesh
                                                   : iris);
        }
    paste(s, &s->camera, 1);
    if (report->faces->wearer >= 0) draw_mask(s, &report->faces->face[report->faces->wearer]);
    struct bt_disclosed_view view = bt_disclose_bytes(disclose, report->disclosed);
    if (view.egress == BT_EGRESS_I420) {
        bt_picture_from_i420(view.bytes, view.width_px, view.height_px, view.bt709, &s->cell);
        paste(s, &s->cell, 3);
    }
}

bt_status bt_sheet_write(const struct bt_sheet *s, const char *path) {
    return bt_picture_write_png(s->log, &s->page, path);
}
