/* SPDX-License-Identifier: MIT */
/* A signed chain: any change, removal, reordering or cut is found, and where. The same without a key: tests/unit/audit.c. */
#include "trust/chain/chain.h"

#include "support/chain_lines.h"
#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/new_signer.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES = 4 };
static char folder[64], path[96], head[112];
static struct bt_signer *signer, *stranger;

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/bauta-chain-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(head, sizeof head, "%s.head", path);
    signer = new_signer();
    stranger = new_signer();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    bt_seal_signer_destroy(&signer);
    bt_seal_signer_destroy(&stranger);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bt_status try_open(const struct bt_signer *key, struct bt_chain **out) {
    struct bt_chain_params params = {.path = path, .what = "the log", .signer = key};
    return bt_chain_open(&params, out);
}

static void grow(const struct bt_signer *key, int lines) {
    struct bt_chain *chain = NULL;
    assert_int_equal(try_open(key, &chain), BT_OK);
    for (int i = 0; i < lines; i++)
        assert_int_equal(bt_chain_append(chain, "{\"event\":\"\\u4e2d \\\"x\\\"\",\"sig_\":1}"), BT_OK);
    bt_chain_close(&chain);
}

static bt_status walk(struct bt_chain_report *report) {
    *report = (struct bt_chain_report){0};
    return bt_chain_walk(NULL, path, bt_seal_signer_public(signer), NULL, NULL, report);
}

static void spit(const char *name, const uint8_t *data, size_t size) {
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void bad_at(uint64_t least, uint64_t most) {
    struct bt_chain_report report;
    struct bt_chain *chain = NULL;
    assert_int_equal(walk(&report), BT_E_FORMAT);
    assert_in_range(report.bad_line, least, most);
    assert_non_null(report.why);
    assert_int_equal(try_open(signer, &chain), BT_E_FORMAT);
    assert_null(chain);
}

static void grows(void **state) {
    (void)state;
    struct bt_chain_report report;
    grow(signer, 2);
    grow(signer, 2);
    assert_int_equal(walk(&report), BT_OK);
    assert_int_equal(report.lines, LINES);
    assert_int_equal(report.unsigned_lines, 0);
    assert_int_equal(bt_chain_walk(NULL, path, bt_seal_signer_public(stranger), NULL, NULL, &report), BT_E_FORMAT);
    assert_int_equal(report.bad_line, 1);
}

static void every_change_is_found(void **state) {
    (void)state;
    grow(signer, LINES);
    struct bt_bytes good = bt_test_read(path);
    uint64_t line = 1;
    for (size_t i = 0; i < good.size; i++) {
        uint8_t *byte = (uint8_t *)(uintptr_t)good.data + i;
        uint8_t was = *byte;
        *byte ^= 1;
        spit(path, good.data, good.size);
        bad_at(line, line + 1);
        *byte = was;
        line += was == '\n';
    }
    bt_test_free(&good);
}

/* Lines taken out, exchanged, doubled. */
static void every_rearrangement_is_found(void **state) {
    (void)state;
    static const int orders[][5] = {{0, 1, 3, -1}, {1, 2, 3, -1}, {0, 2, 1, 3, -1}, {0, 1, 1, 2, 3},
                                    {3, -1},       {0, 1, 2, -1}, {0, -1},          {-1}};
    grow(signer, LINES);
    struct bt_bytes good = bt_test_read(path);
    const uint8_t *start[LINES + 1] = {good.data};
    for (int i = 0; i < LINES; i++) start[i + 1] = (const uint8_t *)memchr(start[i], '\n', good.size) + 1;
    for (size_t o = 0; o < BT_COUNT(orders); o++) {
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        for (int i = 0; i < 5 && orders[o][i] >= 0; i++) {
            const uint8_t *from = start[orders[o][i]];
            size_t size = (size_t)(start[orders[o][i] + 1] - from);
            assert_int_equal(fwrite(from, 1, size, f), size);
        }
        fclose(f);
        if (orders[o][0] == 0 && orders[o][1] == 1 && orders[o][2] == 2) {
            bad_at(4, 4); /* the last line cut off: only the head knows */
        } else {
            bad_at(1, 4);
        }
    }
    bt_test_free(&good);
}

static void the_head_is_watched_too(void **state) {
    (void)state;
    grow(signer, LINES);
    struct bt_bytes good = bt_test_read(head);
    for (size_t i = 0; i + 1 < good.size; i++) {
        uint8_t *byte = (uint8_t *)(uintptr_t)good.data + i;
        *byte ^= 1;
        spit(head, good.data, good.size);
        bad_at(LINES + 1, LINES + 1);
        *byte ^= 1;
    }
    assert_int_equal(unlink(head), 0);
    bad_at(LINES + 1, LINES + 1);
    spit(head, good.data, good.size);
    struct bt_chain_report report;
    assert_int_equal(walk(&report), BT_OK);
    bt_test_free(&good);
}

/* A crash after the line and before the head. */
static void one_line_more_than_the_head_is_a_crash(void **state) {
    (void)state;
    struct bt_chain_report report;
    grow(signer, 2);
    struct bt_bytes old = bt_test_read(head);
    grow(signer, 1);
    spit(head, old.data, old.size);
    assert_int_equal(walk(&report), BT_OK);
    grow(signer, 1);
    assert_int_equal(walk(&report), BT_OK);
    assert_int_equal(report.lines, 4);
    spit(head, old.data, old.size); /* two are no crash */
    bad_at(5, 5);
    bt_test_free(&old);
}

/* A log begun before there was a key is carried on, and not the other way. */
static void signing_begins_and_does_not_end(void **state) {
    (void)state;
    struct bt_chain_report report;
    grow(NULL, 2);
    grow(signer, 2);
    assert_int_equal(walk(&report), BT_OK);
    assert_int_equal(report.unsigned_lines, 2);
    grow(NULL, 1);
    bad_at(5, 5);
}

static void refuses_what_is_no_object(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "", "[]", "1", "{", "{\"n\":1}", "{\"prev\":\"\"}", "{\"sig\":\"\"}", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"};
    struct bt_chain *chain = NULL;
    struct bt_chain_report report;
    assert_int_equal(try_open(signer, &chain), BT_OK);
    for (size_t i = 0; i < BT_COUNT(wrong); i++) assert_int_not_equal(bt_chain_append(chain, wrong[i]), BT_OK);
    assert_int_equal(bt_chain_count(chain), 0);
    assert_int_equal(bt_chain_append(chain, "{}"), BT_OK);
    bt_chain_close(&chain);
    assert_int_equal(walk(&report), BT_OK);
    assert_int_equal(report.lines, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(grows, setup, teardown),
        cmocka_unit_test_setup_teardown(every_change_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(every_rearrangement_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(the_head_is_watched_too, setup, teardown),
        cmocka_unit_test_setup_teardown(one_line_more_than_the_head_is_a_crash, setup, teardown),
        cmocka_unit_test_setup_teardown(signing_begins_and_does_not_end, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_object, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
