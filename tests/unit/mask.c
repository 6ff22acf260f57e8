/* SPDX-License-Identifier: MIT */
#include "support/brief.h"
#include "support/cmocka.h"

#include "base/rng.h"
#include "mask/mask.h"
#include "rig/exact.h"
#include "rig/pose.h"
#include "support/test_rig.h"
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *encoded(const struct bt_mask *mask) {
    uint8_t *bytes = malloc(bt_mask_encoded_bytes());
    assert_non_null(bytes);
    bt_mask_encode(mask, bytes);
    return bytes;
}

static void digest_of(const struct bt_mask *mask, char out_hex[65]) {
    uint8_t digest[crypto_hash_sha256_BYTES], *bytes = encoded(mask);
    crypto_hash_sha256(digest, bytes, bt_mask_encoded_bytes());
    sodium_bin2hex(out_hex, 65, digest, sizeof(digest));
    free(bytes);
}

/* The promise that anybody can grow the same face: these digests hold for every compiler and machine. They change when the way
   masks are grown does; then look at all of them (bauta faces show), and write the new ones here. */
static void test_same_seed_same_bytes(void **state) {
    (void)state;
    static const char golden[] = "cf1d1cd356744c8866017e74280a7bb7e038bf12d03f4dab894e4a478135ecee";
    static const char golden_builtin[] = "e1904d3e948b3959f05fc8687525f7ce2507c78d773dbf91b352d040f0221a48";
    struct bt_mask *a = NULL, *b = NULL;
    char hex[65], again[65];
    assert_int_equal(bt_mask_grow(rig, 1608, "golden", &a), BT_OK);
    assert_int_equal(bt_mask_grow(rig, 1608, "golden", &b), BT_OK);
    digest_of(a, hex);
    digest_of(b, again);
    assert_string_equal(hex, again);
    assert_string_equal(hex, golden);
    bt_mask_destroy(&a);
    bt_mask_destroy(&b);
    assert_int_equal(bt_mask_builtin_grow(rig, 0, &a), BT_OK);
    digest_of(a, hex);
    assert_string_equal(hex, golden_builtin);
    bt_mask_destroy(&a);
    assert_null(a);
}

static void test_other_seed_other_face(void **state) {
    (void)state;
    struct bt_mask *a = NULL, *b = NULL;
    assert_int_equal(bt_mask_grow(rig, 1, "one", &a), BT_OK);
    assert_int_equal(bt_mask_grow(rig, 1ull << 40, "two", &b), BT_OK);
    float sum = 0.0f;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 d = bt_vec3_sub(a->neutral[v], b->neutral[v]);
        sum += bt_vec3_dot(d, d);
    }
    assert_true(sqrtf(sum / BT_RIG_VERTICES) > 0.15f);
    assert_memory_not_equal(a->ratio, b->ratio, sizeof(a->ratio));
    bt_mask_destroy(&a);
    bt_mask_destroy(&b);
}

/* What a mask must be for the pipeline to wear it. */
static void check_wearable(const struct bt_mask *m) {
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    const struct bt_vec3 *c = bt_rig_mesh(rig)->closed;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 d = bt_vec3_sub(m->neutral[v], c[v]);
        assert_true(bt_vec3_dot(d, d) < 2.2f * 2.2f);
    }
    /* Lids and lips in order, the nose before the cheeks, eyes on their sides. */
    assert_true(m->neutral[159].y - m->neutral[145].y > 0.35f && m->neutral[386].y - m->neutral[374].y > 0.35f);
    assert_true(fabsf(m->neutral[13].y - m->neutral[14].y - 0.05f) < 0.06f);
    assert_true(m->neutral[2].y - m->neutral[0].y > 1.0f);
    assert_true(m->neutral[4].z > m->neutral[50].z + 1.5f);
    assert_true(m->neutral[133].x < -1.0f && m->neutral[362].x > 1.0f);
    /* Plain skin is 1 on average, so that the face fits the neck. */
    double sum = 0.0, total = 0.0;
    for (uint32_t y = 0; y < BT_MASK_PX; y++) {
        for (uint32_t x = 0; x < BT_MASK_PX; x++) {
            const uint32_t i = (y / 2) * BT_RIG_MAP_PX + x / 2, t = 3 * (y * BT_MASK_PX + x) + 1;
            const double ratio = (double)m->ratio[t] * (double)BT_MASK_RATIO_MAX / 65535.0;
            assert_true(ratio >= 0.009 && ratio <= 2.51);
            if (y > 260) continue; /* beards */
            sum += (double)(maps->paint[i] * (1.0f - maps->feature[i])) * ratio;
            total += (double)(maps->paint[i] * (1.0f - maps->feature[i]));
        }
    }
    assert_true(fabs(sum / total - 1.0) < 0.15);
}

static void test_builtins(void **state) {
    (void)state;
    assert_true(bt_mask_builtin_count() >= 8);
    assert_null(bt_mask_builtin_at(bt_mask_builtin_count()));
    for (uint32_t i = 0; i < bt_mask_builtin_count(); i += test_brief(1, 5)) {
        const struct bt_mask_builtin *b = bt_mask_builtin_at(i);
        uint32_t found = 99;
        assert_true(bt_mask_builtin_find(b->name, &found));
        assert_int_equal(found, i);
        struct bt_mask *m = NULL;
        assert_int_equal(bt_mask_builtin_grow(rig, i, &m), BT_OK);
        assert_string_equal(m->name, b->name);
        assert_int_equal(m->seed, b->seed);
        check_wearable(m);
        bt_mask_destroy(&m);
    }
    uint32_t untouched = 7;
    assert_false(bt_mask_builtin_find("nobody", &untouched));
    assert_int_equal(untouched, 7);
    struct bt_mask *none = NULL;
    assert_int_equal(bt_mask_builtin_grow(rig, 1000, &none), BT_E_NOT_FOUND);
    assert_null(none);
}

static void test_any_seed_is_wearable(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 77, 1);
    for (uint32_t n = 0; n < test_brief(12, 1); n++) {
        struct bt_mask *m = NULL;
        assert_int_equal(bt_mask_grow(rig, (uint64_t)bt_rng_u32(&rng) << 20 ^ n, "any", &m), BT_OK);
        check_wearable(m);
        bt_mask_destroy(&m);
    }
}

static void test_names(void **state) {
    (void)state;
    static const char *bad[] = {"", "Upper", "a b", "a/b", "../x", "\xc3\xa9", "0123456789012345678901234567890123456789"};
    struct bt_mask *m = NULL;
    for (uint32_t i = 0; i < BT_COUNT(bad); i++) assert_int_equal(bt_mask_grow(rig, 1, bad[i], &m), BT_E_ARGUMENT);
    assert_null(m);
}

static void test_file_round_trip(void **state) {
    (void)state;
    struct bt_mask *m = NULL, *back = NULL;
    assert_int_equal(bt_mask_grow(rig, 5, "round-trip", &m), BT_OK);
    uint8_t *bytes = encoded(m);
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back), BT_OK);
    assert_string_equal(back->name, m->name);
    assert_int_equal(back->seed, m->seed);
    assert_memory_equal(&back->traits, &m->traits, sizeof(m->traits));
    assert_memory_equal(back->neutral, m->neutral, sizeof(m->neutral));
    assert_memory_equal(back->skin, m->skin, sizeof(m->skin));
    assert_memory_equal(back->iris, m->iris, sizeof(m->iris));
    assert_memory_equal(back->hair, m->hair, sizeof(m->hair));
    assert_memory_equal(back->ratio, m->ratio, sizeof(m->ratio));
    bt_mask_destroy(&back);

    /* Any byte that changes is noticed; so is any other length. */
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 3);
    for (uint32_t n = 0; n < 40; n += test_brief(1, 5)) {
        const size_t at = n < 20 ? n * 9 : bt_rng_u32(&rng) % bt_mask_encoded_bytes();
        bytes[at] ^= (uint8_t)(1u << bt_rng_u32(&rng) % 8);
        const uint8_t was = bytes[at];
        assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back), BT_E_FORMAT);
        bt_mask_encode(m, bytes);
        assert_true(bytes[at] != was);
    }
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes() - 1}, &back), BT_E_FORMAT);
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){NULL, 0}, &back), BT_E_FORMAT);

    /* A sum that fits does not make nonsense welcome. */
    struct bt_mask nonsense_head = *m;
    nonsense_head.neutral[7].y = NAN;
    bt_mask_encode(&nonsense_head, bytes);
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back), BT_E_FORMAT);
    nonsense_head = *m;
    nonsense_head.skin[1] = -1.0f;
    bt_mask_encode(&nonsense_head, bytes);
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back), BT_E_FORMAT);
    nonsense_head = *m;
    nonsense_head.name[0] = '/';
    bt_mask_encode(&nonsense_head, bytes);
    assert_int_equal(bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back), BT_E_FORMAT);
    assert_null(back);
    free(bytes);
    bt_mask_destroy(&m);
}

static void test_render(void **state) {
    (void)state;
    enum { SIDE = 96 };
    static uint8_t front[SIDE * SIDE * 3], turned[SIDE * SIDE * 3];
    struct bt_mask *m = NULL;
    assert_int_equal(bt_mask_builtin_grow(rig, 0, &m), BT_OK);
    assert_int_equal(bt_mask_render(rig, m, SIDE, 0.0f, 0.0f, front), BT_OK);
    assert_int_equal(bt_mask_render(rig, m, SIDE, 0.5f, 0.1f, turned), BT_OK);
    assert_memory_not_equal(front, turned, sizeof(front));
    const uint8_t *corner = front, *cheek = &front[3 * (52 * SIDE + 32)];
    assert_true(abs(corner[0] - corner[1]) < 4); /* grey ground */
    assert_true(cheek[0] > cheek[2] + 15);       /* skin */
    assert_int_equal(bt_mask_render(rig, m, 0, 0.0f, 0.0f, front), BT_E_ARGUMENT);
    assert_int_equal(bt_mask_render(rig, m, 1 << 20, 0.0f, 0.0f, front), BT_E_ARGUMENT);
    bt_mask_destroy(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_other_seed_other_face),
        cmocka_unit_test(test_builtins),
        cmocka_unit_test(test_any_seed_is_wearable),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_file_round_trip),
        cmocka_unit_test(test_render),
    };
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
