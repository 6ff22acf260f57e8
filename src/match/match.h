/* SPDX-License-Identifier: MIT */
/* Are two pictures of one person? Two independent nets on the engine: MobileFaceNet (192 numbers, cosine) and dlib's ResNet
   (128 numbers, Euclidean). It answers for a consenting person who enrols ("is this you again?"); it never looks anybody up.
   Templates are personal data: they live in the vault only. One thread. */
#ifndef BT_MATCH_H
#define BT_MATCH_H

#include "base/bytes.h"
#include "base/geom.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_gpu;
struct bt_log;
struct bt_match;

enum {
    BT_MATCH_COSINE = 192,
    BT_MATCH_EUCLID = 128,
    BT_MATCH_TEMPLATE_BYTES = 8 + (BT_MATCH_COSINE + BT_MATCH_EUCLID) * 4 /* encoded */
};
struct bt_template {
    float cosine[BT_MATCH_COSINE]; /* unit length */
    float euclid[BT_MATCH_EUCLID]; /* as the net gives it: about unit length; a mean is shorter */
};
struct bt_match_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    struct bt_bytes cosine_net, euclid_net; /* face_id_mobile.onnx, face_id_resnet.onnx; borrowed during create */
};
/* BT_E_FORMAT: not these nets; and as bt_net_create. */
BT_CHECKED bt_status bt_match_create(const struct bt_match_params *params, struct bt_match **out_match);
void bt_match_destroy(struct bt_match **match); /* wipes the crops */
/* Aligns by eyes, nose and mouth corners, crops, runs both nets and waits for them. `rgb`: bytes, gamma-coded, rows packed.
   `landmark`: 478, frame px. BT_E_POSE: the points are no face's. BT_E_DEVICE, BT_E_TIMEOUT: as bt_commands_wait. */
BT_CHECKED bt_status bt_match_template(struct bt_match *match, const uint8_t *rgb, uint32_t width_px, uint32_t height_px,
                                       const struct bt_vec3 *landmark, struct bt_template *out_template);

struct bt_match_score {
    float cosine;   /* -1 ... 1: larger is more alike */
    float distance; /* Euclidean: smaller is more alike */
    float llr;      /* of both: natural log of how much likelier they are of one person than of two (match/figures.h) */
    bool same;      /* llr is enough, and neither net alone says otherwise: bt_match_limits */
};
struct bt_match_score bt_match_compare(const struct bt_template *a, const struct bt_template *b);
/* The mean of several templates of one person (its cosine part unit again), and the worst score of any of them against it.
 * count >= 1. */
void bt_match_mean(const struct bt_template *templates, uint32_t count, struct bt_template *out_mean,
                   struct bt_match_score *out_worst);

/* Magic, version, floats, little-endian: BT_MATCH_TEMPLATE_BYTES. */
void bt_match_encode(const struct bt_template *template, uint8_t *out_bytes);
/* A door. BT_E_FORMAT: another size or version, a number not finite, or of no template's length. */
BT_CHECKED bt_status bt_match_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_template *out_template);

#endif
