/* SPDX-License-Identifier: MIT */
/* A v4l2loopback node. Facts about the module are those of its versions 0.12.7, 0.13.2 and 0.15.4. */
#include "base/log.h"
#include "pipeline/node/node.h"
#include "pipeline/output/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHORT_IN_A_ROW = 3 };

struct loopback {
    struct bt_sink head;
    struct bt_log *log;
    char *path;
    int fd;
    uint32_t width_px, height_px, rate_num, rate_den;
    int shorts;
    bool bt709;
};

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
    pix->pixelformat = V4L2_PIX_FMT_YUYV;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = 2 * l->width_px;
    pix->sizeimage = 2 * l->width_px * l->height_px;
    pix->colorspace = l->bt709 ? V4L2_COLORSPACE_REC709 : V4L2_COLORSPACE_SMPTE170M;
    if (bt_node_ioctl(l->fd, VIDIOC_S_FMT, &format)) {
        if (errno == EBUSY) return busy(l, "its format is held by another program: close that first");
        bt_log_error(l->log, "%s: YUYV %u x %u was refused: %s", l->path, l->width_px, l->height_px, strerror(errno));
        return BT_E_UNSUPPORTED;
    }
    /* S_FMT may succeed with another format: 0.12.7 keeps the old size while a reader holds it, 0.15.4 its reader's pixels. */
    if (pix->width != l->width_px || pix->height != l->height_px || pix->pixelformat != V4L2_PIX_FMT_YUYV ||
        (pix->bytesperline && pix->bytesperline != 2 * l->width_px)) {
        char name[5];
        bt_node_fourcc(pix->pixelformat, name);
        bt_log_error(l->log, "%s: keeps %s %u x %u, %u x %u YUYV is needed", l->path, name, pix->width, pix->height,
                     l->width_px, l->height_px);
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

static bt_status loopback_write(struct bt_sink *sink, const struct bt_disclosed_view *view, bool *out_taken) {
    struct loopback *l = (struct loopback *)sink;
    if (view->egress != BT_EGRESS_YUYV || view->size_bytes != 2 * (size_t)l->width_px * l->height_px) return BT_E_ARGUMENT;
    ssize_t wrote;
    do wrote = write(l->fd, view->bytes, view->size_bytes);
    while (wrote < 0 && errno == EINTR);
    if (wrote == (ssize_t)view->size_bytes) {
        l->shorts = 0;
        *out_taken = true;
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
    return set_format(l);
}

static bt_status loopback_finish(struct bt_sink *sink) {
    struct loopback *l = (struct loopback *)sink;
    if (l->fd >= 0) close(l->fd); /* readers see no end: the last frame, with its label, stays */
    l->fd = -1;
    return BT_OK;
}

static void loopback_destroy(struct bt_sink *sink) {
    struct loopback *l = (struct loopback *)sink;
    if (l->fd >= 0) close(l->fd);
    free(l->path);
    free(l);
}

static const struct bt_sink_ops ops = {loopback_write, loopback_finish, loopback_destroy};

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
    l->path = strdup(params->path);
    bt_status st = l->path ? open_node(l) : BT_E_MEMORY;
    if (!st) st = set_format(l);
    if (st) {
        loopback_destroy(&l->head);
        return st;
    }
    stream_on(l->fd);
    bt_log_info(params->log, "virtual camera: %s, YUYV %u x %u", l->path, l->width_px, l->height_px);
    *out_sink = &l->head;
    return BT_OK;
}
