/* SPDX-License-Identifier: MIT */
/* A V4L2 node, whatever it is: opened, asked, named. Capture reads from some, output writes to some. */
#ifndef BT_PIPELINE_NODE_H
#define BT_PIPELINE_NODE_H

#include "base/status.h"
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bt_log;

/* ioctl, again after EINTR. -1 and errno. */
int bt_node_ioctl(int fd, unsigned long request, void *argument);
/* The capabilities of this node, not of the whole device. */
uint32_t bt_node_caps(const struct v4l2_capability *cap);
bool bt_node_is_loopback(const struct v4l2_capability *cap);
/* Whether a virtual camera's name says what it is. Software trusts a camera by nothing but this name, so no other is written
   to: neither a maker's nor an invented one. */
enum bt_node_label {
    BT_NODE_LABEL_GOOD,  /* has "bauta" or the word "AI" in it */
    BT_NODE_LABEL_PLAIN, /* says at least that it is no camera: virtual, loopback, dummy … */
    BT_NODE_LABEL_POSES, /* reads like a piece of hardware */
};
enum bt_node_label bt_node_label_of(const char *card);
/* Loads the module anew with such a name, for messages. */
#define BT_NODE_LOAD_COMMAND                                                                                                   \
    "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=4 card_label=\"bauta (AI "       \
    "face)\""
/* A name from a device as a string that terminals and JSON bear: what is not printable UTF-8 becomes '?'. */
void bt_node_text(char *out_text, size_t bytes, const uint8_t *name, size_t most);
/* Whether a camera can be read here. On failure *out_why is a sentence for people. */
bt_status bt_node_camera_verdict(const struct v4l2_capability *cap, const char **out_why);
/* Opens a node (non-blocking) and asks what it is; the log gets what is wrong and what to do. */
BT_CHECKED bt_status bt_node_open(struct bt_log *log, const char *path, int *out_fd, struct v4l2_capability *out_cap);
/* Who else has the device `number` open, "name (pid), …", as far as /proc may be read. False: nobody seen. */
bool bt_node_holder(dev_t number, char *out_text, size_t bytes);
/* A pixel format's four letters and a zero. */
void bt_node_fourcc(uint32_t fourcc, char out_name[5]);

#endif
