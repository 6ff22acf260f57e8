/* SPDX-License-Identifier: MIT */
/* The signed list of models: read as it was written; every change of a byte, another key's signature, a cut, another schema and
   a field that is not there are told; a file is what the list says or it is not. The list in packaging/models is the release's.
 */
#include "trust/models/models.h"

#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/new_signer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY(file, bytes)                                                                                                     \
    "{\"file\":\"" file "\",\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",\"what\":\"w\","   \
    "\"use\":\"u\",\"needed_by\":\"every session\",\"licence\":\"l\",\"training\":\"t\",\"training_source\":\"s\","            \
    "\"package\":\"p\",\"version\":\"1\",\"sha512\":\"x\",\"bytes\":" bytes "}"
#define LIST(schema, entries) "{\"what\":\"bauta models\",\"schema\":" schema ",\"models\":[" entries "]}"

static struct bt_bytes bytes_of(const char *text) {
    return (struct bt_bytes){(const uint8_t *)text, strlen(text)};
}

static void sign(const struct bt_signer *by, const char *list, char out_hex[2 * BT_SEAL_SIGNATURE_BYTES + 1]) {
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    bt_seal_sign(by, bytes_of(list), signature);
    bt_seal_hex_encode(signature, sizeof signature, out_hex);
}

/* Reads `list` with a signature of its own. */
static bt_status reading(const char *list, struct bt_models **out, const char **out_why) {
    struct bt_signer *by = new_signer();
    char hex[2 * BT_SEAL_SIGNATURE_BYTES + 1];
    sign(by, list, hex);
    const bt_status status = bt_models_read(bytes_of(list), bytes_of(hex), bt_seal_signer_public(by), out, out_why);
    bt_seal_signer_destroy(&by);
    return status;
}

static void reads_and_checks(void **state) {
    (void)state;
    struct bt_models *m = NULL;
    const char *why = NULL;
    char sha256[BT_VAULT_SHA256_HEX];
    assert_int_equal(reading(LIST("1", ENTRY("a.onnx", "3") "," ENTRY("b.bin", "4")), &m, &why), BT_OK);
    assert_int_equal(bt_models_count(m), 2);
    const struct bt_models_entry *a = bt_models_find(m, "a.onnx"), *b = bt_models_at(m, 1);
    assert_non_null(a);
    assert_string_equal(b->file, "b.bin");
    assert_true(a->every_session && a->size_bytes == 3);
    assert_null(bt_models_find(m, "c.onnx"));
    assert_null(bt_models_at(m, 2));
    /* FIPS 180-4's example: SHA-256 of "abc". */
    assert_int_equal(bt_models_check(a, bytes_of("abc"), sha256), BT_OK);
    assert_string_equal(sha256, a->sha256);
    assert_int_equal(bt_models_check(a, bytes_of("abd"), sha256), BT_E_FORMAT);
    assert_string_not_equal(sha256, a->sha256);
    assert_int_equal(bt_models_check(a, bytes_of("ab"), sha256), BT_E_FORMAT);
    assert_int_equal(bt_models_check(b, bytes_of("abc"), sha256), BT_E_FORMAT); /* the size is signed too */
    bt_models_free(&m);
    assert_null(m);
    bt_models_free(&m);
}

static void refuses_what_was_changed(void **state) {
    (void)state;
    const char *list = LIST("1", ENTRY("a.onnx", "3")), *why = NULL;
    struct bt_signer *by = new_signer(), *other = new_signer();
    struct bt_models *m = NULL;
    char hex[2 * BT_SEAL_SIGNATURE_BYTES + 2], *changed = strdup(list);
    assert_non_null(changed);
    sign(by, list, hex);
    const uint8_t *key = bt_seal_signer_public(by);
    for (size_t i = 0; i < strlen(list); i++) {
        changed[i] ^= 1;
        assert_int_equal(bt_models_read(bytes_of(changed), bytes_of(hex), key, &m, &why), BT_E_FORMAT);
        assert_non_null(strstr(why, "changed"));
        changed[i] ^= 1;
    }
    for (size_t i = 0; i < strlen(hex); i++) {
        const char was = hex[i];
        hex[i] = was == '0' ? '1' : '0';
        assert_int_equal(bt_models_read(bytes_of(list), bytes_of(hex), key, &m, &why), BT_E_FORMAT);
        hex[i] = was;
        assert_int_equal(bt_models_read(bytes_of(list), (struct bt_bytes){(uint8_t *)hex, i}, key, &m, &why), BT_E_FORMAT);
        assert_non_null(strstr(why, "cut off"));
    }
    assert_int_equal(bt_models_read(bytes_of(list), bytes_of(hex), bt_seal_signer_public(other), &m, &why), BT_E_FORMAT);
    assert_int_equal(bt_models_read((struct bt_bytes){(const uint8_t *)list, strlen(list) - 1}, bytes_of(hex), key, &m, &why),
                     BT_E_FORMAT);
    assert_null(m);
    strcat(hex, "\n"); /* a text file's last line */
    assert_int_equal(bt_models_read(bytes_of(list), bytes_of(hex), key, &m, &why), BT_OK);
    bt_models_free(&m);
    free(changed);
    bt_seal_signer_destroy(&by);
    bt_seal_signer_destroy(&other);
}

/* Signed, and nonetheless no list. */
static void refuses_what_is_no_list(void **state) {
    (void)state;
    static const char *const lists[] = {
        "",
        "[]",
        "{\"what\":\"bauta models\"}",
        LIST("1", ""),
        LIST("1", ENTRY("a.onnx", "0")),
        LIST("1", ENTRY("a.onnx", "3.5")),
        LIST("1", ENTRY("../a.onnx", "3")),
        LIST("1", ENTRY("a.onnx", "3") "," ENTRY("a.onnx", "3")),
        LIST("1", "{\"file\":\"a.onnx\"}"),
        "{\"what\":\"bauta session manifest\",\"schema\":1,\"models\":[" ENTRY("a.onnx", "3") "]}"};
    struct bt_models *m = NULL;
    const char *why = NULL;
    for (size_t i = 0; i < BT_COUNT(lists); i++) {
        assert_int_equal(reading(lists[i], &m, &why), BT_E_FORMAT);
        assert_null(m);
        assert_non_null(why);
    }
    assert_int_equal(reading(LIST("2", ENTRY("a.onnx", "3")), &m, &why), BT_E_UNSUPPORTED);
    assert_non_null(strstr(why, "another version"));
}

static struct bt_bytes packaged(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/packaging/models/%s", getenv("BAUTA_TEST_SOURCE"), name);
    return bt_test_read(path);
}

static void the_release_signed_its_list(void **state) {
    (void)state;
    struct bt_bytes list = packaged("models.json"), signature = packaged("models.sig");
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    struct bt_models *m = NULL;
    const char *why = NULL;
    bt_models_release(key);
    assert_int_equal(bt_models_read(list, signature, key, &m, &why), BT_OK);
    uint32_t needed = 0;
    for (uint32_t i = 0; i < bt_models_count(m); i++) needed += bt_models_at(m, i)->every_session;
    assert_int_equal(needed, 4);
    assert_int_equal(bt_models_count(m), 6);
    bt_models_free(&m);
    bt_test_free(&list);
    bt_test_free(&signature);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_checks), cmocka_unit_test(refuses_what_was_changed),
                                       cmocka_unit_test(refuses_what_is_no_list),
                                       cmocka_unit_test(the_release_signed_its_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
