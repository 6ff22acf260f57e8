/* SPDX-License-Identifier: MIT */
#include "pipeline/track/track.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/net.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/memory.h"
#include "pipeline/track/crops.h"
#include "pipeline/track/detect.h"
#include "pipeline/track/follow.h"
#include "pipeline/track/roi.h"
#include "pipeline/track/wearer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t WAIT_NS = 10000000000, WARM_UP_NS = 120000000000; /* a CPU driver compiles its kernels on first use */

/* How often the detector looks for more faces than are followed: on every tick, as a second person must not be seen bare; on a
   CPU driver, where it costs as much as all the rest, four times a second, and sooner when it saw one that is not followed. */
static const int64_t SEARCH_NS = 240000000, SEARCH_MISSING_NS = 150000000;
enum {
    SEARCH_TICKS = 15, /* and at least so often, whatever the time stamps say */
    EAGER_MISSES = 10, /* with nobody in view: on every tick at first, */
    IDLE_TICKS = 3,    /* then on every third */
    MISSING_TRIES = 3, /* so often a face that the mesh denies is tried again soon */
    NEW_FACES_A_TICK = 2,
    CPU_OTHERS_TICKS = 2, /* on a CPU driver one of the faces besides the wearer's is looked at every second tick */
    CPU_MATTE_TICKS = 2,
    CROP_TAPS = 4,
    MATTE_TAPS = 3,
    EYE_LEFT = 33, /* outer corners, as the picture shows them */
    EYE_RIGHT = 263,
};

struct part {
    struct bt_net *net;
    struct bt_commands *before; /* stamp and crop; recorded anew each round */
};

struct bt_track {
    struct bt_log *log;
    struct bt_gpu *gpu;
    bool on_cpu;
    uint32_t width_px, height_px;
    struct part part[BT_CROP_ROLES];
    struct bt_commands *after;
    struct bt_timers *timers;
    struct bt_crops *crops;
    const struct bt_tensor *boxes, *scores, *mesh, *lips, *left_eye, *right_eye, *left_iris, *right_iris, *flag, *matte;
    struct bt_affine frame_from_detect, frame_from_matte, matte_from_frame;

    struct bt_follow follow;
    struct bt_wearer wearer;
    struct bt_detection found[BT_DETECTIONS_MAX];
    uint32_t found_count, unfollowed_tries, misses, other;
    bool has_matte, search_soon;
    uint64_t tick, detect_tick, matte_tick;
    int64_t detect_ns, wait_ns;
    struct bt_track_times times;
};

/* One trip to the GPU and back. */
struct round {
    const struct bt_roi *mesh; /* NULL: not now */
    bool matte, detect;
    struct bt_affine light; /* frame from unit square */
};

static const float *host(const struct bt_tensor *t) {
    return (const float *)((const char *)bt_buffer_map(t->buffer) + t->offset_bytes);
}

static bt_status record(struct bt_track *t, enum bt_crop_role role, const struct bt_affine *crop,
                        const struct bt_affine *light) {
    struct bt_commands *c = t->part[role].before;
    bt_status st = bt_commands_begin(c);
    if (st) return st;
    bt_commands_stamp(c, t->timers, role);
    if (crop) bt_track_crops_record(t->crops, c, role, crop);
    if (light) bt_track_crops_record_light(t->crops, c, light);
    return bt_commands_end(c);
}

static bt_status go(struct bt_track *t, const struct round *r, int64_t timeout_ns) {
    struct bt_commands *list[2 * BT_CROP_ROLES + 1];
    const struct bt_affine mesh_crop = r->mesh ? bt_track_roi_frame_from_crop(r->mesh) : (struct bt_affine){{0}};
    const struct bt_affine *crop[BT_CROP_ROLES] = {
        [BT_CROP_MESH] = r->mesh ? &mesh_crop : NULL,
        [BT_CROP_MATTE] = r->matte ? &t->frame_from_matte : NULL,
        [BT_CROP_DETECT] = r->detect ? &t->frame_from_detect : NULL,
    };
    uint32_t count = 0;
    uint64_t stamp[BT_CROP_ROLES + 1], value;
    bt_status st = BT_OK;
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++) {
        st = record(t, (enum bt_crop_role)i, crop[i], i == 0 ? &r->light : NULL);
        if (st) return st;
        list[count++] = t->part[i].before;
        if (crop[i]) list[count++] = bt_net_commands(t->part[i].net);
    }
    list[count++] = t->after;
    st = bt_gpu_submit(t->gpu, list, count, &value);
    if (st) return st;
    const int64_t start_ns = bt_clock_now_ns();
    st = bt_gpu_wait(t->gpu, value, timeout_ns);
    t->wait_ns += bt_clock_now_ns() - start_ns;
    if (st) return st;
    st = bt_timers_read(t->timers, stamp);
    if (st) return st;
    float *ms[BT_CROP_ROLES] = {&t->times.mesh_ms, &t->times.matte_ms, &t->times.detect_ms};
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++)
        if (crop[i]) *ms[i] += (float)(stamp[i + 1] - stamp[i]) * 1e-6f;
    if (r->matte) {
        t->has_matte = true;
        t->matte_tick = t->tick;
    }
    if (r->detect) {
        t->detect_tick = t->tick;
        t->found_count =
            bt_track_detect_decode(host(t->boxes), host(t->scores), &t->frame_from_detect, t->found, BT_DETECTIONS_MAX);
    }
    return BT_OK;
}

static struct bt_affine whole_frame(const struct bt_track *t) {
    return (struct bt_affine){{(float)t->width_px, 0, 0, 0, (float)t->height_px, 0}};
}

/* The middle of the crop: it is 1.5 faces wide, so half of it is skin whatever the hair does. */
static struct bt_affine face_middle(const struct bt_roi *roi) {
    const struct bt_affine crop_from_unit = {
        {BT_MESH_CROP_PX / 2, 0, BT_MESH_CROP_PX / 4, 0, BT_MESH_CROP_PX / 2, BT_MESH_CROP_PX / 4}};
    const struct bt_affine frame_from_crop = bt_track_roi_frame_from_crop(roi);
    return bt_affine_multiply(&frame_from_crop, &crop_from_unit);
}

static bool take(struct bt_track *t, uint32_t slot, int64_t now_ns, bool restart) {
    const struct bt_look look = {
        .outputs = {host(t->mesh), host(t->lips), host(t->left_eye), host(t->right_eye), host(t->left_iris),
                    host(t->right_iris)},
        .flag_logit = host(t->flag)[0],
        .time_ns = now_ns,
        .tick = t->tick,
        .restart = restart,
    };
    return bt_track_follow_take(&t->follow, slot, &look);
}

/* A place that the detector chose: looked at twice, for its box is rougher than landmarks are. */
static bt_status look_afresh(struct bt_track *t, uint32_t slot, int64_t now_ns) {
    bool seen = true;
    for (uint32_t pass = 0; pass < 2 && seen; pass++) {
        const struct bt_roi roi = t->follow.slot[slot].roi;
        const bt_status st = go(t, &(struct round){.mesh = &roi, .light = face_middle(&roi)}, WAIT_NS);
        if (st) return st;
        seen = take(t, slot, now_ns, true);
    }
    return BT_OK;
}

/* Joins what the detector found with what is followed: known faces that the mesh had lost are looked at again, new ones are
   taken up, the most prominent first. */
static bt_status meet(struct bt_track *t, int64_t now_ns) {
    bool done[BT_DETECTIONS_MAX] = {false};
    uint32_t fresh = 0;
    for (uint32_t n = 0; n < t->found_count; n++) {
        uint32_t best = t->found_count;
        float prominence = -1;
        for (uint32_t i = 0; i < t->found_count; i++) {
            const float p = bt_track_wearer_prominence(t->found[i].box_px, t->width_px, t->height_px);
            if (done[i] || p <= prominence) continue;
            best = i;
            prominence = p;
        }
        if (best == t->found_count) break; /* what is left has no finite size */
        done[best] = true;
        const struct bt_detection *d = &t->found[best];
        int32_t slot = bt_track_follow_match(&t->follow, d);
        if (slot >= 0 && !t->follow.slot[slot].lost) {
            t->follow.slot[slot].face.detector_score = d->score;
            continue;
        }
        if (slot >= 0) {
            if (!bt_track_follow_aim(&t->follow, (uint32_t)slot, d)) continue;
        } else {
            if (fresh++ >= NEW_FACES_A_TICK) continue;
            slot = bt_track_follow_add(&t->follow, d);
            if (slot < 0) continue;
        }
        const bt_status st = look_afresh(t, (uint32_t)slot, now_ns);
        if (st) return st;
    }
    return BT_OK;
}

static bool search_due(const struct bt_track *t, int64_t now_ns) {
    const uint32_t followed = bt_track_follow_count(&t->follow);
    const uint64_t ticks = t->tick - t->detect_tick;
    const int64_t since_ns = now_ns - t->detect_ns;
    if (t->detect_tick == 0 || t->search_soon) return true;
    if (followed == 0) return t->misses < EAGER_MISSES || ticks >= IDLE_TICKS;
    if (!t->wearer.id) return ticks >= IDLE_TICKS;
    if (!t->on_cpu) return true;
    if (followed < t->found_count && t->unfollowed_tries < MISSING_TRIES && since_ns >= SEARCH_MISSING_NS) return true;
    return since_ns >= SEARCH_NS || ticks >= SEARCH_TICKS;
}

static bt_status look_at_others(struct bt_track *t, int32_t wearer_slot, int64_t now_ns) {
    if (t->on_cpu && t->tick % CPU_OTHERS_TICKS) return BT_OK;
    for (uint32_t n = 0; n < BT_FACES_MAX; n++) {
        t->other = (t->other + 1) % BT_FACES_MAX;
        const struct bt_followed *f = &t->follow.slot[t->other];
        if (!f->used || f->lost || f->tick == t->tick || (int32_t)t->other == wearer_slot) continue;
        const struct bt_roi roi = f->roi;
        const bt_status st = go(t, &(struct round){.mesh = &roi, .light = face_middle(&roi)}, WAIT_NS);
        if (st) return st;
        if (!take(t, t->other, now_ns, false)) t->search_soon = true;
        if (t->on_cpu) break;
    }
    return BT_OK;
}

/* What the landmarks say, beside what the picture said. */
static void measure(const struct bt_followed *f, struct bt_measures *m) {
    const struct bt_vec3 *left = &f->face.landmark[EYE_LEFT], *right = &f->face.landmark[EYE_RIGHT];
    struct bt_pose pose = {.scale = expf(f->smooth.size)};
    bt_rotation_from_vector(f->smooth.turn, pose.rotation);
    const struct bt_angles angles = bt_pose_angles(&pose);
    m->eye_px = hypotf(hypotf(left->x - right->x, left->y - right->y), left->z - right->z);
    m->confidence = f->face.confidence;
    m->jitter = f->smooth.jitter * pose.scale / m->eye_px;
    m->yaw = angles.yaw;
    m->pitch = angles.pitch;
}

static void fill(const struct bt_track *t, int32_t wearer_slot, const struct bt_measures *light, struct bt_faces *out) {
    out->count = 0;
    out->wearer = -1;
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) {
        if (!t->follow.slot[i].used) continue;
        if ((int32_t)i == wearer_slot) out->wearer = (int32_t)out->count;
        out->face[out->count++] = t->follow.slot[i].face;
    }
    out->matte = t->has_matte ? t->matte->buffer : NULL;
    out->matte_offset_bytes = t->has_matte ? t->matte->offset_bytes : 0;
    out->matte_w = t->matte->dim[3];
    out->matte_h = t->matte->dim[2];
    out->matte_from_frame = t->matte_from_frame;
    out->measures = *light;
    if (wearer_slot >= 0) measure(&t->follow.slot[wearer_slot], &out->measures);
}

static int32_t elect(struct bt_track *t, int64_t now_ns) {
    struct bt_wearer_candidate candidate[BT_FACES_MAX];
    uint32_t slot[BT_FACES_MAX], count = 0;
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) {
        if (!t->follow.slot[i].used) continue;
        slot[count] = i;
        candidate[count++] = (struct bt_wearer_candidate){t->follow.slot[i].face.id, t->follow.slot[i].face.box_px};
    }
    const int32_t chosen = bt_track_wearer_elect(&t->wearer, candidate, count, t->width_px, t->height_px, now_ns);
    return chosen < 0 ? -1 : (int32_t)slot[chosen];
}

bt_status bt_track_faces(struct bt_track *t, const struct bt_frame *frame, struct bt_faces *out_faces) {
    const int64_t start_ns = bt_clock_now_ns(), now_ns = frame->capture_ns;
    if (!frame->linear || frame->width_px != t->width_px || frame->height_px != t->height_px ||
        bt_image_width(frame->linear) != t->width_px || bt_image_height(frame->linear) != t->height_px)
        return BT_E_ARGUMENT;
    bt_status st = bt_track_crops_aim(t->crops, frame->linear);
    if (st) return st;
    t->tick++;
    t->wait_ns = 0;
    t->times = (struct bt_track_times){0};

    int32_t slot = t->wearer.id ? bt_track_follow_find(&t->follow, t->wearer.id) : -1;
    const struct bt_roi roi = slot >= 0 ? t->follow.slot[slot].roi : (struct bt_roi){{0, 0}, 0, 0};
    const bool matte_due = !t->has_matte || !t->on_cpu || t->tick - t->matte_tick >= CPU_MATTE_TICKS;
    bool searched = search_due(t, now_ns);
    st = go(t,
            &(struct round){.mesh = slot >= 0 ? &roi : NULL,
                            .matte = slot >= 0 && matte_due,
                            .detect = searched,
                            .light = slot >= 0 ? face_middle(&roi) : whole_frame(t)},
            WAIT_NS);
    if (st) return st;
    struct bt_measures light = bt_track_crops_light(t->crops);
    if (slot >= 0 && !take(t, (uint32_t)slot, now_ns, false) && !searched) {
        st = go(t, &(struct round){.detect = true, .light = whole_frame(t)}, WAIT_NS);
        if (st) return st;
        searched = true;
    }
    if (searched) {
        t->detect_ns = now_ns;
        t->search_soon = false;
        st = meet(t, now_ns);
        if (st) return st;
    }
    st = look_at_others(t, slot, now_ns);
    if (st) return st;
    bt_track_follow_tidy(&t->follow, t->wearer.id);

    const uint32_t before = t->wearer.id, followed = bt_track_follow_count(&t->follow);
    slot = elect(t, now_ns);
    if (searched) t->unfollowed_tries = followed < t->found_count ? t->unfollowed_tries + 1 : 0;
    t->misses = followed ? 0 : t->misses + (t->misses < EAGER_MISSES);
    if (t->wearer.id != before || (slot >= 0 && t->matte_tick == 0)) {
        const struct bt_affine part = slot >= 0 ? face_middle(&t->follow.slot[slot].roi) : whole_frame(t);
        st = go(t, &(struct round){.matte = slot >= 0 && t->matte_tick != t->tick, .light = part}, WAIT_NS);
        if (st) return st;
        light = bt_track_crops_light(t->crops);
    }
    fill(t, slot, &light, out_faces);
    t->times.cpu_ms = (float)(bt_clock_now_ns() - start_ns - t->wait_ns) * 1e-6f;
    return BT_OK;
}

struct bt_track_times bt_track_last_times(const struct bt_track *track) {
    return track->times;
}

/* An output that must be there with so many numbers: the door to the nets' files is the engine's, their meaning is ours. */
static bt_status output(struct bt_track *t, enum bt_crop_role role, const char *name, size_t floats,
                        const struct bt_tensor **out) {
    const struct bt_tensor *tensor = bt_net_output(t->part[role].net, name);
    if (!tensor || tensor->size_bytes < floats * sizeof(float) || !bt_buffer_map(tensor->buffer)) {
        bt_log_error(t->log, "track: a model has no output \"%s\" of %zu numbers", name, floats);
        return BT_E_FORMAT;
    }
    *out = tensor;
    return BT_OK;
}

static bt_status outputs(struct bt_track *t) {
    const struct {
        enum bt_crop_role role;
        const char *name;
        size_t floats;
        const struct bt_tensor **out;
    } want[] = {
        {BT_CROP_DETECT, "boxes", BT_DETECT_CELLS * BT_DETECT_NUMBERS, &t->boxes},
        {BT_CROP_DETECT, "scores", BT_DETECT_CELLS, &t->scores},
        {BT_CROP_MESH, "mesh", 3 * BT_MESH_LANDMARKS, &t->mesh},
        {BT_CROP_MESH, "lips", 160, &t->lips},
        {BT_CROP_MESH, "left_eye", 142, &t->left_eye},
        {BT_CROP_MESH, "right_eye", 142, &t->right_eye},
        {BT_CROP_MESH, "left_iris", 10, &t->left_iris},
        {BT_CROP_MESH, "right_iris", 10, &t->right_iris},
        {BT_CROP_MESH, "face_flag", 1, &t->flag},
    };
    for (size_t i = 0; i < BT_COUNT(want); i++) {
        const bt_status st = output(t, want[i].role, want[i].name, want[i].floats, want[i].out);
        if (st) return st;
    }
    return BT_OK;
}

static bt_status nets(struct bt_track *t, const struct bt_track_params *params) {
    const struct {
        const char *name;
        struct bt_bytes onnx;
        uint32_t w, h; /* 0: as the model says */
        float scale, offset;
        uint32_t taps;
    } want[BT_CROP_ROLES] = {
        [BT_CROP_MESH] = {"face mesh", params->mesh, BT_MESH_CROP_PX, BT_MESH_CROP_PX, 1, 0, CROP_TAPS},
        [BT_CROP_MATTE] = {"selfie matte", params->matte, 0, 0, 1, 0, MATTE_TAPS},
        [BT_CROP_DETECT] = {"face detector", params->detector, BT_DETECT_PX, BT_DETECT_PX, 2, -1, CROP_TAPS},
    };
    struct bt_crop_target target[BT_CROP_ROLES];
    struct bt_net_params np[BT_CROP_ROLES];
    struct bt_net *made[BT_CROP_ROLES];
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++)
        np[i] = (struct bt_net_params){
            .gpu = t->gpu, .log = t->log, .name = want[i].name, .onnx = want[i].onnx, .tuning = params->tuning};
    bt_status st = bt_nets_create(np, BT_CROP_ROLES, made);
    if (st) return st;
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++) t->part[i].net = made[i];
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++) {
        const struct bt_tensor *in = bt_net_input(t->part[i].net, "image");
        if (!in || in->layout != BT_LAYOUT_C4 || in->rank != 4 || in->dim[1] != 3 || (want[i].w && in->dim[3] != want[i].w) ||
            (want[i].h && in->dim[2] != want[i].h)) {
            bt_log_error(t->log, "track: the %s model has no input \"image\" of the size it must have", want[i].name);
            return BT_E_FORMAT;
        }
        target[i] = (struct bt_crop_target){in, want[i].scale, want[i].offset, want[i].taps};
        st = bt_commands_create(t->gpu, &t->part[i].before);
        if (st) return st;
    }
    const struct bt_tensor *in = target[BT_CROP_MATTE].input;
    st = output(t, BT_CROP_MATTE, "matte", (size_t)in->dim[2] * in->dim[3], &t->matte);
    if (st) return st;
    t->frame_from_matte = bt_track_roi_letterbox(t->width_px, t->height_px, in->dim[3], in->dim[2]);
    t->frame_from_detect = bt_track_roi_letterbox(t->width_px, t->height_px, BT_DETECT_PX, BT_DETECT_PX);
    if (!bt_affine_invert(&t->frame_from_matte, &t->matte_from_frame)) return BT_E_ARGUMENT;
    return bt_track_crops_create(t->gpu, target, &t->crops);
}

/* Everything once, on a black picture: drivers compile on first use, and the first frame should not wait for that. */
static bt_status warm_up(struct bt_track *t) {
    struct bt_image *black = NULL;
    bt_status st = bt_image_create(t->gpu, t->width_px, t->height_px, BT_IMAGE_RGBA16F, &black);
    if (st) return st;
    st = bt_track_crops_aim(t->crops, black);
    if (st) goto fail;
    const float shrink[] = {1, 3, 4}; /* every variant of the crop that faces can ask for */
    for (uint32_t i = 0; i < BT_COUNT(shrink) && !st; i++) {
        const struct bt_roi roi = {{0, 0}, BT_MESH_CROP_PX * shrink[i], 0};
        st = go(t, &(struct round){.mesh = &roi, .matte = i == 0, .detect = i == 0, .light = whole_frame(t)}, WARM_UP_NS);
    }
    t->has_matte = false;
    t->matte_tick = t->detect_tick = 0;
    t->found_count = 0;
fail:
    bt_track_crops_forget(t->crops);
    bt_image_destroy(&black);
    return st;
}

bt_status bt_track_create(const struct bt_track_params *params, struct bt_track **out_track) {
    bt_status st = BT_E_ARGUMENT;
    struct bt_track *t = NULL;
    if (!params->gpu || !params->rig || !params->width_px || !params->height_px) goto fail;
    st = BT_E_MEMORY;
    t = calloc(1, sizeof *t);
    if (!t) goto fail;
    t->log = params->log;
    t->gpu = params->gpu;
    t->on_cpu = bt_gpu_caps(params->gpu)->kind == BT_GPU_CPU;
    t->width_px = params->width_px;
    t->height_px = params->height_px;
    bt_track_follow_init(&t->follow, params->rig, params->width_px, params->height_px);
    st = bt_timers_create(t->gpu, BT_CROP_ROLES + 1, &t->timers);
    if (st) goto fail;
    st = nets(t, params);
    if (st) goto fail;
    st = outputs(t);
    if (st) goto fail;
    st = bt_commands_create(t->gpu, &t->after);
    if (st) goto fail;
    st = bt_commands_begin(t->after);
    if (st) goto fail;
    bt_commands_stamp(t->after, t->timers, BT_CROP_ROLES);
    st = bt_commands_end(t->after);
    if (st) goto fail;
    st = warm_up(t);
    if (st) goto fail;
    *out_track = t;
    return BT_OK;
fail:
    bt_track_destroy(&t);
    return st;
}

void bt_track_destroy(struct bt_track **track) {
    struct bt_track *t = *track;
    if (!t) return;
    /* After a time-out the GPU may still be at it; commands wait for it. So they go before all that they use. */
    bt_commands_destroy(&t->after);
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++) bt_commands_destroy(&t->part[i].before);
    for (uint32_t i = 0; i < BT_CROP_ROLES; i++) bt_net_destroy(&t->part[i].net);
    bt_track_crops_destroy(&t->crops);
    bt_timers_destroy(&t->timers);
    explicit_bzero(t, sizeof *t); /* landmarks */
    free(t);
    *track = NULL;
}
