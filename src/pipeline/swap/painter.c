/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/painter.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "mask/mask.h"
#include "pipeline/blend/blend.h"
#include "pipeline/blend/cache.h"
#include "pipeline/blend/smooth.h"
#include "pipeline/swap/kernels.h"
#include "pipeline/swap/maps.h"
#include "swap/core.h"
#include "swap/draw.h"
#include "swap/fit.h"
#include "swap/guard.h"
#include "swap/judge.h"
#include "swap/residual.h"
#include "swap/settle.h"
#include "swap/shrink.h"
#include "swap/solve.h"
#include "swap/unwrap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ALIGN_BYTES = 256, /* the largest texel and storage alignment that Vulkan allows a device to ask for */
    VERTEX_BYTES = BT_RIG_FINE_VERTICES * BT_SWAP_VERTEX_TEXELS * 16,
    TILE_BYTES = BT_SWAP_GRID_PX / BT_SWAP_TILE_W * (BT_SWAP_GRID_PX / BT_SWAP_TILE_H) * 2 * 4,
    LIST_BYTES = BT_SWAP_LIST_MAX * 16,
    LIGHT_BYTES = BT_SWAP_LIGHT_STATE * 16, /* under ALIGN_BYTES: a report holds it, and guard's after that */
    SUMS_BYTES = BT_FIT_ROWS * BT_SWAP_FIT_SUMS * 4,
    STAMPS = 3,
};
static const int64_t LONGEST_WAIT_NS = 5000000000;
static const float SETTLE_RATE = .35f; /* the recipe's, of light and residual, at 25 frames a second */
static const float LEARN_RATE = .04f;  /* of what the face is like: a second */
static const float GLOSS = .8f;

enum upload { UP_DRIVER, UP_HYBRID, UP_TILE, UP_LIST, UP_LIST_MORE, UPLOADS };
static const struct {
    size_t bytes;
    enum bt_texel_format format;
} uploads[UPLOADS] = {
    [UP_DRIVER] = {VERTEX_BYTES, BT_TEXELS_RGBA32F},  [UP_HYBRID] = {VERTEX_BYTES, BT_TEXELS_RGBA32F},
    [UP_TILE] = {TILE_BYTES, BT_TEXELS_R32UI},        [UP_LIST] = {LIST_BYTES, BT_TEXELS_RGBA32F},
    [UP_LIST_MORE] = {LIST_BYTES, BT_TEXELS_RGBA32F},
};

enum picture {
    COPY,
    HALF,
    SKIN,
    SHAPE,
    CORE,
    CORE_HALFWAY,
    CORE_SMOOTH,
    VERDICT,
    RESIDUAL,
    LIGHT_HALFWAY,
    WIDE,
    FINE_HALFWAY,
    FINE,
    RELIT,
    SEEN,
    SEEN_HALFWAY,
    SEEN_SMOOTH,
    MEMORY,
    COVER,
    PAINT,
    MOVE,
    PICTURES
};
enum smoothing { CORE_X, CORE_Y, WIDE_X, WIDE_Y, FINE_X, FINE_Y, SEEN_X, SEEN_Y, SMOOTHINGS };
static const struct {
    enum picture from, to;
    float sigma_px;
} smoothings[SMOOTHINGS] = {
    /* Sigmas 20, 10 and 3.5 texels of 256. */
    [CORE_X] = {CORE, CORE_HALFWAY, 2.5f},      [CORE_Y] = {CORE_HALFWAY, CORE_SMOOTH, 2.5f},
    [WIDE_X] = {RESIDUAL, LIGHT_HALFWAY, 2.5f}, [WIDE_Y] = {LIGHT_HALFWAY, WIDE, 2.5f},
    [FINE_X] = {RESIDUAL, FINE_HALFWAY, .875f}, [FINE_Y] = {FINE_HALFWAY, FINE, .875f},
    [SEEN_X] = {SEEN, SEEN_HALFWAY, 1},         [SEEN_Y] = {SEEN_HALFWAY, SEEN_SMOOTH, 1},
};

struct slot {
    struct bt_commands *commands;
    struct bt_timers *timers;
    struct bt_buffer *upload, *report;
    struct bt_texels *texels[UPLOADS];
    struct bt_bindings *unwrap, *solve, *guard, *draw;
    uint64_t value; /* on the device's timeline; 0: never submitted */
};

struct bt_painter {
    struct bt_gpu *gpu;
    uint32_t width_px, height_px;
    struct bt_swap_maps maps;
    struct bt_texels *place, *corner, *sums_texels;
    struct bt_buffer *light, *sums;
    struct bt_image *picture[PICTURES];
    struct bt_kernel *kernel[BT_SWAP_KERNELS];
    struct bt_bindings *core, *judge, *fit, *residual, *settle;
    struct bt_smooth *smooth;
    struct bt_bindings *smoothing[SMOOTHINGS];
    struct bt_frame_cache frames;
    struct bt_blend *blend;
    struct slot slot[BT_PAINTER_SLOTS];
    uint32_t next;
    float tint[3]; /* of irises */
    struct bt_painter_report report;
};

static size_t aligned(size_t bytes) {
    return (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static size_t upload_offset(enum upload which) {
    size_t at = 0;
    for (int i = 0; i < (int)which; i++) at += aligned(uploads[i].bytes);
    return at;
}

/* ---- a tick */

static void read_report(struct bt_painter *p, struct slot *slot) {
    const float *light = (const float *)bt_buffer_map(slot->report) + BT_SWAP_HARMONICS * 4;
    uint64_t ns[STAMPS] = {0};
    const float *guard = (const float *)bt_buffer_map(slot->report) + ALIGN_BYTES / sizeof(float);
    p->report = (struct bt_painter_report){
        .valid = true, .noise = light[0], .light = light[1], .samples = light[2], .compared = guard[0], .strange = guard[1]};
    if (!bt_timers_read(slot->timers, ns)) {
        p->report.swap_ms = (float)(ns[1] - ns[0]) * 1e-6f;
        p->report.blend_ms = (float)(ns[2] - ns[1]) * 1e-6f;
    }
}

bt_status bt_swap_painter_open(struct bt_painter *p, struct bt_surface_out *out_memory) {
    struct slot *slot = &p->slot[p->next], *before = &p->slot[(p->next + BT_PAINTER_SLOTS - 1) % BT_PAINTER_SLOTS];
    if (slot->value) {
        bt_status st = bt_gpu_wait(p->gpu, slot->value, LONGEST_WAIT_NS);
        if (st) return st;
    }
    /* The tick before is mostly done too, as disclose waits for its frame; if not, the one before that has been read. */
    if (before->value && !bt_gpu_wait(p->gpu, before->value, 0)) read_report(p, before);
    char *at = bt_buffer_map(slot->upload);
    *out_memory = (struct bt_surface_out){
        .driver = (float *)(void *)(at + upload_offset(UP_DRIVER)),
        .hybrid = (float *)(void *)(at + upload_offset(UP_HYBRID)),
        .tile = (uint32_t *)(void *)(at + upload_offset(UP_TILE)),
        .list = {(float *)(void *)(at + upload_offset(UP_LIST)), (float *)(void *)(at + upload_offset(UP_LIST_MORE))},
    };
    return BT_OK;
}

static void dispatch(struct bt_painter *p, struct slot *slot, enum bt_swap_kernel kernel, struct bt_bindings *bindings,
                     const void *push, uint32_t w, uint32_t h) {
    bt_commands_dispatch(slot->commands, p->kernel[kernel], bindings, push, w, h, 1);
}

static void over_square(struct bt_painter *p, struct slot *slot, enum bt_swap_kernel kernel, struct bt_bindings *bindings,
                        const void *push, uint32_t side) {
    dispatch(p, slot, kernel, bindings, push, side / BT_SWAP_LOCAL, side / BT_SWAP_LOCAL);
}

static void smooth(struct bt_painter *p, struct slot *slot, enum smoothing which) {
    struct bt_image *from = p->picture[smoothings[which].from];
    struct bt_smooth_pass pass = {
        .bindings = p->smoothing[which],
        .from = from,
        .w = (int32_t)bt_image_width(from),
        .h = (int32_t)bt_image_height(from),
        .scale = 1,
        .sigma_px = smoothings[which].sigma_px,
        .vertical = which % 2,
    };
    bt_blend_smooth_record(p->smooth, slot->commands, &pass);
}

static void record_skin(struct bt_painter *p, struct slot *slot, const struct bt_painter_job *job, struct bt_bindings *frame) {
    const struct bt_surface_view *v = &job->view;
    struct bt_commands *c = slot->commands;
    struct bt_shrink_push shrink = {
        .x = v->around.x / 2,
        .y = v->around.y / 2,
        .w = (v->around.w + 1) / 2,
        .h = (v->around.h + 1) / 2,
        .frame_w = (int32_t)p->width_px,
        .frame_h = (int32_t)p->height_px,
    };
    dispatch(p, slot, BT_KERNEL_SHRINK, frame, &shrink, ((uint32_t)shrink.w + BT_SWAP_LOCAL - 1) / BT_SWAP_LOCAL,
             ((uint32_t)shrink.h + BT_SWAP_LOCAL - 1) / BT_SWAP_LOCAL);
    bt_commands_barrier(c);
    struct bt_unwrap_push unwrap = {
        .frame_w = (float)p->width_px,
        .frame_h = (float)p->height_px,
        .inverse_w = .5f / (float)bt_image_width(p->picture[HALF]),
        .inverse_h = .5f / (float)bt_image_height(p->picture[HALF]),
    };
    over_square(p, slot, BT_KERNEL_UNWRAP, slot->unwrap, &unwrap, BT_SWAP_SKIN_PX);
    bt_commands_barrier(c);
    over_square(p, slot, BT_KERNEL_CORE, p->core, NULL, BT_SWAP_CORE_PX);
    bt_commands_barrier(c);
    smooth(p, slot, CORE_X);
    bt_commands_barrier(c);
    smooth(p, slot, CORE_Y);
    bt_commands_barrier(c);
}

static void record_light(struct bt_painter *p, struct slot *slot, const struct bt_painter_job *job, float rate) {
    struct bt_commands *c = slot->commands;
    struct bt_judge_push judge = {.rate = rate};
    over_square(p, slot, BT_KERNEL_JUDGE, p->judge, &judge, BT_SWAP_SKIN_PX);
    bt_commands_barrier(c);
    /* Robust least squares by reweighting. A new face takes the recipe's four steps; later the light is known, and one step a
       tick keeps up with it. */
    int steps = job->fresh ? 4 : 1;
    for (int i = 0; i < steps; i++) {
        struct bt_fit_push fit = {.robust = !job->fresh || i > 0};
        struct bt_solve_push solve = {.rate = rate};
        dispatch(p, slot, BT_KERNEL_FIT, p->fit, &fit, 1, 1);
        bt_commands_barrier(c);
        dispatch(p, slot, BT_KERNEL_SOLVE, slot->solve, &solve, 1, 1);
        bt_commands_barrier(c);
    }
    over_square(p, slot, BT_KERNEL_RESIDUAL, p->residual, NULL, BT_SWAP_LIGHT_PX);
    bt_commands_barrier(c);
    smooth(p, slot, WIDE_X);
    smooth(p, slot, FINE_X);
    smooth(p, slot, SEEN_X);
    bt_commands_barrier(c);
    smooth(p, slot, WIDE_Y);
    smooth(p, slot, FINE_Y);
    smooth(p, slot, SEEN_Y);
    bt_commands_barrier(c);
    struct bt_settle_push settle = {.rate = rate};
    over_square(p, slot, BT_KERNEL_SETTLE, p->settle, &settle, BT_SWAP_LIGHT_PX);
    struct bt_guard_push guard = {.learn = LEARN_RATE * fminf(2, job->dt_s * 25), .forget = job->fresh || job->forget};
    dispatch(p, slot, BT_KERNEL_GUARD, slot->guard, &guard, 1, 1);
    bt_commands_barrier(c);
}

static void record_face(struct bt_painter *p, struct slot *slot, const struct bt_painter_job *job) {
    /* The ratio is made as sharp as the frame: a level of it whose texels are about a pixel wide. */
    float level = log2f(2 / fmaxf(job->view.texel_px, .01f)) - .25f;
    struct bt_draw_push draw = {
        .tiles_w = (int32_t)job->view.tiles_w,
        .level = fminf(1.999f, fmaxf(0, level)),
        .gloss = GLOSS,
    };
    dispatch(p, slot, BT_KERNEL_DRAW, slot->draw, &draw, job->view.tiles_w * BT_SWAP_TILE_W / BT_DRAW_LOCAL,
             job->view.tiles_h * BT_SWAP_TILE_H / BT_DRAW_LOCAL);
    bt_commands_barrier(slot->commands);
}

bt_status bt_swap_painter_paint(struct bt_painter *p, const struct bt_painter_job *job) {
    struct slot *slot = &p->slot[p->next];
    struct bt_bindings *frame = NULL;
    float rate = job->fresh ? 1 : 1 - powf(1 - SETTLE_RATE, fminf(1, fmaxf(0, job->dt_s)) * 25);
    struct bt_blend_job blend = {
        .frame = job->frame,
        .box = job->view.box,
        .around = job->view.around,
        .grid_scale = job->view.grid_scale,
        .grid_w = job->view.grid_w,
        .grid_h = job->view.grid_h,
        .texel_px = job->view.texel_px,
        .seed = job->seed,
        .faces = job->faces,
    };
    memcpy(blend.iris_px, job->view.iris_px, sizeof blend.iris_px);
    memcpy(blend.tint, p->tint, sizeof blend.tint);
    bt_status st = bt_blend_cache_get(&p->frames, job->frame, &frame);
    if (!st) st = bt_commands_begin(slot->commands);
    if (st) return st;
    bt_commands_stamp(slot->commands, slot->timers, 0);
    bt_commands_copy_image(slot->commands, p->picture[COPY], job->frame);
    record_skin(p, slot, job, frame);
    record_light(p, slot, job, rate);
    record_face(p, slot, job);
    bt_commands_stamp(slot->commands, slot->timers, 1);
    st = bt_blend_record(p->blend, slot->commands, &blend);
    bt_commands_stamp(slot->commands, slot->timers, 2);
    bt_status end = bt_commands_end(slot->commands);
    if (!st) st = end;
    if (!st) st = bt_gpu_submit(p->gpu, &slot->commands, 1, &slot->value);
    if (st) return st;
    p->next = (p->next + 1) % BT_PAINTER_SLOTS;
    return BT_OK;
}

struct bt_painter_report bt_swap_painter_report_of(struct bt_painter *p) {
    return p->report;
}

/* ---- set-up */

/* The mask's iris as a factor on the driver's: its colour softened (the recipe's power .45, of gamma-coded chroma), and a
   little of its lightness. */
static void set_tint(struct bt_painter *p, const float iris[3]) {
    float mean = (iris[0] + iris[1] + iris[2]) / 3, sum = 0;
    p->tint[0] = p->tint[1] = p->tint[2] = 1;
    if (!(mean > 1e-3f)) return;
    for (int c = 0; c < 3; c++) sum += p->tint[c] = powf(fmaxf(iris[c], 1e-4f) / mean, .45f);
    for (int c = 0; c < 3; c++) p->tint[c] *= 3 / sum * (.85f + 2.2f * fminf(mean, .5f));
}

static bt_status make_pictures(struct bt_painter *p) {
    uint32_t half_w = (p->width_px + 1) / 2, half_h = (p->height_px + 1) / 2;
    const uint32_t size[PICTURES][2] = {
        [COPY] = {p->width_px, p->height_px},
        [HALF] = {half_w, half_h},
        [SKIN] = {BT_SWAP_SKIN_PX, BT_SWAP_SKIN_PX},
        [SHAPE] = {BT_SWAP_SKIN_PX, BT_SWAP_SKIN_PX},
        [VERDICT] = {BT_SWAP_SKIN_PX, BT_SWAP_SKIN_PX},
        [CORE] = {BT_SWAP_CORE_PX, BT_SWAP_CORE_PX},
        [CORE_HALFWAY] = {BT_SWAP_CORE_PX, BT_SWAP_CORE_PX},
        [CORE_SMOOTH] = {BT_SWAP_CORE_PX, BT_SWAP_CORE_PX},
        [RESIDUAL] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [LIGHT_HALFWAY] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [WIDE] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [FINE_HALFWAY] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [FINE] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [RELIT] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [SEEN] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [SEEN_HALFWAY] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [SEEN_SMOOTH] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [MEMORY] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [COVER] = {BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX},
        [PAINT] = {BT_SWAP_GRID_PX, BT_SWAP_GRID_PX},
        [MOVE] = {BT_SWAP_GRID_PX, BT_SWAP_GRID_PX},
    };
    bt_status st = BT_OK;
    for (int i = 0; i < PICTURES && !st; i++)
        st = bt_image_create(p->gpu, size[i][0], size[i][1], i == MEMORY ? BT_IMAGE_RGBA32F : BT_IMAGE_RGBA16F, &p->picture[i]);
    return st;
}

static bt_status texels_of(struct bt_buffer *buffer, enum bt_texel_format format, struct bt_texels **out) {
    return bt_texels_create(buffer, 0, bt_buffer_size(buffer), format, out);
}

static bt_status make_buffers(struct bt_painter *p) {
    bt_status st = bt_buffer_create(p->gpu, LIGHT_BYTES, BT_MEMORY_DEVICE, &p->light);
    if (!st) st = bt_buffer_create(p->gpu, SUMS_BYTES, BT_MEMORY_DEVICE, &p->sums);
    if (!st) st = texels_of(p->sums, BT_TEXELS_R32F, &p->sums_texels);
    if (!st) st = texels_of(p->maps.place, BT_TEXELS_RGBA32F, &p->place);
    if (!st) st = texels_of(p->maps.corner, BT_TEXELS_RGBA32F, &p->corner);
    return st;
}

static struct bt_binding sampled(struct bt_painter *p, enum picture which) {
    return (struct bt_binding){.image = p->picture[which], .sampler = BT_SAMPLER_LINEAR_EDGE};
}

static struct bt_binding written(struct bt_painter *p, enum picture which) {
    return (struct bt_binding){.image = p->picture[which]};
}

static bt_status bind_fixed(struct bt_painter *p) {
    struct bt_binding zone = {.image = p->maps.zone, .sampler = BT_SAMPLER_LINEAR_EDGE};
    struct bt_binding core[BT_CORE_SLOTS] = {sampled(p, SKIN), zone, written(p, CORE)};
    struct bt_binding judge[BT_JUDGE_SLOTS] = {sampled(p, SKIN), zone, sampled(p, CORE_SMOOTH), written(p, VERDICT)};
    struct bt_binding fit[BT_FIT_SLOTS] = {
        sampled(p, SKIN), sampled(p, SHAPE), zone, sampled(p, VERDICT), {.buffer = p->light}, {.buffer = p->sums},
    };
    struct bt_binding residual[BT_RESIDUAL_SLOTS] = {
        sampled(p, SKIN),     sampled(p, SHAPE), zone, sampled(p, VERDICT), {.buffer = p->light},
        written(p, RESIDUAL), written(p, SEEN),
    };
    struct bt_binding settle[BT_SETTLE_SLOTS] = {sampled(p, RESIDUAL), sampled(p, FINE), sampled(p, WIDE), written(p, RELIT)};
    bt_status st = bt_bindings_create(p->kernel[BT_KERNEL_CORE], core, BT_CORE_SLOTS, &p->core);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_JUDGE], judge, BT_JUDGE_SLOTS, &p->judge);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_FIT], fit, BT_FIT_SLOTS, &p->fit);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_RESIDUAL], residual, BT_RESIDUAL_SLOTS, &p->residual);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_SETTLE], settle, BT_SETTLE_SLOTS, &p->settle);
    for (int i = 0; i < SMOOTHINGS && !st; i++)
        st = bt_blend_smooth_bind(p->smooth, p->picture[smoothings[i].from], p->picture[smoothings[i].to], &p->smoothing[i]);
    p->frames = (struct bt_frame_cache){
        .kernel = p->kernel[BT_KERNEL_SHRINK],
        .slots = BT_SHRINK_SLOTS,
        .frame_slot = BT_SHRINK_FRAME,
        .bindings =
            {
                [BT_SHRINK_FRAME] = {.sampler = BT_SAMPLER_NEAREST_EDGE},
                [BT_SHRINK_HALF] = written(p, HALF),
            },
    };
    return st;
}

static bt_status make_slot(struct bt_painter *p, struct slot *slot) {
    bt_status st = bt_commands_create(p->gpu, &slot->commands);
    if (!st) st = bt_timers_create(p->gpu, STAMPS, &slot->timers);
    if (!st) st = bt_buffer_create(p->gpu, upload_offset(UPLOADS), BT_MEMORY_UPLOAD, &slot->upload);
    if (!st) st = bt_buffer_create(p->gpu, 2 * ALIGN_BYTES, BT_MEMORY_READBACK, &slot->report);
    for (int i = 0; i < UPLOADS && !st; i++)
        st = bt_texels_create(slot->upload, upload_offset(i), uploads[i].bytes, uploads[i].format, &slot->texels[i]);
    if (st) return st;
    struct bt_binding unwrap[BT_UNWRAP_SLOTS] = {
        sampled(p, HALF), {.texels = p->place}, {.texels = slot->texels[UP_DRIVER]}, written(p, SKIN), written(p, SHAPE),
    };
    struct bt_binding solve[BT_SOLVE_SLOTS] = {
        {.texels = p->sums_texels}, {.buffer = p->light}, {.buffer = slot->report, .size_bytes = ALIGN_BYTES}};
    struct bt_binding guard[BT_GUARD_SLOTS] = {
        sampled(p, SEEN_SMOOTH), written(p, MEMORY), written(p, COVER), {.buffer = slot->report, .offset_bytes = ALIGN_BYTES}};
    struct bt_binding draw[BT_DRAW_SLOTS] = {
        [BT_DRAW_TILE] = {.texels = slot->texels[UP_TILE]},
        [BT_DRAW_LIST] = {.texels = slot->texels[UP_LIST]},
        [BT_DRAW_LIST + 1] = {.texels = slot->texels[UP_LIST_MORE]},
        [BT_DRAW_CORNER] = {.texels = p->corner},
        [BT_DRAW_VERTEX] = {.texels = slot->texels[UP_HYBRID]},
        [BT_DRAW_LIGHT] = {.buffer = p->light},
        [BT_DRAW_RELIT] = sampled(p, RELIT),
        [BT_DRAW_VERDICT] = sampled(p, VERDICT),
        [BT_DRAW_PLAN] = {.image = p->maps.plan, .sampler = BT_SAMPLER_LINEAR_EDGE},
        [BT_DRAW_RATIO] = {.image = p->maps.ratio, .sampler = BT_SAMPLER_LINEAR_EDGE},
        [BT_DRAW_COVER] = sampled(p, COVER),
        [BT_DRAW_PAINT] = written(p, PAINT),
        [BT_DRAW_MOVE] = written(p, MOVE),
    };
    st = bt_bindings_create(p->kernel[BT_KERNEL_UNWRAP], unwrap, BT_UNWRAP_SLOTS, &slot->unwrap);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_SOLVE], solve, BT_SOLVE_SLOTS, &slot->solve);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_GUARD], guard, BT_GUARD_SLOTS, &slot->guard);
    if (!st) st = bt_bindings_create(p->kernel[BT_KERNEL_DRAW], draw, BT_DRAW_SLOTS, &slot->draw);
    return st;
}

bt_status bt_swap_painter_create(struct bt_log *log, struct bt_gpu *gpu, const struct bt_rig *rig, const struct bt_mask *mask,
                                 uint32_t width_px, uint32_t height_px, struct bt_painter **out_painter) {
    bt_status st = BT_OK;
    struct bt_painter *p = calloc(1, sizeof *p);
    if (!p) return BT_E_MEMORY;
    p->gpu = gpu;
    p->width_px = width_px;
    p->height_px = height_px;
    set_tint(p, mask->iris);
    st = bt_swap_maps_init(&p->maps, gpu, rig, mask);
    if (!st) st = make_pictures(p);
    if (!st) st = make_buffers(p);
    for (int i = 0; i < BT_SWAP_KERNELS && !st; i++) st = bt_swap_kernel_create(gpu, i, &p->kernel[i]);
    if (!st) st = bt_blend_smooth_create(gpu, &p->smooth);
    if (!st) st = bind_fixed(p);
    for (int i = 0; i < BT_PAINTER_SLOTS && !st; i++) st = make_slot(p, &p->slot[i]);
    struct bt_blend_params blend = {
        .log = log,
        .gpu = gpu,
        .smooth = p->smooth,
        .width_px = width_px,
        .height_px = height_px,
        .copy = p->picture[COPY],
        .half = p->picture[HALF],
        .paint = p->picture[PAINT],
        .move = p->picture[MOVE],
        .light = p->light,
    };
    if (!st) st = bt_blend_create(&blend, &p->blend);
    if (st) goto fail;
    *out_painter = p;
    return BT_OK;
fail:
    bt_swap_painter_destroy(&p);
    return st;
}

static void finish_slot(struct slot *slot) {
    bt_bindings_destroy(&slot->unwrap);
    bt_bindings_destroy(&slot->solve);
    bt_bindings_destroy(&slot->guard);
    bt_bindings_destroy(&slot->draw);
    for (int i = 0; i < UPLOADS; i++) bt_texels_destroy(&slot->texels[i]);
    bt_buffer_destroy(&slot->upload);
    bt_buffer_destroy(&slot->report);
    bt_timers_destroy(&slot->timers);
}

void bt_swap_painter_destroy(struct bt_painter **painter) {
    struct bt_painter *p = *painter;
    if (!p) return;
    for (int i = 0; i < BT_PAINTER_SLOTS; i++) bt_commands_destroy(&p->slot[i].commands); /* waits for the GPU: first */
    for (int i = 0; i < BT_PAINTER_SLOTS; i++) finish_slot(&p->slot[i]);
    bt_blend_destroy(&p->blend);
    bt_blend_cache_finish(&p->frames);
    for (int i = 0; i < SMOOTHINGS; i++) bt_bindings_destroy(&p->smoothing[i]);
    bt_blend_smooth_destroy(&p->smooth);
    struct bt_bindings **fixed[] = {&p->core, &p->judge, &p->fit, &p->residual, &p->settle};
    for (size_t i = 0; i < BT_COUNT(fixed); i++) bt_bindings_destroy(fixed[i]);
    for (int i = 0; i < BT_SWAP_KERNELS; i++) bt_kernel_destroy(&p->kernel[i]);
    for (int i = 0; i < PICTURES; i++) bt_image_destroy(&p->picture[i]);
    struct bt_texels **texels[] = {&p->place, &p->corner, &p->sums_texels};
    for (size_t i = 0; i < BT_COUNT(texels); i++) bt_texels_destroy(texels[i]);
    bt_buffer_destroy(&p->light);
    bt_buffer_destroy(&p->sums);
    bt_swap_maps_finish(&p->maps);
    free(p);
    *painter = NULL;
}
