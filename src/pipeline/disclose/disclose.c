/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/disclose.h"
#include "base/log.h"
#include "disclose/pack.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/pack.h"
#include "pipeline/disclose/placard.h"
#include "pipeline/disclose/place.h"
#include "pipeline/disclose/strings.h"
#include "spv/disclose_pack.h"
#include "watermark/dose.h"
#include "watermark/watermark.h"
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(BT_EGRESS_YUYV == BT_PACK_YUYV && BT_EGRESS_NV12 == BT_PACK_NV12 && BT_EGRESS_I420 == BT_PACK_I420, "formats");
_Static_assert(sizeof(struct bt_watermark_tile) == BT_MARK_TILE * BT_MARK_TILE, "tile");
_Static_assert(sizeof(struct bt_pack_push) == 60, "push block");

#define SECOND_NS INT64_C(1000000000)
/* A GPU that is gone says so at once; this is for one that hangs. Software drivers may take seconds for a large frame. */
#define WAIT_NS (10 * SECOND_NS)
/* First use compiles the kernel, in the driver. */
#define FIRST_WAIT_NS (120 * SECOND_NS)
/* EU Code of Practice, live video: a notice at first exposure and after interruptions. */
#define BANNER_S      5.0f
#define BANNER_MOST_S 1e6f /* eleven days: what can be counted */
#define GAP_NS        (2 * SECOND_NS)

/* Images whose bindings are kept: more than any capture pool has. */
enum { IMAGES_MAX = 8 };

/* What a handle leads to. Written by the thread that makes frames, read by the sink's: a sequence lock on `generation`, which
   is 0 while the rest changes. Everything between is stored with release and loaded with acquire: whoever reads a new value
   also sees that the generation is gone. (Fences would do as well, but ThreadSanitizer does not know them.) */
struct record {
    _Atomic uint32_t generation;
    _Atomic(const uint8_t *) bytes;
    _Atomic bool placard;
    _Atomic int64_t capture_ns;
    _Atomic uint64_t sequence;
    _Atomic uint64_t label;                 /* from the lowest bits: x 16, y 16, shape */
    _Atomic float sign, least, slope, most; /* the dose */
};

struct bt_disclose {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_pack_format format;
    size_t size_bytes;
    struct bt_placards placards;
    struct bt_mark *mark[BT_LABEL_SHAPES];
    struct bt_layout layout; /* its words are gone */
    uint32_t session;
    struct bt_places places;
    struct bt_watermark_doser doser;
    struct bt_spot card_label, label;  /* on the cards; on the last masked frame */
    struct bt_rect banner;             /* on the last masked frame */
    struct bt_watermark_dose dose;     /* of the last masked frame */
    struct bt_watermark_tile *pattern; /* what tile holds, for reading */
    int64_t banner_ns;
    struct bt_kernel *kernel, *fading; /* the same shader: with BT_PACK_FADES 0 and 1 */
    struct bt_image *overlay_image;
    struct bt_buffer *tile;
    struct bt_image *blank; /* only while the set-up is proved, or when a wait failed in it */
    struct bt_timers *timers;
    struct bt_commands *commands;
    uint64_t pending; /* a submission that was not waited for to its end; 0: none */
    struct bt_buffer *egress[BT_EGRESS_SLOTS];
    struct source {
        struct bt_image *image;
        struct bt_bindings *bindings[BT_EGRESS_SLOTS];
    } source[IMAGES_MAX];
    uint32_t source_count, source_oldest;
    struct record record[BT_EGRESS_SLOTS];
    _Atomic uint32_t *held; /* the slot that was last looked up: its sink may still be reading. The reader's only mark here */
    uint32_t slot, generation;
    int64_t banner_until_ns, last_ns;
    bool banner_due;
    bool holdable; /* what `slot` was last opened for is a masked frame, whole */
    float last_ms;
};

const char *bt_disclose_label_text(void) {
    return bt_string_LABEL;
}

struct bt_disclose_plate bt_disclose_plate_of(uint32_t width_px, uint32_t height_px) {
    struct bt_disclose_plate plate = {0};
    struct bt_text *text = NULL;
    struct bt_layout l;
    if (!bt_disclose_overlay_text(&text) && !bt_disclose_layout_of(text, width_px, height_px, NULL, &l))
        plate = (struct bt_disclose_plate){l.label->x, l.label->y, l.label->w, l.label->h, l.label->cap_px};
    bt_text_destroy(&text);
    return plate;
}

static bt_status make_kernel(struct bt_disclose *d, bool fades, struct bt_kernel **out_kernel) {
    static const enum bt_slot slots[] = {[BT_PACK_FRAME] = BT_SLOT_SAMPLED,
                                         [BT_PACK_OVERLAY] = BT_SLOT_SAMPLED,
                                         [BT_PACK_EGRESS] = BT_SLOT_STORAGE,
                                         [BT_PACK_TILE] = BT_SLOT_STORAGE};
    const uint32_t constants[BT_PACK_CONSTANTS] = {
        [BT_PACK_FORMAT] = d->format.egress, [BT_PACK_WIDTH] = d->format.w, [BT_PACK_HEIGHT] = d->format.h,
        [BT_PACK_BT709] = d->format.bt709,   [BT_PACK_FADES] = fades,
    };
    return bt_kernel_create(d->gpu,
                            &(struct bt_kernel_params){.name = "disclose/pack",
                                                       .spirv = bt_spv_disclose_pack,
                                                       .spirv_bytes = bt_spv_disclose_pack_bytes,
                                                       .slots = slots,
                                                       .slot_count = BT_COUNT(slots),
                                                       .constants = constants,
                                                       .constant_count = BT_PACK_CONSTANTS,
                                                       .push_bytes = sizeof(struct bt_pack_push)},
                            out_kernel);
}

/* Where a shape begins in the overlay's image. */
static uint32_t row_of(const struct bt_layout *l, bool banner, uint32_t shape) {
    uint32_t row = 0;
    for (uint32_t i = 0; i < (banner ? l->labels : shape); i++) row += l->label[i].h;
    for (uint32_t i = 0; banner && i < shape; i++) row += l->banner[i].h;
    return row;
}

/* All shapes of label and banner in one image, one below the other. */
static bt_status upload_overlay(struct bt_disclose *d, const struct bt_overlay *overlay) {
    const struct bt_layout *l = &overlay->layout;
    struct bt_canvas all = {0};
    uint32_t w = 0;
    for (uint32_t i = 0; i < l->labels; i++) w = l->label[i].w > w ? l->label[i].w : w;
    for (uint32_t i = 0; i < l->banners; i++) w = l->banner[i].w > w ? l->banner[i].w : w;
    bt_status st = bt_disclose_canvas_init(&all, w, row_of(l, true, l->banners));
    if (st) return st;
    for (uint32_t i = 0; i < l->labels; i++) bt_disclose_canvas_copy(&all, &overlay->label[i], 0, row_of(l, false, i));
    for (uint32_t i = 0; i < l->banners; i++) bt_disclose_canvas_copy(&all, &overlay->banner[i], 0, row_of(l, true, i));
    st = bt_image_create(d->gpu, all.w, all.h, BT_IMAGE_RGBA8, &d->overlay_image);
    if (!st) st = bt_image_write(d->overlay_image, all.rgba, (size_t)all.w * all.h * 4);
    bt_disclose_canvas_finish(&all);
    return st;
}

static void drop_source(struct source *s) {
    for (uint32_t i = 0; i < BT_EGRESS_SLOTS; i++) bt_bindings_destroy(&s->bindings[i]);
    s->image = NULL;
}

/* The image's bindings, one for each slot: made when it is first seen, which is while the first frames come. */
static bt_status source_of(struct bt_disclose *d, struct bt_image *image, struct source **out_source) {
    for (uint32_t i = 0; i < d->source_count; i++)
        if (d->source[i].image == image) {
            *out_source = &d->source[i];
            return BT_OK;
        }
    struct source *s;
    if (d->source_count < IMAGES_MAX) {
        s = &d->source[d->source_count];
    } else { /* nothing is in flight here: the oldest may go */
        s = &d->source[d->source_oldest];
        d->source_oldest = (d->source_oldest + 1) % IMAGES_MAX;
        drop_source(s);
    }
    for (uint32_t i = 0; i < BT_EGRESS_SLOTS; i++) {
        const struct bt_binding bindings[] = {
            [BT_PACK_FRAME] = {.image = image, .sampler = BT_SAMPLER_NEAREST_EDGE},
            [BT_PACK_OVERLAY] = {.image = d->overlay_image, .sampler = BT_SAMPLER_NEAREST_EDGE},
            [BT_PACK_EGRESS] = {.buffer = d->egress[i]},
            [BT_PACK_TILE] = {.buffer = d->tile},
        };
        bt_status st = bt_bindings_create(d->kernel, bindings, BT_COUNT(bindings), &s->bindings[i]);
        if (st) {
            drop_source(s);
            return st;
        }
    }
    s->image = image;
    if (d->source_count < IMAGES_MAX) d->source_count++;
    *out_source = s;
    return BT_OK;
}

/* One dispatch, waited for. */
static bt_status run(struct bt_disclose *d, struct bt_image *image, uint32_t slot, const struct bt_pack_push *push,
                     int64_t wait_ns) {
    bt_status st = BT_OK;
    if (d->pending) {
        if ((st = bt_gpu_wait(d->gpu, d->pending, wait_ns))) return st;
        d->pending = 0;
    }
    struct source *source;
    if ((st = source_of(d, image, &source))) return st;
    uint32_t x = 0, y = d->format.h;
    if (d->format.egress == BT_EGRESS_YUYV) {
        x = d->format.w / 2;
    } else if (d->format.w % 8 == 0) {
        x = d->format.w / 8;
        y = d->format.h / 2;
    } else {
        x = BT_PACK_WORD_ROW;
        y = (uint32_t)((d->size_bytes + 4 * BT_PACK_WORD_ROW - 1) / (4 * BT_PACK_WORD_ROW));
    }
    if ((st = bt_commands_begin(d->commands))) return st;
    bt_commands_stamp(d->commands, d->timers, 0);
    bt_commands_dispatch(d->commands, push->fade > 0 ? d->fading : d->kernel, source->bindings[slot], push,
                         (x + BT_PACK_LOCAL - 1) / BT_PACK_LOCAL, y, 1);
    bt_commands_stamp(d->commands, d->timers, 1);
    bt_commands_barrier(d->commands);
    if ((st = bt_commands_end(d->commands))) return st;
    if ((st = bt_gpu_submit(d->gpu, &d->commands, 1, &d->pending))) return st;
    if ((st = bt_gpu_wait(d->gpu, d->pending, wait_ns))) return st;
    d->pending = 0;
    uint64_t stamp[2];
    if (!bt_timers_read(d->timers, stamp)) d->last_ms = (float)(stamp[1] - stamp[0]) * 1e-6f;
    return BT_OK;
}

static struct bt_disclosed_view view_of(const struct bt_disclose *d, const uint8_t *bytes, bool placard, struct bt_spot label,
                                        struct bt_watermark_dose dose, int64_t ns, uint64_t seq) {
    return (struct bt_disclosed_view){.bytes = bytes,
                                      .size_bytes = d->size_bytes,
                                      .width_px = d->format.w,
                                      .height_px = d->format.h,
                                      .egress = d->format.egress,
                                      .bt709 = d->format.bt709,
                                      .placard = placard,
                                      .capture_ns = ns,
                                      .sequence = seq,
                                      .label_x = label.x,
                                      .label_y = label.y,
                                      .session = d->session,
                                      .dose = dose,
                                      .pattern = d->pattern,
                                      .mark = d->mark[label.shape]};
}

static struct bt_rect plate_at(const struct bt_plate *shapes, struct bt_spot spot) {
    return (struct bt_rect){(float)spot.x, (float)spot.y, (float)shapes[spot.shape].w, (float)shapes[spot.shape].h};
}

void bt_disclose_covers(const struct bt_disclose *d, struct bt_rect out_plate[BT_DISCLOSE_PLATES]) {
    out_plate[0] = plate_at(d->layout.label, d->label);
    out_plate[1] = d->banner;
}

static struct bt_pack_push push_of(const struct bt_disclose *d, const struct bt_placement *at, bool banner, float fade,
                                   const struct bt_watermark_dose *dose) {
    const struct bt_spot *l = &at->label, *b = &at->banner;
    return (struct bt_pack_push){
        .label_x = l->x,
        .label_y = l->y,
        .label_w = d->layout.label[l->shape].w,
        .label_h = d->layout.label[l->shape].h,
        .label_row = row_of(&d->layout, false, l->shape),
        .banner_x = b->x,
        .banner_y = b->y,
        .banner_w = banner ? d->layout.banner[b->shape].w : 0,
        .banner_h = d->layout.banner[b->shape].h,
        .banner_row = row_of(&d->layout, true, b->shape),
        .fade = fade,
        .sign = dose->sign,
        .least = dose->least,
        .slope = dose->slope,
        .most = dose->most,
    };
}

/* Colours come out as they went in. Only label and mark need to for a frame to be disclosed, but a viewer trusts none that
   shows blue skin. */
static bt_status prove_colours(struct bt_disclose *d) {
    const size_t size = (size_t)d->format.w * d->format.h * 4 * sizeof(uint16_t);
    uint16_t *texels = malloc(size);
    if (!texels) return BT_E_MEMORY;
    bt_disclose_bars(d->format.w, d->format.h, texels);
    bt_status st = bt_image_write(d->blank, texels, size);
    free(texels);
    if (st) return st;
    const struct bt_placement at = {.label = d->places.label.spot[0]};
    const struct bt_watermark_dose dose = bt_watermark_dose_of(NULL);
    const struct bt_pack_push push = push_of(d, &at, false, 0.0f, &dose);
    if ((st = run(d, d->blank, 0, &push, FIRST_WAIT_NS))) return st;
    const struct bt_disclosed_view view = view_of(d, bt_buffer_map(d->egress[0]), false, at.label, dose, 0, 0);
    const struct bt_rect cover = plate_at(d->layout.label, at.label);
    bool hold = false;
    if ((st = bt_disclose_check_colours(&view, &cover, 1, &hold)) || hold) return st;
    bt_log_error(d->log, "disclose: colours come out wrong from what this device packed: %s", bt_gpu_caps(d->gpu)->name);
    return BT_E_DEVICE;
}

/* The kernels on this device must write the label, wherever it may stand, the invisible mark, and colours, and every placard
   must carry label and mark, or nothing starts. */
static bt_status prove(struct bt_disclose *d) {
    bt_status st = bt_image_create(d->gpu, d->format.w, d->format.h, BT_IMAGE_RGBA16F, &d->blank);
    const struct bt_spot low = {d->layout.banner->x, d->layout.banner->y, 0};
    const struct bt_watermark_dose dose = d->placards.dose; /* for what is as flat */
    for (uint32_t slot = 0; !st && slot < BT_EGRESS_SLOTS; slot++) {
        /* Each corner, and each shape in at least two. */
        const uint32_t shape = (slot + slot / BT_LABEL_PLACES) % d->layout.labels;
        const struct bt_placement at = {d->places.label.spot[shape * BT_LABEL_PLACES + slot % BT_LABEL_PLACES], low};
        const struct bt_pack_push push = push_of(d, &at, slot == 0, slot == 1, &dose);
        st = run(d, d->blank, slot, &push, FIRST_WAIT_NS);
        struct bt_disclosed_view view = view_of(d, bt_buffer_map(d->egress[slot]), false, at.label, dose, 0, 0);
        if (!st && !bt_disclose_check(&view, NULL)) {
            bt_log_error(d->log, "disclose: the label cannot be read back from what this device packed: %s",
                         bt_gpu_caps(d->gpu)->name);
            st = BT_E_DEVICE;
        }
    }
    /* Each kernel, with either sign of the mark: a second apart. */
    for (uint32_t k = 0; !st && k < 2; k++) {
        const struct bt_placement at = {d->places.label.spot[0], low};
        struct bt_disclosed_view view[2];
        for (uint32_t i = 0; !st && i < 2; i++) {
            struct bt_watermark_dose signed_dose = dose;
            if (i) signed_dose.sign = -dose.sign;
            const struct bt_pack_push push = push_of(d, &at, true, k ? 0.5f : 0.0f, &signed_dose);
            st = run(d, d->blank, i, &push, FIRST_WAIT_NS);
            view[i] = view_of(d, bt_buffer_map(d->egress[i]), false, at.label, signed_dose, i * SECOND_NS, 0);
        }
        if (!st && !bt_disclose_check_watermark(view, 2)) {
            bt_log_error(d->log,
                         "disclose: the invisible mark %08" PRIx32 " cannot be read back from what this device packed: %s",
                         d->session, bt_gpu_caps(d->gpu)->name);
            st = BT_E_DEVICE;
        }
    }
    if (!st) st = prove_colours(d);
    if (!d->pending) { /* else destroy waits for it, and drops them then */
        if (d->source_count) drop_source(&d->source[--d->source_count]);
        bt_image_destroy(&d->blank);
    }
    for (uint32_t s = 0; !st && s < BAUTA_STATUS_COUNT; s++) {
        struct bt_disclosed_view view = view_of(d, d->placards.bytes[s], true, d->card_label, d->placards.dose, 0, 0);
        if (bt_disclose_check(&view, NULL)) continue;
        bt_log_error(d->log, "disclose: the label cannot be read back from the placard \"%s\"", bt_disclose_cards[s].what[0]);
        st = BT_E_UNSUPPORTED;
    }
    return st;
}

static bt_status check_size(const struct bt_disclose_params *p) {
    uint32_t w = p->width_px, h = p->height_px;
    if (w % 2 || h % 2) {
        bt_log_error(p->log, "disclose: frames of %ux%u: width and height must be even", w, h);
        return BT_E_ARGUMENT;
    }
    if (w < BT_DISCLOSE_LEAST_PX || h < BT_DISCLOSE_LEAST_PX) {
        bt_log_error(p->log, "disclose: frames of %ux%u have no room for the label: at least %dx%d", w, h, BT_DISCLOSE_LEAST_PX,
                     BT_DISCLOSE_LEAST_PX);
        return BT_E_ARGUMENT;
    }
    if (w > BT_DISCLOSE_MOST_PX || h > BT_DISCLOSE_MOST_PX) {
        bt_log_error(p->log, "disclose: frames of %ux%u are too large: at most %d a side", w, h, BT_DISCLOSE_MOST_PX);
        return BT_E_ARGUMENT;
    }
    return BT_OK;
}

/* All that is drawn once. */
static bt_status draw(struct bt_disclose *d, const struct bt_label_rules *rules, struct bt_text *text,
                      struct bt_overlay *out_overlay) {
    const char *extra = rules->extra ? rules->extra : "";
    uint32_t lacks;
    bt_status st = bt_text_lacks(text, extra, &lacks);
    if (st == BT_E_NOT_FOUND)
        bt_log_error(d->log, "disclose: no font of the program has U+%04X of the label's words \"%s\"", lacks, extra);
    else if (st == BT_E_ARGUMENT)
        bt_log_error(d->log, "disclose: the label's words are no UTF-8, or more than %d characters", BT_TEXT_CHARS_MAX);
    if (st) return st;
    st = bt_disclose_overlay_init(text, d->format.w, d->format.h, rules, out_overlay);
    if (st) return st;
    if (!(d->pattern = malloc(sizeof *d->pattern))) return BT_E_MEMORY;
    bt_watermark_tile_init(d->session, BT_WATERMARK_KEY, d->pattern);
    st = bt_disclose_placards_init(text, out_overlay, &d->format, d->pattern, &d->placards);
    if (st == BT_E_ARGUMENT)
        bt_log_error(d->log, "disclose: frames of %ux%u have no room for the label with the words \"%s\" at %.3g of a side",
                     d->format.w, d->format.h, extra, (double)rules->height_frac);
    if (st) return st;
    if ((st = bt_buffer_create(d->gpu, sizeof *d->pattern, BT_MEMORY_DEVICE, &d->tile))) return st;
    if ((st = bt_buffer_write(d->tile, 0, d->pattern, sizeof *d->pattern))) return st;
    d->layout = out_overlay->layout;
    bt_disclose_places_init(&d->places, &d->layout);
    d->card_label = d->places.label.spot[BT_LABEL_TOP_RIGHT];
    for (uint32_t i = 0; !st && i < d->layout.labels; i++)
        st = bt_disclose_mark_create(&out_overlay->label[i], d->format.w, d->format.h, &d->mark[i]);
    return st;
}

bt_status bt_disclose_create(const struct bt_disclose_params *params, struct bt_disclose **out_disclose) {
    struct bt_disclose *d = NULL;
    struct bt_text *text = NULL;
    struct bt_overlay overlay = {0};
    if (!params->gpu || params->egress >= BT_EGRESS_COUNT) return BT_E_ARGUMENT;
    bt_status st = check_size(params);
    if (st) return st;
    st = BT_E_MEMORY;
    if (!(d = calloc(1, sizeof *d))) goto fail;
    d->log = params->log;
    d->gpu = params->gpu;
    d->session = params->session;
    /* Standard definition is BT.601, from 720 lines on BT.709. */
    if (!(d->held = malloc(sizeof *d->held))) goto fail;
    atomic_init(d->held, BT_EGRESS_SLOTS); /* none */
    d->format = (struct bt_pack_format){params->width_px, params->height_px, params->egress, params->height_px >= 720};
    d->size_bytes = bt_disclose_pack_bytes(&d->format);
    d->banner_due = true;
    d->banner_ns = (int64_t)(fminf(fmaxf(params->rules.banner_s, BANNER_S), BANNER_MOST_S) * (float)SECOND_NS);
    if ((st = bt_disclose_overlay_text(&text))) goto fail;
    if ((st = draw(d, &params->rules, text, &overlay))) goto fail;
    for (uint32_t i = 0; i < BT_EGRESS_SLOTS; i++)
        if ((st = bt_buffer_create(d->gpu, (d->size_bytes + 3) / 4 * 4 + BT_DISCLOSE_SLACK_BYTES, BT_MEMORY_READBACK,
                                   &d->egress[i])))
            goto fail;
    if ((st = upload_overlay(d, &overlay))) goto fail;
    if ((st = make_kernel(d, false, &d->kernel))) goto fail;
    if ((st = make_kernel(d, true, &d->fading))) goto fail;
    if ((st = bt_commands_create(d->gpu, &d->commands))) goto fail;
    if ((st = bt_timers_create(d->gpu, 2, &d->timers))) goto fail;
    if ((st = prove(d))) goto fail;
    bt_disclose_overlay_finish(&overlay);
    bt_text_destroy(&text);
    *out_disclose = d;
    return BT_OK;
fail:
    bt_log_error(params->log, "disclose: could not be set up: %s", bauta_status_text(st));
    bt_disclose_overlay_finish(&overlay);
    bt_text_destroy(&text);
    bt_disclose_destroy(&d);
    return st;
}

void bt_disclose_destroy(struct bt_disclose **disclose) {
    struct bt_disclose *d = *disclose;
    if (!d) return;
    bt_commands_destroy(&d->commands); /* waits for the GPU, which still writes into the pool after a time-out: first */
    for (uint32_t i = 0; i < d->source_count; i++) drop_source(&d->source[i]);
    bt_timers_destroy(&d->timers);
    bt_kernel_destroy(&d->kernel);
    bt_kernel_destroy(&d->fading);
    bt_image_destroy(&d->blank);
    bt_image_destroy(&d->overlay_image);
    bt_buffer_destroy(&d->tile);
    free(d->pattern);
    for (uint32_t i = 0; i < BT_EGRESS_SLOTS; i++) bt_buffer_destroy(&d->egress[i]);
    bt_disclose_placards_finish(&d->placards);
    for (uint32_t i = 0; i < BT_LABEL_SHAPES; i++) bt_disclose_mark_destroy(&d->mark[i]);
    free(d->held);
    free(d);
    *disclose = NULL;
}

/* Takes the oldest record away from whoever still has its handle, but not from a sink that reads it. The order decides: here
   first the generation goes, then the hold is looked at; in bt_disclose_bytes the other way round. One of the two sees it. */
static uint32_t open_slot(struct bt_disclose *d) {
    do {
        d->slot = (d->slot + 1) % BT_EGRESS_SLOTS;
        atomic_store(&d->record[d->slot].generation, 0);
    } while (atomic_load(d->held) == d->slot);
    return d->slot;
}

static struct bt_disclosed close_slot(struct bt_disclose *d, const uint8_t *bytes, bool placard, struct bt_spot label,
                                      struct bt_watermark_dose dose, int64_t capture_ns, uint64_t sequence) {
    struct record *r = &d->record[d->slot];
    atomic_store_explicit(&r->bytes, bytes, memory_order_release);
    atomic_store_explicit(&r->placard, placard, memory_order_release);
    atomic_store_explicit(&r->capture_ns, capture_ns, memory_order_release);
    atomic_store_explicit(&r->sequence, sequence, memory_order_release);
    atomic_store_explicit(&r->label, (uint64_t)label.shape << 32 | label.y << 16 | label.x, memory_order_release);
    atomic_store_explicit(&r->sign, dose.sign, memory_order_release);
    atomic_store_explicit(&r->least, dose.least, memory_order_release);
    atomic_store_explicit(&r->slope, dose.slope, memory_order_release);
    atomic_store_explicit(&r->most, dose.most, memory_order_release);
    if (++d->generation == 0) d->generation = 1;
    atomic_store_explicit(&r->generation, d->generation, memory_order_release);
    return (struct bt_disclosed){d->slot, d->generation};
}

bt_status bt_disclose_apply(struct bt_disclose *disclose, struct bt_frame *frame, struct bt_disclosed *out_disclosed) {
    struct bt_disclose *d = disclose;
    struct bt_image *image = frame->linear;
    bool fits = image && frame->width_px == d->format.w && frame->height_px == d->format.h &&
                bt_image_width(image) == d->format.w && bt_image_height(image) == d->format.h;
    frame->linear = NULL;
    frame->width_px = frame->height_px = 0;
    if (!fits) return BT_E_ARGUMENT;

    int64_t now = frame->capture_ns;
    if (d->banner_due || now - d->last_ns > GAP_NS) d->banner_until_ns = now + d->banner_ns;
    d->last_ns = now;
    d->banner_due = d->holdable = false;
    uint32_t slot = open_slot(d);
    /* What is no number hides the picture. */
    const float fade = frame->fade < 1 ? fmaxf(frame->fade, 0) : 1;
    const bool banner = now < d->banner_until_ns;
    const struct bt_placement at = bt_disclose_places_next(&d->places, now, &frame->face_px, banner);
    const struct bt_watermark_dose dose = bt_watermark_dose_next(&d->doser, now);
    const struct bt_pack_push push = push_of(d, &at, banner, fade, &dose);
    bt_status st = run(d, image, slot, &push, WAIT_NS);
    if (st) return st;
    *out_disclosed = close_slot(d, bt_buffer_map(d->egress[slot]), false, at.label, dose, now, frame->sequence);
    const struct bt_disclosed_view view = bt_disclose_newest(d);
    const struct bt_watermark_plane luma = bt_disclose_luma(&view);
    bt_watermark_dose_saw(&d->doser, &luma, now);
    d->label = at.label;
    d->banner = banner ? plate_at(d->layout.banner, at.banner) : (struct bt_rect){0};
    d->dose = dose;
    d->holdable = true;
    return BT_OK;
}

bt_status bt_disclose_hold(struct bt_disclose *disclose, int64_t capture_ns, uint64_t sequence,
                           struct bt_disclosed *out_disclosed) {
    struct bt_disclose *d = disclose;
    if (!d->holdable || bt_gpu_lost(d->gpu)) return BT_E_NOT_FOUND;
    /* Two slots on at most, as a sink reads one of them: never the frame's own. */
    const uint8_t *from = bt_buffer_map(d->egress[d->slot]);
    uint8_t *to = bt_buffer_map(d->egress[open_slot(d)]);
    memcpy(to, from, d->size_bytes);
    d->last_ns = capture_ns; /* no gap, and so no further banner */
    *out_disclosed = close_slot(d, to, false, d->label, d->dose, capture_ns, sequence);
    return BT_OK;
}

struct bt_disclosed bt_disclose_placard(struct bt_disclose *disclose, bt_status why, int64_t capture_ns, uint64_t sequence) {
    struct bt_disclose *d = disclose;
    if ((uint32_t)why >= BAUTA_STATUS_COUNT) why = BT_E_ARGUMENT;
    d->banner_due = true;
    d->holdable = false;
    d->last_ns = capture_ns;
    open_slot(d);
    return close_slot(d, d->placards.bytes[why], true, d->card_label, d->placards.dose, capture_ns, sequence);
}

struct bt_disclosed_view bt_disclose_card(const struct bt_disclose *d, bt_status why) {
    return view_of(d, d->placards.bytes[(uint32_t)why < BAUTA_STATUS_COUNT ? why : BT_E_ARGUMENT], true, d->card_label,
                   d->placards.dose, 0, 0);
}

static struct bt_disclosed_view view_of_record(const struct bt_disclose *d, const struct record *r) {
    const uint64_t label = atomic_load_explicit(&r->label, memory_order_acquire);
    const struct bt_watermark_dose dose = {
        atomic_load_explicit(&r->sign, memory_order_acquire), atomic_load_explicit(&r->least, memory_order_acquire),
        atomic_load_explicit(&r->slope, memory_order_acquire), atomic_load_explicit(&r->most, memory_order_acquire)};
    return view_of(
        d, atomic_load_explicit(&r->bytes, memory_order_acquire), atomic_load_explicit(&r->placard, memory_order_acquire),
        (struct bt_spot){label & 0xffff, label >> 16 & 0xffff, (uint32_t)(label >> 32)}, dose,
        atomic_load_explicit(&r->capture_ns, memory_order_acquire), atomic_load_explicit(&r->sequence, memory_order_acquire));
}

struct bt_disclosed_view bt_disclose_newest(const struct bt_disclose *d) {
    return view_of_record(d, &d->record[d->slot]);
}

struct bt_disclosed_view bt_disclose_bytes(const struct bt_disclose *disclose, struct bt_disclosed handle) {
    const struct bt_disclose *d = disclose;
    struct bt_disclosed_view stale = view_of(d, d->placards.bytes[BT_E_STALE], true, d->card_label, d->placards.dose, 0, 0);
    if (handle.generation == 0 || handle.slot >= BT_EGRESS_SLOTS) return stale;
    const struct record *r = &d->record[handle.slot];
    atomic_store(d->held, handle.slot);
    if (atomic_load(&r->generation) != handle.generation) return stale;
    const struct bt_disclosed_view view = view_of_record(d, r);
    /* Written anew while it was read: then it is stale too. */
    return atomic_load_explicit(&r->generation, memory_order_relaxed) == handle.generation ? view : stale;
}

float bt_disclose_last_ms(const struct bt_disclose *disclose) {
    return disclose->last_ms;
}
