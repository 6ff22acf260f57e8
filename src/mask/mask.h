/* SPDX-License-Identifier: MIT */
/* Masks: faces that belong to nobody, grown from a seed. The same seed gives the same bytes on every machine, so anybody can
   check that no face data went in. Pure C. */
#ifndef BT_MASK_H
#define BT_MASK_H

#include "base/bytes.h"
#include "base/status.h"
#include "rig/rig.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;

enum { BT_MASK_PX = 512, BT_MASK_TEXELS = 512 * 512, BT_MASK_NAME_BYTES = 32 };

/* For lists and choosing; nothing is computed from them once grown. */
struct bt_mask_traits {
    float age;       /* years, 18 ... 80 */
    float masculine; /* 0 ... 1 */
    float skin;      /* 0 darkest ... 1 palest */
    float beard;     /* 0 ... 1 */
};

/* Owned by whoever made it; plain memory, never changed afterwards. */
struct bt_mask {
    char name[BT_MASK_NAME_BYTES]; /* a-z, 0-9, '-'; ends with 0 */
    uint64_t seed;
    struct bt_mask_traits traits;
    struct bt_vec3 neutral[BT_RIG_VERTICES]; /* face space, cm, lips closed */
    float skin[3];                           /* linear RGB albedo that the ratio is 1 at */
    float iris[3];                           /* linear RGB */
    float hair[3];                           /* linear RGB, of brows and beard */
    /* Albedo over skin, linear, canonical UV: ratio = BT_MASK_RATIO_MAX * code / 65535, RGB, row-major from the top. Valid
     * everywhere. */
    uint16_t ratio[BT_MASK_TEXELS * 3];
};
#define BT_MASK_RATIO_MAX 4.0f

/* A field of `bytes` holds such a name, its end included. */
bool bt_mask_name_is_good(const char *name, size_t bytes);

/* name: as above, else BT_E_ARGUMENT. BT_E_MEMORY. */
BT_CHECKED bt_status bt_mask_grow(const struct bt_rig *rig, uint64_t seed, const char *name, struct bt_mask **out_mask);
void bt_mask_destroy(struct bt_mask **mask);

/* The shipped masks: curated seeds, each with wishes for age, sex, skin and a few features. Grown when asked for. */
struct bt_mask_builtin {
    const char *name;
    const char *description; /* a few English words */
    uint64_t seed;
};
uint32_t bt_mask_builtin_count(void);
const struct bt_mask_builtin *bt_mask_builtin_at(uint32_t index); /* NULL past the end */
bool bt_mask_builtin_find(const char *name, uint32_t *out_index);
BT_CHECKED bt_status bt_mask_builtin_grow(const struct bt_rig *rig, uint32_t index, struct bt_mask **out_mask);

/* The mask file: magic, version, fields, ratio, CRC-32 at the end; little-endian. */
size_t bt_mask_encoded_bytes(void);
void bt_mask_encode(const struct bt_mask *mask, uint8_t *out_bytes); /* bt_mask_encoded_bytes of them */
/* A door: bytes from outside. BT_E_FORMAT (the log says why), BT_E_MEMORY. */
BT_CHECKED bt_status bt_mask_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_mask **out_mask);

/* A picture of the mask alone on a grey ground, softly lit: size_px x size_px, RGB bytes (gamma-coded), rows packed.
   Angles in radians as in rig/pose.h. BT_E_MEMORY. */
BT_CHECKED bt_status bt_mask_render(const struct bt_rig *rig, const struct bt_mask *mask, uint32_t size_px, float yaw,
                                    float pitch, uint8_t *out_rgb);

#endif
