/* SPDX-License-Identifier: MIT */
/* Numbers are those of the SPIR-V specification 1.5, sections 3.2 to 3.42. */
#include "gpu/spirv.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    MAGIC = 0x07230203,
    HEADER_WORDS = 5,
    MOST_IDS = 1 << 20,
    OP_TYPE_INT = 21,
    OP_TYPE_FLOAT = 22,
    OP_TYPE_VECTOR = 23,
    OP_TYPE_MATRIX = 24,
    OP_TYPE_IMAGE = 25,
    OP_TYPE_SAMPLED_IMAGE = 27,
    OP_TYPE_ARRAY = 28,
    OP_TYPE_STRUCT = 30,
    OP_TYPE_POINTER = 32,
    OP_CONSTANT = 43,
    OP_VARIABLE = 59,
    OP_DECORATE = 71,
    OP_MEMBER_DECORATE = 72,
    DECORATION_SPEC_ID = 1,
    DECORATION_BUFFER_BLOCK = 3,
    DECORATION_ARRAY_STRIDE = 6,
    DECORATION_MATRIX_STRIDE = 7,
    DECORATION_BINDING = 33,
    DECORATION_DESCRIPTOR_SET = 34,
    DECORATION_OFFSET = 35,
    CLASS_UNIFORM_CONSTANT = 0,
    CLASS_UNIFORM = 2,
    CLASS_PUSH_CONSTANT = 9,
    CLASS_STORAGE_BUFFER = 12,
    DIM_2D = 1,
    DIM_BUFFER = 5,
    IMAGE_STORAGE = 2,
};

struct id {
    const uint32_t *type; /* the instruction that defines it */
    uint32_t binding, set, spec, stride;
    bool has_binding, has_spec, buffer_block;
    uint32_t value; /* of a constant */
};

struct module {
    const uint32_t *words;
    size_t count;
    struct id *id;
    uint32_t bound;
};

static uint32_t opcode(const uint32_t *at) {
    return at[0] & 0xffff;
}

static uint32_t length(const uint32_t *at) {
    return at[0] >> 16;
}

static struct id *id_of(const struct module *m, uint32_t id) {
    static struct id nothing;
    return id < m->bound ? &m->id[id] : &nothing;
}

static void decorate(struct module *m, const uint32_t *at) {
    if (at[1] >= m->bound) return;
    struct id *id = &m->id[at[1]];
    uint32_t value = length(at) > 3 ? at[3] : 0;
    switch (at[2]) {
    case DECORATION_BINDING:
        id->binding = value;
        id->has_binding = true;
        break;
    case DECORATION_DESCRIPTOR_SET:
        id->set = value;
        break;
    case DECORATION_SPEC_ID:
        id->spec = value;
        id->has_spec = true;
        break;
    case DECORATION_ARRAY_STRIDE:
        id->stride = value;
        break;
    case DECORATION_BUFFER_BLOCK:
        id->buffer_block = true;
        break;
    default:
        break;
    }
}

/* Fills the table of ids. */
static bool index_ids(struct module *m) {
    for (size_t i = HEADER_WORDS; i < m->count; i += length(m->words + i)) {
        const uint32_t *at = m->words + i;
        if (!length(at) || length(at) > m->count - i) return false;
        uint32_t op = opcode(at);
        if (op == OP_DECORATE && length(at) >= 3) {
            decorate(m, at);
        } else if (op >= OP_TYPE_INT && op <= OP_TYPE_POINTER && length(at) >= 2) {
            if (at[1] >= m->bound) return false;
            m->id[at[1]].type = at;
        } else if ((op == OP_CONSTANT || op == OP_VARIABLE) && length(at) >= 4) {
            if (at[2] >= m->bound) return false;
            m->id[at[2]].type = at;
            m->id[at[2]].value = at[3];
        }
    }
    return true;
}

/* The offset and, for matrices, the stride that a struct's member is decorated with. */
static uint32_t member(const struct module *m, uint32_t type, uint32_t index, uint32_t decoration) {
    for (size_t i = HEADER_WORDS; i < m->count; i += length(m->words + i)) {
        const uint32_t *at = m->words + i;
        if (opcode(at) == OP_MEMBER_DECORATE && length(at) == 5 && at[1] == type && at[2] == index && at[3] == decoration)
            return at[4];
    }
    return 0;
}

static uint32_t struct_bytes(const struct module *m, uint32_t type, int depth);

/* 0: not a type that a block may hold. */
static uint32_t type_bytes(const struct module *m, uint32_t type, uint32_t matrix_stride, int depth) {
    const uint32_t *at = id_of(m, type)->type;
    if (!at || depth > 8) return 0;
    switch (opcode(at)) {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT:
        return at[2] / 8;
    case OP_TYPE_VECTOR:
        return at[3] * type_bytes(m, at[2], 0, depth + 1);
    case OP_TYPE_MATRIX:
        return at[3] * matrix_stride;
    case OP_TYPE_ARRAY:
        return id_of(m, at[3])->value * id_of(m, type)->stride;
    case OP_TYPE_STRUCT:
        return struct_bytes(m, type, depth + 1);
    default:
        return 0;
    }
}

static uint32_t struct_bytes(const struct module *m, uint32_t type, int depth) {
    const uint32_t *at = id_of(m, type)->type;
    uint32_t end = 0;
    for (uint32_t i = 0; at && i + 2 < length(at); i++) {
        uint32_t size = type_bytes(m, at[2 + i], member(m, type, i, DECORATION_MATRIX_STRIDE), depth);
        uint32_t here = member(m, type, i, DECORATION_OFFSET) + size;
        if (here > end) end = here;
    }
    return end;
}

static bool slot_of(const struct module *m, uint32_t storage, uint32_t pointee, enum bt_slot *out) {
    const uint32_t *at = id_of(m, pointee)->type;
    if (!at) return false;
    if (storage == CLASS_STORAGE_BUFFER || (storage == CLASS_UNIFORM && id_of(m, pointee)->buffer_block)) {
        *out = BT_SLOT_STORAGE;
        return true;
    }
    if (storage == CLASS_UNIFORM) {
        *out = BT_SLOT_UNIFORM;
        return true;
    }
    bool sampled = opcode(at) == OP_TYPE_SAMPLED_IMAGE;
    const uint32_t *image = sampled ? id_of(m, at[2])->type : at;
    if (!image || opcode(image) != OP_TYPE_IMAGE || length(image) < 9) return false;
    if (image[3] == DIM_BUFFER && image[7] != IMAGE_STORAGE)
        *out = BT_SLOT_TEXELS;
    else if (image[3] == DIM_2D && sampled)
        *out = BT_SLOT_SAMPLED;
    else if (image[3] == DIM_2D && image[7] == IMAGE_STORAGE)
        *out = BT_SLOT_IMAGE;
    else
        return false;
    return true;
}

static bool read_variable(const struct module *m, const uint32_t *at, struct bt_spirv_facts *facts) {
    const struct id *id = id_of(m, at[2]);
    const uint32_t *pointer = id_of(m, at[1])->type;
    uint32_t storage = at[3];
    if (storage == CLASS_PUSH_CONSTANT && pointer && length(pointer) >= 4) facts->push_bytes = struct_bytes(m, pointer[3], 0);
    if (!id->has_binding) return true;
    if (!pointer || length(pointer) < 4 || id->set || id->binding >= BT_SPIRV_BINDINGS) return false;
    facts->bindings |= 1u << id->binding;
    return slot_of(m, storage, pointer[3], &facts->slot[id->binding]);
}

bt_status bt_spirv_read(const uint32_t *words, size_t size_bytes, struct bt_spirv_facts *out_facts) {
    struct module m = {words, size_bytes / 4, NULL, 0};
    struct bt_spirv_facts facts = {0};
    bt_status status = BT_E_FORMAT;
    if (size_bytes % 4 || m.count < HEADER_WORDS || words[0] != MAGIC || words[3] > MOST_IDS) return BT_E_FORMAT;
    m.bound = words[3];
    m.id = calloc(m.bound + 1, sizeof *m.id);
    if (!m.id) return BT_E_MEMORY;
    if (!index_ids(&m)) goto done;
    for (size_t i = HEADER_WORDS; i < m.count; i += length(words + i))
        if (opcode(words + i) == OP_VARIABLE && length(words + i) >= 4 && !read_variable(&m, words + i, &facts)) goto done;
    for (uint32_t i = 0; i < m.bound; i++)
        if (m.id[i].has_spec && m.id[i].spec >= facts.constants) facts.constants = m.id[i].spec + 1;
    *out_facts = facts;
    status = BT_OK;
done:
    free(m.id);
    return status;
}

const char *bt_spirv_mismatch(const struct bt_spirv_facts *facts, const struct bt_kernel_params *params, uint32_t *out_at) {
    for (uint32_t i = 0; i < BT_SPIRV_BINDINGS; i++) {
        *out_at = i;
        if (!(facts->bindings >> i & 1)) continue; /* a variant that leaves a binding out is fine */
        if (i >= params->slot_count) return "the shader has a binding that C does not fill";
        if (facts->slot[i] != params->slots[i]) return "the shader's binding is of another kind";
    }
    *out_at = 0;
    if (facts->push_bytes != params->push_bytes) return "the push blocks differ in size";
    if (facts->constants > params->constant_count) return "the shader has a specialisation constant that C does not give";
    return NULL;
}
