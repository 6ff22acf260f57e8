/* SPDX-License-Identifier: MIT */
/* Manifests: what is written is read again; every change of every field, a foreign signature, a cut, a later schema are told.
 */
#include "trust/manifest/manifest.h"

#include "support/cmocka.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char DIGEST[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static struct bt_signer *signer, *other;

static int setup(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bt_secret *seed = NULL;
        if (bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, i ? &other : &signer)) return -1;
        bt_secret_destroy(&seed);
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    bt_seal_signer_destroy(&signer);
    bt_seal_signer_destroy(&other);
    return 0;
}

static struct bt_manifest sample(void) {
    struct bt_manifest m = {.state = BT_MANIFEST_ENDED,
                            .session = "1a2b3c4d5e6f708192a3b4c5d6e7f809",
                            .mark_key = 3,
                            .start_s = 1790000000,
                            .end_s = 1790000600,
                            .software = "bauta",
                            .version = "0.1.0",
                            .model = {{.name = "face_mesh"}, {.name = "face_detector"}},
                            .models = 2,
                            .profile = {"strictest-common", "kr"},
                            .profiles = 2,
                            .source = BT_MANIFEST_FILE,
                            .role = BT_MANIFEST_LENT,
                            .pseudonym = "ffeeddccbbaa99887766554433221100",
                            .counts = {.masked = 900, .held = 7, .pauses = 2},
                            .audit_lines = 12,
                            .origin = BT_MANIFEST_INSTALLATION};
    m.counts.placards[BAUTA_E_NO_FACE] = 40;
    m.counts.placards[BAUTA_E_POSE] = 2;
    memcpy(m.software_sha256, DIGEST, sizeof DIGEST);
    memcpy(m.model[0].sha256, DIGEST, sizeof DIGEST);
    memcpy(m.model[1].sha256, DIGEST, sizeof DIGEST);
    memcpy(m.audit_head, DIGEST, sizeof DIGEST);
    memcpy(m.key, bt_seal_signer_public(signer), sizeof m.key);
    return m;
}

static char *written(bool compact) {
    const struct bt_manifest m = sample();
    char *json = NULL;
    assert_int_equal(bt_manifest_make(&m, signer, compact, &json), BT_OK);
    return json;
}

static bt_status reading(const char *json, size_t size, const char **out_why) {
    struct bt_manifest m;
    memset(&m, 0x55, sizeof m);
    const struct bt_manifest before = m;
    const bt_status status = bt_manifest_read((struct bt_bytes){(const uint8_t *)json, size}, &m, out_why);
    if (status) assert_memory_equal(&m, &before, sizeof m);
    return status;
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    const struct bt_manifest m = sample();
    for (int compact = 0; compact < 2; compact++) {
        char *json = written(compact);
        struct bt_manifest again;
        const char *why = NULL;
        assert_int_equal(strchr(json, '\n') == NULL, compact);
        assert_int_equal(bt_manifest_read((struct bt_bytes){(const uint8_t *)json, strlen(json)}, &again, &why), BT_OK);
        assert_memory_equal(&again, &m, sizeof m);
        free(json);
    }
    assert_int_equal(bt_manifest_payload(m.session), 0x1a2b3c4d);
    assert_int_equal(bt_manifest_frames(&m.counts), 949);
    assert_int_equal(bt_manifest_placards(&m.counts), 42);
}

/* Order and white space of the file are free: what is signed is the canonical form (RFC 8785), made here by hand. */
static void signs_the_canonical_bytes(void **state) {
    (void)state;
    char *json = written(false), hex[2 * BT_SEAL_SIGNATURE_BYTES + 1];
    const char *why = NULL;
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    json_t *root = json_loads(json, 0, NULL);
    char *sorted = json_dumps(root, JSON_SORT_KEYS | JSON_INDENT(7));
    assert_int_equal(reading(sorted, strlen(sorted), &why), BT_OK);
    snprintf(hex, sizeof hex, "%s", json_string_value(json_object_get(root, "signature")));
    assert_int_equal(bt_seal_hex_decode(hex, signature, sizeof signature), BT_OK);
    char expected[4096], key[65], fingerprint[BT_MANIFEST_FINGERPRINT];
    bt_seal_hex_encode(bt_seal_signer_public(signer), 32, key);
    assert_int_equal(bt_manifest_fingerprint(bt_seal_signer_public(signer), fingerprint), BT_OK);
    snprintf(
        expected, sizeof expected,
        "{\"audit\":{\"head\":\"%s\",\"lines\":12},\"digital_source_type\":\"http://cv.iptc.org/newscodes/"
        "digitalsourcetype/compositeWithTrainedAlgorithmicMedia\",\"end\":\"2026-09-21T14:23:20Z\",\"face\":{\"pseudonym\":"
        "\"ffeeddccbbaa99887766554433221100\",\"role\":\"lent\"},\"frames\":{\"held\":7,\"masked\":900,\"placards\":42,"
        "\"total\":949},\"key\":{\"fingerprint\":\"%s\",\"origin\":\"installation\",\"public\":\"%s\"},\"mark\":{\"key\":3,"
        "\"payload\":\"1a2b3c4d\"},\"models\":{\"face_detector\":\"%s\",\"face_mesh\":\"%s\"},\"pauses\":2,"
        "\"placards\":{\"%s\":40,\"%s\":2},\"profiles\":[\"strictest-common\",\"kr\"],\"schema\":1,\"session\":"
        "\"1a2b3c4d5e6f708192a3b4c5d6e7f809\",\"software\":{\"name\":\"bauta\",\"sha256\":\"%s\",\"version\":\"0.1.0\"},"
        "\"source\":\"file\",\"start\":\"2026-09-21T14:13:20Z\",\"state\":\"ended\",\"what\":\"bauta session manifest\","
        "\"why\":\"%s\"}",
        DIGEST, fingerprint, key, DIGEST, DIGEST, bauta_status_text(BAUTA_E_NO_FACE), bauta_status_text(BAUTA_E_POSE), DIGEST,
        bauta_status_text(BAUTA_OK));
    assert_int_equal(bt_seal_verify(bt_seal_signer_public(signer),
                                    (struct bt_bytes){(const uint8_t *)expected, strlen(expected)}, signature),
                     BT_OK);
    free(sorted);
    free(json);
    json_decref(root);
}

/* Changes the `wanted`-th value below `at`, counted by *seen; false: there are not so many. */
static bool change(json_t *at, size_t wanted, size_t *seen) {
    const char *key;
    json_t *value;
    size_t i;
    if (json_is_object(at)) {
        json_object_foreach(at, key, value) {
            if (json_is_object(value) || json_is_array(value)) {
                if (change(value, wanted, seen)) return true;
            } else if ((*seen)++ == wanted) {
                char text[256];
                snprintf(text, sizeof text, "%s", json_string_value(value) ? json_string_value(value) : "");
                text[0] = text[0] == '1' ? '2' : '1';
                json_t *changed = json_is_integer(value) ? json_integer(json_integer_value(value) + 1) : json_string(text);
                return !json_object_set_new(at, key, changed);
            }
        }
    }
    if (json_is_array(at)) {
        json_array_foreach(at, i, value) {
            if ((*seen)++ == wanted) return !json_array_set_new(at, i, json_string("none"));
        }
    }
    return false;
}

static void tells_every_change(void **state) {
    (void)state;
    char *json = written(true);
    const char *why = NULL;
    size_t changed = 0;
    for (;; changed++) {
        json_t *root = json_loads(json, 0, NULL);
        size_t seen = 0;
        const bool done = change(root, changed, &seen);
        char *text = json_dumps(root, JSON_COMPACT);
        json_decref(root);
        const bt_status status = done ? reading(text, strlen(text), &why) : BT_E_END;
        free(text);
        if (!done) break;
        assert_true(status == BT_E_FORMAT || status == BT_E_UNSUPPORTED); /* the latter: of the schema */
    }
    assert_int_equal(changed, 33);
    /* Members added or taken away. */
    for (int i = 0; i < 3; i++) {
        json_t *root = json_loads(json, 0, NULL);
        if (i == 0) json_object_set_new(root, "note", json_string("x"));
        if (i == 1) json_object_del(root, "pauses");
        if (i == 2) json_object_del(root, "signature");
        char *text = json_dumps(root, JSON_COMPACT);
        assert_int_equal(reading(text, strlen(text), &why), BT_E_FORMAT);
        assert_string_equal(why, i == 2 ? "it is not signed" : "it was changed after it was signed");
        free(text);
        json_decref(root);
    }
    free(json);
}

/* Signs `root` as it is by `with`, whose key it then names. */
static char *sign(json_t *root, const struct bt_signer *with) {
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    char hex[2 * BT_SEAL_SIGNATURE_BYTES + 1];
    json_object_del(root, "signature");
    char *bytes = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    bt_seal_sign(with, (struct bt_bytes){(const uint8_t *)bytes, strlen(bytes)}, signature);
    bt_seal_hex_encode(signature, sizeof signature, hex);
    json_object_set_new(root, "signature", json_string(hex));
    free(bytes);
    return json_dumps(root, JSON_COMPACT);
}

static void a_foreign_key_is_named(void **state) {
    (void)state;
    char *json = written(true), hex[65];
    const char *why = NULL;
    json_t *root = json_loads(json, 0, NULL);
    char *text = sign(root, other); /* it still names the first key */
    assert_int_equal(reading(text, strlen(text), &why), BT_E_FORMAT);
    free(text);
    bt_seal_hex_encode(bt_seal_signer_public(other), 32, hex);
    json_object_set_new(json_object_get(root, "key"), "public", json_string(hex));
    text = sign(root, other);
    struct bt_manifest m;
    assert_int_equal(bt_manifest_read((struct bt_bytes){(const uint8_t *)text, strlen(text)}, &m, &why), BT_OK);
    assert_memory_equal(m.key, bt_seal_signer_public(other), 32);
    free(text);
    free(json);
    json_decref(root);
}

/* Rightly signed, and still not to be trusted with what it says. */
static void wrong_fields_are_refused(void **state) {
    (void)state;
    static const char *const wrong[][3] = {
        {NULL, "state", "\"over\""},
        {NULL, "session", "\"1a2b3c4d\""},
        {NULL, "start", "\"yesterday\""},
        {NULL, "models", "{\"a\":7}"},
        {NULL, "profiles", "7"},
        {NULL, "placards", "{\"no reason\":1}"},
        {NULL, "pauses", "-1"},
        {NULL, "pauses", "1.5"},
        {NULL, "session", "\"0a2b3c4d5e6f708192a3b4c5d6e7f809\""},
        {"face", "role", "\"somebody\""},
        {"mark", "key", "4294967296"},
        {"mark", "payload", "\"00000000\""},
        {"frames", "masked", "901"},
        {"key", "origin", "\"mine\""},
        {"audit", "lines", "\"12\""},
        {"face", "pseudonym", "[\"x\"]"},
        {NULL, "why", "\"because\""},
        {NULL, "schema", "0"},
    };
    char *json = written(true);
    const char *why = NULL;
    for (size_t i = 0; i < BT_COUNT(wrong); i++) {
        json_t *root = json_loads(json, 0, NULL);
        json_t *value = json_loads(wrong[i][2], JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        json_object_set_new(wrong[i][0] ? json_object_get(root, wrong[i][0]) : root, wrong[i][1], value);
        char *text = sign(root, signer);
        assert_int_equal(reading(text, strlen(text), &why), BT_E_FORMAT);
        assert_string_equal(why, "a field is missing or not what it should be");
        free(text);
        json_decref(root);
    }
    free(json);
}

static void other_bytes_are_refused(void **state) {
    (void)state;
    char *json = written(true);
    const char *why = NULL;
    const size_t size = strlen(json);
    for (size_t cut = 0; cut < size; cut++) assert_int_equal(reading(json, cut, &why), BT_E_FORMAT);
    char *large = calloc(1, BT_MANIFEST_MOST_BYTES + 1);
    memset(large, ' ', BT_MANIFEST_MOST_BYTES + 1);
    memcpy(large, json, size);
    assert_int_equal(reading(large, BT_MANIFEST_MOST_BYTES, &why), BT_OK);
    assert_int_equal(reading(large, BT_MANIFEST_MOST_BYTES + 1, &why), BT_E_FORMAT);
    free(large);
    json_t *root = json_loads(json, 0, NULL);
    json_object_set_new(root, "schema", json_integer(BT_MANIFEST_SCHEMA + 1));
    char *text = sign(root, signer);
    assert_int_equal(reading(text, strlen(text), &why), BT_E_UNSUPPORTED);
    free(text);
    json_decref(root);
    free(json);
}

/* Names and order as GB 45438-2025 has them. */
static void aigc_field(void **state) {
    (void)state;
    const struct bt_manifest m = sample();
    char *json = NULL;
    assert_int_equal(bt_manifest_aigc(&m, &json), BT_OK);
    assert_string_equal(
        json, "{\"Label\":\"1\",\"ContentProducer\":\"bauta 0.1.0\",\"ProduceID\":\"1a2b3c4d5e6f708192a3b4c5d6e7f809\","
              "\"ReservedCode1\":\"\",\"ContentPropagator\":\"\",\"PropagateID\":\"\",\"ReservedCode2\":\"\"}");
    free(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(signs_the_canonical_bytes),
        cmocka_unit_test(tells_every_change),
        cmocka_unit_test(a_foreign_key_is_named),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(other_bytes_are_refused),
        cmocka_unit_test(aigc_field),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
