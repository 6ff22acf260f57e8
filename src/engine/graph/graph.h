/* SPDX-License-Identifier: MIT */
/* The engine's intermediate form: values (tensors) and nodes (operators) by index, nodes in an order that can be run.
   After bt_graph_infer every shape is static and every parameter (axes, pads, a Reshape's shape, scales, bounds) lives in the
   node's attributes in one canonical form, whatever opset it came from; such inputs are gone. */
#ifndef BT_GRAPH_GRAPH_H
#define BT_GRAPH_GRAPH_H

#include "base/status.h"
#include "engine/net.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;

enum { BT_NONE = UINT16_MAX }; /* no value, no node */

/* What a hostile model may ask for at most. */
enum {
    BT_GRAPH_NODES_MAX = 8192,
    BT_GRAPH_VALUES_MAX = 32768,
    BT_GRAPH_INPUTS_MAX = 256,             /* of one node */
    BT_GRAPH_ELEMENTS_MAX = 1 << 26,       /* of one tensor */
    BT_GRAPH_ELEMENTS_TOTAL_MAX = 1 << 28, /* of all values together */
    BT_GRAPH_CONST_BYTES_MAX = 1 << 29,    /* of all constants */
};

enum bt_op {
#define BT_OP(id, name, least, most, since, rule, kind) BT_OP_##id,
#include "engine/ops.def"
#undef BT_OP
    BT_OP_COUNT,
    BT_OP_CONVERT = BT_OP_COUNT, /* plan only: between layouts, or a copy */
};

enum bt_op_class {
    BT_CLASS_UNARY,
    BT_CLASS_BINARY,
    BT_CLASS_WINDOW,
    BT_CLASS_MAP,
    BT_CLASS_VIEW,
    BT_CLASS_MOVE,
    BT_CLASS_REDUCE,
    BT_CLASS_MATRIX,
    BT_CLASS_FOLD
};

struct bt_op_info {
    const char *name; /* ONNX's */
    uint8_t inputs_least, inputs_most, since;
    enum bt_op_class kind;
};
/* Never NULL; BT_OP_CONVERT included. */
const struct bt_op_info *bt_op_info(enum bt_op op);

/* float16 and double are made float32 on import. On the GPU a BOOL is a float, 0 or 1; integers are only ever constants. */
enum bt_type { BT_TYPE_F32, BT_TYPE_I64, BT_TYPE_I32, BT_TYPE_BOOL, BT_TYPE_COUNT };

struct bt_shape {
    uint32_t rank, dim[BT_RANK_MAX]; /* dim[i] for i >= rank is 1; rank 0 is a scalar */
};

enum bt_activation {
    BT_ACT_NONE,
    BT_ACT_RELU,
    BT_ACT_PRELU,      /* slope: input BT_CONV_SLOPE, one a channel (or one for all) */
    BT_ACT_LEAKY_RELU, /* x < 0 ? low * x : x */
    BT_ACT_HARD_SWISH,
    BT_ACT_SIGMOID,
    BT_ACT_CLIP, /* min(max(x, low), high) */
    BT_ACT_COUNT
};

/* Inputs of Conv and ConvTranspose after fuse/: always five, BT_NONE where absent. Before: 2 or 3.
   y = act(conv(x, weight) + bias + residual), or with attr.late, act(conv(x, weight) + bias) + residual. The residual has y's
   height and width; it may have fewer channels than y: the missing ones are zero (a fused Pad on the channel axis). weight:
   Conv [out][in / group][ky][kx], ConvTranspose [in][out / group][ky][kx]. bias: [out]. */
enum { BT_CONV_X, BT_CONV_WEIGHT, BT_CONV_BIAS, BT_CONV_RESIDUAL, BT_CONV_SLOPE, BT_CONV_INPUTS };

/* A depthwise convolution and the pointwise one that reads it, made by bt_fuse_separable; always eight inputs:
   y = pointwise(act_inside(depthwise(x) + bias)), where the pointwise convolution has the inputs above (its weight is
   [out][channels of x][1][1]) and act, late, low, high, and the depthwise one those below, the window's attributes and group.
 */
enum { BT_SEPARABLE_WEIGHT = BT_CONV_INPUTS, BT_SEPARABLE_BIAS, BT_SEPARABLE_SLOPE, BT_SEPARABLE_INPUTS };

enum bt_resize_mode { BT_RESIZE_NEAREST, BT_RESIZE_LINEAR, BT_RESIZE_CUBIC /* refused */ };
enum bt_resize_coord { BT_COORD_HALF_PIXEL, BT_COORD_ASYMMETRIC, BT_COORD_ALIGN_CORNERS, BT_COORD_PYTORCH_HALF_PIXEL };
enum bt_resize_nearest { BT_NEAREST_PREFER_FLOOR, BT_NEAREST_PREFER_CEIL, BT_NEAREST_FLOOR, BT_NEAREST_CEIL };
enum bt_pad_mode { BT_PAD_CONSTANT, BT_PAD_REFLECT, BT_PAD_EDGE };
enum bt_grid_padding { BT_GRID_ZEROS, BT_GRID_BORDER, BT_GRID_REFLECTION };

/* One flat struct: a field is meaningful only for the operators named. Axes are never negative. */
struct bt_attr {
    /* Conv, ConvTranspose, MaxPool, AveragePool: index 0 is y, 1 is x */
    uint32_t group; /* Conv, ConvTranspose */
    uint32_t kernel[2], stride[2], dilation[2];
    uint32_t pad_before[2], pad_after[2]; /* auto_pad is resolved */
    bool count_pad;                       /* AveragePool: count_include_pad */
    enum bt_activation act;               /* Conv, ConvTranspose after fuse/ */
    bool late;                            /* the residual is added after act */
    enum bt_activation act_inside;        /* SeparableConv: the depthwise convolution's, with its own parameters */
    float low_inside, high_inside;
    float low, high; /* Clip (infinite if open); act's parameters; LeakyRelu: low; HardSigmoid: slope, value at 0 */
    /* others */
    uint32_t axis;                                   /* Concat, Gather, Softmax, Flatten */
    uint32_t perm[BT_RANK_MAX];                      /* Transpose: out dim i is in dim perm[i] */
    bool axes[BT_RANK_MAX];                          /* Reduce*: is axis i of the input reduced */
    int32_t before[BT_RANK_MAX], after[BT_RANK_MAX]; /* Pad: elements added; negative crops */
    enum bt_pad_mode pad_mode;                       /* Pad */
    float value;                                     /* Pad: the constant */
    int32_t begin[BT_RANK_MAX], step[BT_RANK_MAX];   /* Slice: out[i] = in[begin + i * step], step may be < 0 */
    uint32_t block;                                  /* DepthToSpace */
    bool crd;                                        /* DepthToSpace: CRD, else DCR */
    enum bt_resize_mode resize;                      /* Resize; GridSample: nearest or linear */
    enum bt_resize_coord coord;                      /* Resize */
    enum bt_resize_nearest nearest;                  /* Resize */
    float scale[BT_RANK_MAX];                        /* Resize: out / in as the model says it */
    bool align_corners;                              /* GridSample */
    enum bt_grid_padding grid_padding;               /* GridSample */
    bool trans_a, trans_b;                           /* Gemm */
    float alpha, beta;                               /* Gemm */
    bool keepdims;                                   /* Reduce*: only tells rank; the out shape is enough */
    float epsilon;                                   /* BatchNormalization, InstanceNormalization */
    uint32_t part, parts;                            /* Split, until inference makes it a Slice: which output of how many */
};

struct bt_value {
    const char *name; /* unique, never NULL; "" only for none */
    enum bt_type type;
    struct bt_shape shape;
    const void *data;  /* not NULL: a constant, row-major; owned by the graph */
    uint16_t producer; /* node, or BT_NONE: graph input or constant */
    bool is_output;
};

struct bt_node {
    const char *name; /* for messages; the first output's name if the model gives none */
    enum bt_op op;
    uint16_t in_count, out_count;
    uint16_t *in;  /* value indices; BT_NONE: optional and absent */
    uint16_t *out; /* value indices */
    struct bt_attr attr;
    struct bt_raw_attrs *raw; /* the model's own attributes; only between import and bt_graph_infer */
};

struct bt_graph {
    const char *name;
    uint32_t opset; /* of the model; of no meaning after bt_graph_infer */
    uint32_t value_count, node_count, input_count, output_count;
    struct bt_value *value;
    struct bt_node *node;
    uint16_t *input, *output;       /* value indices */
    struct bt_graph_memory *memory; /* owns everything above */
};

/* Elements, 1 for a scalar. Cannot overflow after import: BT_GRAPH_ELEMENTS_MAX is checked there. */
static inline size_t bt_shape_elements(const struct bt_shape *s) {
    size_t n = 1;
    for (uint32_t i = 0; i < s->rank; i++) n *= s->dim[i];
    return n;
}

static inline bool bt_shape_equal(const struct bt_shape *a, const struct bt_shape *b) {
    if (a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++) {
        if (a->dim[i] != b->dim[i]) return false;
    }
    return true;
}

/* Pad, reflect and edge: which element of an axis of `size` stands at `at`, counted from its begin; -before <= at < size +
 * after. */
static inline uint32_t bt_pad_source(enum bt_pad_mode mode, int64_t at, uint32_t size) {
    int64_t last = (int64_t)size - 1;
    if (at >= 0 && at <= last) return (uint32_t)at;
    if (mode == BT_PAD_EDGE) return at < 0 ? 0 : (uint32_t)last;
    return (uint32_t)(at < 0 ? -at : 2 * last - at); /* the edge itself is not repeated */
}

static inline size_t bt_type_bytes(enum bt_type type) {
    return type == BT_TYPE_I64 ? 8 : type == BT_TYPE_BOOL ? 1 : 4;
}

/* Depthwise: one input channel a group and as many outputs as inputs. */
static inline bool bt_conv_is_depthwise(const struct bt_attr *attr, const struct bt_shape *x, const struct bt_shape *y) {
    return attr->group > 1 && attr->group == x->dim[1] && y->dim[1] == x->dim[1];
}

/* Each pixel of the result is made of that pixel of x alone. */
static inline bool bt_conv_is_pointwise(const struct bt_attr *attr) {
    for (int i = 0; i < 2; i++) {
        if (attr->kernel[i] != 1 || attr->stride[i] != 1 || attr->pad_before[i] || attr->pad_after[i]) return false;
    }
    return true;
}

/* The two convolutions that a SeparableConv is: the attributes of each. */
static inline struct bt_attr bt_separable_depthwise(const struct bt_attr *attr) {
    struct bt_attr a = *attr;
    a.act = attr->act_inside;
    a.low = attr->low_inside;
    a.high = attr->high_inside;
    a.late = false;
    return a;
}
static inline struct bt_attr bt_separable_pointwise(const struct bt_attr *attr) {
    return (struct bt_attr){.group = 1,
                            .kernel = {1, 1},
                            .stride = {1, 1},
                            .dilation = {1, 1},
                            .act = attr->act,
                            .late = attr->late,
                            .low = attr->low,
                            .high = attr->high};
}

void bt_graph_destroy(struct bt_graph **graph);

/* The pass after import: sorts, normalises attributes, infers types and shapes, folds constants, drops what no output needs.
   BT_E_FORMAT or BT_E_UNSUPPORTED names the node in the log. On failure the graph is only fit to be destroyed. */
BT_CHECKED bt_status bt_graph_infer(struct bt_graph *graph, struct bt_log *log);

/* Are all invariants kept? BT_OK, or BT_E_FORMAT with the broken one in the log. Cheap: run after every pass. */
BT_CHECKED bt_status bt_graph_verify(const struct bt_graph *graph, struct bt_log *log);

/* A stable text form, one node a line. `*out_text` is malloc'd, NUL-terminated, the caller's to free. */
BT_CHECKED bt_status bt_graph_print(const struct bt_graph *graph, char **out_text);
/* The same for a graph that has not been inferred: attributes as the model gives them, shapes only of inputs and constants. */
BT_CHECKED bt_status bt_graph_print_raw(const struct bt_graph *graph, char **out_text);

/* BT_NONE if there is no such value. */
uint16_t bt_graph_find(const struct bt_graph *graph, const char *value_name);

#endif
