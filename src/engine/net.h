/* SPDX-License-Identifier: MIT */
/* The engine's front door: ONNX bytes in, one recorded command buffer out. The road between is engine/README:
   onnx -> model -> graph -> fuse -> plan -> emit -> run. */
#ifndef BT_ENGINE_NET_H
#define BT_ENGINE_NET_H

#include "base/bytes.h"
#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_buffer;
struct bt_commands;
struct bt_net;

enum { BT_RANK_MAX = 6 };

/* Which kernels run convolutions. BT_VARIANT_AUTO picks per device (texels on a CPU, storage elsewhere, until tuned). */
enum bt_variant { BT_VARIANT_AUTO, BT_VARIANT_TEXELS, BT_VARIANT_STORAGE };

/* How a tensor lies in memory. PLAIN: row-major float32 in ONNX's own order. C4: rank 4, N = 1, channels in groups of four:
   vec4 element [group][y][x], missing channels zero. A 3-channel picture in C4 is one vec4 a pixel. */
enum bt_layout { BT_LAYOUT_PLAIN, BT_LAYOUT_C4 };

struct bt_net_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    const char *name; /* for messages and timings */
    struct bt_bytes onnx; /* borrowed during create */
    enum bt_variant variant;
};

struct bt_tensor {
    const char *name;
    struct bt_buffer *buffer; /* owned by the net */
    size_t offset_bytes, size_bytes;
    enum bt_layout layout;
    uint32_t rank, dim[BT_RANK_MAX]; /* ONNX's shape, e.g. 1, 3, 192, 192 */
};

/* Imports, checks, fuses, plans, uploads weights and records. All memory is taken here; running takes none.
   BT_E_FORMAT: not a valid model (the log names the node). BT_E_UNSUPPORTED: valid, but has an operator, attribute or type
   that the engine lacks (named). */
BT_CHECKED bt_status bt_net_create(const struct bt_net_params *params, struct bt_net **out_net);
void bt_net_destroy(struct bt_net **net);

/* Inputs of rank 4 are C4 in device memory, to be filled by a kernel (or bt_buffer_write); others PLAIN.
   Outputs are PLAIN, in readback memory: bt_buffer_map them after the submission is done. NULL: no such name. */
const struct bt_tensor *bt_net_input(const struct bt_net *net, const char *name);   /* NULL name: the first */
const struct bt_tensor *bt_net_output(const struct bt_net *net, const char *name);
uint32_t bt_net_output_count(const struct bt_net *net);
const struct bt_tensor *bt_net_output_at(const struct bt_net *net, uint32_t index);
/* Recorded once; submit it after what fills the inputs. */
struct bt_commands *bt_net_commands(struct bt_net *net);

#endif
