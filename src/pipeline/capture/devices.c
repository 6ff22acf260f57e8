/* SPDX-License-Identifier: MIT */
#include "pipeline/capture/devices.h"
#include "pipeline/capture/internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t bt_devices_numbers(const char *folder, int *out_numbers, uint32_t capacity) {
    DIR *dir = opendir(folder);
    uint32_t count = 0;
    if (!dir) return 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        int number = -1, used = 0;
        if (sscanf(entry->d_name, "video%4d%n", &number, &used) != 1 || entry->d_name[used] || number < 0) continue;
        uint32_t at = count;
        if (count < capacity)
            count++;
        else if (out_numbers[capacity - 1] < number)
            continue;
        else
            at = capacity - 1;
        for (; at > 0 && out_numbers[at - 1] > number; at--) out_numbers[at] = out_numbers[at - 1];
        out_numbers[at] = number;
    }
    closedir(dir);
    return count;
}

static void append(char *text, size_t bytes, const char *more) {
    const size_t length = strlen(text);
    snprintf(text + length, bytes - length, "%s%s", length ? ", " : "", more);
}

/* "YUYV 1280x720@30": the largest size of each format, at its highest rate. */
static void name_formats(int fd, char *text, size_t bytes) {
    struct bt_offer *offers = calloc(BT_OFFERS_MOST, sizeof *offers);
    if (!offers) return;
    const struct bt_camera_params wish = {.width_px = BT_CAPTURE_MOST_PX, .height_px = BT_CAPTURE_MOST_PX, .rate = 60};
    const uint32_t count = bt_offers_list(fd, &wish, offers, BT_OFFERS_MOST);
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_offer *best = &offers[i];
        bool first = true;
        for (uint32_t k = 0; k < i; k++) first = first && offers[k].fourcc != offers[i].fourcc;
        if (!first) continue;
        for (uint32_t k = i; k < count; k++) {
            const struct bt_offer *o = &offers[k];
            if (o->fourcc != best->fourcc) continue;
            const uint64_t area = (uint64_t)o->width_px * o->height_px, most = (uint64_t)best->width_px * best->height_px;
            const uint64_t rate = (uint64_t)o->rate_num * (best->rate_den ? best->rate_den : 1);
            const uint64_t fastest = (uint64_t)best->rate_num * (o->rate_den ? o->rate_den : 1);
            if (area > most || (area == most && rate > fastest)) best = o;
        }
        char name[5], one[64];
        bt_node_fourcc(best->fourcc, name);
        if (best->rate_num && best->rate_den)
            snprintf(one, sizeof one, "%s %ux%u@%.3g", name, best->width_px, best->height_px,
                     (double)best->rate_num / (double)best->rate_den);
        else
            snprintf(one, sizeof one, "%s %ux%u", name, best->width_px, best->height_px);
        append(text, bytes, one);
    }
    free(offers);
}

/* A trial REQBUFS asks whether somebody streams, and takes nothing: zero buffers. EBUSY: somebody does. */
static bool streams(int fd, uint32_t type) {
    struct v4l2_requestbuffers request = {.count = 0, .type = type, .memory = V4L2_MEMORY_MMAP};
    return bt_node_ioctl(fd, VIDIOC_REQBUFS, &request) && errno == EBUSY;
}

/* Drivers that make their pictures up: the kernel's own (drivers/media/test-drivers) and akvcam. */
static bool is_software(const struct bt_device *d) {
    static const char *const drivers[] = {"vivid", "vimc", "visl", "vicodec", "vim2m", "akvcam"};
    for (size_t i = 0; i < BT_COUNT(drivers); i++)
        if (!strncmp(d->driver, drivers[i], strlen(drivers[i]))) return true;
    return d->loopback;
}

static void ask(struct bt_device *d) {
    struct v4l2_capability cap;
    struct stat status;
    /* No log: a node that cannot be asked is told by d->opened, not as a fault. */
    const int number = stat(d->path, &status) ? errno : 0;
    if (number) {
        d->opened = number == ENOENT ? BT_E_NOT_FOUND : BT_E_IO;
        return;
    }
    const bool held = bt_node_holder(status.st_rdev, d->holder, sizeof d->holder);
    int fd = -1;
    d->opened = bt_node_open(NULL, d->path, &fd, &cap);
    if (d->opened) {
        d->busy = held || d->opened == BT_E_BUSY;
        return;
    }
    const uint32_t caps = bt_node_caps(&cap);
    const char *why = NULL;
    bt_node_text(d->card, sizeof d->card, cap.card, sizeof cap.card);
    bt_node_text(d->driver, sizeof d->driver, cap.driver, sizeof cap.driver);
    bt_node_text(d->bus, sizeof d->bus, cap.bus_info, sizeof cap.bus_info);
    d->loopback = bt_node_is_loopback(&cap);
    d->software = is_software(d);
    d->capture = bt_node_camera_verdict(&cap, &why) == BT_OK;
    d->output = caps & V4L2_CAP_VIDEO_OUTPUT;
    /* A loopback with readers is busy only when it also has a writer, which exclusive_caps shows by taking the output away. */
    d->busy = (d->capture && streams(fd, V4L2_BUF_TYPE_VIDEO_CAPTURE)) || (d->loopback ? held : false);
    if (d->capture) name_formats(fd, d->formats, sizeof d->formats);
    close(fd);
}

bt_status bt_devices_list(struct bt_log *log, struct bt_device *out_devices, uint32_t capacity, uint32_t *out_count) {
    int numbers[BT_DEVICES_MOST];
    uint32_t count = bt_devices_numbers("/dev", numbers, BT_DEVICES_MOST);
    bool camera = false, loopback = false;
    if (count > capacity) {
        bt_log_warning(log, "%u video nodes; the first %u are shown", count, capacity);
        count = capacity;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct bt_device *d = &out_devices[i];
        memset(d, 0, sizeof *d);
        snprintf(d->path, sizeof d->path, "/dev/video%d", numbers[i]);
        ask(d);
        if (d->opened || d->busy) continue;
        bool *taken = d->loopback ? &loopback : &camera;
        d->picked = !*taken && (d->loopback ? d->output : d->capture);
        *taken = *taken || d->picked;
    }
    *out_count = count;
    return BT_OK;
}

void bt_devices_look(const char *path, struct bt_device *out_device) {
    *out_device = (struct bt_device){.opened = BT_E_ARGUMENT};
    if (strlen(path) >= sizeof out_device->path) return;
    snprintf(out_device->path, sizeof out_device->path, "%s", path);
    out_device->opened = BT_OK;
    ask(out_device);
}

static bool exists(const char *folder, int number, const char *name) {
    char path[512];
    const int length = snprintf(path, sizeof path, "%s/video%d/%s", folder, number, name);
    return length > 0 && (size_t)length < sizeof path && !access(path, F_OK);
}

static bool driven_by(const char *folder, int number, const char *driver) {
    char path[512], target[512];
    const int length = snprintf(path, sizeof path, "%s/video%d/device/driver", folder, number);
    if (length < 0 || (size_t)length >= sizeof path) return false;
    const ssize_t got = readlink(path, target, sizeof target - 1);
    if (got <= 0) return false;
    target[got] = 0;
    const char *slash = strrchr(target, '/');
    return !strcmp(slash ? slash + 1 : target, driver);
}

/* A camera may have several nodes: the one with index 0 gives the pictures. */
static bool is_first_node(const char *folder, int number) {
    char path[512], text[16] = "";
    const int length = snprintf(path, sizeof path, "%s/video%d/index", folder, number);
    if (length < 0 || (size_t)length >= sizeof path) return false;
    FILE *file = fopen(path, "re");
    if (!file) return true; /* kernels without it have one node a camera */
    const bool got = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    return got && atoi(text) == 0;
}

bt_status bt_devices_pick_in(struct bt_log *log, const char *folder, char *out_path, size_t bytes) {
    int numbers[BT_DEVICES_MOST], picked = -1;
    const uint32_t count = bt_devices_numbers(folder, numbers, BT_DEVICES_MOST);
    bool loopbacks = false;
    for (uint32_t i = 0; i < count; i++) {
        /* v4l2loopback alone puts max_openers beside its nodes, and they hang on no hardware. */
        if (exists(folder, numbers[i], "max_openers")) {
            loopbacks = true;
            continue;
        }
        if (!exists(folder, numbers[i], "device") || !is_first_node(folder, numbers[i])) continue;
        /* Hardware codecs have nodes too; a USB camera is a camera for certain. */
        const bool certain = driven_by(folder, numbers[i], "uvcvideo");
        if (picked < 0 || certain) picked = numbers[i];
        if (certain) break;
    }
    if (picked < 0) {
        bt_log_error(log, "no camera was found%s: plug one in, name it with --camera, or use a file with --input",
                     loopbacks ? " (only loopbacks)" : "");
        return BT_E_NOT_FOUND;
    }
    const int length = snprintf(out_path, bytes, "/dev/video%d", picked);
    return length > 0 && (size_t)length < bytes ? BT_OK : BT_E_ARGUMENT;
}

bt_status bt_devices_pick_camera(struct bt_log *log, char *out_path, size_t bytes) {
    return bt_devices_pick_in(log, "/sys/class/video4linux", out_path, bytes);
}
