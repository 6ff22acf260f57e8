/* SPDX-License-Identifier: MIT */
/* The autotuner: times the candidates of each distinct convolution on the device and keeps the fastest. What it keeps is a
   table for emit/, and bytes for a file. Wrong bytes cost time, never a result: emit/ takes a choice only if it is one of the
   layer's candidates on this device, and all candidates compute the same. */
#ifndef BT_TUNE_TUNE_H
#define BT_TUNE_TUNE_H

#include "base/bytes.h"
#include "engine/emit/program.h"

struct bt_gpu;
struct bt_gpu_caps;
struct bt_log;
struct bt_tuning; /* what was measured on one device, with one driver and one set of shaders */

/* `bytes` from bt_tune_save, or none. What is of another device, driver or program, cut short or damaged is ignored, with a
   debug line. `emit` says the device's candidates; its `tuned` is not looked at. */
BT_CHECKED bt_status bt_tune_create(const struct bt_gpu_caps *caps, const struct bt_emit_params *emit, struct bt_bytes bytes,
                                    struct bt_log *log, struct bt_tuning **out_tuning);
void bt_tune_destroy(struct bt_tuning **tuning);
/* malloc'ed, the caller's to free. */
BT_CHECKED bt_status bt_tune_save(const struct bt_tuning *tuning, void **out_bytes, size_t *out_size);
/* For bt_emit_params.tuned; good until the next bt_tune_layers. */
const struct bt_tuned *bt_tune_table(const struct bt_tuning *tuning, uint32_t *out_count);
const struct bt_choice *bt_tune_find(const struct bt_tuning *tuning, const struct bt_layer *layer);

/* One layer measured. */
struct bt_tune_news {
    uint32_t done, total; /* layers; done counts this one */
    const struct bt_layer *layer;
    const char *name; /* of the first node that is such a layer */
    uint32_t times;   /* how many nodes are */
    uint64_t macs;    /* of one */
    uint32_t choice_count, best;
    const struct bt_choice *choice; /* the first is what is taken unmeasured */
    const uint64_t *ns;             /* 0: could not be run */
};

struct bt_tune_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    const struct bt_plan *const *plan; /* borrowed; `plan_count` of them */
    uint32_t plan_count;
    const struct bt_emit_params *emit;
    bool again;        /* also what the table knows */
    int64_t budget_ns; /* no layer is begun after it; one that it interrupts is left out */
    void (*news)(void *user, const struct bt_tune_news *news); /* NULL: nobody asks */
    void *user;
    /* For tests: how long a choice takes, instead of measuring it; the budget is then spent by these alone. */
    uint64_t (*rigged_ns)(void *user, const struct bt_layer *layer, const struct bt_choice *choice);
};

/* Measures the layers of the plans that the table lacks, those with the most to compute first. BT_OK also when the budget ends
   it; *out_left is the number of layers left. Keeps what it has on failure too. Thread: the GPU's; waits, allocates. */
BT_CHECKED bt_status bt_tune_layers(struct bt_tuning *tuning, const struct bt_tune_params *params, uint32_t *out_left);

#endif
