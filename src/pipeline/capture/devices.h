/* SPDX-License-Identifier: MIT */
/* Which video nodes there are. Opens them to ask for names and formats; takes no picture. */
#ifndef BT_PIPELINE_DEVICES_H
#define BT_PIPELINE_DEVICES_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct v4l2_capability;

struct bt_device {
    char path[64], card[64], driver[32], bus[64];
    bool capture, output; /* what it can do now */
    bool loopback;        /* a v4l2loopback node */
    bool software;     /* no hardware behind it, as far as its driver's name tells: a loopback, or one of the kernel's tests */
    bool busy;         /* somebody streams from it, or writes to it */
    char holder[64];   /* who, where that can be told: "obs (1234)" */
    char formats[256]; /* "YUYV 1280x720@30, MJPG 1920x1080@30", the largest of each */
    bool picked;       /* what run would take: the first free real camera, the first free loopback */
    bt_status opened;  /* BT_OK, or why it could not be asked (permissions) */
};

/* Sorted by number; up to `capacity`. No node at all is BT_OK with 0. */
BT_CHECKED bt_status bt_devices_list(struct bt_log *log, struct bt_device *out_devices, uint32_t capacity, uint32_t *out_count);
/* What is behind one path, links followed; why it could not be asked is in `opened`. */
void bt_devices_look(const char *path, struct bt_device *out_device);
/* By /sys alone, without opening a node: the first camera that is not a v4l2loopback. BT_E_NOT_FOUND says what to do. */
BT_CHECKED bt_status bt_devices_pick_camera(struct bt_log *log, char *out_path, size_t bytes);

/* Which camera it is, whatever its number is now: its name, where it is plugged in, and udev's name by maker and serial number.
 */
struct bt_device_identity {
    char card[32], bus[32]; /* as the driver gives them */
    char link[280];         /* /dev/v4l/by-id/…, or empty */
};
void bt_devices_identify(const char *path, const struct v4l2_capability *cap, struct bt_device_identity *out_identity);
/* The same camera, in whatever socket where it has a name by serial number, else in the same one. */
bool bt_devices_is(const struct bt_device_identity *identity, const struct v4l2_capability *cap);
/* Where that camera may be now: by its link, at its old path, or at any node of its name and socket. Opens only those. */
bool bt_devices_find(const struct bt_device_identity *identity, const char *old_path, char *out_path, size_t bytes);

#endif
