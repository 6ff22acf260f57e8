/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/mailbox.h"
#include "capture/place.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "pipeline/capture/internal.h"
#include "spv/capture_place.h"
#include "spv/capture_place_storage.h"
#include "spv/capture_unpack.h"
#include "spv/capture_unpack_storage.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

_Static_assert(BT_PIXELS_YUYV == BT_UNPACK_YUYV && BT_PIXELS_NV12 == BT_UNPACK_NV12 && BT_PIXELS_I420 == BT_UNPACK_I420,
               "the shader knows the formats by these numbers");

enum { SLOTS = 3 };                  /* the mailbox's */
#define NOTICE_NS INT64_C(50000000)  /* how soon take notices a pause, or that the camera is gone */
#define AGAIN_NS  INT64_C(250000000) /* how often it says so */

struct slot {
    struct bt_buffer *staging; /* written by the reading thread while the slot is its own */
    struct bt_buffer *bytes;   /* where the kernel reads; NULL where it reads staging itself */
    struct bt_texels *texels;
    struct bt_image *image;
    struct bt_bindings *bindings;
    struct bt_commands *commands;
    struct bt_picture picture;
};

struct bt_capture {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_source *source;
    struct bt_source_format format; /* the frames' size, else the source's */
    bool placed;                    /* by place.comp, else by unpack.comp */
    struct bt_kernel *kernel;
    struct slot slots[SLOTS];
    uint64_t submitted; /* the last upload, on the device's timeline */
    uint64_t sequence;
    int64_t last_ns;
    int64_t said_ns; /* when take last said that there is nothing */
    uint32_t next;   /* slot, for a source that is read inside take */
    atomic_bool stop, paused;
    pthread_mutex_t lock; /* for the waits while paused */
    pthread_cond_t news;
    /* live only */
    struct bt_mailbox *mailbox;
    pthread_t thread;
    bool threaded;
    atomic_int ended;  /* bt_status: why the thread stopped */
    atomic_int absent; /* bt_status: why the source has nothing now */
    atomic_int_fast64_t resumed_ns;
    atomic_uint_fast64_t dropped;
};

/* Until the pause or, if that comes first, `until_ns` is over. */
static void wait_while_paused(struct bt_capture *c, int64_t until_ns) {
    const struct timespec deadline = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
    int late = 0;
    pthread_mutex_lock(&c->lock);
    while (atomic_load(&c->paused) && !atomic_load(&c->stop) && !late)
        late = pthread_cond_timedwait(&c->news, &c->lock, &deadline);
    pthread_mutex_unlock(&c->lock);
}

/* The reading thread, interrupted for a pause: the device is given back, and taken again by the next read. */
static void rest(struct bt_capture *c) {
    if (c->source->ops->release) c->source->ops->release(c->source);
    while (atomic_load(&c->paused) && !atomic_load(&c->stop)) wait_while_paused(c, bt_clock_now_ns() + INT64_C(1000000000));
}

static void *read_on(void *user) {
    struct bt_capture *c = user;
    bt_status st = BT_OK;
    bool silent = false;
    while (!atomic_load(&c->stop)) {
        struct bt_picture *picture = &c->slots[bt_mailbox_write_slot(c->mailbox)].picture;
        st = c->source->ops->read(c->source, picture);
        if (st == BT_E_INTERRUPTED && !atomic_load(&c->stop)) {
            rest(c);
            continue;
        }
        if (st == BT_E_TIMEOUT && !silent) /* it may come back; who waits for it times out by himself */
            bt_log_warning(c->log, "%s: no picture for %d s", c->source->name, (int)(BT_CAPTURE_SILENCE_NS / 1000000000));
        silent = st == BT_E_TIMEOUT;
        atomic_store(&c->absent, st == BT_E_NOT_FOUND || st == BT_E_BUSY ? st : BT_OK);
        if (silent || atomic_load(&c->absent)) continue;
        if (st) break;
        if (bt_mailbox_post(c->mailbox)) atomic_fetch_add(&c->dropped, 1);
    }
    atomic_store(&c->ended, st && st != BT_E_TIMEOUT && !atomic_load(&c->stop) ? st : BT_E_INTERRUPTED);
    bt_mailbox_close(c->mailbox);
    return NULL;
}

static bt_status make_kernel(struct bt_capture *c, const struct bt_capture_params *p, bool storage) {
    static const struct {
        const char *name;
        const uint32_t *spirv;
        const size_t *bytes;
    } code[2][2] = {{{"capture/unpack", bt_spv_capture_unpack, &bt_spv_capture_unpack_bytes},
                     {"capture/unpack (storage)", bt_spv_capture_unpack_storage, &bt_spv_capture_unpack_storage_bytes}},
                    {{"capture/place", bt_spv_capture_place, &bt_spv_capture_place_bytes},
                     {"capture/place (storage)", bt_spv_capture_place_storage, &bt_spv_capture_place_storage_bytes}}};
    const enum bt_slot slots[] = {
        [BT_UNPACK_BYTES] = storage ? BT_SLOT_STORAGE : BT_SLOT_TEXELS, [BT_UNPACK_FRAME] = BT_SLOT_IMAGE};
    const struct bt_source_format *f = &c->source->format;
    const uint32_t constants[BT_PLACE_CONSTANTS] = {
        [BT_UNPACK_FORMAT] = f->pixels,
        [BT_UNPACK_WIDTH] = f->width_px,
        [BT_UNPACK_HEIGHT] = f->height_px,
        [BT_UNPACK_FULL_RANGE] = f->full_range,
        [BT_UNPACK_BT709] = f->bt709,
        [BT_UNPACK_MIRROR] = p->mirror,
        [BT_PLACE_QUARTERS] = p->turn_deg / 90,
        [BT_PLACE_FRAME_WIDTH] = c->format.width_px,
        [BT_PLACE_FRAME_HEIGHT] = c->format.height_px,
        [BT_PLACE_LETTERBOX] = p->letterbox,
    };
    const struct bt_kernel_params params = {
        .name = code[c->placed][storage].name,
        .spirv = code[c->placed][storage].spirv,
        .spirv_bytes = *code[c->placed][storage].bytes,
        .slots = slots,
        .slot_count = BT_COUNT(slots),
        .constants = constants,
        .constant_count = c->placed ? BT_PLACE_CONSTANTS : BT_UNPACK_CONSTANTS,
    };
    return bt_kernel_create(c->gpu, &params, &c->kernel);
}

static bt_status make_slot(struct bt_capture *c, struct slot *s, bool storage) {
    const struct bt_source_format *f = &c->source->format;
    const size_t bytes = bt_picture_bytes(f->pixels, f->width_px, f->height_px);
    bt_status st = bt_buffer_create(c->gpu, bytes, BT_MEMORY_UPLOAD, &s->staging);
    if (!st) st = bt_buffer_create(c->gpu, bytes, BT_MEMORY_DEVICE, &s->bytes);
    if (st) return st;
    /* One kind of memory only: the copy would be for nothing. */
    if (bt_buffer_map(s->bytes)) bt_buffer_destroy(&s->bytes);
    struct bt_buffer *read = s->bytes ? s->bytes : s->staging;
    if (!storage) st = bt_texels_create(read, 0, bytes, BT_TEXELS_R32UI, &s->texels);
    if (!st) st = bt_image_create(c->gpu, c->format.width_px, c->format.height_px, BT_IMAGE_RGBA16F, &s->image);
    if (st) return st;
    const struct bt_binding list[] = {
        [BT_UNPACK_BYTES] = {.buffer = read, .texels = s->texels}, [BT_UNPACK_FRAME] = {.image = s->image}};
    st = bt_bindings_create(c->kernel, list, BT_COUNT(list), &s->bindings);
    if (!st) st = bt_commands_create(c->gpu, &s->commands);
    if (!st) st = bt_commands_begin(s->commands);
    if (st) return st;
    if (s->bytes) {
        bt_commands_copy(s->commands, s->bytes, 0, s->staging, 0, bytes);
        bt_commands_barrier(s->commands);
    }
    if (c->placed)
        bt_commands_dispatch(s->commands, c->kernel, s->bindings, NULL,
                             (c->format.width_px + BT_PLACE_LOCAL - 1) / BT_PLACE_LOCAL,
                             (c->format.height_px + BT_PLACE_LOCAL - 1) / BT_PLACE_LOCAL, 1);
    else
        bt_commands_dispatch(s->commands, c->kernel, s->bindings, NULL,
                             (f->width_px / 2 + BT_UNPACK_LOCAL - 1) / BT_UNPACK_LOCAL, f->height_px / 2, 1);
    s->picture.data = bt_buffer_map(s->staging);
    return bt_commands_end(s->commands);
}

static bool format_good(const struct bt_source_format *f) {
    return (unsigned)f->pixels < BT_PIXELS_COUNT && f->width_px >= 2 && f->height_px >= 2 && !(f->width_px & 1) &&
           !(f->height_px & 1) && f->width_px <= BT_CAPTURE_MOST_PX && f->height_px <= BT_CAPTURE_MOST_PX;
}

static bool init_waits(struct bt_capture *c) {
    pthread_condattr_t attr;
    if (pthread_mutex_init(&c->lock, NULL)) return false;
    bool good = !pthread_condattr_init(&attr);
    if (good) {
        good = !pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) && !pthread_cond_init(&c->news, &attr);
        pthread_condattr_destroy(&attr);
    }
    if (!good) pthread_mutex_destroy(&c->lock);
    return good;
}

/* The frames' size, and whether the plain kernel makes them. */
static void place(struct bt_capture *c, const struct bt_capture_params *p) {
    const struct bt_source_format *f = &c->source->format;
    const bool lies = p->turn_deg % 180 != 0;
    const uint32_t w = lies ? f->height_px : f->width_px, h = lies ? f->width_px : f->height_px;
    c->format.width_px = p->width_px ? p->width_px : w;
    c->format.height_px = p->height_px ? p->height_px : h;
    c->placed = p->turn_deg || c->format.width_px != w || c->format.height_px != h;
}

bt_status bt_capture_create(const struct bt_capture_params *params, struct bt_capture **out_capture) {
    struct bt_source *source = params->source;
    struct bt_capture *c = calloc(1, sizeof *c);
    if (!c) {
        bt_source_destroy(&source);
        return BT_E_MEMORY;
    }
    if (!init_waits(c)) {
        bt_source_destroy(&source);
        free(c);
        return BT_E_MEMORY;
    }
    c->log = params->log;
    c->gpu = params->gpu;
    c->source = source;
    c->format = source->format;
    atomic_init(&c->ended, BT_OK);
    atomic_init(&c->absent, BT_OK);
    atomic_init(&c->stop, false);
    atomic_init(&c->paused, false);
    atomic_init(&c->resumed_ns, INT64_MIN);
    atomic_init(&c->dropped, 0);
    place(c, params);
    bt_status st =
        format_good(&source->format) && format_good(&c->format) && params->turn_deg % 90 == 0 && params->turn_deg < 360
            ? BT_OK
            : BT_E_ARGUMENT;
    if (st) goto fail;
    const struct bt_source_format *f = &source->format;
    const size_t words = (bt_picture_bytes(f->pixels, f->width_px, f->height_px) + 3) / 4;
    const bool storage = words > bt_gpu_caps(c->gpu)->max_texels;
    st = make_kernel(c, params, storage);
    for (int i = 0; !st && i < SLOTS; i++) st = make_slot(c, &c->slots[i], storage);
    if (!st && c->format.live) st = bt_mailbox_create(&c->mailbox);
    if (st) goto fail;
    if (c->format.live) {
        if (pthread_create(&c->thread, NULL, read_on, c)) {
            st = BT_E_MEMORY;
            goto fail;
        }
        c->threaded = true;
    }
    *out_capture = c;
    return BT_OK;
fail:
    bt_capture_destroy(&c);
    return st;
}

void bt_capture_destroy(struct bt_capture **capture) {
    if (!capture || !*capture) return;
    struct bt_capture *c = *capture;
    bt_capture_interrupt(c);
    if (c->threaded) pthread_join(c->thread, NULL);
    bt_source_destroy(&c->source);
    bt_mailbox_destroy(&c->mailbox);
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &c->slots[i];
        bt_commands_destroy(&s->commands); /* waits for the GPU: first */
    }
    for (int i = 0; i < SLOTS; i++) {
        struct slot *s = &c->slots[i];
        bt_bindings_destroy(&s->bindings);
        bt_texels_destroy(&s->texels);
        bt_image_destroy(&s->image);
        bt_buffer_destroy(&s->bytes);
        bt_buffer_destroy(&s->staging);
    }
    bt_kernel_destroy(&c->kernel);
    pthread_cond_destroy(&c->news);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *capture = NULL;
}

const struct bt_source_format *bt_capture_format(const struct bt_capture *capture) {
    return &capture->format;
}

/* The slot with the next picture. */
static bt_status next_slot(struct bt_capture *c, uint32_t *out_slot) {
    wait_while_paused(c, c->said_ns + AGAIN_NS);
    if (atomic_load(&c->stop)) return BT_E_INTERRUPTED;
    if (atomic_load(&c->paused)) return BT_E_PAUSED;
    if (!c->format.live) {
        bt_status st = c->source->ops->read(c->source, &c->slots[c->next].picture);
        if (st) return st;
        *out_slot = c->next;
        c->next = (c->next + 1) % SLOTS;
        return BT_OK;
    }
    const int64_t since_ns = bt_clock_now_ns();
    for (;;) {
        const bt_status st = bt_mailbox_take(c->mailbox, NOTICE_NS, out_slot);
        if (!st && c->slots[*out_slot].picture.capture_ns >= atomic_load(&c->resumed_ns)) return BT_OK;
        if (atomic_load(&c->stop)) return BT_E_INTERRUPTED;
        if (st == BT_E_INTERRUPTED) return (bt_status)atomic_load(&c->ended);
        if (atomic_load(&c->paused)) return BT_E_PAUSED;
        const int64_t now_ns = bt_clock_now_ns();
        const bt_status absent = (bt_status)atomic_load(&c->absent);
        if (absent && now_ns >= c->said_ns + AGAIN_NS) return absent;
        if (!absent && now_ns >= since_ns + BT_CAPTURE_SILENCE_NS) return BT_E_TIMEOUT;
    }
}

bt_status bt_capture_take(struct bt_capture *c, struct bt_frame *out_frame) {
    uint32_t slot = 0;
    /* Taking gives the last slot back to the reading thread, so the GPU must be done with its bytes. */
    bt_status st = bt_gpu_wait(c->gpu, c->submitted, BT_CAPTURE_SILENCE_NS);
    if (!st) {
        st = next_slot(c, &slot);
        if (st) c->said_ns = bt_clock_now_ns();
    }
    if (st) return st;
    struct slot *s = &c->slots[slot];
    st = bt_gpu_submit(c->gpu, &s->commands, 1, &c->submitted);
    if (st) return st;
    if (s->picture.capture_ns > c->last_ns) c->last_ns = s->picture.capture_ns;
    *out_frame = (struct bt_frame){
        .linear = s->image,
        .width_px = c->format.width_px,
        .height_px = c->format.height_px,
        .capture_ns = c->last_ns,
        .sequence = c->sequence++,
    };
    return BT_OK;
}

static void set(struct bt_capture *c, atomic_bool *flag, bool value) {
    pthread_mutex_lock(&c->lock);
    atomic_store(flag, value);
    pthread_cond_broadcast(&c->news);
    pthread_mutex_unlock(&c->lock);
}

void bt_capture_pause(struct bt_capture *c) {
    set(c, &c->paused, true);
    if (c->format.live) c->source->ops->interrupt(c->source);
}

void bt_capture_resume(struct bt_capture *c) {
    if (!atomic_load(&c->paused)) return;
    atomic_store(&c->resumed_ns, bt_clock_now_ns());
    set(c, &c->paused, false);
}

void bt_capture_interrupt(struct bt_capture *c) {
    set(c, &c->stop, true);
    if (c->source) c->source->ops->interrupt(c->source);
    if (c->mailbox) bt_mailbox_close(c->mailbox);
}

uint64_t bt_capture_dropped(const struct bt_capture *capture) {
    return atomic_load(&capture->dropped);
}
