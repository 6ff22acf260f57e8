/* SPDX-License-Identifier: MIT */
/* A tracker with a frame to paint: pictures made of portraits. */
#ifndef BT_TESTS_TRACK_SCENE_H
#define BT_TESTS_TRACK_SCENE_H

#include "pipeline/track/track.h"
#include "support/test_gpu.h"

struct track_scene {
    struct bt_rig *rig;
    struct bt_track *track;
    uint8_t *portrait, *rgb; /* 512 x 512, w x h; 3 bytes a pixel */
    uint16_t *linear;
    uint32_t w, h;
    struct bt_image *image;
    struct bt_frame frame; /* its time goes on by 1/30 s with each tick */
    struct bt_faces faces;
};

/* Fails the test when anything is missing. */
void track_scene_open(struct track_scene *scene, struct bt_gpu *gpu, struct bt_log *log, uint32_t w, uint32_t h);
void track_scene_close(struct track_scene *scene);
void track_scene_clear(struct track_scene *scene);
/* The portrait with its top left corner at (x, y), shrunk by a whole number; parts outside are cut off. */
void track_scene_paste(struct track_scene *scene, int x, int y, int shrink);
void track_scene_noise(struct track_scene *scene, uint64_t seed, float deviation); /* added to what is there */
/* Uploads what was painted, with this exposure, and runs one tick. */
void track_scene_tick(struct track_scene *scene, float exposure);

#endif
