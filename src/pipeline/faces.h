/* SPDX-License-Identifier: MIT */
/* What track says of a frame: plain numbers in frame pixels (centres at .5), and where the matte lies. Made only by track. */
#ifndef BT_PIPELINE_FACES_H
#define BT_PIPELINE_FACES_H

#include "base/geom.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_buffer;

enum { BT_FACES_MAX = 4, BT_LANDMARKS = 478, BT_MESH_LANDMARKS = 468, BT_FACES_CELLS = 8 };

struct bt_face {
    uint32_t id;          /* stays while the face is followed; never used again */
    float confidence;     /* the attention mesh's own face flag, 0 … 1 */
    float detector_score; /* of the last detection */
    struct bt_rect box_px;
    struct bt_affine frame_from_crop; /* the 192 px crop the mesh looked at */
    /* x, y in frame px; z in frame px, smaller is nearer (MediaPipe's sign). 468 mesh points, then 5 + 5 iris points.
       `raw` is what the net said; `landmark` is filtered, and what everything draws with. */
    struct bt_vec3 raw[BT_LANDMARKS], landmark[BT_LANDMARKS];
};

/* How well the wearer's face can be seen and followed (of the frame, where there is no wearer: then only what the picture says
   holds). Of gamma-coded luma, 0 … 1, over the middle of the face: light … sharpness. */
struct bt_measures {
    float light;      /* mean */
    float contrast;   /* standard deviation */
    float noise;      /* standard deviation of what differs from pixel to pixel (Immerkaer 1996); fine detail counts too */
    float burnt;      /* share of points at or above .98 */
    float sharpness;  /* detail over contrast: the root mean square of the Laplacian at a 128th of the face's width, less most
                         of what noise makes of it; so size does not matter */
    float eye_px;     /* between the outer corners of the eyes, in space */
    float confidence; /* the mesh's own */
    float jitter;     /* how far the landmarks' shape jumps from what was filtered, root mean square over the eyes' distance:
                         neither place, nor turn, nor size */
    float yaw, pitch; /* radians, as struct bt_angles */
    float cell[BT_FACES_CELLS * BT_FACES_CELLS]; /* means of the same luma, by rows: a very small picture of the face */
};

struct bt_faces {
    uint32_t count;
    int32_t wearer; /* index into face[], or -1: nobody that may be masked */
    struct bt_face face[BT_FACES_MAX];
    /* The selfie matte: matte_w x matte_h floats, 0 background … 1 person, in a GPU buffer that lives as long as track;
       NULL until the first. */
    struct bt_buffer *matte;
    size_t matte_offset_bytes;
    uint32_t matte_w, matte_h;
    struct bt_affine matte_from_frame; /* matte px from frame px */
    struct bt_measures measures;
};

#endif
