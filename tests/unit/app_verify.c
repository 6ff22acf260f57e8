/* SPDX-License-Identifier: MIT */
/* Does a manifest speak of the pictures that a mark was found in? And what is found beside and in a file. */
#include "app/verify.h"

#include "base/clock.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOW = 1790000000 };
static const int64_t SECOND_NS = 1000000000;
static char folder[64];
static struct bt_signer *signer;

static int setup(void **state) {
    (void)state;
    struct bt_secret *seed = NULL;
    snprintf(folder, sizeof folder, "/tmp/bauta-verify-XXXXXX");
    if (!mkdtemp(folder) || bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, &signer)) return -1;
    bt_secret_destroy(&seed);
    return setenv("XDG_STATE_HOME", folder, 1);
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    bt_seal_signer_destroy(&signer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct bt_manifest sample(void) {
    return (struct bt_manifest){.state = BT_MANIFEST_ENDED,
                                .session = "1a2b3c4d5e6f708192a3b4c5d6e7f809",
                                .mark_key = 1,
                                .start_s = NOW - 100,
                                .end_s = NOW - 40,
                                .source = BT_MANIFEST_CAMERA};
}

static struct bt_verify_look marked(void) {
    return (struct bt_verify_look){.pictures = 900,
                                   .marks = 2,
                                   .mark = {{.session = 0x99999999, .key = 1, .to_ns = 500 * SECOND_NS},
                                            {.session = 0x1a2b3c4d, .key = 1, .from_ns = 10 * SECOND_NS, .to_ns = 70 * SECOND_NS}}};
}

static void fits_or_not(void **state) {
    (void)state;
    struct bt_manifest m = sample();
    struct bt_verify_look look = marked();
    assert_null(bt_verify_misfit(&m, &look, NOW));
    m.session[7] = 'e';
    assert_string_equal(bt_verify_misfit(&m, &look, NOW), "it is another session's");
    look.marks = 0;
    assert_string_equal(bt_verify_misfit(&m, &look, NOW), "no mark was found to hold it against");
    look.marks = 2;
    m = sample();
    m.mark_key = 2;
    assert_string_equal(bt_verify_misfit(&m, &look, NOW), "the mark was made with another key");
    m = sample();
    m.end_s = m.start_s - 1;
    assert_string_equal(bt_verify_misfit(&m, &look, NOW), "it ends before it starts");
    m = sample();
    assert_string_equal(bt_verify_misfit(&m, &look, m.end_s - 301), "it speaks of the future");
    assert_null(bt_verify_misfit(&m, &look, m.end_s - 299)); /* clocks differ */
    look.mark[1].to_ns = 81 * SECOND_NS;
    assert_string_equal(bt_verify_misfit(&m, &look, NOW), "the marked pictures last longer than the session did");
    m.state = BT_MANIFEST_RUNNING; /* it may have gone on */
    assert_null(bt_verify_misfit(&m, &look, NOW));
    m = sample();
    m.source = BT_MANIFEST_FILE; /* slower or faster than the clock */
    assert_null(bt_verify_misfit(&m, &look, NOW));
}

/* Writes a signed manifest; gives its text, malloc'ed. */
static char *written(const struct bt_manifest *m, const char *path) {
    char *text = NULL;
    assert_int_equal(bt_manifest_make(m, signer, false, &text), BT_OK);
    FILE *f = path ? fopen(path, "w") : NULL;
    if (path) assert_true(f && fputs(text, f) >= 0 && !fclose(f));
    return text;
}

static void all_places_are_looked_at(void **state) {
    (void)state;
    char clip[128], beside[160], given[128], kept[192], command[160], hex[65];
    struct bt_verify v = {0};
    struct bt_verify_claims claims;
    const struct bt_verify_look look = marked();
    const struct bt_manifest m = sample();
    struct bt_manifest other = sample();
    snprintf(clip, sizeof clip, "%s/clip.mkv", folder);
    snprintf(beside, sizeof beside, "%s.manifest.json", clip);
    snprintf(given, sizeof given, "%s/given.json", folder);
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_OK);
    assert_true(!claims.count && !claims.against && claims.taken == -1);
    free(claims.claim);

    /* Of the own sessions those whose name and content fit; the others are nobody's fault. */
    snprintf(command, sizeof command, "mkdir -p %s/bauta/sessions", folder);
    assert_int_equal(system(command), 0);
    snprintf(kept, sizeof kept, "%s/bauta/sessions/%s.json", folder, m.session);
    free(written(&m, kept));
    snprintf(other.session, sizeof other.session, "%s", "99999999000000000000000000000000");
    other.mark_key = 7;
    snprintf(kept, sizeof kept, "%s/bauta/sessions/%s.json", folder, other.session);
    free(written(&other, kept));
    memcpy(v.own, bt_seal_signer_public(signer), sizeof v.own);
    v.has_own = true;
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_OK);
    assert_true(claims.count == 1 && !claims.against && claims.taken == 0);
    assert_int_equal(claims.claim[0].place, BT_VERIFY_KEPT);
    assert_int_equal(claims.claim[0].signer, BT_VERIFY_OWN);
    free(claims.claim);

    /* What lies beside or inside speaks against the file when it is another's, or no manifest. */
    free(written(&m, beside));
    char *inside = written(&m, NULL);
    assert_int_equal(bt_verify_claims(&v, clip, inside, &look, &claims), BT_OK);
    assert_true(claims.count == 3 && !claims.against && claims.taken == 0);
    assert_int_equal(claims.claim[0].place, BT_VERIFY_BESIDE);
    assert_int_equal(claims.claim[1].place, BT_VERIFY_INSIDE);
    free(claims.claim);
    inside[strlen(inside) / 2] ^= 1;
    assert_int_equal(bt_verify_claims(&v, clip, inside, &look, &claims), BT_OK);
    assert_true(claims.against && claims.taken == 0 && claims.claim[1].why && !claims.claim[1].genuine);
    free(claims.claim);
    free(inside);
    free(written(&other, given));
    v.manifest = given;
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_OK);
    assert_true(claims.against && claims.taken == 1 && claims.claim[0].place == BT_VERIFY_GIVEN && claims.claim[0].genuine);
    assert_string_equal(claims.claim[0].why, "the mark was made with another key");
    free(claims.claim);

    /* A key that is asked for must have signed. */
    v.manifest = NULL;
    v.has_own = false;
    bt_seal_hex_encode(bt_seal_signer_public(signer), 32, hex);
    v.key = hex;
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_OK);
    assert_true(!claims.against && claims.claim[0].signer == BT_VERIFY_NAMED);
    free(claims.claim);
    hex[0] = hex[0] == '0' ? '1' : '0';
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_OK);
    assert_true(claims.against && claims.taken == -1 && claims.claim[0].signer == BT_VERIFY_UNKNOWN);
    free(claims.claim);
    v.manifest = "/nowhere/m.json";
    assert_int_equal(bt_verify_claims(&v, clip, NULL, &look, &claims), BT_E_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_or_not),
        cmocka_unit_test(all_places_are_looked_at),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
