/* SPDX-License-Identifier: MIT */
/* How a face is made from pictures. Private to src/identity. */
#ifndef BT_IDENTITY_INTERNAL_H
#define BT_IDENTITY_INTERNAL_H

#include "identity/identity.h"
#include "rig/exact.h"
#include "rig/neutral.h"
#include "rig/occlusion.h"
#include "rig/pose.h"
#include "rig/raster.h"

enum {
    SIDE = BT_MASK_PX,
    TEXELS = BT_MASK_TEXELS,
    BINS = 24,   /* of log luma, for each texel: what running sums cannot do, a median, bins can */
    DEPTH = 256, /* side of the picture of depths that says what is hidden */
    LOW = 128    /* side of maps that hold nothing fine */
};
#define BIN_LOW  (-1.7f)
#define BIN_WIDE 0.1f

struct plane {
    float px[TEXELS];
};
static inline struct bt_picture_f picture_of(struct plane *plane) {
    return (struct bt_picture_f){plane->px, SIDE, SIDE};
}

/* Where each texel lies on the face; made once. */
struct atlas {
    uint16_t triangle[TEXELS]; /* fine triangle, 0xffff: none, or an eye's opening or the mouth's inside */
    float barycentric[TEXELS][3];
    struct plane skin;  /* 1 on plain skin that is wide enough inside the oval for statistics ... 0 */
    struct plane inner; /* 0 on the oval itself, where the background shines in ... 1 */
    struct plane lips, brow, paint, pass;
};
void bt_identity_atlas_fill(const struct bt_rig *rig, struct atlas *out_atlas, float *depth_scratch);
/* A map of the rig's, at this size. */
void bt_identity_enlarge(const float *map, struct plane *out);

/* One picture, projected. */
struct view {
    struct bt_pose pose;
    struct bt_vec3 mesh[BT_RIG_VERTICES], fine[BT_RIG_FINE_VERTICES], normal[BT_RIG_FINE_VERTICES];
    struct bt_vec3 frame[BT_RIG_FINE_VERTICES], screen[BT_RIG_FINE_VERTICES];
    float depth[DEPTH * DEPTH];
    uint16_t triangle[DEPTH * DEPTH];
    float color[TEXELS][3], normal_xy[TEXELS][2]; /* linear; camera space */
    struct plane weight;                          /* how squarely a texel was seen, 0 hidden */
    float light[9][3];                            /* harmonics of shaders/swap/harmonics.glsl */
    struct plane luma, red, blue;                 /* log of the picture over the light; red and blue less luma */
    float skin[3];                                /* mean linear colour of lit skin */
};

/* Fits the light of what the view holds, on plain skin. False: too little of it. */
bool bt_identity_light_fit(const struct atlas *atlas, const float *occlusion, struct view *view);
/* Irradiance for a normal in camera space, bent as harmonics.glsl does. */
void bt_identity_light_at(float light[9][3], float nx, float ny, float nz, float out[3]);
/* Fills luma, red, blue from color, normals and light; takes out of luma what is low, as light leaves it behind. */
void bt_identity_divide(const struct atlas *atlas, const float *occlusion, struct view *view, struct plane *scratch);
float bt_identity_map_at(const float *map, uint32_t texel); /* a 256 map where texel of 512 lies */

/* Normalised blur: value and weight are multiplied, both blurred, divided; where no weight reaches, 0. `value` is replaced. */
void bt_identity_blur(struct plane *value, const struct plane *weight, float sigma, struct plane *a, struct plane *b);

/* 0 ... 1: how much of a smile this neutral is. */
float bt_identity_smile(const struct bt_rig *rig, const struct bt_vec3 *neutral);
/* Takes most of it out: of the mesh, and of log luma around the folds (scratch: three planes). */
void bt_identity_relax(const struct bt_rig *rig, float smile, struct bt_vec3 *neutral);
void bt_identity_smooth_creases(const struct bt_rig *rig, const struct atlas *atlas, float smile, const struct plane *seen,
                                struct plane *luma, struct plane *scratch);

struct bt_identity_builder {
    struct bt_log *log;
    const struct bt_rig *rig;
    struct bt_neutral *neutral;
    struct bt_occlusion *occlusion;
    uint32_t views;
    float sharpest;
    float skin_sum[3], skin_weight; /* colour of lit skin; of pictures whose light was trusted */
    float luma_sum, luma_weight;
    float iris_sum[3], iris_weight; /* over skin */
    struct atlas atlas;
    float bin[TEXELS][BINS];
    float red_sum[TEXELS], blue_sum[TEXELS], chroma_weight[TEXELS];
    struct plane weight;
    struct view view;
    struct plane a, b, c, d, e, f; /* scratch, side by side */
};

static inline float bt_identity_luminance(const float c[3]) {
    return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2]; /* BT.709 */
}
/* How often a texel must have been seen squarely to count as seen, and to count fully. */
#define SEEN_LEAST 1.5f
#define SEEN_FULLY 4.0f

#endif
