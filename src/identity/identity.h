/* SPDX-License-Identifier: MIT */
/* An enrolled person's face as it is worn: neutral geometry and a de-lit albedo ratio on the canonical UV, with what was never
   seen marked. Plain C; bytes in and out, sealed by the vault. It is personal data: destroy wipes it. */
#ifndef BT_IDENTITY_H
#define BT_IDENTITY_H

#include "base/bytes.h"
#include "base/status.h"
#include "mask/mask.h"

struct bt_log;

enum { BT_IDENTITY_VERSION = 1, BT_IDENTITY_VIEWS_LEAST = 12 };

struct bt_identity {
    char name[BT_MASK_NAME_BYTES];           /* as a mask's: a-z, 0-9, '-' */
    uint32_t views;                          /* how many pictures it was made from */
    struct bt_vec3 neutral[BT_RIG_VERTICES]; /* face space, cm, lips closed */
    float skin[3], iris[3];                  /* linear RGB */
    uint16_t ratio[BT_MASK_TEXELS * 3];      /* as bt_mask.ratio; 1 where seen is 0 */
    uint8_t seen[BT_MASK_TEXELS];            /* 0 never ... 255 well */
};
void bt_identity_destroy(struct bt_identity **identity); /* wipes first */

/* Magic, version, fields, CRC-32; little-endian. */
size_t bt_identity_encoded_bytes(void);
void bt_identity_encode(const struct bt_identity *identity, uint8_t *out_bytes); /* bt_identity_encoded_bytes of them */
/* A door: bytes from outside. BT_E_FORMAT: damaged, of another version, or a number out of range (the log says which).
   BT_E_MEMORY. */
BT_CHECKED bt_status bt_identity_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_identity **out_identity);

/* What swap wears, a mask of its name: texels that were not seen are filled from their mirror image, else are plain skin, with
   soft edges. The caller's, by bt_identity_unwear. BT_E_MEMORY. */
BT_CHECKED bt_status bt_identity_wear(const struct bt_identity *identity, struct bt_mask **out_mask);
void bt_identity_unwear(struct bt_mask **mask); /* wipes and destroys such a mask */

/* Making one: a call for each picture that enrolment accepted. It holds no pictures, only sums; about 50 MB. */
struct bt_identity_builder;
struct bt_identity_picture {
    const float *rgb; /* linear light (shaders/include/color.h), row-major from the top, 3 a pixel; borrowed for the call */
    uint32_t width_px, height_px;
    const struct bt_vec3 *landmark; /* 478, frame px, as struct bt_face has them */
};
/* BT_E_MEMORY. The rig must outlive the builder. */
BT_CHECKED bt_status bt_identity_builder_create(struct bt_log *log, const struct bt_rig *rig,
                                                struct bt_identity_builder **out_builder);
void bt_identity_builder_destroy(struct bt_identity_builder **builder); /* wipes first */
/* Projects the picture into UV, fits its light, divides that out and adds the rest to the sums, weighted by how squarely each
   texel was seen, by sharpness and by how neutral the expression is. Nothing is added on failure. BT_E_POSE: turned too far, or
   no face's points. BT_E_TOO_DARK. Allocates nothing; some tens of milliseconds. */
BT_CHECKED bt_status bt_identity_builder_add(struct bt_identity_builder *builder, const struct bt_identity_picture *picture);
uint32_t bt_identity_builder_views(const struct bt_identity_builder *builder); /* pictures added */
/* 0 ... 1: the share of the worn part of the face that has been seen often and squarely enough. */
float bt_identity_builder_coverage(const struct bt_identity_builder *builder);
/* BT_E_ARGUMENT: fewer than BT_IDENTITY_VIEWS_LEAST pictures, or a bad name. BT_E_MEMORY. The builder may go on afterwards. */
BT_CHECKED bt_status bt_identity_builder_finish(struct bt_identity_builder *builder, const char *name,
                                                struct bt_identity **out_identity);

#endif
