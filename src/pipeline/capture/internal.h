/* SPDX-License-Identifier: MIT */
/* What the files of capture/ share. */
#ifndef BT_CAPTURE_INTERNAL_H
#define BT_CAPTURE_INTERNAL_H

#include "base/log.h"
#include "base/status.h"
#include "pipeline/capture/capture.h"
#include "pipeline/node/node.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BT_CAPTURE_LEAST_PX = 16, BT_CAPTURE_MOST_PX = 8192, BT_CAPTURE_FPS = 30 };
#define BT_CAPTURE_SILENCE_NS INT64_C(2000000000) /* longer without a frame is a fault */

/* ---- what a camera offers, and the choice (offers.c) ---- */

struct bt_offer {
    uint32_t fourcc, width_px, height_px, rate_num, rate_den; /* rate_num 0: the camera does not say */
};
enum { BT_OFFERS_MOST = 256 };

/* Asks the driver; ranges of sizes and rates give the members nearest to the wish. Only formats that can be read. */
uint32_t bt_offers_list(int fd, const struct bt_camera_params *wish, struct bt_offer *out_offers, uint32_t capacity);
/* The index of the best offer, or -1 when there is none. Pure. */
int bt_offers_choose(const struct bt_offer *offers, uint32_t count, const struct bt_camera_params *wish);
bool bt_offers_readable(uint32_t fourcc);

/* ---- motion JPEG (mjpeg.c) ---- */

struct bt_mjpeg;
BT_CHECKED bt_status bt_mjpeg_create(uint32_t width_px, uint32_t height_px, struct bt_mjpeg **out_mjpeg);
void bt_mjpeg_destroy(struct bt_mjpeg **mjpeg);
/* One picture of the size given at create (odd sizes lose their last column or row), as I420, full range, BT.601 as JFIF says.
   BT_E_FORMAT: damaged, of another size or not YCbCr; *out_why, which may be NULL, says what. `out` may then be half written.
 */
BT_CHECKED bt_status bt_mjpeg_decode(struct bt_mjpeg *mjpeg, const uint8_t *bytes, size_t size, uint8_t *out,
                                     const char **out_why);

/* ---- cameras by /sys and /dev (devices.c, identity.c), on any folder so that it can be tested ---- */
struct bt_device_identity;
struct bt_device_folders {
    const char *nodes, *links, *sys; /* /dev, /dev/v4l/by-id, /sys/class/video4linux */
};
void bt_devices_identify_in(const struct bt_device_folders *folders, const char *path, const struct v4l2_capability *cap,
                            struct bt_device_identity *out_identity);
bool bt_devices_find_in(const struct bt_device_folders *folders, const struct bt_device_identity *identity,
                        const char *old_path, char *out_path, size_t bytes);
/* The numbers of the video nodes in a folder, rising. */
uint32_t bt_devices_numbers(const char *folder, int *out_numbers, uint32_t capacity);
enum { BT_DEVICES_MOST = 256 };
BT_CHECKED bt_status bt_devices_pick_in(struct bt_log *log, const char *folder, char *out_path, size_t bytes);

#endif
