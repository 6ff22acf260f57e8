/* SPDX-License-Identifier: MIT */
/* The demo's contact sheet: a row for each of a few moments; columns: camera, tracking, mask, output. */
#ifndef BT_APP_SHEET_H
#define BT_APP_SHEET_H

#include "base/status.h"
#include <stdint.h>

struct bt_log;
struct bt_rig;
struct bt_mask;
struct bt_picture;
struct bt_report;
struct bt_disclose;
struct bt_sheet;

BT_CHECKED bt_status bt_sheet_create(struct bt_log *log, const struct bt_rig *rig, const struct bt_mask *mask, uint64_t frames,
                                     struct bt_sheet **out_sheet);
void bt_sheet_destroy(struct bt_sheet **sheet);
/* Both are called for every frame, in order; frames that the sheet does not show are passed over. */
void bt_sheet_camera(struct bt_sheet *sheet, uint64_t frame, const struct bt_picture *picture);
void bt_sheet_output(struct bt_sheet *sheet, const struct bt_report *report, const struct bt_disclose *disclose);
BT_CHECKED bt_status bt_sheet_write(const struct bt_sheet *sheet, const char *path);

#endif
