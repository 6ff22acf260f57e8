/* SPDX-License-Identifier: MIT */
#include "app/npy.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The magic, two bytes of version, the header's length (two bytes in version 1, four in 2), then the header: a Python literal,
   padded with spaces and ended by a newline. numpy itself reads no header above 10,000 bytes (numpy.lib.format.read_array). */
static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
enum { HEADER_MOST_BYTES = 10000, HEADER_ALIGN = 64, PREFIX_BYTES = 10 };
static const uint64_t elements_max = UINT64_C(1) << 28;

static const struct {
    const char *descr, *name;
    size_t bytes;
} types[BT_NPY_TYPE_COUNT] = {
    [BT_NPY_FLOAT16] = {"<f2", "float16", 2}, [BT_NPY_FLOAT32] = {"<f4", "float32", 4},
    [BT_NPY_FLOAT64] = {"<f8", "float64", 8}, [BT_NPY_INT32] = {"<i4", "int32", 4},
    [BT_NPY_INT64] = {"<i8", "int64", 8},     [BT_NPY_BOOL] = {"|b1", "bool", 1},
    [BT_NPY_UINT8] = {"|u1", "uint8", 1},
};

struct parser {
    struct bt_log *log;
    const char *name;
    const char *at, *end;
    bt_status status; /* the first failure */
};

static bool fail(struct parser *p, bt_status status, const char *why) {
    if (!p->status) {
        p->status = status;
        bt_log_error(p->log, "%s: %s", p->name, why);
    }
    return false;
}

static bool malformed(struct parser *p) {
    return fail(p, BT_E_FORMAT, "the .npy header is malformed");
}

static void skip_spaces(struct parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t')) p->at++;
}

/* The next sign, if it is this one. */
static bool take(struct parser *p, char sign) {
    skip_spaces(p);
    if (p->at == p->end || *p->at != sign) return false;
    p->at++;
    return true;
}

static bool take_word(struct parser *p, const char *word) {
    size_t size = strlen(word);
    skip_spaces(p);
    if ((size_t)(p->end - p->at) < size || memcmp(p->at, word, size) != 0) return false;
    p->at += size;
    return true;
}

static bool read_text(struct parser *p, char *out, size_t room) {
    size_t size = 0;
    char quote = take(p, '\'') ? '\'' : take(p, '"') ? '"' : 0;
    if (!quote) return malformed(p);
    while (p->at < p->end && *p->at != quote && size + 1 < room) out[size++] = *p->at++;
    out[size] = 0;
    if (p->at == p->end || *p->at != quote) return malformed(p);
    p->at++;
    return true;
}

static bool read_type(struct parser *p, struct bt_npy *npy) {
    char descr[16];
    skip_spaces(p);
    if (p->at < p->end && *p->at == '[') return fail(p, BT_E_UNSUPPORTED, "records are not read, only plain numbers");
    if (!read_text(p, descr, sizeof descr)) return false;
    for (int i = 0; i < BT_NPY_TYPE_COUNT; i++) {
        bool byte = types[i].bytes == 1 && strchr("|<>=", descr[0]) && descr[0];
        if (strcmp(descr, types[i].descr) != 0 && !(byte && !strcmp(descr + 1, types[i].descr + 1))) continue;
        npy->type = (enum bt_npy_type)i;
        return true;
    }
    if (descr[0] == '>') return fail(p, BT_E_UNSUPPORTED, "big endian; save it with .astype('<f4')");
    return fail(p, BT_E_UNSUPPORTED,
                "not of float16, float32, float64, int32, int64, bool or uint8; save it with .astype('<f4')");
}

static bool read_order(struct parser *p) {
    if (take_word(p, "False")) return true;
    if (take_word(p, "True")) return fail(p, BT_E_UNSUPPORTED, "in Fortran order; save it with numpy.ascontiguousarray");
    return malformed(p);
}

static bool read_size(struct parser *p, uint64_t *out) {
    uint64_t n = 0;
    skip_spaces(p);
    const char *start = p->at;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        n = n * 10 + (uint64_t)(*p->at - '0');
        if (n > elements_max) return fail(p, BT_E_UNSUPPORTED, "too large");
    }
    if (p->at == start) return malformed(p);
    *out = n;
    return true;
}

/* (), (3,), (3, 4) or (3, 4,) */
static bool read_shape(struct parser *p, struct bt_npy *npy) {
    uint64_t total = 1;
    if (!take(p, '(')) return malformed(p);
    while (!take(p, ')')) {
        uint64_t size;
        if (!read_size(p, &size)) return false;
        if (npy->rank == BT_NPY_RANK_MAX) return fail(p, BT_E_UNSUPPORTED, "more than six axes");
        npy->dim[npy->rank++] = (uint32_t)size;
        if (size && total > elements_max / size) return fail(p, BT_E_UNSUPPORTED, "too large");
        total *= size;
        if (!take(p, ',')) {
            if (npy->rank == 1 || !take(p, ')')) return malformed(p); /* (3) is a number, not a shape */
            break;
        }
    }
    npy->count = (size_t)total;
    return true;
}

static bool read_header(struct parser *p, struct bt_npy *npy) {
    bool type = false, order = false, shape = false;
    if (!take(p, '{')) return malformed(p);
    while (!take(p, '}')) {
        char key[16];
        if (!read_text(p, key, sizeof key)) return false;
        if (!take(p, ':')) return malformed(p);
        bool *seen = !strcmp(key, "descr")           ? &type
                     : !strcmp(key, "fortran_order") ? &order
                     : !strcmp(key, "shape")         ? &shape
                                                     : NULL;
        if (!seen || *seen) return malformed(p);
        *seen = true;
        if (!(seen == &type ? read_type(p, npy) : seen == &order ? read_order(p) : read_shape(p, npy))) return false;
        if (!take(p, ',')) {
            if (!take(p, '}')) return malformed(p);
            break;
        }
    }
    skip_spaces(p);
    return (type && order && shape && p->at == p->end) || malformed(p);
}

bt_status bt_npy_read(struct bt_log *log, const char *name, struct bt_bytes file, struct bt_npy *out_npy) {
    struct parser p = {.log = log, .name = name};
    struct bt_npy npy = {0};
    uint8_t start[sizeof magic];
    struct bt_reader r = bt_reader_of(file);
    bt_read_copy(&r, start, sizeof start);
    uint8_t major = bt_read_u8(&r), minor = bt_read_u8(&r);
    if (r.failed || memcmp(start, magic, sizeof magic) != 0) {
        fail(&p, BT_E_FORMAT, "not a .npy file");
        return p.status;
    }
    if ((major != 1 && major != 2) || minor) {
        fail(&p, BT_E_UNSUPPORTED, "a .npy file of another version than 1.0 and 2.0");
        return p.status;
    }
    uint32_t size = major == 1 ? bt_read_u16(&r) : bt_read_u32(&r);
    if (size > HEADER_MOST_BYTES) {
        fail(&p, BT_E_FORMAT, "the .npy header is too long");
        return p.status;
    }
    if (r.failed || size > r.left.size) {
        fail(&p, BT_E_FORMAT, "cut off in the .npy header");
        return p.status;
    }
    p.at = (const char *)r.left.data;
    p.end = p.at + size;
    if (!read_header(&p, &npy)) return p.status;
    npy.data = (struct bt_bytes){r.left.data + size, r.left.size - size};
    size_t wanted = npy.count * types[npy.type].bytes;
    if (npy.data.size != wanted) {
        bt_log_error(log, "%s: %s: %zu bytes of data, and its shape wants %zu", name,
                     npy.data.size < wanted ? "cut off" : "something stands behind the data", npy.data.size, wanted);
        return BT_E_FORMAT;
    }
    *out_npy = npy;
    return BT_OK;
}

/* IEEE 754 binary16; exact. */
static float half(uint16_t bits) {
    uint32_t exponent = bits >> 10 & 31u, fraction = bits & 1023u;
    float value = exponent == 31  ? (fraction ? NAN : INFINITY)
                  : exponent == 0 ? ldexpf((float)fraction, -24)
                                  : ldexpf((float)(fraction | 1024u), (int)exponent - 25);
    return bits & 0x8000u ? -value : value;
}

/* A double beyond a float's range becomes infinite, as the format's own rounding has it; the C conversion would be undefined.
 */
static float narrow(double value) {
    return fabs(value) < 0x1.ffffffp127 || isnan(value) ? (float)value : copysignf(INFINITY, (float)copysign(1.0, value));
}

static float element(enum bt_npy_type type, struct bt_reader *r) {
    uint64_t low = types[type].bytes == 1 ? bt_read_u8(r) : types[type].bytes == 2 ? bt_read_u16(r) : bt_read_u32(r);
    uint64_t bits = types[type].bytes == 8 ? low | (uint64_t)bt_read_u32(r) << 32 : low;
    uint32_t word = (uint32_t)bits;
    float single;
    double wide;
    switch (type) {
    case BT_NPY_FLOAT16:
        return half((uint16_t)bits);
    case BT_NPY_FLOAT32:
        memcpy(&single, &word, sizeof single);
        return single;
    case BT_NPY_FLOAT64:
        memcpy(&wide, &bits, sizeof wide);
        return narrow(wide);
    case BT_NPY_INT32:
        return (float)(int32_t)word;
    case BT_NPY_INT64:
        return (float)(int64_t)bits;
    case BT_NPY_BOOL:
        return bits ? 1.0f : 0.0f;
    default:
        return (float)bits;
    }
}

void bt_npy_floats(const struct bt_npy *npy, float *out_floats) {
    struct bt_reader r = bt_reader_of(npy->data);
    for (size_t i = 0; i < npy->count; i++) out_floats[i] = element(npy->type, &r);
}

const char *bt_npy_type_name(enum bt_npy_type type) {
    return types[type].name;
}

bt_status bt_npy_write(enum bt_npy_type type, uint32_t rank, const uint32_t *dim, const float *values, uint8_t **out_file,
                       size_t *out_size) {
    char shape[BT_NPY_RANK_MAX * 12 + 4] = "", header[256];
    size_t count = 1;
    for (uint32_t i = 0, used = 0; i < rank; i++) {
        used += (uint32_t)snprintf(shape + used, sizeof shape - used, i ? " %u," : "%u,", dim[i]);
        count *= dim[i];
    }
    if (rank > 1) shape[strlen(shape) - 1] = 0;
    int text =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", types[type].descr, shape);
    /* The data begins at a multiple of 64 bytes; one byte is the newline. */
    size_t data = (PREFIX_BYTES + (size_t)text + 1 + HEADER_ALIGN - 1) / HEADER_ALIGN * HEADER_ALIGN;
    size_t size = data + count * types[type].bytes, length = data - PREFIX_BYTES;
    uint8_t *file = malloc(size);
    if (!file) return BT_E_MEMORY;
    memset(file, ' ', data);
    memcpy(file, magic, sizeof magic);
    file[6] = 1;
    file[7] = 0;
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + PREFIX_BYTES, header, (size_t)text);
    file[data - 1] = '\n';
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        if (type == BT_NPY_BOOL) {
            file[data + i] = values[i] != 0.0f;
            continue;
        }
        for (size_t k = 0; k < 4; k++) file[data + i * 4 + k] = (uint8_t)(bits >> 8 * k);
    }
    *out_file = file;
    *out_size = size;
    return BT_OK;
}
