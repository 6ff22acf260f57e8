/* SPDX-License-Identifier: MIT */
/* The engine's front door: ONNX bytes in, one recorded command buffer out. The road between is engine/README:
   onnx -> model -> graph -> fuse -> plan -> emit -> run. */
#ifndef BT_ENGINE_NET_H
#define BT_ENGINE_NET_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_gpu_caps;
struct bt_buffer;
struct bt_commands;
struct bt_tuning;
struct bt_net;

enum { BT_RANK_MAX = 6 };

/* Which kernels run convolutions. BT_VARIANT_AUTO picks per device (texels on a CPU, storage elsewhere, until tuned). */
enum bt_variant { BT_VARIANT_AUTO, BT_VARIANT_TEXELS, BT_VARIANT_STORAGE };

/* What is kept and computed in float16. STORAGE: maps between layers, and convolutions' weights; sums stay in float32. Any
   device. ARITHMETIC: convolutions multiply in it too (up to four products are added in it); STORAGE where the device cannot.
 */
enum bt_half { BT_HALF_OFF, BT_HALF_STORAGE, BT_HALF_ARITHMETIC };

/* How a tensor lies in memory. PLAIN: row-major float32 in ONNX's own order. C4: rank 4, N = 1, channels in groups of four:
   vec4 element [group][y][x], missing channels zero. A 3-channel picture in C4 is one vec4 a pixel. */
enum bt_layout { BT_LAYOUT_PLAIN, BT_LAYOUT_C4 };

struct bt_net_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    const char *name;     /* for messages and timings */
    struct bt_bytes onnx; /* borrowed during create */
    enum bt_variant variant;
    enum bt_half half;              /* if not OFF: bt_net_mend after every submission */
    const struct bt_tuning *tuning; /* engine/tuning.h: how each convolution is best run; borrowed, with half as long as the net
                                       lives, else during create; may be NULL */
    bool timed;                     /* a timestamp after every dispatch, for bt_net_times; the net is a little slower */
};

struct bt_tensor {
    const char *name;
    struct bt_buffer *buffer; /* owned by the net */
    size_t offset_bytes, size_bytes;
    enum bt_layout layout;
    uint32_t rank, dim[BT_RANK_MAX]; /* ONNX's shape, e.g. 1, 3, 192, 192 */
    bool truth;                      /* ONNX's type is bool: elements are 0 or 1 */
};

/* What a net takes of the device, and how much it computes. */
struct bt_net_stats {
    size_t constant_bytes, input_bytes, output_bytes, scratch_bytes;
    size_t unshared_bytes; /* what the scratch would take if no two values shared memory */
    uint32_t dispatch_count, barrier_count, kernel_count;
    uint32_t half_count;   /* dispatches that read or write float16 */
    uint32_t single_count; /* layers whose results did not fit it: bt_net_single_at */
    uint64_t macs;         /* multiply-adds */
};

/* One kernel call. */
struct bt_net_dispatch {
    const char *name, *op, *kernel; /* the node's name; ONNX's name of the operator, or Convert; the shader */
    enum bt_half half;
    bool texels;   /* reads through texel buffers */
    uint64_t macs; /* 0 for all but the first of an operator's dispatches */
};

/* Imports, checks, fuses, plans, uploads weights and records. All memory is taken here; running takes none.
   BT_E_FORMAT: not a valid model (the log names the node). BT_E_UNSUPPORTED: valid, but has an operator, attribute or type
   that the engine lacks (named). */
BT_CHECKED bt_status bt_net_create(const struct bt_net_params *params, struct bt_net **out_net);
/* Several on one device (the first's), sooner than one by one. All or none. */
BT_CHECKED bt_status bt_nets_create(const struct bt_net_params *params, uint32_t count, struct bt_net **out_nets);
void bt_net_destroy(struct bt_net **net);

/* Inputs of rank 4 are C4 in device memory, to be filled by a kernel (or bt_buffer_write); others PLAIN.
   Outputs are PLAIN, in readback memory: bt_buffer_map them after the submission is done. NULL: no such name. */
const struct bt_tensor *bt_net_input(const struct bt_net *net, const char *name); /* NULL name: the first */
const struct bt_tensor *bt_net_output(const struct bt_net *net, const char *name);
uint32_t bt_net_input_count(const struct bt_net *net);
const struct bt_tensor *bt_net_input_at(const struct bt_net *net, uint32_t index);
uint32_t bt_net_output_count(const struct bt_net *net);
const struct bt_tensor *bt_net_output_at(const struct bt_net *net, uint32_t index);
/* Recorded once; submit it after what fills the inputs. */
struct bt_commands *bt_net_commands(struct bt_net *net);

/* For nets with half, after each submission is done and before its outputs are used. False: they hold. True: a layer's results
   did not fit float16 and the outputs are wrong; the net is made anew with that layer in float32, its tensors and what is in
   the inputs are as they were, and its commands, which are others now, have to be submitted again. Costs the reading of a word
   a dispatch where all fits; else it allocates and compiles. */
BT_CHECKED bt_status bt_net_mend(struct bt_net *net, bool *out_again);
/* A layer that bt_net_mend has made float32: its result's name. NULL: no more. */
const char *bt_net_single_at(const struct bt_net *net, uint32_t index);

/* For tools; not for a tick, as they allocate and wait. */
/* Puts `values` (ONNX's order, one float an element) into an input, in its layout. */
BT_CHECKED bt_status bt_net_fill(const struct bt_tensor *input, const float *values);
const struct bt_net_stats *bt_net_stats(const struct bt_net *net);
const struct bt_net_dispatch *bt_net_dispatch_at(const struct bt_net *net, uint32_t index);
/* Nanoseconds of each dispatch in the last submission, which must be done; zeros where the device has no timestamps.
   BT_E_ARGUMENT: the net is not timed. */
BT_CHECKED bt_status bt_net_times(struct bt_net *net, uint64_t *out_ns);

/* The stages of the road, as text: IMPORT is the model as its file says it; GRAPH has shapes, and constants folded. */
enum bt_net_stage { BT_STAGE_IMPORT, BT_STAGE_GRAPH, BT_STAGE_FUSE, BT_STAGE_PLAN, BT_STAGE_EMIT };
struct bt_net_print_params {
    struct bt_log *log;
    struct bt_bytes onnx;
    enum bt_net_stage stage;
    enum bt_variant variant;
    enum bt_half half;
    const struct bt_gpu_caps *caps; /* of the device to emit for. NULL: an imagined one, a CPU for TEXELS, else a GPU */
};
/* `*out_text` is malloc'ed, the caller's to free. Fails as bt_net_create does. */
BT_CHECKED bt_status bt_net_print(const struct bt_net_print_params *params, char **out_text);

#endif
