/* SPDX-License-Identifier: MIT */
/* A whole pipeline over pictures that a test makes up, and what is asked of every frame that comes out of it. */
#ifndef BT_TESTS_FAULT_SHOW_H
#define BT_TESTS_FAULT_SHOW_H

#include "base/status.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/pipeline.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    SHOW_W = 480, /* two faces find room beside each other */
    SHOW_H = 240,
    SHOW_LUMA = SHOW_W * SHOW_H,
    SHOW_BYTES = SHOW_LUMA * 3 / 2,
    SHOW_HALF = SHOW_W / 2,
};

/* What the source gives next: fills an I420 picture, or says why there is none. */
typedef bt_status (*show_picture)(void *user, uint64_t index, uint8_t *data);
/* Sees every frame that was sent, after it was checked; `placard` says what it is. */
typedef void (*show_frame)(void *user, const struct bt_report *report, const struct bt_disclosed_view *view);

struct show_acts {
    show_picture picture;
    show_frame frame;
    void (*look)(void); /* before a frame is checked; may be NULL */
    void *user;
    int64_t hold_ns; /* as in bt_pipeline_params */
};

struct show;
/* NULL when models or device are missing. hash: a path that output writes to. */
struct show *show_open(const char *hash);
void show_close(struct show **show);
/* One run of at most `frames` further frames, with the given grant's life. */
bt_status show_run(struct show *show, const struct show_acts *acts, uint64_t frames, int64_t grant_ns);
void show_withdraw(struct show *show);
struct bt_pipeline *show_pipeline(struct show *show);
struct bt_disclose *show_disclose(struct show *show);
struct bt_output *show_output(struct show *show);

/* A picture without faces, all of one grey; then the footage's first face on it (brightness `light` of 1) with its middle at
   x + SHOW_HALF / 2, which may lie outside. What was painted first must never come out bare. */
void show_fill(struct show *show, uint8_t *data, uint8_t luma);
void show_paint(struct show *show, uint8_t *data, int x, float light);

struct show_tally {
    uint64_t frames, masked, placards, held, unlabelled, bare;
    uint64_t beside; /* masked although a second face was in the picture */
    uint64_t why[BAUTA_STATUS_COUNT];
};
/* Since the last call. Frames without the label or the invisible mark (support/oracle.h), and frames that show the driver's own
 * skin, are said on standard error too. */
struct show_tally show_tally(struct show *show);
/* Mean difference of luma, within the face, between the last masked frame and the picture it was made of; show_learn takes half
   of it for the least that any further frame may have. */
float show_distance(const struct show *show);
void show_learn(struct show *show);

#endif
