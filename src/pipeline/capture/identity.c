/* SPDX-License-Identifier: MIT */
/* A camera found again: node numbers are given out anew at every plugging in. */
#include "pipeline/capture/devices.h"
#include "pipeline/capture/internal.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bt_device_folders real = {"/dev", "/dev/v4l/by-id", "/sys/class/video4linux"};

/* Both name the same thing, links followed. */
static bool same_node(const char *a, const char *b) {
    struct stat x, y;
    if (stat(a, &x) || stat(b, &y)) return false;
    return S_ISCHR(x.st_mode) ? S_ISCHR(y.st_mode) && x.st_rdev == y.st_rdev : x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void bt_devices_identify_in(const struct bt_device_folders *folders, const char *path, const struct v4l2_capability *cap,
                            struct bt_device_identity *out_identity) {
    struct bt_device_identity identity = {0};
    memcpy(identity.card, cap->card, sizeof identity.card);
    memcpy(identity.bus, cap->bus_info, sizeof identity.bus);
    DIR *links = opendir(folders->links);
    for (const struct dirent *entry; links && (entry = readdir(links)) && !identity.link[0];) {
        char link[sizeof identity.link];
        const int length = snprintf(link, sizeof link, "%s/%s", folders->links, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof link || entry->d_name[0] == '.') continue;
        if (same_node(link, path)) memcpy(identity.link, link, (size_t)length + 1);
    }
    if (links) closedir(links);
    *out_identity = identity;
}

void bt_devices_identify(const char *path, const struct v4l2_capability *cap, struct bt_device_identity *out_identity) {
    bt_devices_identify_in(&real, path, cap, out_identity);
}

bool bt_devices_is(const struct bt_device_identity *identity, const struct v4l2_capability *cap) {
    if (memcmp(identity->card, cap->card, sizeof identity->card) != 0) return false;
    return identity->link[0] || !memcmp(identity->bus, cap->bus_info, sizeof identity->bus);
}

static bool is_there(const struct bt_device_identity *identity, const char *path) {
    struct v4l2_capability cap;
    const char *why = NULL;
    int fd = -1;
    if (bt_node_open(NULL, path, &fd, &cap)) return false;
    close(fd);
    return bt_devices_is(identity, &cap) && !bt_node_camera_verdict(&cap, &why);
}

/* By /sys alone, since opening a camera wakes it: some drivers lengthen the card's name there, some cut it. */
static bool may_be(const char *sys, int number, const struct bt_device_identity *identity) {
    char path[512], name[64] = "";
    const int length = snprintf(path, sizeof path, "%s/video%d/name", sys, number);
    FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
    if (!file) return true;
    const bool got = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    name[strcspn(name, "\n")] = 0;
    const size_t card = strnlen(identity->card, sizeof identity->card), most = strlen(name) < card ? strlen(name) : card;
    return got && most && !strncmp(name, identity->card, most);
}

bool bt_devices_find_in(const struct bt_device_folders *folders, const struct bt_device_identity *identity,
                        const char *old_path, char *out_path, size_t bytes) {
    int numbers[BT_DEVICES_MOST];
    if (is_there(identity, old_path)) return snprintf(out_path, bytes, "%s", old_path) < (int)bytes;
    if (identity->link[0]) {
        char path[4096];
        const ssize_t length = readlink(identity->link, path, sizeof path - 1);
        if (length <= 0) return false; /* udev makes it last: nothing is there before */
        path[length] = 0;
        const char *slash = strrchr(path, '/');
        const int wrote = snprintf(out_path, bytes, "%s/%s", folders->nodes, slash ? slash + 1 : path);
        return wrote > 0 && (size_t)wrote < bytes && is_there(identity, out_path);
    }
    const uint32_t count = bt_devices_numbers(folders->nodes, numbers, BT_DEVICES_MOST);
    for (uint32_t i = 0; i < count; i++) {
        const int wrote = snprintf(out_path, bytes, "%s/video%d", folders->nodes, numbers[i]);
        if (wrote > 0 && (size_t)wrote < bytes && may_be(folders->sys, numbers[i], identity) && is_there(identity, out_path))
            return true;
    }
    return false;
}

bool bt_devices_find(const struct bt_device_identity *identity, const char *old_path, char *out_path, size_t bytes) {
    return bt_devices_find_in(&real, identity, old_path, out_path, bytes);
}
