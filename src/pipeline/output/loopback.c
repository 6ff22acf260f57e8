/* SPDX-License-Identifier: MIT */
/* A v4l2loopback node. Facts about the module are those of its versions 0.12.7, 0.13.2 and 0.15.4, by its source v4l2loopback.c
   and by trial. */
#include "base/log.h"
#include "pipeline/node/node.h"
#include "pipeline/output/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SHORT_IN_A_ROW = 3,
    /* The module's own numbers, in every version. */
    CONTROL_TIMEOUT = (V4L2_CID_USER_BASE | 0xf000) + 2,
    CONTROL_TIMEOUT_IMAGE_IO = (V4L2_CID_USER_BASE | 0xf000) + 3,
    EVENT_CLIENT_USAGE = V4L2_EVENT_PRIVATE_START + 0x08e00000 + 1, /* from 0.13 on; its first word is how many stream */
    /* Longer without a frame, and readers are given the card. Output repeats frames more often than that. */
    TIMEOUT_MS = 900,
};

struct loopback {
    struct bt_sink head;
    struct bt_log *log;
    char *path;
    int fd;
    uint32_t width_px, height_px, rate_num, rate_den;
    enum bt_egress egress;
    struct bt_disclosed_view stopped;
    int32_t timeout_before_ms; /* what the node had; -1: unknown */
    int shorts, readers;       /* readers -1: this module does not tell */
    bool bt709, card_given;
};

static const struct {
    uint32_t fourcc;
    const char *name;
    uint32_t line_bytes, half_bytes; /* a pixel's bytes in the first plane; in all, times 2 */
} pixels[BT_EGRESS_COUNT] = {
    [BT_EGRESS_YUYV] = {V4L2_PIX_FMT_YUYV, "YUYV", 2, 4},
    [BT_EGRESS_I420] = {V4L2_PIX_FMT_YUV420, "I420", 1, 3},
    [BT_EGRESS_NV12] = {V4L2_PIX_FMT_NV12, "NV12", 1, 3},
};

static uint32_t frame_bytes(const struct loopback *l) {
    return l->width_px * l->height_px / 2 * pixels[l->egress].half_bytes; /* sides are even */
}

static bt_status busy(struct loopback *l, const char *what) {
    struct stat status;
    char who[128] = "";
    if (!fstat(l->fd, &status) && bt_node_holder(status.st_rdev, who, sizeof who))
        bt_log_error(l->log, "%s: %s (it is open in %s)", l->path, what, who);
    else
        bt_log_error(l->log, "%s: %s", l->path, what);
    return BT_E_BUSY;
}

static bt_status set_format(struct loopback *l) {
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    struct v4l2_pix_format *pix = &format.fmt.pix;
    pix->width = l->width_px;
    pix->height = l->height_px;
    pix->pixelformat = pixels[l->egress].fourcc;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = pixels[l->egress].line_bytes * l->width_px;
    pix->sizeimage = frame_bytes(l);
    pix->colorspace = l->bt709 ? V4L2_COLORSPACE_REC709 : V4L2_COLORSPACE_SMPTE170M;
    if (bt_node_ioctl(l->fd, VIDIOC_S_FMT, &format)) {
        if (errno == EBUSY) return busy(l, "its format is held by another program: close that first");
        bt_log_error(l->log, "%s: %s %u x %u was refused: %s", l->path, pixels[l->egress].name, l->width_px, l->height_px,
                     strerror(errno));
        return BT_E_UNSUPPORTED;
    }
    /* S_FMT may succeed with another format: 0.12.7 keeps the old size while a reader holds it, 0.15.4 its reader's pixels. */
    if (pix->width != l->width_px || pix->height != l->height_px || pix->pixelformat != pixels[l->egress].fourcc ||
        (pix->bytesperline && pix->bytesperline != pixels[l->egress].line_bytes * l->width_px)) {
        char name[5];
        bt_node_fourcc(pix->pixelformat, name);
        bt_log_error(l->log, "%s: keeps %s %u x %u, %u x %u %s is needed", l->path, name, pix->width, pix->height, l->width_px,
                     l->height_px, pixels[l->egress].name);
        return busy(l, "close the programs that read from it, or use its size");
    }
    struct v4l2_streamparm parm = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    parm.parm.output.timeperframe = (struct v4l2_fract){.numerator = l->rate_den, .denominator = l->rate_num};
    (void)bt_node_ioctl(l->fd, VIDIOC_S_PARM, &parm); /* what readers are told; some versions keep 30 */
    return BT_OK;
}

/* 0.12.7 gives a node back to the next writer only if the last one had called STREAMON (v4l2loopback issues 442, 504, 525);
   later versions refuse the call for a writer by write(), which does no harm. */
static void stream_on(int fd) {
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    (void)bt_node_ioctl(fd, VIDIOC_STREAMON, &type);
}

static bool set_control(int fd, uint32_t id, int32_t value) {
    struct v4l2_control control = {.id = id, .value = value};
    return !bt_node_ioctl(fd, VIDIOC_S_CTRL, &control);
}

/* The first after timeout_image_io is set that opens the node has the timeout image for its only buffer. */
static bool write_timeout_image(struct loopback *l) {
    struct v4l2_requestbuffers request = {.count = 1, .type = V4L2_BUF_TYPE_VIDEO_OUTPUT, .memory = V4L2_MEMORY_MMAP};
    struct v4l2_buffer b = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT, .memory = V4L2_MEMORY_MMAP};
    /* 0.12.7 clears its flag at that opening, but not the control's value, and V4L2 hands on no value that does not change. */
    (void)set_control(l->fd, CONTROL_TIMEOUT_IMAGE_IO, 0);
    if (!set_control(l->fd, CONTROL_TIMEOUT_IMAGE_IO, 1)) return false;
    const int fd = open(l->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    bool good = !bt_node_ioctl(fd, VIDIOC_REQBUFS, &request) && request.count > 0 && !bt_node_ioctl(fd, VIDIOC_QUERYBUF, &b) &&
                b.length >= l->stopped.size_bytes && b.m.offset > 0; /* 0 is the first of the pictures' buffers */
    void *map = good ? mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, b.m.offset) : MAP_FAILED;
    good = map != MAP_FAILED;
    if (good) {
        memcpy(map, l->stopped.bytes, l->stopped.size_bytes);
        munmap(map, b.length);
    }
    close(fd);
    return good;
}

/* What readers get should bauta die: the module itself shows it, over the last frame, once none came for a while. */
static void give_card(struct loopback *l) {
    struct v4l2_control before = {.id = CONTROL_TIMEOUT};
    l->card_given = true; /* or not: it is tried once */
    if (!l->stopped.bytes) return;
    if (l->timeout_before_ms < 0 && !bt_node_ioctl(l->fd, VIDIOC_G_CTRL, &before)) l->timeout_before_ms = before.value;
    if (set_control(l->fd, CONTROL_TIMEOUT, TIMEOUT_MS) && write_timeout_image(l)) return;
    bt_log_info(l->log, "%s: has no timeout image: should bauta die, its last picture would stay", l->path);
    (void)set_control(l->fd, CONTROL_TIMEOUT, 0); /* else it would show green */
}

static bt_status loopback_write(struct bt_sink *sink, const struct bt_disclosed_view *view, bool *out_taken) {
    struct loopback *l = (struct loopback *)sink;
    if (view->egress != l->egress || view->size_bytes != frame_bytes(l)) return BT_E_ARGUMENT;
    ssize_t wrote;
    do wrote = write(l->fd, view->bytes, view->size_bytes);
    while (wrote < 0 && errno == EINTR);
    if (wrote == (ssize_t)view->size_bytes) {
        l->shorts = 0;
        *out_taken = true;
        if (!l->card_given) give_card(l); /* 0.15 has memory for it only after a first frame */
        return BT_OK;
    }
    if (wrote < 0 && errno == EAGAIN) return BT_OK; /* no room: the next frame is newer anyway */
    if (wrote < 0) {
        bt_log_error(l->log, "%s: %s", l->path, errno == ENODEV ? "the node is gone" : strerror(errno));
        return errno == EBUSY ? BT_E_BUSY : BT_E_IO;
    }
    /* Each write() is a frame to the module: it took the top of this one, since its size is not ours any more. The rest would
       be shown as a frame of its own, so it is not sent; the format is set anew for the next frame. */
    bt_log_warning(l->log, "%s: took %zd of %zu bytes: somebody changed its format", l->path, wrote, view->size_bytes);
    if (++l->shorts >= SHORT_IN_A_ROW) {
        bt_log_error(l->log, "%s: %d frames in a row were cut", l->path, SHORT_IN_A_ROW);
        return BT_E_IO;
    }
    l->card_given = false; /* it was freed with the old format's buffers */
    return set_format(l);
}

static bt_status loopback_finish(struct bt_sink *sink) {
    struct loopback *l = (struct loopback *)sink;
    bool taken = false;
    if (l->fd < 0) return BT_OK;
    /* Readers see no end: what was last written stays. It shall say that no more comes. Who writes next sets his own time. */
    if (l->stopped.bytes) (void)!loopback_write(sink, &l->stopped, &taken);
    if (l->card_given && l->timeout_before_ms >= 0) set_control(l->fd, CONTROL_TIMEOUT, l->timeout_before_ms);
    close(l->fd);
    l->fd = -1;
    return BT_OK;
}

static int loopback_readers(struct bt_sink *sink) {
    struct loopback *l = (struct loopback *)sink;
    struct v4l2_event event;
    if (l->readers < 0) return -1;
    for (;;) {
        memset(&event, 0, sizeof event);
        if (bt_node_ioctl(l->fd, VIDIOC_DQEVENT, &event)) break; /* ENOENT: no more */
        uint32_t count;
        memcpy(&count, event.u.data, sizeof count);
        if (event.type == (uint32_t)EVENT_CLIENT_USAGE) l->readers = count > 0 ? (count < INT_MAX ? (int)count : INT_MAX) : 0;
    }
    return l->readers;
}

static void loopback_destroy(struct bt_sink *sink) {
    struct loopback *l = (struct loopback *)sink;
    if (l->fd >= 0) close(l->fd);
    free(l->path);
    free(l);
}

static const struct bt_sink_ops ops = {loopback_write, loopback_finish, loopback_destroy, loopback_readers};

static bt_status check_label(struct loopback *l, const struct v4l2_capability *cap) {
    char card[64];
    bt_node_text(card, sizeof card, cap->card, sizeof cap->card);
    switch (bt_node_label_of(card)) {
    case BT_NODE_LABEL_POSES:
        bt_log_error(l->log, "%s: is called \"%s\", as a real camera might be; bauta poses as none. Name it for what it is: %s",
                     l->path, card, BT_NODE_LOAD_COMMAND);
        return BT_E_UNSUPPORTED;
    case BT_NODE_LABEL_PLAIN:
        bt_log_info(l->log, "%s: is called \"%s\"; \"bauta (AI face)\" would tell people what they see", l->path, card);
        return BT_OK;
    case BT_NODE_LABEL_GOOD:
        break;
    }
    return BT_OK;
}

/* Opens the node and makes sure that it is a loopback with room for a writer. */
static bt_status open_node(struct loopback *l) {
    struct v4l2_capability cap;
    struct stat status;
    char who[128];
    bt_status st = bt_node_open(l->log, l->path, &l->fd, &cap);
    if (st) return st;
    if (!bt_node_is_loopback(&cap)) {
        char card[64];
        bt_node_text(card, sizeof card, cap.card, sizeof cap.card);
        bt_log_error(l->log, "%s (%s) is not a v4l2loopback node: `bauta devices` lists those", l->path, card);
        return BT_E_UNSUPPORTED;
    }
    st = check_label(l, &cap);
    if (st) return st;
    if (flock(l->fd, LOCK_EX | LOCK_NB)) return busy(l, "another bauta uses it");
    uint32_t caps = bt_node_caps(&cap);
    const bool held = !fstat(l->fd, &status) && bt_node_holder(status.st_rdev, who, sizeof who);
    if (!(caps & (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_CAPTURE))) {
        /* 0.12.7 after a writer that never called STREAMON: one that does, and closes, heals it. With a writer it would
         * capture. */
        bt_log_info(l->log, "%s: was left closed by its last writer: opened anew", l->path);
        stream_on(l->fd);
        close(l->fd);
        l->fd = -1;
        st = bt_node_open(l->log, l->path, &l->fd, &cap);
        if (st) return st;
        if (flock(l->fd, LOCK_EX | LOCK_NB)) return busy(l, "another bauta uses it");
        caps = bt_node_caps(&cap);
    }
    if (!(caps & V4L2_CAP_VIDEO_OUTPUT)) return busy(l, "another program writes to it: close that first");
    if (caps & V4L2_CAP_VIDEO_CAPTURE) {
        bt_log_info(l->log, "%s: loaded without exclusive_caps=1: some browsers will not list it", l->path);
        if (held) bt_log_warning(l->log, "%s: is open in %s: should that write too, pictures will mix", l->path, who);
    }
    return BT_OK;
}

bt_status bt_sink_open_loopback(const struct bt_sink_params *params, struct bt_sink **out_sink) {
    struct loopback *l = calloc(1, sizeof *l);
    if (!l) return BT_E_MEMORY;
    l->head.ops = &ops;
    l->log = params->log;
    l->fd = -1;
    l->width_px = params->width_px;
    l->height_px = params->height_px;
    l->rate_num = params->rate_num;
    l->rate_den = params->rate_den;
    l->bt709 = params->height_px >= 720;
    l->egress = params->egress;
    l->stopped = params->stopped;
    l->timeout_before_ms = -1;
    l->readers = -1;
    l->path = strdup(params->path);
    bt_status st = l->path ? open_node(l) : BT_E_MEMORY;
    if (!st) st = set_format(l);
    if (st) {
        loopback_destroy(&l->head);
        return st;
    }
    stream_on(l->fd);
    struct v4l2_event_subscription usage = {.type = EVENT_CLIENT_USAGE, .flags = V4L2_EVENT_SUB_FL_SEND_INITIAL};
    if (!bt_node_ioctl(l->fd, VIDIOC_SUBSCRIBE_EVENT, &usage)) l->readers = 0;
    bt_log_info(params->log, "virtual camera: %s, %s %u x %u, %u/%u frames a second", l->path, pixels[l->egress].name,
                l->width_px, l->height_px, l->rate_num, l->rate_den);
    *out_sink = &l->head;
    return BT_OK;
}
