/* SPDX-License-Identifier: MIT */
/* A shader's decorations against what C says of it: every single difference is noticed. */
#include "gpu/smoke.h"
#include "gpu/spirv.h"
#include "spv/gpu_smoke.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const enum bt_slot slots[] = {BT_SLOT_STORAGE, BT_SLOT_UNIFORM, BT_SLOT_TEXELS, BT_SLOT_SAMPLED, BT_SLOT_IMAGE};

static struct bt_kernel_params right(void) {
    return (struct bt_kernel_params){
        .slots = slots, .slot_count = BT_COUNT(slots), .constant_count = 3, .push_bytes = sizeof(struct smoke_push)};
}

static struct bt_spirv_facts read_smoke(void) {
    struct bt_spirv_facts facts;
    assert_int_equal(bt_spirv_read(bt_spv_gpu_smoke, bt_spv_gpu_smoke_bytes, &facts), BT_OK);
    return facts;
}

static void reads_each_kind(void **state) {
    (void)state;
    struct bt_spirv_facts facts = read_smoke();
    assert_int_equal(facts.bindings, 31);
    for (size_t i = 0; i < BT_COUNT(slots); i++) assert_int_equal(facts.slot[i], slots[i]);
    assert_int_equal(facts.push_bytes, 16);
    assert_int_equal(facts.constants, 3);
}

static void every_difference_is_noticed(void **state) {
    (void)state;
    struct bt_spirv_facts facts = read_smoke();
    struct bt_kernel_params p = right();
    uint32_t at;
    assert_null(bt_spirv_mismatch(&facts, &p, &at));
    for (size_t i = 0; i < BT_COUNT(slots); i++)
        for (size_t kind = 0; kind < BT_COUNT(slots); kind++) {
            enum bt_slot other[BT_COUNT(slots)];
            memcpy(other, slots, sizeof slots);
            other[i] = (enum bt_slot)kind;
            p.slots = other;
            const char *wrong = bt_spirv_mismatch(&facts, &p, &at);
            if (other[i] == slots[i]) {
                assert_null(wrong);
            } else {
                assert_non_null(wrong);
                assert_int_equal(at, i);
            }
        }
    p = right();
    p.slot_count--;
    assert_non_null(bt_spirv_mismatch(&facts, &p, &at));
    p = right();
    p.push_bytes += 4;
    assert_non_null(bt_spirv_mismatch(&facts, &p, &at));
    p.push_bytes -= 8;
    assert_non_null(bt_spirv_mismatch(&facts, &p, &at));
    p = right();
    p.constant_count--;
    assert_non_null(bt_spirv_mismatch(&facts, &p, &at));
}

/* Damaged words are read without leaving them; most are refused, none crash. */
static void survives_damage(void **state) {
    (void)state;
    struct bt_spirv_facts facts;
    size_t words = bt_spv_gpu_smoke_bytes / 4;
    uint32_t *copy = malloc(bt_spv_gpu_smoke_bytes);
    assert_non_null(copy);
    for (size_t n = 0; n < words; n++) {
        uint32_t *cut = malloc(4 * n + 1);
        memcpy(cut, bt_spv_gpu_smoke, 4 * n);
        if (n < 5) assert_int_equal(bt_spirv_read(cut, 4 * n, &facts), BT_E_FORMAT);
        if (bt_spirv_read(cut, 4 * n, &facts)) facts.bindings = 0;
        free(cut);
        memcpy(copy, bt_spv_gpu_smoke, bt_spv_gpu_smoke_bytes);
        static const uint32_t masks[] = {1, 0x10000, 0xffffffff, 0x80000000};
        for (size_t k = 0; k < BT_COUNT(masks); k++) {
            copy[n] = bt_spv_gpu_smoke[n] ^ masks[k];
            if (bt_spirv_read(copy, bt_spv_gpu_smoke_bytes, &facts)) facts.bindings = 0;
        }
    }
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_each_kind), cmocka_unit_test(every_difference_is_noticed),
                                       cmocka_unit_test(survives_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
