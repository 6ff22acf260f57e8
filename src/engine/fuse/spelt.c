/* SPDX-License-Identifier: MIT */
/* Activations that exporters spell out as several nodes become one again. */
#include "engine/fuse/rewrite.h"
#include <math.h>

/* A constant number, the same for all elements. */
static bool is_number(const struct bt_fuser *f, uint16_t value, double *out) {
    const struct bt_value *v = bt_fuse_value(f, value);
    if (!v->data || v->type != BT_TYPE_F32 || bt_shape_elements(&v->shape) != 1) return false;
    *out = (double)*(const float *)v->data;
    return true;
}

static bool near(double a, double b) { /* constants rounded to float, maybe twice */
    return fabs(a - b) <= 1e-6 * fabs(b);
}

static struct bt_node *maker_of(const struct bt_fuser *f, uint16_t value, enum bt_op op) {
    struct bt_node *n = bt_fuse_sole_maker(f, value);
    return n && n->op == op ? n : NULL;
}

/* In `value` = x k with constant k: x and k's value, peeled off one Mul; false: no such product. */
static bool peel_mul(const struct bt_fuser *f, uint16_t *value, uint16_t *out_constant) {
    const struct bt_node *mul = maker_of(f, *value, BT_OP_MUL);
    for (int side = 0; mul && side < 2; side++) {
        if (!bt_fuse_value(f, mul->in[side])->data) continue;
        *out_constant = mul->in[side];
        *value = mul->in[!side];
        return true;
    }
    return false;
}

/* x where `value` is min(x, 0) times *factor: x - |x| or relu(-x). BT_NONE: neither. */
static uint16_t negative_part(const struct bt_fuser *f, uint16_t value, double *factor) {
    const struct bt_node *sub = maker_of(f, value, BT_OP_SUB), *relu = maker_of(f, value, BT_OP_RELU);
    const struct bt_node *inner = sub ? maker_of(f, sub->in[1], BT_OP_ABS) : relu ? maker_of(f, relu->in[0], BT_OP_NEG) : NULL;
    if (!inner || (sub && sub->in[0] != inner->in[0])) return BT_NONE;
    *factor = sub ? 2 : -1;
    return inner->in[0];
}

/* relu(x) + k (x - |x|), or relu(x) ± k relu(-x), with constant k in one or two factors: PRelu with a slope of 2 k, or ∓k. */
static bool fold_prelu(struct bt_fuser *f, struct bt_node *n) {
    if ((n->op != BT_OP_ADD && n->op != BT_OP_SUB) || n->in_count != 2) return false;
    for (int side = 0; side < (n->op == BT_OP_ADD ? 2 : 1); side++) {
        const struct bt_node *relu = maker_of(f, n->in[side], BT_OP_RELU);
        uint16_t slope = BT_NONE, other = BT_NONE, x = n->in[!side];
        double factor = 1, more = 1;
        if (!relu || !peel_mul(f, &x, &slope)) continue;
        if (peel_mul(f, &x, &other) && !is_number(f, other, &more)) {
            if (!is_number(f, slope, &more)) continue;
            slope = other;
        }
        if (negative_part(f, x, &factor) != relu->in[0]) continue;
        x = relu->in[0];
        const struct bt_value *k = bt_fuse_value(f, slope);
        const struct bt_shape *xs = &bt_fuse_value(f, x)->shape;
        if (k->type != BT_TYPE_F32 || k->shape.rank > xs->rank || !bt_shape_equal(&bt_fuse_value(f, n->out[0])->shape, xs))
            continue;
        struct bt_shape shape = k->shape;
        float *fresh;
        uint16_t constant = bt_fuse_add_constant(f, k->name, &shape, &fresh);
        if (constant == BT_NONE) return false;
        const float *old = bt_fuse_value(f, slope)->data;
        double sign = n->op == BT_OP_SUB ? -1 : 1;
        for (size_t i = 0; i < bt_shape_elements(&shape); i++) fresh[i] = (float)((double)old[i] * more * factor * sign);
        n->op = BT_OP_PRELU;
        n->attr = (struct bt_attr){.group = 0};
        bt_fuse_set_input(f, n, 0, x);
        bt_fuse_set_input(f, n, 1, constant);
        return true;
    }
    return false;
}

/* What a product is made of: numbers, at most one gate clip(slope x + at_zero, 0, high), at most one other factor x. */
struct product {
    double number, slope, at_zero, high;
    uint16_t x, gate_x;
};

static bool read_gate(const struct bt_fuser *f, const struct bt_node *clip, struct product *p) {
    double number;
    uint16_t v = clip->in[0];
    if (p->gate_x != BT_NONE || clip->attr.low != 0) return false;
    p->high = (double)clip->attr.high;
    p->slope = 1;
    p->at_zero = 0;
    for (int hops = 0; hops < 2; hops++) {
        const struct bt_node *n = bt_fuse_sole_maker(f, v);
        if (!n || n->in_count != 2) break;
        int side = n->op != BT_OP_DIV && is_number(f, n->in[0], &number) ? 1 : 0;
        if (!is_number(f, n->in[!side], &number)) break;
        if (n->op == BT_OP_ADD) {
            p->at_zero += p->slope * number;
        } else if (n->op == BT_OP_MUL) {
            p->slope *= number;
        } else if (n->op == BT_OP_DIV) {
            p->slope /= number;
        } else {
            break;
        }
        v = n->in[side];
    }
    p->gate_x = v;
    return true;
}

enum { PRODUCT_DEPTH = 4 };

static bool read_product(const struct bt_fuser *f, uint16_t value, struct product *p, int depth) {
    double number;
    if (is_number(f, value, &number)) {
        p->number *= number;
        return true;
    }
    const struct bt_node *n = bt_fuse_sole_maker(f, value);
    if (n && depth < PRODUCT_DEPTH && n->op == BT_OP_MUL)
        return read_product(f, n->in[0], p, depth + 1) && read_product(f, n->in[1], p, depth + 1);
    if (n && depth < PRODUCT_DEPTH && n->op == BT_OP_DIV && is_number(f, n->in[1], &number)) {
        p->number /= number;
        return read_product(f, n->in[0], p, depth + 1);
    }
    if (n && n->op == BT_OP_CLIP && read_gate(f, n, p)) return true;
    if (p->x != BT_NONE) return false;
    p->x = value;
    return true;
}

/* x clip(x + 3, 0, 6) / 6, in whatever order and grouping, is HardSwish (Howard et al. 2019, section 5.2). */
static bool fold_hard_swish(struct bt_fuser *f, struct bt_node *n) {
    struct product p = {.number = 1, .x = BT_NONE, .gate_x = BT_NONE};
    double divisor;
    if (n->op == BT_OP_DIV && is_number(f, n->in[1], &divisor)) {
        p.number = 1 / divisor;
        if (!read_product(f, n->in[0], &p, 0)) return false;
    } else if (n->op == BT_OP_MUL) {
        if (!read_product(f, n->in[0], &p, 0) || !read_product(f, n->in[1], &p, 0)) return false;
    } else {
        return false;
    }
    if (p.x == BT_NONE || p.gate_x != p.x) return false;
    if (!near(p.high * p.number, 1) || !near(p.slope * p.number, 1.0 / 6) || !near(p.at_zero * p.number, 0.5)) return false;
    if (!bt_shape_equal(&bt_fuse_value(f, p.x)->shape, &bt_fuse_value(f, n->out[0])->shape)) return false;
    bt_fuse_set_input(f, n, 0, p.x);
    bt_fuse_set_input(f, n, 1, BT_NONE);
    n->op = BT_OP_HARD_SWISH;
    n->in_count = 1;
    return true;
}

bool bt_fuse_spelt(struct bt_fuser *f, struct bt_node *n) {
    return fold_prelu(f, n) || fold_hard_swish(f, n);
}
