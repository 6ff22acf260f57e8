/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/place.h"
#include "disclose/pack.h"
#include <math.h>

#define SECOND_NS INT64_C(1000000000)
/* Long enough not to be seen as motion; short beside a codec's key frame distance and a display's retention. */
#define SHIFT_NS (8 * SECOND_NS)
/* A plate goes back to a better place when that has been free for so long, and where no place is free it stays as long. */
#define RETURN_NS (10 * SECOND_NS)
#define STAY_NS   (3 * SECOND_NS)
/* Where no place is free, another must be so much better to be worth the move. */
#define WORTH 0.6f
/* In a frame full of face: a pixel over eyes, nose and mouth counts as many over forehead, cheek and chin. */
#define FEATURES_WEIGHT 8.0f

static uint32_t maximum(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

void bt_disclose_places_init(struct bt_places *places, const struct bt_layout *layout, uint32_t frame_h) {
    const struct bt_plate *l = &layout->label, *b = &layout->banner;
    uint32_t margin = l->y, left = margin, right = l->x, top = margin, bottom = frame_h - margin - l->h;
    uint32_t below = frame_h - b->y - b->h; /* the banner's own margin */
    *places = (struct bt_places){
        .label = {.w = l->w, .h = l->h, .clear_px = 0.5f * (float)l->cap_px},
        .banner = {.w = b->w, .h = b->h, .clear_px = 0.5f * (float)b->cap_px},
        .step_px = 2 * maximum(1, l->cap_px / 20),
        .frame_h = frame_h,
    };
    places->label.spot[BT_LABEL_TOP_RIGHT] = (struct bt_spot){right, top};
    places->label.spot[BT_LABEL_TOP_LEFT] = (struct bt_spot){left, top};
    places->label.spot[BT_LABEL_BOTTOM_RIGHT] = (struct bt_spot){right, bottom};
    places->label.spot[BT_LABEL_BOTTOM_LEFT] = (struct bt_spot){left, bottom};
    places->banner.spot[BT_BANNER_BOTTOM] = (struct bt_spot){b->x, b->y};
    places->banner.spot[BT_BANNER_TOP] = (struct bt_spot){b->x, below};
    places->banner.spot[BT_BANNER_UNDER_LABEL] = (struct bt_spot){b->x, top + l->h + below};
    /* Where the two together are too high, either lies outside, and is never admitted. */
    places->banner.spot[BT_BANNER_OVER_LABEL] = (struct bt_spot){b->x, bottom - b->h - below};
}

static float shared(float a0, float a1, float b0, float b1) {
    return fmaxf(0.0f, fminf(a1, b1) - fmaxf(a0, b0));
}

static float overlap(const struct bt_rect *a, const struct bt_rect *b) {
    return shared(a->x, a->x + a->w, b->x, b->x + b->w) * shared(a->y, a->y + a->h, b->y, b->y + b->h);
}

static struct bt_rect grown(struct bt_rect r, float by) {
    return (struct bt_rect){r.x - by, r.y - by, r.w + 2.0f * by, r.h + 2.0f * by};
}

static struct bt_rect plate_at(const struct bt_seeker *s, struct bt_spot at) {
    return (struct bt_rect){(float)at.x, (float)at.y, (float)s->w, (float)s->h};
}

/* How much of the face a plate hides. On the canonical face mesh brows and lower lip lie at .25 and .85 of the way from
   hairline to chin. */
static float hides(const struct bt_rect *plate, const struct bt_rect *face) {
    struct bt_rect features = {face->x + 0.1f * face->w, face->y + 0.2f * face->h, 0.8f * face->w, 0.65f * face->h};
    return overlap(plate, face) + FEATURES_WEIGHT * overlap(plate, &features);
}

/* Takes another place when the face comes under the plate, and a better one back when it has been free for long. `face` is NULL
   when none is known. */
static void seek(struct bt_seeker *s, const struct bt_rect *face, const bool *admitted, int64_t now) {
    float cost[4], here = 0.0f;
    uint32_t best = 3;
    if (!admitted[s->at]) s->placed = false;
    const struct bt_rect wide = face ? grown(*face, s->placed ? s->clear_px : 0.0f) : (struct bt_rect){0};
    for (uint32_t i = 4; i-- > 0;) {
        struct bt_rect plate = plate_at(s, s->spot[i]);
        cost[i] = !admitted[i] ? INFINITY : face ? hides(&plate, &wide) : 0.0f;
        if (i == s->at && face) here = hides(&plate, face);
        if (i == 3 || cost[i] <= cost[best]) best = i;
    }
    if (!s->placed) {
        s->at = best;
    } else if (here > 0.0f) {
        bool free = cost[best] <= 0.0f;
        if (best == s->at || (!free && (cost[best] > WORTH * cost[s->at] || now - s->moved_ns < STAY_NS))) return;
        s->at = best;
    } else {
        if (best >= s->at || cost[best] > 0.0f || best != s->better) { /* nothing better, or not the same as before */
            s->better = best < s->at && cost[best] <= 0.0f ? best : 4;
            s->free_ns = now;
            return;
        }
        if (now - s->free_ns < RETURN_NS) return;
        s->at = best;
    }
    s->placed = true;
    s->moved_ns = now;
    s->better = 4;
}

struct bt_placement bt_disclose_places_next(struct bt_places *places, int64_t capture_ns, const struct bt_rect *face_px,
                                            bool banner) {
    static const bool everywhere[4] = {true, true, true, true};
    static const int32_t shift[BT_LABEL_SHIFTS][2] = {{0, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    /* Comparisons with what is no number are false. */
    bool known = face_px && face_px->w > 0.0f && face_px->h > 0.0f && face_px->x > -1e6f && face_px->y > -1e6f &&
                 face_px->x + face_px->w < 1e6f && face_px->y + face_px->h < 1e6f;
    /* The small moves must not touch it either. */
    const struct bt_rect near = known ? grown(*face_px, (float)places->step_px) : (struct bt_rect){0};
    const struct bt_rect *face = known ? &near : NULL;
    struct bt_seeker *l = &places->label, *b = &places->banner;
    seek(l, face, everywhere, capture_ns);

    struct bt_placement out = {l->spot[l->at], {0}};
    const int32_t *by = shift[(uint64_t)capture_ns / (uint64_t)SHIFT_NS % BT_LABEL_SHIFTS];
    out.label.x += (uint32_t)(by[0] * (int32_t)places->step_px);
    out.label.y += (uint32_t)(by[1] * (int32_t)places->step_px);
    if (!banner) {
        b->placed = false; /* the next one looks anew */
        return out;
    }
    /* Clear of the label wherever its small moves take it, by as much as the kernel wants. */
    bool admitted[4];
    const struct bt_rect label = grown(plate_at(l, l->spot[l->at]), (float)(places->step_px + BT_PACK_APART));
    bool under = l->at == BT_LABEL_TOP_RIGHT || l->at == BT_LABEL_TOP_LEFT;
    for (uint32_t i = 0; i < 4; i++) {
        struct bt_rect plate = plate_at(b, b->spot[i]);
        admitted[i] = b->spot[i].y <= places->frame_h - b->h && overlap(&plate, &label) <= 0.0f;
    }
    admitted[BT_BANNER_UNDER_LABEL] = admitted[BT_BANNER_UNDER_LABEL] && under;
    admitted[BT_BANNER_OVER_LABEL] = admitted[BT_BANNER_OVER_LABEL] && !under;
    seek(b, face, admitted, capture_ns);
    out.banner = b->spot[b->at];
    return out;
}
