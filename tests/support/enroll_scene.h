/* SPDX-License-Identifier: MIT */
/* A head before the camera, for tests of enrolment: the portrait that is told what to do, or a flat print of it that is turned.
 */
#ifndef BT_TESTS_ENROLL_SCENE_H
#define BT_TESTS_ENROLL_SCENE_H

#include "enroll/quality.h"
#include "footage/footage.h"
#include "footage/script.h"
#include "pipeline/capture/capture.h"
#include "pipeline/track/track.h"
#include "support/test_gpu.h"

struct enroll_scene {
    struct test_gpu gpu;
    struct bt_rig *rig;
    struct bt_capture *capture;
    struct bt_track *track;
    struct bt_faces faces;
    struct bt_frame frame;
    struct bt_footage_pose pose; /* what the next frame shows */
    bool flat;                   /* a print of the portrait at rest, turned by the pose's angles and moved with it */
    float blur_px;               /* of the whole picture, standard deviation */
};

extern const struct bt_footage_pose enroll_scene_rest;

void enroll_scene_open(struct enroll_scene *scene, uint32_t width_px, uint32_t height_px);
void enroll_scene_close(struct enroll_scene *scene);
/* One frame of scene->pose through capture and track. False: no face to follow. */
bool enroll_scene_step(struct enroll_scene *scene);
/* What enrolment says of the last frame. */
void enroll_scene_look(struct enroll_scene *scene, struct bt_enroll_scene *out_seen);

#endif
