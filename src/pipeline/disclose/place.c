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
#define FEATURES_WEIGHT 40.0f

void bt_disclose_places_init(struct bt_places *places, const struct bt_layout *layout) {
    const struct bt_plate *l = layout->label, *b = layout->banner;
    *places = (struct bt_places){
        .label = {.count = layout->labels * BT_LABEL_PLACES, .clear_px = 0.5f * (float)l->cap_px},
        .banner = {.count = layout->banners * BT_BANNER_PLACES, .clear_px = 0.5f * (float)b->cap_px},
        .frame_w = layout->frame_w,
        .frame_h = layout->frame_h,
        .step_px = layout->step_px,
        .label_margin = l->y,
        .banner_margin = layout->frame_h - b->y - b->h,
    };
    struct bt_seeker *label = &places->label;
    for (uint32_t i = 0; i < label->count; i++) {
        const uint32_t shape = i / BT_LABEL_PLACES, at = i % BT_LABEL_PLACES;
        const struct bt_plate *plate = &l[shape];
        const bool right = at == BT_LABEL_TOP_RIGHT || at == BT_LABEL_BOTTOM_RIGHT;
        const bool top = at == BT_LABEL_TOP_RIGHT || at == BT_LABEL_TOP_LEFT;
        label->spot[i] =
            (struct bt_spot){right ? plate->x : plate->y, top ? plate->y : layout->frame_h - plate->y - plate->h, shape};
        label->admitted[i] = true;
        label->size[shape] = (struct bt_rect){0.0f, 0.0f, (float)plate->w, (float)plate->h};
    }
    for (uint32_t i = 0; i < layout->banners; i++)
        places->banner.size[i] = (struct bt_rect){0.0f, 0.0f, (float)b[i].w, (float)b[i].h};
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

static struct bt_rect plate_at(const struct bt_seeker *s, uint32_t i) {
    const struct bt_spot *at = &s->spot[i];
    return (struct bt_rect){(float)at->x, (float)at->y, s->size[at->shape].w, s->size[at->shape].h};
}

/* How much of the face a plate hides. On the canonical face mesh brows and lower lip lie at .25 and .85 of the way from
   hairline to chin. */
static float hides(const struct bt_rect *plate, const struct bt_rect *face) {
    struct bt_rect features = {face->x + 0.1f * face->w, face->y + 0.2f * face->h, 0.8f * face->w, 0.65f * face->h};
    return overlap(plate, face) + FEATURES_WEIGHT * overlap(plate, &features);
}

/* Takes another place when the face comes under the plate, and a better one back when it has been free for long. `face` is NULL
   when none is known. */
static void seek(struct bt_seeker *s, const struct bt_rect *face, int64_t now) {
    float cost[BT_SPOTS_MAX], here = 0.0f;
    uint32_t best = s->count - 1;
    if (!s->admitted[s->at]) s->placed = false;
    const struct bt_rect wide = face ? grown(*face, s->placed ? s->clear_px : 0.0f) : (struct bt_rect){0};
    for (uint32_t i = s->count; i-- > 0;) {
        struct bt_rect plate = plate_at(s, i);
        cost[i] = !s->admitted[i] ? INFINITY : face ? hides(&plate, &wide) : 0.0f;
        if (i == s->at && face) here = hides(&plate, face);
        if (cost[i] <= cost[best]) best = i;
    }
    if (!s->placed) {
        s->at = best;
    } else if (here > 0.0f) {
        bool free = cost[best] <= 0.0f;
        if (best == s->at || (!free && (cost[best] > WORTH * cost[s->at] || now - s->moved_ns < STAY_NS))) return;
        s->at = best;
    } else {
        if (best >= s->at || cost[best] > 0.0f || best != s->better) { /* nothing better, or not the same as before */
            s->better = best < s->at && cost[best] <= 0.0f ? best : BT_SPOTS_MAX;
            s->free_ns = now;
            return;
        }
        if (now - s->free_ns < RETURN_NS) return;
        s->at = best;
    }
    s->placed = true;
    s->moved_ns = now;
    s->better = BT_SPOTS_MAX;
}

/* The banner's places depend on the label's: clear of it wherever its small moves take it, by as much as the kernel wants. */
static void lay_banner_spots(struct bt_places *places) {
    struct bt_seeker *b = &places->banner;
    const uint32_t at = places->label.at;
    const struct bt_rect l = plate_at(&places->label, at);
    const float step = (float)places->step_px, dx = step + BT_PACK_APART_X, dy = step + BT_PACK_APART_Y;
    const struct bt_rect label = {l.x - dx, l.y - dy, l.w + 2.0f * dx, l.h + 2.0f * dy};
    const float w = (float)places->frame_w, h = (float)places->frame_h, m = (float)places->banner_margin;
    const bool under = 2.0f * l.y + l.h < h, beside_right = 2.0f * l.x + l.w < w;
    /* A line's space between the two where there is room. */
    const float gap = fmaxf(dy, m);
    for (uint32_t i = 0; i < b->count; i++) {
        const uint32_t shape = i / BT_BANNER_PLACES, row = i % BT_BANNER_ROWS, column = i % BT_BANNER_PLACES / BT_BANNER_ROWS;
        const float bw = b->size[shape].w, bh = b->size[shape].h;
        const float x[] = {floorf((w - bw) / 4.0f) * 2.0f, m, w - m - bw, beside_right ? l.x + l.w + dx : l.x - dx - bw};
        const float y[] = {h - m - bh, m, under ? l.y + l.h + gap : l.y - gap - bh};
        const struct bt_rect plate = {x[column], y[row], bw, bh};
        b->admitted[i] =
            plate.x >= 0.0f && plate.y >= 0.0f && plate.x + bw <= w && plate.y + bh <= h && overlap(&plate, &label) <= 0.0f;
        b->spot[i] = b->admitted[i] ? (struct bt_spot){(uint32_t)plate.x, (uint32_t)plate.y, shape} : (struct bt_spot){0};
    }
}

struct bt_placement bt_disclose_places_next(struct bt_places *places, int64_t capture_ns, const struct bt_rect *face_px,
                                            bool banner) {
    static const int32_t shift[BT_LABEL_SHIFTS][2] = {{0, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
    /* Comparisons with what is no number are false. */
    bool known = face_px && face_px->w > 0.0f && face_px->h > 0.0f && face_px->x > -1e6f && face_px->y > -1e6f &&
                 face_px->x + face_px->w < 1e6f && face_px->y + face_px->h < 1e6f;
    /* The small moves must not touch it either. */
    const struct bt_rect near = known ? grown(*face_px, (float)places->step_px) : (struct bt_rect){0};
    const struct bt_rect *face = known ? &near : NULL;
    struct bt_seeker *l = &places->label, *b = &places->banner;
    seek(l, face, capture_ns);

    struct bt_placement out = {l->spot[l->at], {0}};
    const int32_t *by = shift[(uint64_t)capture_ns / (uint64_t)SHIFT_NS % BT_LABEL_SHIFTS];
    out.label.x += (uint32_t)(by[0] * (int32_t)places->step_px);
    out.label.y += (uint32_t)(by[1] * (int32_t)places->step_px);
    if (!banner) {
        b->placed = false; /* the next one looks anew */
        return out;
    }
    lay_banner_spots(places);
    seek(b, face, capture_ns);
    out.banner = b->spot[b->at];
    return out;
}
