/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/mailbox.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_newest_wins(void **state) {
    (void)state;
    struct bt_mailbox *m = NULL;
    assert_int_equal(bt_mailbox_create(&m), BT_OK);
    uint32_t slot = 99;
    assert_int_equal(bt_mailbox_take(m, 1000000, &slot), BT_E_TIMEOUT);
    assert_int_equal(slot, 99);
    int value[3] = {0};
    value[bt_mailbox_write_slot(m)] = 1;
    assert_false(bt_mailbox_post(m));
    value[bt_mailbox_write_slot(m)] = 2;
    assert_true(bt_mailbox_post(m));
    assert_int_equal(bt_mailbox_take(m, 0, &slot), BT_OK);
    assert_int_equal(value[slot], 2);
    for (int i = 0; i < 5; i++) { /* whatever is posted, the reader's slot is left alone */
        assert_int_not_equal(bt_mailbox_write_slot(m), slot);
        bt_mailbox_post(m);
    }
    bt_mailbox_close(m);
    assert_int_equal(bt_mailbox_take(m, 0, &slot), BT_OK);
    assert_int_equal(bt_mailbox_take(m, INT64_MAX, &slot), BT_E_INTERRUPTED);
    bt_mailbox_destroy(&m);
    assert_null(m);
    bt_mailbox_destroy(&m);
    bt_mailbox_destroy(NULL);
}

enum { POSTS = 20000 };
struct shared {
    struct bt_mailbox *mailbox;
    int value[3][64];
};

static void *writer(void *user) {
    struct shared *s = user;
    for (int i = 1; i <= POSTS; i++) {
        int *slot = s->value[bt_mailbox_write_slot(s->mailbox)];
        for (int k = 0; k < 64; k++) slot[k] = i;
        bt_mailbox_post(s->mailbox);
    }
    bt_mailbox_close(s->mailbox);
    return NULL;
}

static void test_two_threads_see_whole_and_rising_values(void **state) {
    (void)state;
    static struct shared s;
    assert_int_equal(bt_mailbox_create(&s.mailbox), BT_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, writer, &s), 0);
    int last = 0, count = 0;
    uint32_t slot;
    bt_status st;
    while (!(st = bt_mailbox_take(s.mailbox, 5000000000, &slot))) {
        for (int k = 1; k < 64; k++) assert_int_equal(s.value[slot][k], s.value[slot][0]);
        assert_true(s.value[slot][0] > last);
        last = s.value[slot][0];
        count++;
    }
    assert_int_equal(st, BT_E_INTERRUPTED);
    assert_int_equal(last, POSTS);
    assert_true(count > 0);
    pthread_join(thread, NULL);
    bt_mailbox_destroy(&s.mailbox);
}

static void *closer(void *user) {
    bt_clock_sleep_until_ns(bt_clock_now_ns() + 20000000);
    bt_mailbox_close(user);
    return NULL;
}

static void test_close_wakes_the_reader(void **state) {
    (void)state;
    struct bt_mailbox *m = NULL;
    assert_int_equal(bt_mailbox_create(&m), BT_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, closer, m), 0);
    uint32_t slot;
    assert_int_equal(bt_mailbox_take(m, 60000000000, &slot), BT_E_INTERRUPTED);
    pthread_join(thread, NULL);
    bt_mailbox_destroy(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_wins),
        cmocka_unit_test(test_two_threads_see_whole_and_rising_values),
        cmocka_unit_test(test_close_wakes_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
