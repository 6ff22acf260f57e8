/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/swap.h"
#include "base/clock.h"
#include "base/log.h"
#include "gpu/device.h"
#include "mask/mask.h"
#include "pipeline/swap/painter.h"
#include "pipeline/swap/surface.h"
#include "pipeline/swap/turn.h"
#include "swap/swap.h"
#include "trust/consent/consent.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mean luma of the face, gamma-coded (bt_measures.light): below it the light fit follows noise. */
static const float DARK_OUT = .05f;
/* The part of the face that looks unlike itself; and how long it may, before that is what it looks like. */
static const float COVERED_IN = .15f, LEAST_COMPARED = 40;
static const int64_t COVERED_NS = 4000000000;
static const float CONFIDENT = .5f; /* the mesh net's own doubt: below it there is something else than a face */
/* A CPU driver draws larger faces a little coarser, and so in time; eyes, mouth and grain come from the frame all the same. */
enum { CPU_GRID_PX = 192 };
static const int64_t GAP_NS = 500000000; /* after so long without the face, start over */

struct bt_swap {
    struct bt_log *log;
    struct bt_surface *surface;
    struct bt_painter *painter;
    uint32_t width_px, height_px;
    uint32_t face_id;
    struct bt_turn turn;
    bool worn, dark, covered; /* worn: last_ns and face_id hold */
    int64_t last_ns, covered_ns;
    float cpu_ms, part; /* part: of the face that looks unlike itself */
    char face[BT_MASK_NAME_BYTES];
};

static bool consented(const struct bt_swap *swap, const struct bt_grant *grant) {
    return grant && bt_grant_live(grant, bt_clock_now_ns()) && strcmp(bt_grant_face(grant), swap->face) == 0;
}

/* From what the GPU said of the frame before. A cover that stays for seconds, over a face that the net is sure of, is a change
   of the face (a lamp, a shave); the memory begins anew then. Returns whether it shall. */
static bool judge_cover(struct bt_swap *s, int64_t now_ns, bool fresh) {
    struct bt_painter_report r = bt_swap_painter_report_of(s->painter);
    float part = s->part = r.valid && r.compared > LEAST_COMPARED ? r.strange / r.compared : 0;
    bool was = s->covered && !fresh;
    s->covered = !fresh && part > (was ? COVERED_IN : BT_SWAP_COVERED_OUT);
    if (s->covered && !was) s->covered_ns = now_ns;
    return s->covered && now_ns - s->covered_ns > COVERED_NS;
}

/* Forehead to chin, ear to ear: what label and banner must not cover. */
static struct bt_rect around(const struct bt_face *face) {
    struct bt_vec2 low = {face->landmark[0].x, face->landmark[0].y}, high = low;
    for (size_t i = 1; i < BT_MESH_LANDMARKS; i++) {
        const struct bt_vec3 *at = &face->landmark[i];
        low = (struct bt_vec2){fminf(low.x, at->x), fminf(low.y, at->y)};
        high = (struct bt_vec2){fmaxf(high.x, at->x), fmaxf(high.y, at->y)};
    }
    return (struct bt_rect){low.x, low.y, high.x - low.x, high.y - low.y};
}

static bt_status wear(struct bt_swap *s, struct bt_frame *frame, const struct bt_faces *faces) {
    const struct bt_face *face = &faces->face[faces->wearer];
    int64_t gap_ns = frame->capture_ns - s->last_ns;
    bool fresh = !s->worn || s->face_id != face->id || gap_ns > GAP_NS || gap_ns < 0;
    struct bt_surface_out memory;
    struct bt_painter_job job = {.frame = frame->linear,
                                 .faces = faces,
                                 .fresh = fresh,
                                 .dt_s = (float)gap_ns * 1e-9f,
                                 .seed = (uint32_t)frame->sequence};
    s->worn = false; /* until this frame is painted */
    if (fresh && s->face_id != face->id) bt_swap_surface_reset(s->surface);
    s->dark = !(faces->measures.light >= (s->dark ? BT_SWAP_DARK_IN : DARK_OUT)); /* so that no number is dark too */
    if (s->dark) return BT_E_TOO_DARK;
    bt_status st = bt_swap_painter_open(s->painter, &memory);
    if (!st) st = bt_swap_surface_step(s->surface, face, frame->capture_ns, &memory, &job.view);
    if (st) return st;
    s->face_id = face->id;
    bt_swap_turn_step(&s->turn, job.view.angles, frame->capture_ns);
    if (s->turn.away) return BT_E_POSE;
    job.forget = judge_cover(s, frame->capture_ns, fresh);
    st = bt_swap_painter_paint(s->painter, &job); /* covered or not: that is how it is seen to be free again */
    if (st) return st;
    s->worn = true;
    s->last_ns = frame->capture_ns;
    frame->fade = s->turn.fade;
    frame->face_px = around(&faces->face[faces->wearer]);
    return s->covered || !(face->confidence >= CONFIDENT) ? BT_E_OCCLUDED : BT_OK;
}

bt_status bt_swap_and_blend(struct bt_swap *swap, const struct bt_grant *grant, struct bt_frame *frame,
                            const struct bt_faces *faces) {
    int64_t start_ns = bt_clock_cpu_ns();
    if (!consented(swap, grant)) return BT_E_CONSENT;
    if (frame->width_px != swap->width_px || frame->height_px != swap->height_px) return BT_E_ARGUMENT;
    if (faces->wearer < 0 || (uint32_t)faces->wearer >= faces->count || faces->count > BT_FACES_MAX) return BT_E_NO_FACE;
    bt_status st = wear(swap, frame, faces);
    swap->cpu_ms = (float)(bt_clock_cpu_ns() - start_ns) * 1e-6f;
    return st;
}

struct bt_swap_times bt_swap_last_times(const struct bt_swap *swap) {
    struct bt_painter_report report = bt_swap_painter_report_of(swap->painter);
    return (struct bt_swap_times){.swap_ms = report.swap_ms, .blend_ms = report.blend_ms, .cpu_ms = swap->cpu_ms};
}

float bt_swap_covered(const struct bt_swap *swap) {
    return swap->part;
}

bt_status bt_swap_create(const struct bt_swap_params *params, const struct bt_grant *grant, struct bt_swap **out_swap) {
    bt_status st = BT_OK;
    if (!params->mask || !params->rig || !params->gpu || !params->width_px || !params->height_px) return BT_E_ARGUMENT;
    struct bt_swap *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->log = params->log;
    s->width_px = params->width_px;
    s->height_px = params->height_px;
    memcpy(s->face, params->mask->name, sizeof s->face);
    s->face[sizeof s->face - 1] = 0;
    if (!consented(s, grant)) {
        bt_log_error(s->log, "swap: no live consent to wear \"%s\"", s->face);
        st = BT_E_CONSENT;
        goto fail;
    }
    bool on_cpu = bt_gpu_caps(params->gpu)->kind == BT_GPU_CPU;
    st = bt_swap_surface_create(s->log, params->rig, params->mask, s->width_px, s->height_px,
                                on_cpu ? CPU_GRID_PX : BT_SWAP_GRID_PX, &s->surface);
    if (!st)
        st = bt_swap_painter_create(s->log, params->gpu, params->rig, params->mask, s->width_px, s->height_px, &s->painter);
    if (st) goto fail;
    *out_swap = s;
    return BT_OK;
fail:
    bt_swap_destroy(&s);
    return st;
}

void bt_swap_destroy(struct bt_swap **swap) {
    struct bt_swap *s = *swap;
    if (!s) return;
    bt_swap_painter_destroy(&s->painter);
    bt_swap_surface_destroy(&s->surface);
    free(s);
    *swap = NULL;
}
