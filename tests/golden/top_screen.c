/* SPDX-License-Identifier: MIT */
/* The screen of bauta top against tests/golden/top_screen.txt, and that it stays 80x24 whatever is on it. To renew the file
   after a change that is meant: BAUTA_RENEW=1. */
#include "app/top.h"
#include "control/status.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bt_control_status running(void) {
    static const char *const stages[] = {"capture", "detect", "mesh",     "matte",   "track_cpu",
                                         "swap",    "blend",  "swap_cpu", "disclose"};
    static const double ms[] = {0.41, 1.2, 5.75, 2.5, 0.13, 9.87, 3.2, 0.31, 40.5};
    struct bt_control_status s = {.state = BT_CONTROL_CARD,
                                  .why = BT_E_NO_FACE,
                                  .session = "0123456789abcdef0123456789abcdef",
                                  .face = "colombina",
                                  .device = "Some Discrete Card (a driver 1.2.3)",
                                  .pid = 4711,
                                  .width_px = 1280,
                                  .height_px = 720,
                                  .uptime_s = 3725.9,
                                  .fps = 29.97,
                                  .latency_p50_ms = 31.1,
                                  .latency_p99_ms = 62.4,
                                  .queue_age_ms = 12,
                                  .rss_bytes = 221e6,
                                  .gpu_bytes = 512 << 20,
                                  .frames = 111000,
                                  .masked = 110000,
                                  .held = 100,
                                  .placards = 900,
                                  .camera_dropped = 3,
                                  .output_dropped = 4};
    for (; s.stage_count < BT_COUNT(stages); s.stage_count++) {
        strcpy(s.stage[s.stage_count].name, stages[s.stage_count]);
        s.stage[s.stage_count].ms = ms[s.stage_count];
    }
    s.placards_by_status[BT_E_NO_FACE] = 700;
    s.placards_by_status[BT_E_TWO_FACES] = 150;
    s.placards_by_status[BT_E_PAUSED] = 50;
    return s;
}

static void measure(const char *text, int *out_rows, int *out_columns) {
    int columns = 0;
    *out_rows = *out_columns = 0;
    for (; *text; text++) {
        if (*text == '\n') {
            ++*out_rows;
            columns = 0;
            continue;
        }
        if ((unsigned char)*text < 0x20 || *text == 0x7f) fail_msg("control character %d", *text);
        if (((unsigned char)*text & 0xc0) != 0x80) columns++;
        if (columns > *out_columns) *out_columns = columns;
    }
}

static void test_golden(void **state) {
    (void)state;
    const struct bt_control_status s = running();
    char path[4096], screen[BT_TOP_BYTES], golden[BT_TOP_BYTES] = "";
    bt_top_draw(&s, screen, sizeof screen);
    snprintf(path, sizeof path, "%s/tests/golden/top_screen.txt", getenv("BAUTA_TEST_SOURCE"));
    FILE *file = fopen(path, getenv("BAUTA_RENEW") ? "w" : "r");
    assert_non_null(file);
    if (getenv("BAUTA_RENEW"))
        fputs(screen, file);
    else
        golden[fread(golden, 1, sizeof golden - 1, file)] = 0;
    fclose(file);
    if (!getenv("BAUTA_RENEW")) assert_string_equal(screen, golden);
}

static void test_fits_whatever_comes(void **state) {
    (void)state;
    struct bt_control_status s = running();
    char screen[BT_TOP_BYTES];
    int rows, columns;
    s.stage_count = BT_CONTROL_STAGES_MOST;
    for (uint32_t i = 0; i < s.stage_count; i++) {
        memset(s.stage[i].name, 'w', BT_CONTROL_NAME_BYTES - 1);
        s.stage[i].ms = 1e12;
    }
    memset(s.device, 'd', sizeof s.device - 1);
    memcpy(s.device, "\033[2J\n\xe7\x94\x9f\xe7\x94\x9f", 11);
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) s.placards_by_status[i] = 1e15 + i;
    s.frames = s.masked = s.held = s.placards = s.rss_bytes = 1e18;
    bt_top_draw(&s, screen, sizeof screen);
    measure(screen, &rows, &columns);
    assert_in_range(rows, 10, BT_TOP_ROWS - 1); /* the last line is for the keys */
    assert_in_range(columns, 10, BT_TOP_COLUMNS);
    assert_non_null(strstr(screen, "memory:"));
    memset(&s, 0, sizeof s);
    bt_top_draw(&s, screen, sizeof screen);
    measure(screen, &rows, &columns);
    assert_in_range(rows, 5, BT_TOP_ROWS - 1);
    char small[100];
    bt_top_draw(&s, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_fits_whatever_comes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
