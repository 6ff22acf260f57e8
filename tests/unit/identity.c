/* SPDX-License-Identifier: MIT */
/* An enrolled face: its bytes, the vault record's, how it is worn, and how it is made, from pictures of masks whose albedo is
   known (pictures of people: tests/golden/identity_footage.c). */
#include "identity/identity.h"
#include "base/rng.h"
#include "identity/sealed.h"
#include "support/cmocka.h"
#include "support/mask_views.h"
#include "support/test_rig.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PX = 384 };

static struct bt_identity *made_up(void) {
    struct bt_identity *f = calloc(1, sizeof *f);
    struct bt_rng rng;
    assert_non_null(f);
    bt_rng_init(&rng, 4, 1);
    strcpy(f->name, "somebody-1");
    f->views = 31;
    for (uint32_t k = 0; k < 3; k++) f->skin[k] = .3f + .1f * (float)k, f->iris[k] = .1f;
    memcpy(f->neutral, bt_rig_mesh(rig)->closed, sizeof f->neutral);
    for (uint32_t i = 0; i < BT_MASK_TEXELS * 3; i++) f->ratio[i] = (uint16_t)bt_rng_uniform(&rng, 0, 65535);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) f->seen[i] = (uint8_t)bt_rng_uniform(&rng, 0, 255);
    return f;
}

static void mend(uint8_t *bytes, size_t size) {
    bt_write_u32(bytes + size - 4, bt_crc32((struct bt_bytes){bytes, size - 4}));
}

static void bytes_there_and_back(void **state) {
    (void)state;
    struct bt_identity *f = made_up(), *back = NULL;
    const size_t size = bt_identity_encoded_bytes();
    uint8_t *bytes = malloc(size + 1);
    assert_non_null(bytes);
    bt_identity_encode(f, bytes);
    assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_OK);
    assert_memory_equal(f, back, sizeof *f);
    bt_identity_destroy(&back);
    assert_null(back);

    bytes[size] = 0;
    static const int change[] = {-1, 1};
    for (size_t i = 0; i < BT_COUNT(change); i++)
        assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, size + (size_t)change[i]}, &back), BT_E_FORMAT);
    bytes[size / 2] ^= 1;
    assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_E_FORMAT);
    bytes[size / 2] ^= 1;
    /* What the checksum does not see: magic, version, a capital in the name, none at all, skin NaN, iris 2, a point far out. */
    enum { NAME = 12, SKIN = NAME + BT_MASK_NAME_BYTES + 4, IRIS = SKIN + 12, MESH = IRIS + 12 };
    static const struct {
        size_t at;
        uint8_t to[4];
    } damage[] = {{0, "BTMA"},
                  {8, {2, 0, 0, 0}},
                  {NAME, "Some"},
                  {NAME, {0, 'x', 'y', 'z'}},
                  {SKIN, {0, 0, 0xc0, 0x7f}},
                  {IRIS, {0, 0, 0, 0x40}},
                  {MESH, {0, 0, 0xc8, 0x41}}};
    for (size_t i = 0; i < BT_COUNT(damage); i++) {
        uint8_t was[4];
        memcpy(was, bytes + damage[i].at, 4);
        memcpy(bytes + damage[i].at, damage[i].to, 4);
        mend(bytes, size);
        assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_E_FORMAT);
        memcpy(bytes + damage[i].at, was, 4);
    }
    mend(bytes, size);
    assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_OK);
    bt_identity_destroy(&back);
    bt_identity_destroy(&f);
    free(bytes);
}

static void sealed_there_and_back(void **state) {
    (void)state;
    struct bt_identity *f = made_up();
    uint8_t *identity = malloc(bt_identity_encoded_bytes()), templates[99];
    assert_non_null(identity);
    bt_identity_encode(f, identity);
    memset(templates, 7, sizeof templates);
    struct bt_sealed sealed = {.record_id = "01234567-89ab-cdef-0123-456789abcdef",
                               .templates = {templates, sizeof templates},
                               .identity = {identity, bt_identity_encoded_bytes()}},
                     back = {.record_id = ""};
    for (uint8_t i = 0; i < BT_SEALED_SEED_BYTES; i++) sealed.seed[i] = i;
    const size_t size = bt_sealed_bytes(&sealed);
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    bt_sealed_encode(&sealed, bytes);
    assert_int_equal(bt_sealed_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_OK);
    assert_string_equal(back.record_id, sealed.record_id);
    assert_memory_equal(back.seed, sealed.seed, sizeof sealed.seed);
    assert_int_equal(back.templates.size, sizeof templates);
    assert_memory_equal(back.templates.data, templates, sizeof templates);
    assert_int_equal(back.identity.size, bt_identity_encoded_bytes());
    assert_memory_equal(back.identity.data, identity, bt_identity_encoded_bytes());

    for (size_t less = 1; less < size; less += 1 + size / 50)
        assert_int_equal(bt_sealed_decode(NULL, (struct bt_bytes){bytes, size - less}, &back), BT_E_FORMAT);
    assert_int_equal(bt_sealed_decode(NULL, (struct bt_bytes){bytes, 0}, &back), BT_E_FORMAT);
    enum { ID = 12, PARTS = ID + BT_SEALED_RECORD_ID + BT_SEALED_SEED_BYTES };
    /* Version; an id with a blank, one without an end; templates larger than allowed, parts of other sizes. */
    static const struct {
        size_t at;
        uint8_t to[4];
    } damage[] = {{8, {9, 0, 0, 0}},
                  {ID, " 123"},
                  {ID + BT_SEALED_RECORD_ID - 4, "cdef"},
                  {PARTS, {0, 0, 1, 0}},
                  {PARTS, {100, 0, 0, 0}},
                  {PARTS + 4, {1, 0, 0, 0}},
                  {PARTS + 4, {0xff, 0xff, 0xff, 0xff}}};
    for (size_t i = 0; i < BT_COUNT(damage); i++) {
        uint8_t was[4];
        memcpy(was, bytes + damage[i].at, 4);
        memcpy(bytes + damage[i].at, damage[i].to, 4);
        assert_int_equal(bt_sealed_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_E_FORMAT);
        mend(bytes, size);
        assert_int_equal(bt_sealed_decode(NULL, (struct bt_bytes){bytes, size}, &back), BT_E_FORMAT);
        memcpy(bytes + damage[i].at, was, 4);
    }
    assert_string_equal(back.record_id, sealed.record_id); /* untouched by failures */
    free(bytes);
    free(identity);
    bt_identity_destroy(&f);
}

static double ratio_of(const uint16_t *ratio, uint32_t i) {
    return .2126 * ratio[3 * i] + .7152 * ratio[3 * i + 1] + .0722 * ratio[3 * i + 2];
}

/* Half a face seen: the other half is its mirror image; nothing seen: plain skin; no step anywhere in between. */
static void worn_without_holes(void **state) {
    (void)state;
    struct bt_identity *f = made_up();
    struct bt_mask *mask = NULL;
    const uint16_t one = (uint16_t)(65535.0f / BT_MASK_RATIO_MAX + .5f);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
        const uint32_t x = i % BT_MASK_PX, y = i / BT_MASK_PX;
        f->seen[i] = x < 240 && y >= 100 && y < 400 ? 255 : 0;
        for (uint32_t k = 0; k < 3; k++) f->ratio[3 * i + k] = f->seen[i] ? one / 2 : one;
    }
    assert_int_equal(bt_identity_wear(f, &mask), BT_OK);
    assert_string_equal(mask->name, f->name);
    assert_memory_equal(mask->neutral, f->neutral, sizeof f->neutral);
    const uint32_t left = 250 * BT_MASK_PX + 60, right = 250 * BT_MASK_PX + BT_MASK_PX - 61, above = 20 * BT_MASK_PX + 60;
    assert_float_equal(ratio_of(mask->ratio, left) / one, .5, .01);
    assert_float_equal(ratio_of(mask->ratio, right) / one, .54, .02);
    assert_float_equal(ratio_of(mask->ratio, above) / one, 1, .01);
    double worst = 0;
    for (uint32_t i = BT_MASK_PX; i < BT_MASK_TEXELS; i++) {
        const double here = ratio_of(mask->ratio, i) / one;
        if (i % BT_MASK_PX) worst = fmax(worst, fabs(here - ratio_of(mask->ratio, i - 1) / one));
        worst = fmax(worst, fabs(here - ratio_of(mask->ratio, i - BT_MASK_PX) / one));
    }
    print_message("steepest step between neighbours %.3f\n", worst);
    assert_true(worst < .15);
    bt_identity_unwear(&mask);
    assert_null(mask);
    bt_identity_destroy(&f);
}

struct picture {
    uint8_t *rgb;
    float *linear;
    struct bt_vec3 landmark[MASK_VIEW_LANDMARKS];
};

static struct bt_identity_picture look(struct picture *p, const struct bt_mask *mask, float yaw, float pitch) {
    assert_int_equal(mask_view(rig, mask, PX, yaw, pitch, p->rgb, p->landmark), BT_OK);
    mask_view_linear(p->rgb, PX * PX, p->linear);
    return (struct bt_identity_picture){p->linear, PX, PX, p->landmark};
}

static void open_picture(struct picture *p) {
    p->rgb = malloc(PX * PX * 3);
    p->linear = malloc(PX * PX * 12);
    assert_non_null(p->rgb);
    assert_non_null(p->linear);
}

static void close_picture(struct picture *p) {
    free(p->rgb);
    free(p->linear);
}

struct likeness {
    double correlation, error, mesh_cm;
};

/* Log luma of the worn part of the skin, and points of the mesh. Means apart: a ratio's 1 is anybody's choice. */
static struct likeness likeness_of(const struct bt_mask *a, const struct bt_mask *b) {
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    double n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    struct likeness l = {0};
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
            const uint32_t at = i / BT_MASK_PX / 2 * BT_RIG_MAP_PX + i % BT_MASK_PX / 2;
            if (maps->paint[at] < .5f || maps->keep[at] > .02f || maps->pass[at] > .5f || !maps->covered[at]) continue;
            const double x = log(ratio_of(a->ratio, i)), y = log(ratio_of(b->ratio, i));
            if (pass)
                l.error += fabs(x - y - (sa - sb) / n) / n;
            else
                n++, sa += x, sb += y, aa += x * x, bb += y * y, ab += x * y;
        }
    }
    l.correlation = (ab - sa * sb / n) / sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 p = a->neutral[v], q = b->neutral[v];
        l.mesh_cm +=
            sqrt(pow((double)(p.x - q.x), 2) + pow((double)(p.y - q.y), 2) + pow((double)(p.z - q.z), 2)) / BT_RIG_VERTICES;
    }
    return l;
}

/* Fifteen views of a mask: what comes out is that mask, more than any other. */
static void finds_a_known_albedo(void **state) {
    (void)state;
    static const uint32_t which[] = {1, 2, 5};
    struct bt_mask *truth[BT_COUNT(which)] = {NULL};
    for (uint32_t m = 0; m < BT_COUNT(which); m++) assert_int_equal(bt_mask_builtin_grow(rig, which[m], &truth[m]), BT_OK);
    for (uint32_t m = 0; m < BT_COUNT(which); m++) {
        struct bt_identity_builder *builder = NULL;
        struct bt_identity *f = NULL;
        struct bt_mask *worn = NULL;
        struct picture p;
        open_picture(&p);
        assert_int_equal(bt_identity_builder_create(NULL, rig, &builder), BT_OK);
        float before = bt_identity_builder_coverage(builder);
        assert_true(before == 0);
        for (int yaw = -2; yaw <= 2; yaw++) {
            for (int pitch = -1; pitch <= 1; pitch++) {
                const struct bt_identity_picture picture = look(&p, truth[m], (float)yaw * .22f, (float)pitch * .2f);
                assert_int_equal(bt_identity_builder_add(builder, &picture), BT_OK);
                const float now = bt_identity_builder_coverage(builder);
                assert_true(now >= before);
                before = now;
            }
        }
        assert_int_equal(bt_identity_builder_views(builder), 15);
        assert_int_equal(bt_identity_builder_finish(builder, "known", &f), BT_OK);
        assert_int_equal(bt_identity_wear(f, &worn), BT_OK);
        const struct likeness own = likeness_of(worn, truth[m]);
        for (uint32_t other = 0; other < BT_COUNT(which); other++) {
            const struct likeness l = likeness_of(worn, truth[other]);
            print_message("%s against %s: correlation %.3f, error %.3f, mesh %.3f cm\n", truth[m]->name, truth[other]->name,
                          l.correlation, l.error, l.mesh_cm);
            if (other == m)
                assert_true(l.correlation > .75 && l.error < .14 && l.mesh_cm < .18);
            else /* brows and lips are where they are on everybody */
                assert_true(l.correlation < own.correlation - .05 && l.mesh_cm > 2 * own.mesh_cm);
        }
        print_message("coverage %.3f; iris %.3f %.3f %.3f, true %.3f %.3f %.3f\n", (double)before, (double)f->iris[0],
                      (double)f->iris[1], (double)f->iris[2], (double)truth[m]->iris[0], (double)truth[m]->iris[1],
                      (double)truth[m]->iris[2]);
        assert_true(before > .9f);
        for (uint32_t k = 0; k < 3; k++) {
            assert_true(f->iris[k] < 2 * truth[m]->iris[k] + .02f && f->iris[k] > .5f * truth[m]->iris[k] - .02f);
            assert_true(f->skin[k] < 1.6f * truth[m]->skin[k] && f->skin[k] > .6f * truth[m]->skin[k]);
        }
        bt_identity_unwear(&worn);
        bt_identity_destroy(&f);
        bt_identity_builder_destroy(&builder);
        close_picture(&p);
    }
    for (uint32_t m = 0; m < BT_COUNT(which); m++) bt_mask_destroy(&truth[m]);
}

/* A third of the pictures have a grey bar (a hand, a microphone) across the cheek, or a spot of lamp: it does not show. */
static void survives_what_covers(void **state) {
    (void)state;
    struct bt_mask *truth = NULL, *worn[2] = {NULL};
    assert_int_equal(bt_mask_builtin_grow(rig, 1, &truth), BT_OK);
    for (int covered = 0; covered < 2; covered++) {
        struct bt_identity_builder *builder = NULL;
        struct bt_identity *f = NULL;
        struct picture p;
        open_picture(&p);
        assert_int_equal(bt_identity_builder_create(NULL, rig, &builder), BT_OK);
        for (int i = 0; i < 15; i++) {
            const struct bt_identity_picture picture = look(&p, truth, .1f * (float)(i % 5 - 2), .1f * (float)(i / 5 - 1));
            for (uint32_t y = PX / 2; covered && i % 3 == 0 && y < PX * 5 / 8; y++)
                for (uint32_t x = 0; x < PX / 2; x++)
                    for (uint32_t k = 0; k < 3; k++) p.linear[3 * (y * PX + x) + k] = i % 2 ? .02f : .9f;
            assert_int_equal(bt_identity_builder_add(builder, &picture), BT_OK);
        }
        assert_int_equal(bt_identity_builder_finish(builder, "covered", &f), BT_OK);
        assert_int_equal(bt_identity_wear(f, &worn[covered]), BT_OK);
        bt_identity_destroy(&f);
        bt_identity_builder_destroy(&builder);
        close_picture(&p);
    }
    const struct likeness l = likeness_of(worn[0], worn[1]);
    print_message("with and without: correlation %.3f, error %.3f\n", l.correlation, l.error);
    assert_true(l.correlation > .95 && l.error < .03);
    for (int i = 0; i < 2; i++) bt_identity_unwear(&worn[i]);
    bt_mask_destroy(&truth);
}

/* Bad light: an orange lamp, a lamp at one side, a shadow with a sharp edge in every second picture. */
enum light { PLAIN, ORANGE, SIDE_LAMP, SHADOW, LIGHTS };

static void light_up(struct picture *p, enum light light, int number) {
    static const float orange[3] = {1.25f, .8f, .35f};
    for (uint32_t i = 0; i < PX * PX; i++) {
        const float x = (float)(i % PX) / PX;
        for (uint32_t k = 0; k < 3; k++) {
            float *c = &p->linear[3 * i + k];
            if (light == ORANGE) *c *= orange[k];
            if (light == SIDE_LAMP) *c *= .25f + 1.5f * x;
            if (light == SHADOW && number % 2) *c *= x + .3f * (float)(i / PX) / PX > .7f ? .35f : 1;
        }
    }
}

/* Mean difference of log luma between left and right, on plain skin, at the size of a cheek. */
static double lopsided(const struct bt_mask *mask) {
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    double sum = 0, n = 0;
    for (uint32_t y = 0; y < BT_MASK_PX; y += 32) {
        for (uint32_t x = 0; x < BT_MASK_PX / 2; x += 32) {
            double left = 0, right = 0, count = 0;
            for (uint32_t i = 0; i < 32 * 32; i++) {
                const uint32_t r = y + i / 32, c = x + i % 32, at = r / 2 * BT_RIG_MAP_PX + c / 2;
                if (maps->paint[at] < .5f || maps->feature[at] > .05f) continue;
                left += log(ratio_of(mask->ratio, r * BT_MASK_PX + c));
                right += log(ratio_of(mask->ratio, r * BT_MASK_PX + BT_MASK_PX - 1 - c));
                count++;
            }
            if (count < 200) continue;
            sum += fabs(left - right) / count;
            n++;
        }
    }
    return sum / n;
}

static void light_does_not_stay(void **state) {
    (void)state;
    static const char *const name[] = {"plain", "orange", "lamp at one side", "shadow"};
    struct bt_mask *truth = NULL, *worn[LIGHTS] = {NULL};
    assert_int_equal(bt_mask_builtin_grow(rig, 5, &truth), BT_OK);
    for (int light = PLAIN; light < LIGHTS; light++) {
        struct bt_identity_builder *builder = NULL;
        struct bt_identity *f = NULL;
        struct picture p;
        open_picture(&p);
        assert_int_equal(bt_identity_builder_create(NULL, rig, &builder), BT_OK);
        for (int i = 0; i < 15; i++) {
            const struct bt_identity_picture picture = look(&p, truth, .18f * (float)(i % 5 - 2), .1f * (float)(i / 5 - 1));
            light_up(&p, (enum light)light, i);
            assert_int_equal(bt_identity_builder_add(builder, &picture), BT_OK);
        }
        assert_int_equal(bt_identity_builder_finish(builder, "lit", &f), BT_OK);
        assert_int_equal(bt_identity_wear(f, &worn[light]), BT_OK);
        const struct likeness l = likeness_of(worn[light], worn[PLAIN]);
        const double side = lopsided(worn[light]);
        print_message("%s: correlation with plain %.3f, error %.3f, lopsided %.3f; skin %.3f %.3f %.3f\n", name[light],
                      l.correlation, l.error, side, (double)f->skin[0], (double)f->skin[1], (double)f->skin[2]);
        assert_true(l.correlation > .9 && l.error < .04);
        assert_true(side < .06);
        assert_true(f->skin[0] < 2.7f * f->skin[1] && f->skin[2] > .35f * f->skin[1]);
        bt_identity_destroy(&f);
        bt_identity_builder_destroy(&builder);
        close_picture(&p);
    }
    for (int light = PLAIN; light < LIGHTS; light++) bt_identity_unwear(&worn[light]);
    bt_mask_destroy(&truth);
}

static void refuses(void **state) {
    (void)state;
    struct bt_mask *mask = NULL;
    struct bt_identity_builder *builder = NULL;
    struct bt_identity *f = NULL;
    struct picture p;
    open_picture(&p);
    assert_int_equal(bt_mask_builtin_grow(rig, 0, &mask), BT_OK);
    assert_int_equal(bt_identity_builder_create(NULL, rig, &builder), BT_OK);
    struct bt_identity_picture picture = look(&p, mask, 1.1f, 0);
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_E_POSE);
    picture = look(&p, mask, 0, 0);
    for (uint32_t i = 0; i < PX * PX * 3; i++) p.linear[i] *= .01f;
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_E_TOO_DARK);
    picture = look(&p, mask, 0, 0);
    p.landmark[100].x = NAN;
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_E_POSE);
    picture = look(&p, mask, 0, 0);
    for (uint32_t i = 0; i < MASK_VIEW_LANDMARKS; i++) p.landmark[i].x += 2 * PX; /* out of the picture */
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_E_POSE);
    memset(p.landmark, 0, sizeof p.landmark);
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_E_POSE);
    assert_int_equal(bt_identity_builder_views(builder), 0);
    picture = look(&p, mask, 0, 0);
    for (uint32_t i = 0; i < PX * PX * 3; i += 97) p.linear[i] = i % 2 ? NAN : INFINITY; /* a broken sensor */
    assert_int_equal(bt_identity_builder_add(builder, &picture), BT_OK);
    picture = look(&p, mask, 0, 0);
    for (uint32_t i = 1; i < BT_IDENTITY_VIEWS_LEAST; i++) {
        assert_int_equal(bt_identity_builder_finish(builder, "early", &f), BT_E_ARGUMENT);
        assert_int_equal(bt_identity_builder_add(builder, &picture), BT_OK);
    }
    assert_int_equal(bt_identity_builder_finish(builder, "No Name", &f), BT_E_ARGUMENT);
    assert_int_equal(bt_identity_builder_finish(builder, "", &f), BT_E_ARGUMENT);
    assert_int_equal(bt_identity_builder_finish(builder, "a-name-that-is-longer-than-what-there-is-room-for", &f),
                     BT_E_ARGUMENT);
    assert_null(f);
    assert_int_equal(bt_identity_builder_finish(builder, "enough", &f), BT_OK);
    /* What is made passes its own door. */
    struct bt_identity *back = NULL;
    uint8_t *bytes = malloc(bt_identity_encoded_bytes());
    assert_non_null(bytes);
    bt_identity_encode(f, bytes);
    assert_int_equal(bt_identity_decode(NULL, (struct bt_bytes){bytes, bt_identity_encoded_bytes()}, &back), BT_OK);
    assert_memory_equal(f, back, sizeof *f);
    free(bytes);
    bt_identity_destroy(&back);
    bt_identity_destroy(&f);
    bt_identity_builder_destroy(&builder);
    bt_mask_destroy(&mask);
    close_picture(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_there_and_back),
                                       cmocka_unit_test(sealed_there_and_back),
                                       cmocka_unit_test(worn_without_holes),
                                       cmocka_unit_test(finds_a_known_albedo),
                                       cmocka_unit_test(survives_what_covers),
                                       cmocka_unit_test(light_does_not_stay),
                                       cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
