/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "engine/graph/rules.h"
#include "engine/ref/ref.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps (about a multiply-add each) that folding may take in all, so that a model cannot make the import spin; and that the
   whole model may take, so that it cannot hang a GPU: a thousand times what the shipped nets need. */
static const uint64_t fold_budget = UINT64_C(1) << 25, model_budget = UINT64_C(1) << 37;

void bt_graph_infer_fail(struct bt_infer *c, bt_status status, const char *format, ...) {
    if (c->status) return;
    c->status = status;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bt_log_error(c->log, "engine: node '%.100s' (%s): %s", c->node->name, bt_op_info(c->node->op)->name, text);
}

const struct bt_value *bt_graph_infer_in(const struct bt_infer *c, uint16_t k) {
    if (k >= c->node->in_count || c->node->in[k] == BT_NONE) return NULL;
    return &c->graph->value[c->node->in[k]];
}

static const struct bt_value no_value = {.name = "", .producer = BT_NONE, .shape = {4, {1, 1, 1, 1, 1, 1}}};

const struct bt_value *bt_graph_infer_need(struct bt_infer *c, uint16_t k, uint32_t rank) {
    const struct bt_value *v = bt_graph_infer_in(c, k);
    if (!v) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "input %u is missing", k);
        return &no_value;
    }
    if (rank && v->shape.rank != rank) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input %u has rank %u; only rank %u is known", k, v->shape.rank, rank);
        return &no_value;
    }
    return v;
}

void bt_graph_infer_out(struct bt_infer *c, enum bt_type type, uint32_t rank, const int64_t *dim) {
    if (c->status) return;
    if (rank > BT_RANK_MAX) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "result of rank %u; the most is %d", rank, BT_RANK_MAX);
        return;
    }
    struct bt_value *v = &c->graph->value[c->node->out[0]];
    int64_t elements = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (dim[i] < 1 || dim[i] > BT_GRAPH_ELEMENTS_MAX / elements) {
            bt_graph_infer_fail(c, dim[i] < 0 ? BT_E_FORMAT : BT_E_UNSUPPORTED, "size %lld of axis %u of the result",
                                (long long)dim[i], i);
            return;
        }
        elements *= dim[i];
    }
    v->type = type;
    v->shape.rank = rank;
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) v->shape.dim[i] = i < rank ? (uint32_t)dim[i] : 1;
}

void bt_graph_infer_drop(struct bt_infer *c, uint16_t k) {
    if (c->node->in_count > k) c->node->in_count = k;
}

static struct bt_raw_attr *find_raw(struct bt_infer *c, const char *name, enum bt_raw_kind kind) {
    struct bt_raw_attrs *raw = c->node->raw;
    for (size_t i = 0; raw && i < raw->count; i++) {
        if (strcmp(raw->attr[i].name, name) != 0) continue;
        raw->attr[i].read = true;
        if (raw->attr[i].kind == kind) return &raw->attr[i];
        bt_graph_infer_fail(c, BT_E_FORMAT, "attribute '%s' has the wrong type", name);
    }
    return NULL;
}

int64_t bt_graph_infer_int(struct bt_infer *c, const char *attribute, int64_t fallback, int64_t least, int64_t most) {
    const struct bt_raw_attr *a = find_raw(c, attribute, BT_RAW_INT);
    if (!a) return fallback;
    if (a->i >= least && a->i <= most) return a->i;
    bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "attribute '%s' is %lld", attribute, (long long)a->i);
    return least;
}

float bt_graph_infer_float(struct bt_infer *c, const char *attribute, float fallback) {
    const struct bt_raw_attr *a = find_raw(c, attribute, BT_RAW_FLOAT);
    return a ? a->f : fallback;
}

bool bt_graph_infer_ints(struct bt_infer *c, const char *attribute, const int64_t **out_ints, size_t *out_count) {
    const struct bt_raw_attr *a = find_raw(c, attribute, BT_RAW_INTS);
    if (!a) return false;
    *out_ints = a->ints;
    *out_count = a->count;
    return true;
}

uint32_t bt_graph_infer_choice(struct bt_infer *c, const char *attribute, uint32_t fallback, const char *const *texts,
                               uint32_t count) {
    const struct bt_raw_attr *a = find_raw(c, attribute, BT_RAW_STRING);
    for (uint32_t i = 0; a && i < count; i++) {
        if (texts[i] && !strcmp(a->s, texts[i])) return i;
    }
    if (a) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "attribute '%s' is '%.40s'", attribute, a->s);
    return fallback;
}

void bt_graph_infer_list(struct bt_infer *c, uint16_t k, const char *attribute, struct bt_int_list *out_list) {
    *out_list = (struct bt_int_list){0};
    const int64_t *ints = NULL;
    size_t count = 0;
    const struct bt_value *v = bt_graph_infer_in(c, k);
    if (attribute && bt_graph_infer_ints(c, attribute, &ints, &count)) {
        if (v) bt_graph_infer_fail(c, BT_E_FORMAT, "'%s' is given twice", attribute);
    } else if (!v) {
        return;
    } else if (!v->data) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input %u ('%.60s') is not a constant", k, v->name);
        return;
    } else if (v->type != BT_TYPE_I64 && v->type != BT_TYPE_I32) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "input %u is not of integers", k);
        return;
    } else {
        count = bt_shape_elements(&v->shape);
    }
    if (count > BT_INFER_LIST_MAX) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "a list of %zu numbers", count);
        return;
    }
    out_list->present = true;
    out_list->count = count;
    for (size_t i = 0; i < count; i++) {
        out_list->at[i] = ints                     ? ints[i]
                          : v->type == BT_TYPE_I64 ? ((const int64_t *)v->data)[i]
                                                   : ((const int32_t *)v->data)[i];
    }
}

float bt_graph_infer_scalar(struct bt_infer *c, uint16_t k, float fallback) {
    const struct bt_value *v = bt_graph_infer_in(c, k);
    if (!v) return fallback;
    if (!v->data || bt_shape_elements(&v->shape) != 1) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input %u is not one constant number", k);
        return fallback;
    }
    switch (v->type) {
    case BT_TYPE_F32:
        return *(const float *)v->data;
    case BT_TYPE_I64:
        return (float)*(const int64_t *)v->data;
    case BT_TYPE_I32:
        return (float)*(const int32_t *)v->data;
    default:
        return *(const uint8_t *)v->data;
    }
}

uint32_t bt_graph_infer_axis(struct bt_infer *c, int64_t axis, uint32_t rank) {
    if (axis < 0) axis += rank;
    if (axis >= 0 && axis < rank) return (uint32_t)axis;
    bt_graph_infer_fail(c, BT_E_FORMAT, "axis out of range for rank %u", rank);
    return 0;
}

void bt_graph_infer_broadcast(struct bt_infer *c, uint16_t count, uint32_t *out_rank, int64_t *out_dim) {
    uint32_t rank = 0;
    for (uint16_t k = 0; k < count; k++) {
        uint32_t r = bt_graph_infer_need(c, k, 0)->shape.rank;
        if (r > rank) rank = r;
    }
    for (uint32_t i = 0; i < rank; i++) out_dim[i] = 1;
    for (uint16_t k = 0; k < count && !c->status; k++) {
        const struct bt_shape *s = &bt_graph_infer_need(c, k, 0)->shape;
        for (uint32_t i = 0; i < s->rank; i++) {
            int64_t *d = &out_dim[rank - s->rank + i];
            if (*d == 1) {
                *d = s->dim[i];
            } else if (s->dim[i] != 1 && s->dim[i] != *d) {
                bt_graph_infer_fail(c, BT_E_FORMAT, "shapes do not broadcast: %lld against %u", (long long)*d, s->dim[i]);
            }
        }
    }
    *out_rank = rank;
}

typedef void (*rule_fn)(struct bt_infer *c);
static const rule_fn rule_table[BT_OP_COUNT] = {
#define BT_OP(id, name, least, most, since, rule, kind) [BT_OP_##id] = bt_graph_rule_##rule,
#include "engine/ops.def"
#undef BT_OP
};

static void check_arity(struct bt_infer *c) {
    const struct bt_op_info *info = bt_op_info(c->node->op);
    if (c->node->in_count < info->inputs_least || (info->inputs_most != 255 && c->node->in_count > info->inputs_most)) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "%u inputs", c->node->in_count);
    }
    for (uint16_t k = 0; k < info->inputs_least && k < c->node->in_count; k++) bt_graph_infer_need(c, k, 0);
    if (c->node->out_count != 1)
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "%u outputs; only the first is known", c->node->out_count);
}

static void check_attributes(struct bt_infer *c) {
    struct bt_raw_attrs *raw = c->node->raw;
    for (size_t i = 0; raw && i < raw->count; i++) {
        if (!raw->attr[i].read) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "attribute '%.60s' is not known", raw->attr[i].name);
    }
    c->node->raw = NULL;
}

static uint64_t node_cost(const struct bt_graph *g, const struct bt_node *n) {
    uint64_t out = bt_shape_elements(&g->value[n->out[0]].shape), most = out;
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] == BT_NONE) continue;
        uint64_t e = bt_shape_elements(&g->value[n->in[k]].shape);
        if (e > most) most = e;
    }
    const struct bt_value *x = n->in_count ? &g->value[n->in[0]] : NULL;
    uint64_t kernel = (uint64_t)n->attr.kernel[0] * n->attr.kernel[1];
    switch (n->op) {
    case BT_OP_CONV:
        return out * g->value[n->in[1]].shape.dim[1] * kernel;
    case BT_OP_CONV_TRANSPOSE:
        return out + bt_shape_elements(&x->shape) * g->value[n->in[1]].shape.dim[1] * kernel;
    case BT_OP_MAX_POOL:
    case BT_OP_AVERAGE_POOL:
        return out * kernel;
    case BT_OP_MATMUL:
        return out * x->shape.dim[x->shape.rank - 1];
    case BT_OP_GEMM:
        return out * x->shape.dim[!n->attr.trans_a];
    default:
        return most;
    }
}

/* All inputs known: compute the node now and make its output a constant. */
static bt_status fold(struct bt_infer *c, uint64_t *budget) {
    struct bt_graph *g = c->graph;
    struct bt_node *n = c->node;
    struct bt_ref_tensor in[BT_GRAPH_INPUTS_MAX] = {0};
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] == BT_NONE) continue;
        const struct bt_value *v = &g->value[n->in[k]];
        if (!v->data) return BT_OK;
        /* The reference does not write to its inputs. */
        in[k] = (struct bt_ref_tensor){.type = v->type, .shape = v->shape, .data = (void *)(uintptr_t)v->data};
    }
    struct bt_value *out = &g->value[n->out[0]];
    uint64_t cost = node_cost(g, n);
    if (cost > *budget) return BT_OK;
    *budget -= cost;
    void *data = bt_graph_alloc(g, bt_shape_elements(&out->shape) * bt_type_bytes(out->type));
    if (!data) {
        bt_graph_infer_fail(c, BT_E_MEMORY, "no room for its constant result");
        return c->status;
    }
    struct bt_ref_tensor result = {.type = out->type, .shape = out->shape, .data = data};
    bt_status st = bt_ref_run_node(n, n->in_count, in, 1, &result);
    if (st) {
        bt_graph_infer_fail(c, st, "cannot be computed from its constants");
        return st;
    }
    out->data = data;
    return BT_OK;
}

bt_status bt_graph_infer(struct bt_graph *graph, struct bt_log *log) {
    bt_status st = bt_graph_sort(graph, log);
    if (st) return st;
    uint64_t budget = fold_budget, elements = 0, cost = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct bt_infer c = {.graph = graph, .log = log, .node = &graph->node[i]};
        check_arity(&c);
        if (!c.status) rule_table[c.node->op](&c);
        if (!c.status) check_attributes(&c);
        if (c.status) return c.status;
        struct bt_value *out = &graph->value[c.node->out[0]];
        elements += bt_shape_elements(&out->shape);
        if (elements > BT_GRAPH_ELEMENTS_TOTAL_MAX) {
            bt_graph_infer_fail(&c, BT_E_UNSUPPORTED, "the model's values need more than %d elements",
                                BT_GRAPH_ELEMENTS_TOTAL_MAX);
            return c.status;
        }
        if (!out->data && (st = fold(&c, &budget))) return st;
        if (!out->data) cost += node_cost(graph, c.node);
        if (cost > model_budget) {
            bt_graph_infer_fail(&c, BT_E_UNSUPPORTED, "the model takes more than %llu steps", (unsigned long long)model_budget);
            return c.status;
        }
        if (out->data) {
            out->producer = BT_NONE;
            c.node->in_count = 0;
            c.node->out_count = 0; /* sweep drops it */
        } else if (bt_op_info(c.node->op)->kind == BT_CLASS_FOLD) {
            bt_graph_infer_fail(&c, BT_E_UNSUPPORTED, "does not fold to a constant");
            return c.status;
        }
    }
    st = bt_graph_sweep(graph);
    return st ? st : bt_graph_verify(graph, log);
}
