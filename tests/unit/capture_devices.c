/* SPDX-License-Identifier: MIT */
/* The choice of a camera by /sys, on folders made here; and listing, whatever this machine has. */
#include "base/log.h"
#include "pipeline/capture/devices.h"
#include "pipeline/capture/internal.h"
#include "support/cmocka.h"
#include "support/video.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct node {
    int number, index; /* index -1: no such file */
    const char *driver;
    bool loopback;
};

static void make_node(const char *folder, const struct node *n) {
    char path[512], target[128];
    snprintf(path, sizeof path, "%s/video%d", folder, n->number);
    assert_int_equal(mkdir(path, 0700), 0);
    if (n->index >= 0) {
        snprintf(path, sizeof path, "%s/video%d/index", folder, n->number);
        snprintf(target, sizeof target, "%d\n", n->index);
        test_file_write(path, target, strlen(target));
    }
    if (n->loopback) {
        snprintf(path, sizeof path, "%s/video%d/max_openers", folder, n->number);
        test_file_write(path, "10\n", 3);
    }
    if (n->driver) {
        snprintf(path, sizeof path, "%s/video%d/device", folder, n->number);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/video%d/device/driver", folder, n->number);
        snprintf(target, sizeof target, "../../../bus/usb/drivers/%s", n->driver);
        assert_int_equal(symlink(target, path), 0);
    }
}

static void test_pick(void **state) {
    (void)state;
    static const struct {
        const char *want; /* NULL: none */
        struct node nodes[4];
        int count;
    } cases[] = {
        {NULL, {{0}}, 0},
        {"/dev/video0", {{0, 0, "uvcvideo", false}, {1, 1, "uvcvideo", false}}, 2},
        {NULL, {{0, 0, NULL, true}, {9, 0, NULL, true}}, 2},
        {"/dev/video10", {{2, 0, NULL, true}, {10, 0, "uvcvideo", false}}, 2}, /* by number, not by name */
        {"/dev/video4", {{3, 0, "bcm2835-codec", false}, {4, 0, "uvcvideo", false}}, 2},
        {"/dev/video3", {{3, 0, "vivid", false}, {5, 0, "em28xx", false}}, 2},
        {"/dev/video2", {{1, 1, "uvcvideo", false}, {2, 0, "uvcvideo", false}}, 2}, /* not the metadata node */
        {"/dev/video6", {{6, -1, "old", false}}, 1},
        {NULL, {{7, 0, NULL, false}}, 1}, /* hangs on nothing */
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        char folder[256], path[64] = "untouched";
        test_folder(folder, sizeof folder);
        for (int k = 0; k < cases[i].count; k++) make_node(folder, &cases[i].nodes[k]);
        const bt_status st = bt_devices_pick_in(NULL, folder, path, sizeof path);
        assert_int_equal(st, cases[i].want ? BT_OK : BT_E_NOT_FOUND);
        assert_string_equal(path, cases[i].want ? cases[i].want : "untouched");
        if (cases[i].want) assert_int_equal(bt_devices_pick_in(NULL, folder, path, 5), BT_E_ARGUMENT);
        test_folder_remove(folder);
    }
    char path[64];
    assert_int_equal(bt_devices_pick_in(NULL, "/no/such/folder", path, sizeof path), BT_E_NOT_FOUND);
}

static void test_list_never_fails(void **state) {
    (void)state;
    struct bt_device *devices = calloc(64, sizeof *devices);
    uint32_t count = 99;
    assert_int_equal(bt_devices_list(NULL, devices, 64, &count), BT_OK);
    assert_true(count <= 64);
    for (uint32_t i = 1; i < count; i++) assert_true(atoi(devices[i].path + 10) > atoi(devices[i - 1].path + 10));
    assert_int_equal(bt_devices_list(NULL, devices, 0, &count), BT_OK);
    assert_int_equal(count, 0);
    free(devices);
}

static void seen(void *user, enum bt_log_level level, const char *line) {
    if (level == BT_LOG_ERROR) snprintf(user, 256, "%.250s", line);
}

static void test_what_is_no_camera(void **state) {
    (void)state;
    static const struct {
        const char *path, *says;
        bt_status want;
    } cases[] = {
        {"/dev/video-none", "no such device", BT_E_NOT_FOUND},
        {"/dev/null", "not a video device", BT_E_UNSUPPORTED},
        {"/", "/", BT_E_IO}, /* a folder cannot be opened for writing */
    };
    char line[256] = "";
    struct bt_log *log = bt_log_create(seen, line, BT_LOG_DEBUG);
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_source *source = NULL;
        const struct bt_camera_params params = {.log = log, .path = cases[i].path};
        line[0] = 0;
        assert_int_equal(bt_source_open_camera(&params, &source), cases[i].want);
        assert_null(source);
        assert_non_null(strstr(line, cases[i].path));
        assert_non_null(strstr(line, cases[i].says));
    }
    struct bt_source *source = NULL;
    const struct bt_camera_params nothing = {.log = log};
    assert_int_equal(bt_source_open_camera(&nothing, &source), BT_E_ARGUMENT);
    bt_log_destroy(&log);
}

static void test_holder_names_other_processes(void **state) {
    (void)state;
    /* a child that holds /dev/full open is found by the device's number; we ourselves are not */
    int ready[2], done[2];
    char text[4096] = "x", byte = 0;
    struct stat status;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    assert_int_equal(stat("/dev/full", &status), 0);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open("/dev/full", O_RDONLY);
        if (fd >= 0 && write(ready[1], "r", 1) == 1) (void)!read(done[0], &byte, 1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(bt_node_holder(status.st_rdev, text, sizeof text));
    char number[32];
    snprintf(number, sizeof number, "(%d)", (int)child);
    assert_non_null(strstr(text, number));
    assert_true(bt_node_holder(status.st_rdev, text, 4) || text[3] == 0); /* little room is no overrun */
    assert_int_equal(write(done[1], "d", 1), 1);
    for (int i = 0; i < 4; i++) close(i < 2 ? ready[i] : done[i - 2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pick),
        cmocka_unit_test(test_list_never_fails),
        cmocka_unit_test(test_what_is_no_camera),
        cmocka_unit_test(test_holder_names_other_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
