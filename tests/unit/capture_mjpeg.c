/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "pipeline/capture/internal.h"
#include "support/cmocka.h"
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

/* A smooth picture whose chroma changes slowly, so that every sub-sampling keeps it. */
static void scene(uint8_t *rgb, int w, int h) {
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            uint8_t *p = rgb + 3 * ((size_t)y * (size_t)w + (size_t)x);
            p[0] = (uint8_t)(40 + 160 * x / (w > 64 ? w : 64));
            p[1] = (uint8_t)(60 + 120 * y / (h > 64 ? h : 64));
            p[2] = (uint8_t)(200 - 100 * (x + y) / (w + h > 128 ? w + h : 128));
        }
}

static uint8_t *encode(int w, int h, int sampling, unsigned long *out_size) {
    uint8_t *rgb = malloc((size_t)w * (size_t)h * 3), *jpeg = NULL;
    scene(rgb, w, h);
    tjhandle handle = tjInitCompress();
    *out_size = 0;
    assert_int_equal(tjCompress2(handle, rgb, w, 0, h, TJPF_RGB, &jpeg, out_size, sampling, 95, 0), 0);
    tjDestroy(handle);
    free(rgb);
    return jpeg;
}

static int difference(int a, int b) {
    return a > b ? a - b : b - a;
}

static void test_every_sampling_and_odd_sizes(void **state) {
    (void)state;
    const int sizes[][2] = {{64, 48}, {2, 2}, {3, 3}, {16, 2}, {34, 18}, {35, 19}, {641, 361}, {130, 17}};
    const int samplings[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_GRAY, TJSAMP_440, TJSAMP_411};
    for (size_t s = 0; s < BT_COUNT(sizes); s++)
        for (size_t k = 0; k < BT_COUNT(samplings); k++) {
            const int w = sizes[s][0], h = sizes[s][1];
            const uint32_t ew = (uint32_t)w & ~1u, eh = (uint32_t)h & ~1u;
            unsigned long size = 0;
            uint8_t *jpeg = encode(w, h, samplings[k], &size);
            uint8_t *rgb = malloc((size_t)w * (size_t)h * 3), *out = malloc(bt_picture_bytes(BT_PIXELS_I420, ew, eh) + 64);
            memset(out, 0xa5, bt_picture_bytes(BT_PIXELS_I420, ew, eh) + 64);
            scene(rgb, w, h);
            struct bt_mjpeg *m = NULL;
            assert_int_equal(bt_mjpeg_create((uint32_t)w, (uint32_t)h, &m), BT_OK);
            assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, NULL), BT_OK);
            const uint8_t *u = out + (size_t)ew * eh, *v = u + (size_t)ew * eh / 4;
            /* JFIF: full-range BT.601. A tolerance of a few codes: quality 95, and chroma is a mean over its pixels. */
            const int tolerance = 6;
            for (uint32_t y = 0; y < eh; y++)
                for (uint32_t x = 0; x < ew; x++) {
                    const uint8_t *p = rgb + 3 * ((size_t)y * (size_t)w + x);
                    const int luma = (299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000;
                    assert_true(difference(out[(size_t)y * ew + x], luma) <= tolerance);
                    const size_t at = (size_t)(y / 2) * (ew / 2) + x / 2;
                    const int cb = (p[2] - luma) * 1000 / 1772 + 128, cr = (p[0] - luma) * 1000 / 1402 + 128;
                    const bool gray = samplings[k] == TJSAMP_GRAY;
                    if (difference(u[at], gray ? 128 : cb) > tolerance + 6 ||
                        difference(v[at], gray ? 128 : cr) > tolerance + 6)
                        fail_msg("%dx%d sampling %d at %u,%u: %d %d, not %d %d", w, h, samplings[k], x, y, u[at], v[at], cb,
                                 cr);
                }
            for (int i = 0; i < 64; i++) assert_int_equal(out[bt_picture_bytes(BT_PIXELS_I420, ew, eh) + (size_t)i], 0xa5);
            bt_mjpeg_destroy(&m);
            assert_null(m);
            tjFree(jpeg);
            free(rgb);
            free(out);
        }
}

static void test_other_sizes_and_spaces_are_refused(void **state) {
    (void)state;
    unsigned long size = 0;
    uint8_t out[64 * 48 * 3 / 2];
    struct bt_mjpeg *m = NULL;
    const char *why = NULL;
    assert_int_equal(bt_mjpeg_create(64, 48, &m), BT_OK);
    uint8_t *jpeg = encode(1, 1, TJSAMP_444, &size);
    assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, &why), BT_E_FORMAT);
    assert_non_null(why);
    tjFree(jpeg);
    jpeg = encode(64, 50, TJSAMP_420, &size);
    assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, &why), BT_E_FORMAT);
    tjFree(jpeg);
    uint8_t cmyk[64 * 48 * 4] = {0};
    jpeg = NULL;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, cmyk, 64, 0, 48, TJPF_CMYK, &jpeg, &size, TJSAMP_444, 90, 0), 0);
    tjDestroy(handle);
    assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, &why), BT_E_FORMAT);
    tjFree(jpeg);
    bt_mjpeg_destroy(&m);
    assert_int_equal(bt_mjpeg_create(1, 1, &m), BT_E_ARGUMENT);
    assert_int_equal(bt_mjpeg_create(100000, 2, &m), BT_E_ARGUMENT);
    assert_null(m);
    bt_mjpeg_destroy(&m);
    bt_mjpeg_destroy(NULL);
}

static void test_cut_off_anywhere(void **state) {
    (void)state;
    unsigned long size = 0;
    uint8_t *jpeg = encode(64, 48, TJSAMP_422, &size);
    uint8_t out[64 * 48 * 3 / 2];
    struct bt_mjpeg *m = NULL;
    assert_int_equal(bt_mjpeg_create(64, 48, &m), BT_OK);
    for (unsigned long cut = 0; cut + 2 < size; cut++) { /* the last two are the end marker, which some cameras forget */
        uint8_t *copy = malloc(cut ? cut : 1);           /* exact, so that a sanitizer sees a read past the end */
        memcpy(copy, jpeg, cut);
        assert_int_equal(bt_mjpeg_decode(m, copy, cut, out, NULL), BT_E_FORMAT);
        free(copy);
        /* one bad frame does not spoil the next */
        if (cut % 50 == 0) assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, NULL), BT_OK);
    }
    assert_int_equal(bt_mjpeg_decode(m, jpeg, size, out, NULL), BT_OK); /* and the decoder still works */
    bt_mjpeg_destroy(&m);
    tjFree(jpeg);
}

static void test_garbage(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 77, 7);
    struct bt_mjpeg *m = NULL;
    uint8_t out[64 * 48 * 3 / 2], noise[512];
    assert_int_equal(bt_mjpeg_create(64, 48, &m), BT_OK);
    for (int i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof noise; k++) noise[k] = (uint8_t)bt_rng_u32(&rng);
        if (i & 1) {
            noise[0] = 0xff;
            noise[1] = 0xd8;
        }
        assert_int_equal(bt_mjpeg_decode(m, noise, sizeof noise, out, NULL), BT_E_FORMAT);
    }
    unsigned long size = 0;
    for (int i = 0; i < 3000; i++) { /* a real one with a few bytes wrong: any verdict, no crash */
        uint8_t *jpeg = encode(64, 48, i & 1 ? TJSAMP_420 : TJSAMP_411, &size);
        for (int k = 0; k < 1 + i % 5; k++) jpeg[bt_rng_u32(&rng) % size] = (uint8_t)bt_rng_u32(&rng);
        const bt_status st = bt_mjpeg_decode(m, jpeg, size, out, NULL);
        assert_true(st == BT_OK || st == BT_E_FORMAT);
        tjFree(jpeg);
    }
    bt_mjpeg_destroy(&m);
}

/* Many cameras send MJPEG without Huffman tables (they are always the same) and with stray bytes between segments. */
static void test_what_cameras_send(void **state) {
    (void)state;
    unsigned long size = 0;
    uint8_t *jpeg = encode(64, 48, TJSAMP_422, &size), *bare = malloc(size + 16), want[64 * 48 * 3 / 2], got[64 * 48 * 3 / 2];
    size_t length = 2;
    struct bt_mjpeg *m = NULL;
    assert_int_equal(bt_mjpeg_create(64, 48, &m), BT_OK);
    assert_int_equal(bt_mjpeg_decode(m, jpeg, size, want, NULL), BT_OK);
    memcpy(bare, jpeg, 2);
    for (size_t at = 2; at < size;) {
        const size_t segment = 2 + ((size_t)jpeg[at + 2] << 8 | jpeg[at + 3]);
        if (jpeg[at + 1] == 0xda) { /* start of scan: the rest */
            memcpy(bare + length, jpeg + at, size - at);
            length += size - at;
            break;
        }
        if (jpeg[at + 1] != 0xc4) { /* all but Huffman tables */
            memcpy(bare + length, jpeg + at, segment);
            length += segment;
        }
        at += segment;
    }
    assert_true(length < size);
    assert_int_equal(bt_mjpeg_decode(m, bare, length, got, NULL), BT_OK);
    assert_memory_equal(want, got, sizeof want);
    /* stray bytes before the end marker */
    memcpy(bare, jpeg, size - 2);
    memcpy(bare + size - 2, "\x11\x22\x33\xff\xd9", 5);
    assert_int_equal(bt_mjpeg_decode(m, bare, size + 3, got, NULL), BT_OK);
    assert_memory_equal(want, got, sizeof want);
    bt_mjpeg_destroy(&m);
    free(bare);
    tjFree(jpeg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sampling_and_odd_sizes),
        cmocka_unit_test(test_other_sizes_and_spaces_are_refused),
        cmocka_unit_test(test_cut_off_anywhere),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_what_cameras_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
