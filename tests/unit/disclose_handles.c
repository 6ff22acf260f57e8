/* SPDX-License-Identifier: MIT */
/* Handles: what is stale or forged is the placard; frames are consumed; the banner's times; sizes that are refused. */
#include "gpu/image.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "support/test_gpu.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { W = 160, H = 120 };
#define MS INT64_C(1000000)

struct fixture {
    struct test_gpu t;
    struct bt_disclose *d;
    struct bt_image *image;
    uint64_t sequence;
};

static int open_fixture(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || test_gpu_open(&f->t)) return 1;
    const struct bt_disclose_params params = {.log = f->t.log, .gpu = f->t.gpu, .width_px = W, .height_px = H};
    if (bt_disclose_create(&params, &f->d) || bt_image_create(f->t.gpu, W, H, BT_IMAGE_RGBA16F, &f->image)) return 1;
    *state = f;
    return 0;
}

static int close_fixture(void **state) {
    struct fixture *f = *state;
    bt_disclose_destroy(&f->d);
    bt_disclose_destroy(&f->d); /* NULL is fine */
    bt_image_destroy(&f->image);
    test_gpu_close(&f->t);
    free(f);
    return 0;
}

static struct bt_disclosed apply(struct fixture *f, int64_t ns) {
    struct bt_frame frame = {f->image, W, H, ns, f->sequence++, 0, {0, 0, 0, 0}};
    struct bt_disclosed out = {99, 99};
    assert_int_equal(bt_disclose_apply(f->d, &frame, &out), BT_OK);
    assert_null(frame.linear);
    /* Taken: the same frame cannot be sent twice. */
    struct bt_disclosed again = {98, 97};
    assert_int_equal(bt_disclose_apply(f->d, &frame, &again), BT_E_ARGUMENT);
    assert_true(again.slot == 98 && again.generation == 97);
    assert_int_equal(frame.capture_ns, ns);
    return out;
}

static void assert_stale(struct fixture *f, struct bt_disclosed handle) {
    struct bt_disclosed_view v = bt_disclose_bytes(f->d, handle);
    assert_true(v.placard);
    assert_int_equal(v.capture_ns, 0);
    assert_true(bt_disclose_check(&v, NULL));
}

static void handles(void **state) {
    struct fixture *f = *state;
    assert_stale(f, (struct bt_disclosed){0, 0});
    for (uint32_t slot = 0; slot < 300; slot++) assert_stale(f, (struct bt_disclosed){slot, 0});
    assert_stale(f, (struct bt_disclosed){UINT32_MAX, 1});
    struct bt_disclosed kept[3 * BT_EGRESS_SLOTS];
    for (uint32_t i = 0; i < BT_COUNT(kept); i++) {
        int64_t ns = (1000 + i) * MS;
        bool card = i % 5 == 3;
        kept[i] = card ? bt_disclose_placard(f->d, BT_E_NO_FACE, ns, f->sequence++) : apply(f, ns);
        for (uint32_t k = 0; k <= i; k++) {
            if (i - k >= BT_EGRESS_SLOTS) {
                assert_stale(f, kept[k]);
                continue;
            }
            struct bt_disclosed_view v = bt_disclose_bytes(f->d, kept[k]);
            assert_int_equal(v.placard, k % 5 == 3);
            assert_int_equal(v.capture_ns, (1000 + k) * MS);
            assert_int_equal(v.sequence, k);
            assert_int_equal(v.size_bytes, W * H * 2);
            assert_true(v.width_px == W && v.height_px == H && v.egress == BT_EGRESS_YUYV && !v.full_range && !v.bt709);
            assert_true(bt_disclose_check(&v, NULL));
        }
    }
    /* Forged from a true one: another generation, another slot. */
    struct bt_disclosed forged = kept[BT_COUNT(kept) - 1];
    for (uint32_t n = 1; n < 100; n++) assert_stale(f, (struct bt_disclosed){forged.slot, forged.generation + n});
    assert_stale(f, (struct bt_disclosed){(forged.slot + 1) % BT_EGRESS_SLOTS, forged.generation});
}

/* A sink that takes its time: what it was given stays as it was, and stays out of the pool, while others are made. */
static void what_is_read_is_not_written(void **state) {
    struct fixture *f = *state;
    static uint16_t white[W * H * 4];
    static uint8_t before[W * H * 2];
    for (size_t i = 0; i < BT_COUNT(white); i++) white[i] = 0x3c00; /* 1 */
    struct bt_disclosed slow = apply(f, 100 * MS);
    struct bt_disclosed_view v = bt_disclose_bytes(f->d, slow);
    assert_int_equal(v.size_bytes, sizeof before);
    memcpy(before, v.bytes, sizeof before);
    assert_int_equal(bt_image_write(f->image, white, sizeof white), BT_OK);
    struct bt_disclosed last = slow;
    for (int i = 0; i < 3 * BT_EGRESS_SLOTS; i++) {
        last = i % 4 ? apply(f, 200 * MS) : bt_disclose_placard(f->d, BT_E_POSE, 200 * MS, 0);
        assert_int_not_equal(last.slot, slow.slot);
    }
    assert_memory_equal(v.bytes, before, sizeof before);
    v = bt_disclose_bytes(f->d, last); /* the next look-up lets go */
    assert_memory_not_equal(v.bytes, before, sizeof before);
    assert_stale(f, slow);
    memset(white, 0, sizeof white);
    assert_int_equal(bt_image_write(f->image, white, sizeof white), BT_OK);
}

static void placard_for_every_status(void **state) {
    struct fixture *f = *state;
    for (int s = -3; s < BAUTA_STATUS_COUNT + 3; s++) {
        struct bt_disclosed_view v = bt_disclose_bytes(f->d, bt_disclose_placard(f->d, (bt_status)s, 5 * MS, 42));
        assert_true(v.placard && v.bytes);
        assert_int_equal(v.capture_ns, 5 * MS);
        assert_int_equal(v.sequence, 42);
        assert_true(bt_disclose_check(&v, NULL));
    }
}

/* The picture is black, so whatever is bright in the lower half is the banner. */
static bool has_banner(struct fixture *f, struct bt_disclosed handle) {
    struct bt_disclosed_view v = bt_disclose_bytes(f->d, handle);
    uint32_t bright = 0;
    for (uint32_t y = H / 2; y < H; y++)
        for (uint32_t x = 0; x < W; x++) bright += v.bytes[2 * (y * W + x)] > 200;
    return bright > 100;
}

static void banner_times(void **state) {
    struct fixture *f = *state;
    int64_t ns = 7000 * MS;
    for (int i = 0; i < 60; i++, ns += 100 * MS) /* 5 s from the first on */
        assert_int_equal(has_banner(f, apply(f, ns)), i < 50);
    /* After every placard. */
    (void)bt_disclose_placard(f->d, BT_E_TOO_DARK, ns, 0);
    for (int i = 0; i < 60; i++, ns += 100 * MS) assert_int_equal(has_banner(f, apply(f, ns)), i < 50);
    /* After a gap without frames. */
    ns += 3000 * MS;
    for (int i = 0; i < 60; i++, ns += 100 * MS) assert_int_equal(has_banner(f, apply(f, ns)), i < 50);
}

/* Rules may lengthen the banner and add words; they shorten nothing, and what cannot be written or does not fit is said. */
static void rules(void **state) {
    struct fixture *f = *state;
    static const struct {
        struct bt_label_rules rules;
        bt_status status;
        int64_t banner_ms;
        const char *says;
    } table[] = {{{NULL, 0, 0}, BT_OK, 5000, ""},
                 {{NULL, 0, 2}, BT_OK, 5000, ""},
                 {{"AI 생성", 0.06f, 8}, BT_OK, 8000, ""},
                 {{NULL, -3, -1e30f}, BT_OK, 5000, ""},
                 {{NULL, 0, NAN}, BT_OK, 5000, ""},
                 {{"สร้าง", 0, 0}, BT_E_NOT_FOUND, 0, "U+0E2A"},
                 {{"\xff", 0, 0}, BT_E_ARGUMENT, 0, "UTF-8"},
                 {{"one two three four five six seven eight nine ten eleven", 0, 0}, BT_E_ARGUMENT, 0, "no room"},
                 {{NULL, 0.5f, 0}, BT_E_ARGUMENT, 0, "no room"}};
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_disclose *d = NULL, *own = f->d;
        const struct bt_disclose_params params = {
            .log = f->t.log, .gpu = f->t.gpu, .width_px = W, .height_px = H, .rules = table[i].rules};
        assert_int_equal(bt_disclose_create(&params, &d), table[i].status);
        if (table[i].status) {
            assert_null(d);
            continue;
        }
        f->d = d;
        for (int64_t ms = 0; ms < 9000; ms += 500) {
            struct bt_disclosed out = apply(f, (1000 + ms) * MS);
            struct bt_disclosed_view v = bt_disclose_bytes(d, out);
            assert_true(bt_disclose_check(&v, NULL));
            assert_int_equal(has_banner(f, out), ms < table[i].banner_ms);
        }
        struct bt_disclosed_view card = bt_disclose_bytes(d, bt_disclose_placard(d, BT_E_NO_FACE, 0, 0));
        assert_true(bt_disclose_check(&card, NULL));
        bt_disclose_destroy(&d);
        f->d = own;
    }
}

/* A face at the top right drives the label down; the view says where it is, also when the frame is held; the card's stays. */
static void goes_out_of_the_way(void **state) {
    struct fixture *f = *state;
    struct bt_disclosed_view usual = bt_disclose_bytes(f->d, apply(f, 1000 * MS));
    struct bt_frame frame = {f->image, W, H, 2000 * MS, 1, 0, {20, -10, W - 20, H / 2}};
    struct bt_disclosed out;
    assert_int_equal(bt_disclose_apply(f->d, &frame, &out), BT_OK);
    struct bt_disclosed_view v = bt_disclose_bytes(f->d, out);
    assert_true(v.label_y > H / 2 && v.label_x == usual.label_x && bt_disclose_check(&v, NULL));
    struct bt_disclosed_view wrong = v;
    wrong.label_y -= 2;
    assert_false(bt_disclose_check(&wrong, NULL));
    wrong = v;
    wrong.label_x = W - 2; /* partly outside */
    assert_false(bt_disclose_check(&wrong, NULL));
    assert_int_equal(bt_disclose_hold(f->d, 2100 * MS, 2, &out), BT_OK);
    struct bt_disclosed_view held_view = bt_disclose_bytes(f->d, out);
    assert_true(held_view.label_y == v.label_y && bt_disclose_check(&held_view, NULL));
    struct bt_disclosed_view card = bt_disclose_bytes(f->d, bt_disclose_placard(f->d, BT_E_NO_FACE, 2200 * MS, 3));
    assert_true(card.label_y == usual.label_y && bt_disclose_check(&card, NULL));
}

/* What is held is the last masked frame, as it was; after a placard there is none to hold. */
static void held(void **state) {
    struct fixture *f = *state;
    static uint16_t grey[W * H * 4];
    static uint8_t before[W * H * 2];
    struct bt_disclosed out = {5, 5};
    assert_int_equal(bt_disclose_hold(f->d, 1, 1, &out), BT_E_NOT_FOUND);
    for (int round = 0; round < 2; round++) { /* of two brightnesses */
        for (size_t i = 0; i < BT_COUNT(grey); i++) grey[i] = round ? 0x3c00 : 0x3000;
        assert_int_equal(bt_image_write(f->image, grey, sizeof grey), BT_OK);
        memcpy(before, bt_disclose_bytes(f->d, apply(f, 10000 * MS)).bytes, sizeof before);
        for (int i = 0; i < 3 * BT_EGRESS_SLOTS; i++) {
            assert_int_equal(bt_disclose_hold(f->d, (10001 + i) * MS, 70 + (uint64_t)i, &out), BT_OK);
            if (i < BT_EGRESS_SLOTS && i % 2) continue; /* looked at only now and then */
            struct bt_disclosed_view v = bt_disclose_bytes(f->d, out);
            assert_false(v.placard);
            assert_int_equal(v.capture_ns, (10001 + i) * MS);
            assert_int_equal(v.sequence, 70 + (uint64_t)i);
            assert_memory_equal(v.bytes, before, sizeof before);
            assert_true(bt_disclose_check(&v, NULL));
        }
    }
    (void)bt_disclose_placard(f->d, BT_E_CONSENT, 20001 * MS, 0);
    out = (struct bt_disclosed){5, 5};
    assert_int_equal(bt_disclose_hold(f->d, 20002 * MS, 1, &out), BT_E_NOT_FOUND);
    assert_true(out.slot == 5 && out.generation == 5);
    memset(grey, 0, sizeof grey);
    assert_int_equal(bt_image_write(f->image, grey, sizeof grey), BT_OK);
}

static void wrong_frames(void **state) {
    struct fixture *f = *state;
    struct bt_disclosed out = {5, 5};
    struct bt_frame none = {NULL, W, H, 0, 0, 0, {0, 0, 0, 0}};
    assert_int_equal(bt_disclose_apply(f->d, &none, &out), BT_E_ARGUMENT);
    struct bt_frame lies = {f->image, W + 2, H, 0, 0, 0, {0, 0, 0, 0}};
    assert_int_equal(bt_disclose_apply(f->d, &lies, &out), BT_E_ARGUMENT);
    assert_null(lies.linear);
    struct bt_image *large = NULL;
    assert_int_equal(bt_image_create(f->t.gpu, W * 2, H, BT_IMAGE_RGBA16F, &large), BT_OK);
    struct bt_frame other = {large, W, H, 0, 0, 0, {0, 0, 0, 0}};
    assert_int_equal(bt_disclose_apply(f->d, &other, &out), BT_E_ARGUMENT);
    bt_image_destroy(&large);
    assert_true(out.slot == 5 && out.generation == 5);
}

/* More images than bindings are kept for: the oldest make room. */
static void many_images(void **state) {
    struct fixture *f = *state;
    struct bt_image *image[20] = {0}, *own = f->image;
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < BT_COUNT(image); i++) {
            if (!image[i]) assert_int_equal(bt_image_create(f->t.gpu, W, H, BT_IMAGE_RGBA16F, &image[i]), BT_OK);
            f->image = image[i];
            struct bt_disclosed_view v = bt_disclose_bytes(f->d, apply(f, (int64_t)i * MS));
            assert_true(bt_disclose_check(&v, NULL));
        }
    f->image = own;
    assert_int_equal(f->t.errors, 0);
    bt_disclose_destroy(&f->d); /* before its images */
    for (uint32_t i = 0; i < BT_COUNT(image); i++) bt_image_destroy(&image[i]);
}

static void sizes(void **state) {
    struct fixture *f = *state;
    static const struct {
        uint32_t w, h;
        const char *says;
    } bad[] = {{161, 120, "even"}, {160, 121, "even"},    {118, 120, "at least 120x120"}, {160, 100, "at least 120x120"},
               {0, 0, "at least"}, {8194, 120, "at most"}};
    for (uint32_t i = 0; i < BT_COUNT(bad); i++) {
        struct bt_disclose *d = NULL;
        const struct bt_disclose_params params = {
            .log = f->t.log, .gpu = f->t.gpu, .width_px = bad[i].w, .height_px = bad[i].h};
        assert_int_equal(bt_disclose_create(&params, &d), BT_E_ARGUMENT);
        assert_null(d);
        assert_non_null(strstr(f->t.last, bad[i].says));
    }
    for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) {
        struct bt_disclose *d = NULL;
        const struct bt_disclose_params params = {
            .log = f->t.log, .gpu = f->t.gpu, .width_px = 120, .height_px = 120, .egress = (enum bt_egress)e};
        assert_int_equal(bt_disclose_create(&params, &d), BT_OK);
        bt_disclose_destroy(&d);
        assert_null(d);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(handles),
                                       TEST(what_is_read_is_not_written),
                                       TEST(placard_for_every_status),
                                       TEST(banner_times),
                                       TEST(held),
                                       TEST(rules),
                                       TEST(goes_out_of_the_way),
                                       TEST(wrong_frames),
                                       TEST(many_images),
                                       TEST(sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
