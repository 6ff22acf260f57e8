/* SPDX-License-Identifier: MIT */
/* .npy files: what is written is read, numpy's own bytes are read, and everything else is refused. */
#include "app/npy.h"
#include "support/cmocka.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    uint8_t data[512];
    size_t size;
};

/* A file with this header, padded as numpy pads it, and `size` bytes of data. */
static struct file make(int version, const char *header, const void *data, size_t size) {
    struct file f = {.data = {0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)version, 0}};
    size_t prefix = version == 1 ? 10 : 12, length = strlen(header) + 1;
    while ((prefix + length) % 64) length++;
    assert_true(prefix + length + size <= sizeof f.data);
    memset(f.data + prefix, ' ', length);
    f.data[8] = (uint8_t)length;
    f.data[9] = (uint8_t)(length >> 8);
    if (version != 1) f.data[10] = f.data[11] = 0;
    memcpy(f.data + prefix, header, strlen(header));
    f.data[prefix + length - 1] = '\n';
    if (size) memcpy(f.data + prefix + length, data, size);
    f.size = prefix + length + size;
    return f;
}

static bt_status read_file(const struct file *f, struct bt_npy *out) {
    /* A block of its own size: a sanitizer sees a read past its end. */
    static uint8_t *copy;
    free(copy);
    copy = malloc(f->size ? f->size : 1);
    assert_non_null(copy);
    memcpy(copy, f->data, f->size);
    bt_status status = bt_npy_read(NULL, "test", (struct bt_bytes){copy, f->size}, out);
    if (!status) return status;
    free(copy);
    copy = NULL;
    return status;
}

static void check(const char *type, const char *shape, const void *data, size_t size, size_t count, const float *want) {
    char header[128];
    float got[8];
    for (int version = 1; version <= 2; version++) {
        struct bt_npy npy = {0};
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
        struct file f = make(version, header, data, size);
        assert_int_equal(read_file(&f, &npy), BT_OK);
        assert_int_equal(npy.count, count);
        bt_npy_floats(&npy, got);
        for (size_t i = 0; i < count; i++) {
            if (isnan(want[i]))
                assert_true(isnan(got[i]));
            else
                assert_true(got[i] == want[i] && signbit(got[i]) == signbit(want[i]));
        }
    }
}

static void every_type_becomes_float(void **state) {
    (void)state;
    const uint16_t halves[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x7c00, 0x7e00, 0x03ff};
    check("<f2", "(8,)", halves, sizeof halves, 8,
          (const float[]){1, -2, 65504, 0x1p-24f, -0.0f, INFINITY, NAN, 1023 * 0x1p-24f});
    const float singles[] = {0.1f, -INFINITY, 0x1p-149f};
    check("<f4", "(3,)", singles, sizeof singles, 3, singles);
    const double wide[] = {0.1, 1e300, -1e300, 0x1.ffffff0001p127, 0x1.fffffe8p127};
    check("<f8", "(5,)", wide, sizeof wide, 5, (const float[]){0.1f, INFINITY, -INFINITY, INFINITY, 0x1.fffffep127f});
    const int32_t ints[] = {INT32_MIN, 7};
    check("<i4", "(2, 1)", ints, sizeof ints, 2, (const float[]){-0x1p31f, 7});
    const int64_t longs[] = {INT64_MIN, -3};
    check("<i8", "(1, 2)", longs, sizeof longs, 2, (const float[]){-0x1p63f, -3});
    check("|b1", "(3,)", "\0\1\2", 3, 3, (const float[]){0, 1, 1});
    check("|u1", "(2,)", "\xff\x01", 2, 2, (const float[]){255, 1});
    check("<f4", "()", singles, 4, 1, singles);
    check("<f4", "(0, 4)", NULL, 0, 0, NULL);
}

static void headers_are_read_strictly(void **state) {
    (void)state;
    const float one = 1;
    const struct {
        const char *header;
        bt_status want;
    } cases[] = {
        {"{\"shape\":(1),\"descr\":\"<f4\",\"fortran_order\":False}", BT_E_FORMAT}, /* a number, not a shape */
        {"{ 'shape' : ( 1 , ) , 'descr' : '<f4' , 'fortran_order' : False }", BT_OK},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1), }", BT_OK},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': '', 'fortran_order': False, 'shape': (1,), }", BT_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1), }", BT_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", BT_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536, 65536), }", BT_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", BT_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", BT_E_FORMAT},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", BT_E_FORMAT},
        {"{'descr': '<f4', 'shape': (1,)}", BT_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", BT_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", BT_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False 'shape': (1,)}", BT_E_FORMAT},
        {"{'descr': 'a type that is much too long', 'fortran_order': False, 'shape': (1,)}", BT_E_FORMAT},
        {"", BT_E_FORMAT},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_npy npy = {.count = 77};
        struct file f = make(1, cases[i].header, &one, sizeof one);
        bt_status got = read_file(&f, &npy);
        if (got != cases[i].want) print_error("%s\n", cases[i].header);
        assert_int_equal(got, cases[i].want);
        assert_int_equal(npy.count, got ? 77 : 1);
    }
}

static void torn_files_are_refused(void **state) {
    (void)state;
    const float two[] = {1, 2};
    struct bt_npy npy;
    struct file whole = make(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", two, sizeof two);
    assert_int_equal(read_file(&whole, &npy), BT_OK);
    for (size_t size = 0; size < whole.size; size++) {
        struct file f = whole;
        f.size = size;
        assert_int_equal(read_file(&f, &npy), BT_E_FORMAT);
    }
    struct file longer = whole;
    longer.size++;
    assert_int_equal(read_file(&longer, &npy), BT_E_FORMAT);
    struct file f = whole;
    f.data[0] = 'x';
    assert_int_equal(read_file(&f, &npy), BT_E_FORMAT);
    f = whole;
    f.data[6] = 3;
    assert_int_equal(read_file(&f, &npy), BT_E_UNSUPPORTED);
    f = make(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", two, sizeof two);
    f.data[11] = 0xff; /* a header of four thousand million bytes */
    assert_int_equal(read_file(&f, &npy), BT_E_FORMAT);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    const float values[6] = {0.5f, -1, 0, INFINITY, 3e-39f, 7};
    const uint32_t dim[] = {1, 2, 3};
    for (uint32_t rank = 0; rank <= 3; rank++) {
        size_t count = rank < 2 ? 1 : rank == 2 ? 2 : 6;
        for (int truth = 0; truth < 2; truth++) {
            uint8_t *file = NULL;
            size_t size = 0;
            struct bt_npy npy;
            float back[6];
            assert_int_equal(bt_npy_write(truth ? BT_NPY_BOOL : BT_NPY_FLOAT32, rank, dim, values, &file, &size), BT_OK);
            assert_int_equal(size % 64, truth ? count : count * 4);
            assert_int_equal(bt_npy_read(NULL, "test", (struct bt_bytes){file, size}, &npy), BT_OK);
            assert_int_equal(npy.rank, rank);
            assert_memory_equal(npy.dim, dim, rank * sizeof *dim);
            bt_npy_floats(&npy, back);
            for (size_t i = 0; i < count; i++) assert_true(back[i] == (truth ? (float)(values[i] != 0) : values[i]));
            free(file);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_becomes_float),
        cmocka_unit_test(headers_are_read_strictly),
        cmocka_unit_test(torn_files_are_refused),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
