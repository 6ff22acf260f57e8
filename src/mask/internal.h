/* SPDX-License-Identifier: MIT */
/* How a mask is grown. Private to src/mask. All arithmetic here is + - * / sqrt and rig/exact.h: the same on every machine. */
#ifndef BT_MASK_INTERNAL_H
#define BT_MASK_INTERNAL_H

#include "base/rng.h"
#include "mask/mask.h"
#include "rig/exact.h"
#include "rig/raster.h"

enum { MASK_SIDE = BT_MASK_PX };

/* Deformations of the canonical face, each with one coefficient of about -2 ... 2. */
enum mask_field {
    JAW_WIDTH,
    CHIN_LENGTH,
    CHIN_FORWARD,
    CHIN_WIDTH,
    LOWER_LENGTH,
    JAW_ANGLE,
    NOSE_LENGTH,
    NOSE_WIDTH,
    NOSTRIL_FLARE,
    BRIDGE_HEIGHT,
    BRIDGE_WIDTH,
    NOSE_FORWARD,
    NOSE_TILT,
    NOSE_TIP,
    NOSE_HUMP,
    EYE_SPACING,
    EYE_SIZE,
    EYE_OPENING,
    EYE_TILT,
    EYE_HEIGHT,
    EYE_DEPTH,
    LID_HOOD,
    BROW_HEIGHT,
    BROW_TILT,
    BROW_RIDGE,
    BROW_ARCH,
    CHEEKBONE,
    CHEEK_FULL,
    UPPER_LIP,
    LOWER_LIP,
    MOUTH_WIDTH,
    MOUTH_HEIGHT,
    MOUTH_CURVE,
    PHILTRUM,
    FOREHEAD_HEIGHT,
    FOREHEAD_SLOPE,
    FACE_WIDTH,
    TEMPLE,
    JOWL,
    MOUTH_FORWARD,
    MASK_FIELDS
};

/* What is asked of a face; everything that is not asked is drawn from the seed. */
struct mask_wish {
    enum mask_field field;
    float value; /* added to what the seed drew */
};
struct mask_recipe {
    uint64_t seed;
    struct bt_mask_traits traits; /* each below 0 (beard: below 0) is drawn from the seed */
    float hair;                   /* 0 black ... 1 fair, 2 red, 3 grey; below 0: drawn */
    float iris;                   /* 0 dark brown ... 1 blue; below 0: drawn */
    float freckles;               /* 0 ... 1; below 0: drawn */
    float lip_colour;             /* 0 none ... 1 painted; below 0: drawn */
    float brow;                   /* -1 thin ... 1 thick, added */
    struct mask_wish wish[6];     /* value 0: unused */
};

/* A third decimal stream per part: a change of one part leaves the others' numbers alone. */
enum mask_stream {
    STREAM_TRAITS = 1,
    STREAM_SHAPE,
    STREAM_SKIN,
    STREAM_SPOTS,
    STREAM_BROWS,
    STREAM_BEARD,
    STREAM_WRINKLES,
    STREAM_NOISE
};

/* One drawing a full expression: C leaves open in which order arguments and initialisers are evaluated, and compilers differ.
 */
float bt_mask_normal(struct bt_rng *rng); /* about N(0, 1), made of sums alone, within -6 ... 6 */

/* A picture of 512 x 512 floats. */
struct mask_plane {
    float px[BT_MASK_TEXELS];
};

struct mask_canvas {
    const struct bt_rig *rig;
    const struct mask_recipe *recipe;
    struct bt_vec2 uv[BT_RIG_VERTICES]; /* px of 512 */
    /* Skin as what it absorbs, above the mean: natural log of the ratio = -(melanin * M + blood * B) + shade. */
    struct mask_plane melanin, blood, shade;
    struct mask_plane colour[3]; /* the ratio itself, once skin is resolved: lips, hair are laid over it */
    struct mask_plane relief;    /* height, in shade units: pores, wrinkles, folds */
    struct mask_plane a, b, c, scratch;
    struct bt_mask *mask;
};

static inline struct bt_picture_f mask_picture(struct mask_plane *plane) {
    return (struct bt_picture_f){plane->px, MASK_SIDE, MASK_SIDE};
}

/* Smooth noise of mean 0 and about unit deviation: `octaves` lattices, the first of cells cell_px wide. Added to out, times
 * gain. */
void bt_mask_noise(struct bt_rng *rng, float cell_px, uint32_t octaves, float persistence, float gain, struct mask_plane *out,
                   struct mask_plane *scratch);
/* exp(-((x - cx) / sx)^2 - ((y - cy) / sy)^2), added times gain. */
void bt_mask_blob(struct mask_plane *plane, struct bt_vec2 centre, float sx, float sy, float gain);
/* One hair, of points along a curve, laid over the colour: thinner and paler to the end. */
struct mask_hair {
    struct bt_vec2 root;
    float angle, bend, length, width, alpha;
    float colour[3]; /* ratio */
};
void bt_mask_lay_hair(struct mask_canvas *canvas, const struct mask_hair *hair);

void bt_mask_shape(const struct bt_rig *rig, const struct mask_recipe *recipe, struct bt_vec3 *out_neutral);
void bt_mask_skin(struct mask_canvas *canvas);   /* zones, mottle, spots */
void bt_mask_relief(struct mask_canvas *canvas); /* pores, folds, wrinkles; then resolves skin to colour */
void bt_mask_lips(struct mask_canvas *canvas);
void bt_mask_lids(struct mask_canvas *canvas);
void bt_mask_brows(struct mask_canvas *canvas);
void bt_mask_beard(struct mask_canvas *canvas);

/* recipe.traits must be complete. */
BT_CHECKED bt_status bt_mask_grow_recipe(const struct bt_rig *rig, const struct mask_recipe *recipe, const char *name,
                                         struct bt_mask **out_mask);

#endif
