/* SPDX-License-Identifier: MIT */
/* An identity as swap wears it: without holes. */
#include "identity/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float MIRRORED = 0.9f; /* how much of a mirror image is taken */

struct work {
    struct plane seen, reach, value, near, a, b;
};

/* reach: 1 within what was seen and close to it ... 0. */
static void find_reach(const struct bt_identity *f, struct work *w) {
    for (uint32_t i = 0; i < TEXELS; i++) w->seen.px[i] = (float)f->seen[i] / 255.0f;
    w->reach = w->seen;
    bt_raster_blur(picture_of(&w->reach), 5.0f, w->a.px);
    for (uint32_t i = 0; i < TEXELS; i++) w->reach.px[i] = bt_smoothstep(w->reach.px[i], 0.04f, 0.4f);
}

/* Close to what was seen its colour goes on, so that a lid keeps its edge; further off comes the mirror image, then skin. */
static void fill_channel(const struct bt_identity *f, uint32_t k, struct work *w, uint16_t *out) {
    for (uint32_t i = 0; i < TEXELS; i++)
        w->value.px[i] = logf(fmaxf((float)f->ratio[3 * i + k] * (BT_MASK_RATIO_MAX / 65535.0f), 0.02f));
    w->near = w->value;
    bt_identity_blur(&w->near, &w->seen, 5.0f, &w->a, &w->b);
    for (uint32_t i = 0; i < TEXELS; i++) w->near.px[i] = bt_lerp(w->near.px[i], w->value.px[i], w->seen.px[i]);
    for (uint32_t i = 0; i < TEXELS; i++) {
        const uint32_t other = i - i % SIDE + SIDE - 1 - i % SIDE;
        const float far = MIRRORED * w->reach.px[other] * w->near.px[other];
        const float ratio = expf(bt_lerp(far, w->near.px[i], w->reach.px[i]));
        out[3 * i + k] = (uint16_t)(bt_clamp(ratio, 0.0f, BT_MASK_RATIO_MAX) * (65535.0f / BT_MASK_RATIO_MAX) + 0.5f);
    }
}

bt_status bt_identity_wear(const struct bt_identity *f, struct bt_mask **out_mask) {
    bt_status status = BT_E_MEMORY;
    struct bt_mask *mask = calloc(1, sizeof(*mask));
    struct work *w = calloc(1, sizeof(*w));
    if (!mask || !w) goto fail;
    memcpy(mask->name, f->name, sizeof(mask->name));
    memcpy(mask->neutral, f->neutral, sizeof(mask->neutral));
    memcpy(mask->skin, f->skin, sizeof(mask->skin));
    memcpy(mask->iris, f->iris, sizeof(mask->iris));
    find_reach(f, w);
    for (uint32_t k = 0; k < 3; k++) fill_channel(f, k, w, mask->ratio);
    *out_mask = mask;
    mask = NULL;
    status = BT_OK;
fail:
    bt_identity_unwear(&mask);
    if (w) explicit_bzero(w, sizeof(*w));
    free(w);
    return status;
}

void bt_identity_unwear(struct bt_mask **mask) {
    if (!mask || !*mask) return;
    explicit_bzero(*mask, sizeof(**mask));
    bt_mask_destroy(mask);
}
