/* SPDX-License-Identifier: MIT */
/* RGB pictures for people: conversion, a little drawing, PNG. For built-in footage, masks alone, and what carries its
   disclosure: no bare picture of a wearer comes here. */
#ifndef BT_APP_PICTURE_H
#define BT_APP_PICTURE_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_disclosed_view;
struct bt_log;

struct bt_picture_rgb {
    uint32_t width_px, height_px;
    uint8_t *rgb; /* rows packed */
};

/* Zeroed. BT_E_MEMORY. */
BT_CHECKED bt_status bt_picture_create(uint32_t width_px, uint32_t height_px, struct bt_picture_rgb *out_picture);
void bt_picture_finish(struct bt_picture_rgb *picture);
/* Tightly packed limited-range I420 to RGB, scaled to the whole of `to` by area averaging or bilinear. */
void bt_picture_from_i420(const uint8_t *i420, uint32_t width_px, uint32_t height_px, bool bt709, struct bt_picture_rgb *to);
/* A frame that carries its disclosure, or the card, in either packing. */
void bt_picture_from_view(const struct bt_disclosed_view *view, struct bt_picture_rgb *to);
void bt_picture_paste(const struct bt_picture_rgb *from, struct bt_picture_rgb *to, uint32_t x, uint32_t y); /* clipped */
void bt_picture_dot(struct bt_picture_rgb *picture, float x, float y, float radius_px, const uint8_t color[3]);
/* malloc'ed; the caller frees out_png->data. BT_E_MEMORY; BT_E_UNSUPPORTED (logged): this libavcodec writes none. */
BT_CHECKED bt_status bt_picture_png(struct bt_log *log, const struct bt_picture_rgb *picture, struct bt_bytes *out_png);
BT_CHECKED bt_status bt_picture_write_png(struct bt_log *log, const struct bt_picture_rgb *picture, const char *path);
/* On standard output, as coloured half blocks, `columns` wide. */
void bt_picture_print(const struct bt_picture_rgb *picture, uint32_t columns);
/* The same, as large as the terminal has room for beside a question, at most `columns_most` wide, and a blank line. */
void bt_picture_show(const struct bt_picture_rgb *picture, uint32_t columns_most);

#endif
