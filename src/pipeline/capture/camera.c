/* SPDX-License-Identifier: MIT */
/* A V4L2 camera: memory-mapped streaming of YUYV, NV12 or motion JPEG. One that goes away is waited for, and one that was given
   back is taken again, always in the same format. */
#include "base/clock.h"
#include "pipeline/capture/devices.h"
#include "pipeline/capture/internal.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFERS = 4, FAULTS_IN_A_ROW = 100, RETRY_MS = 200 };

struct camera {
    struct bt_source head;
    struct bt_log *log;
    struct bt_camera_params wish;
    struct bt_offer offer; /* what was chosen: asked for at every opening */
    char path[64];
    struct bt_device_identity identity;
    int fd, wake;     /* fd -1: not open now. wake: an eventfd that interrupt writes to; safe in a signal handler */
    bt_status absent; /* why it is not open, as last said */
    bool formatted;   /* head.format is fixed */
    uint32_t fourcc, stride, rows; /* of the driver's picture, which may be padded and odd */
    struct {
        void *map;
        size_t bytes;
    } buffers[BUFFERS];
    uint32_t buffer_count;
    bool streaming;
    struct bt_mjpeg *mjpeg;
    int64_t last_ns;
    uint64_t damaged;
};

static void close_device(struct camera *c) {
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (c->streaming) bt_node_ioctl(c->fd, VIDIOC_STREAMOFF, &type);
    for (uint32_t i = 0; i < c->buffer_count; i++)
        if (c->buffers[i].map) munmap(c->buffers[i].map, c->buffers[i].bytes); /* before close: a mapped node stays taken */
    memset(c->buffers, 0, sizeof c->buffers);
    c->buffer_count = 0;
    c->streaming = false;
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}

static void camera_destroy(struct bt_source *source) {
    struct camera *c = (struct camera *)source;
    close_device(c);
    if (c->damaged) bt_log_info(c->log, "%s: %llu damaged frames were skipped", c->path, (unsigned long long)c->damaged);
    if (c->wake >= 0) close(c->wake);
    bt_mjpeg_destroy(&c->mjpeg);
    free(c);
}

static void camera_interrupt(struct bt_source *source) {
    const uint64_t one = 1;
    const ssize_t wrote = write(((struct camera *)source)->wake, &one, sizeof one);
    (void)wrote; /* cannot fail but by overflow, and then it is awake already */
}

static void camera_release(struct bt_source *source) {
    struct camera *c = (struct camera *)source;
    uint64_t interrupts;
    const ssize_t got = read(c->wake, &interrupts, sizeof interrupts);
    (void)got; /* EAGAIN: there was none */
    close_device(c);
}

/* Gone for now. Closing makes its number free for it when it is plugged in again. */
static bt_status gone(struct camera *c) {
    if (c->absent != BT_E_NOT_FOUND)
        bt_log_warning(c->log, "%s: the camera is gone (unplugged?): plug it in again, anywhere", c->path);
    c->absent = BT_E_NOT_FOUND;
    close_device(c);
    return BT_E_NOT_FOUND;
}

static bt_status refused(struct camera *c, const char *what) {
    const int error = errno;
    struct stat status;
    char who[128] = "";
    if (error == ENODEV) return gone(c);
    if (error == EBUSY) {
        if (c->absent == BT_E_BUSY) return BT_E_BUSY; /* said already */
        if (!fstat(c->fd, &status) && bt_node_holder(status.st_rdev, who, sizeof who))
            bt_log_error(c->log, "%s: in use by %s: close that first", c->path, who);
        else
            bt_log_error(c->log, "%s: in use by another program: close that first", c->path);
        return BT_E_BUSY;
    }
    if (c->absent) return BT_E_IO; /* looked for several times a second: what keeps it away was said */
    if (error == ENOSPC)
        bt_log_error(c->log, "%s: %s: not enough USB bandwidth: try a smaller size, or another port", c->path, what);
    else
        bt_log_error(c->log, "%s: %s: %s", c->path, what, strerror(error));
    return BT_E_IO;
}

/* Waits until the driver has something. BT_OK, BT_E_TIMEOUT, BT_E_INTERRUPTED. A gone camera shows at the next DQBUF. */
static bt_status wait_for_frame(struct camera *c) {
    const int64_t until = bt_clock_now_ns() + BT_CAPTURE_SILENCE_NS;
    for (;;) {
        struct pollfd fds[2] = {{.fd = c->fd, .events = POLLIN}, {.fd = c->wake, .events = POLLIN}};
        const int64_t left_ms = (until - bt_clock_now_ns()) / 1000000;
        if (left_ms <= 0) return BT_E_TIMEOUT;
        const int ready = poll(fds, 2, (int)left_ms + 1);
        if (ready < 0 && errno != EINTR) return BT_E_IO;
        if (ready <= 0) continue;
        if (fds[1].revents) return BT_E_INTERRUPTED;
        if (fds[0].revents) return BT_OK;
    }
}

/* The driver's estimate of the exposure, where it can be true. vivid's lies in the future; some drivers never fill it in. */
static int64_t time_of(struct camera *c, const struct v4l2_buffer *b) {
    const int64_t now = bt_clock_now_ns();
    int64_t ns = (int64_t)b->timestamp.tv_sec * 1000000000 + (int64_t)b->timestamp.tv_usec * 1000;
    const bool monotonic = (b->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    if (!monotonic || ns > now || ns < now - 1000000000) ns = now;
    if (ns < c->last_ns) ns = c->last_ns;
    c->last_ns = ns;
    return ns;
}

static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t from_stride, uint32_t rows) {
    if (to_stride == from_stride) {
        memcpy(to, from, to_stride * rows);
        return;
    }
    for (uint32_t y = 0; y < rows; y++) memcpy(to + y * to_stride, from + y * from_stride, to_stride);
}

/* Brings the driver's picture into the tight, even one. BT_E_FORMAT: it is not whole. */
static bt_status unpack(struct camera *c, const uint8_t *bytes, size_t size, uint8_t *out, const char **out_why) {
    const uint32_t w = c->head.format.width_px, h = c->head.format.height_px;
    const size_t luma = (size_t)c->stride * c->rows;
    if (c->fourcc == V4L2_PIX_FMT_MJPEG || c->fourcc == V4L2_PIX_FMT_JPEG)
        return bt_mjpeg_decode(c->mjpeg, bytes, size, out, out_why);
    *out_why = "too few bytes";
    if (c->fourcc == V4L2_PIX_FMT_YUYV) {
        if (size < (size_t)c->stride * (h - 1) + 2 * (size_t)w) return BT_E_FORMAT;
        copy_rows(out, 2 * (size_t)w, bytes, c->stride, h - 1);
        memcpy(out + 2 * (size_t)w * (h - 1), bytes + (size_t)c->stride * (h - 1), 2 * (size_t)w);
        return BT_OK;
    }
    if (size < luma + (size_t)c->stride * (h / 2 - 1) + w) return BT_E_FORMAT;
    copy_rows(out, w, bytes, c->stride, h);
    copy_rows(out + (size_t)w * h, w, bytes + luma, c->stride, h / 2 - 1);
    memcpy(out + (size_t)w * (h + h / 2 - 1), bytes + luma + (size_t)c->stride * (h / 2 - 1), w);
    return BT_OK;
}

static void note_damage(struct camera *c, const char *why) {
    c->damaged++;
    if (c->damaged == 1 || c->damaged % 1000 == 0)
        bt_log_warning(c->log, "%s: a damaged frame was skipped (%s); %llu so far", c->path, why,
                       (unsigned long long)c->damaged);
}

/* What the picture's codes mean. Fields left at "default" are filled in as linux/videodev2.h says. */
static void read_colour(struct camera *c, const struct v4l2_pix_format *pix) {
    struct bt_source_format *f = &c->head.format;
    if (f->pixels == BT_PIXELS_I420) { /* motion JPEG by JFIF: full range, BT.601 */
        f->full_range = true;
        f->bt709 = false;
        return;
    }
    uint32_t encoding = pix->ycbcr_enc;
    if (encoding == V4L2_YCBCR_ENC_DEFAULT) encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(pix->colorspace);
    f->bt709 = encoding == V4L2_YCBCR_ENC_709;
    f->full_range = pix->quantization == V4L2_QUANTIZATION_FULL_RANGE ||
                    (pix->quantization == V4L2_QUANTIZATION_DEFAULT && pix->colorspace == V4L2_COLORSPACE_JPEG);
}

static bt_status choose(struct camera *c) {
    struct bt_offer *offers = calloc(BT_OFFERS_MOST, sizeof *offers);
    if (!offers) return BT_E_MEMORY;
    const int chosen = bt_offers_choose(offers, bt_offers_list(c->fd, &c->wish, offers, BT_OFFERS_MOST), &c->wish);
    if (chosen >= 0)
        c->offer = offers[chosen];
    else
        bt_log_error(c->log, "%s (%s): gives neither YUYV nor NV12 nor motion JPEG in a usable size", c->path, c->head.name);
    free(offers);
    return chosen < 0 ? BT_E_UNSUPPORTED : BT_OK;
}

static bt_status set_format(struct camera *c) {
    const struct bt_offer *offer = &c->offer;
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct v4l2_pix_format *pix = &format.fmt.pix;
    char name[5];
    pix->width = offer->width_px;
    pix->height = offer->height_px;
    pix->pixelformat = offer->fourcc;
    pix->field = V4L2_FIELD_NONE;
    if (bt_node_ioctl(c->fd, VIDIOC_S_FMT, &format)) return refused(c, "the format was refused");
    bt_node_fourcc(pix->pixelformat, name);
    if (pix->pixelformat != offer->fourcc) {
        char wanted[5];
        bt_node_fourcc(offer->fourcc, wanted);
        bt_log_error(c->log, "%s: offered %s, but gives %s", c->path, wanted, name);
        return BT_E_UNSUPPORTED;
    }
    if (pix->width < BT_CAPTURE_LEAST_PX || pix->height < BT_CAPTURE_LEAST_PX || pix->width > BT_CAPTURE_MOST_PX ||
        pix->height > BT_CAPTURE_MOST_PX) {
        bt_log_error(c->log, "%s: gives %u x %u px; %d to %d a side can be used", c->path, pix->width, pix->height,
                     BT_CAPTURE_LEAST_PX, BT_CAPTURE_MOST_PX);
        return BT_E_UNSUPPORTED;
    }
    if (pix->field != V4L2_FIELD_NONE && pix->field != V4L2_FIELD_ANY)
        bt_log_warning(c->log, "%s: gives interlaced pictures: moving edges will comb", c->path);
    if (pix->width != offer->width_px || pix->height != offer->height_px)
        bt_log_info(c->log, "%s: asked for %u x %u, gives %u x %u", c->path, offer->width_px, offer->height_px, pix->width,
                    pix->height);
    const struct bt_source_format before = c->head.format;
    struct bt_source_format *f = &c->head.format;
    c->fourcc = pix->pixelformat;
    c->rows = pix->height;
    f->width_px = pix->width & ~1u;
    f->height_px = pix->height & ~1u;
    f->pixels = c->fourcc == V4L2_PIX_FMT_YUYV   ? BT_PIXELS_YUYV
                : c->fourcc == V4L2_PIX_FMT_NV12 ? BT_PIXELS_NV12
                                                 : BT_PIXELS_I420;
    const uint32_t least = c->fourcc == V4L2_PIX_FMT_YUYV ? 2 * pix->width : pix->width;
    c->stride = pix->bytesperline < least ? least : pix->bytesperline;
    read_colour(c, pix);
    if (c->formatted) { /* stages and sinks are made for what it was */
        const bool same = f->pixels == before.pixels && f->width_px == before.width_px && f->height_px == before.height_px &&
                          f->full_range == before.full_range && f->bt709 == before.bt709;
        *f = before;
        if (same) return BT_OK;
        bt_log_error(c->log, "%s: came back with another format: start bauta again", c->path);
        return BT_E_UNSUPPORTED;
    }
    return f->pixels == BT_PIXELS_I420 ? bt_mjpeg_create(pix->width, pix->height, &c->mjpeg) : BT_OK;
}

static void set_rate(struct camera *c) {
    const struct bt_offer *offer = &c->offer;
    struct bt_source_format *f = &c->head.format;
    struct v4l2_streamparm parm = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    const uint32_t num = offer->rate_num ? offer->rate_num : BT_CAPTURE_FPS, den = offer->rate_num ? offer->rate_den : 1;
    parm.parm.capture.timeperframe = (struct v4l2_fract){.numerator = den, .denominator = num};
    const bool set = !bt_node_ioctl(c->fd, VIDIOC_S_PARM, &parm); /* optional: else the camera keeps its own rate */
    if (c->formatted) return;
    f->rate_num = num;
    f->rate_den = den;
    const struct v4l2_fract got = parm.parm.capture.timeperframe;
    if (!set || !got.numerator || !got.denominator) return;
    if ((uint64_t)got.numerator * num != (uint64_t)got.denominator * den)
        bt_log_info(c->log, "%s: asked for %u/%u frames a second, gives %u/%u", c->path, num, den, got.denominator,
                    got.numerator);
    f->rate_num = got.denominator;
    f->rate_den = got.numerator;
}

static bt_status start(struct camera *c) {
    struct v4l2_requestbuffers request = {.count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (bt_node_ioctl(c->fd, VIDIOC_REQBUFS, &request)) return refused(c, "no buffers");
    if (request.count < 2) {
        bt_log_error(c->log, "%s: gives %u buffers; two are needed", c->path, request.count);
        return BT_E_UNSUPPORTED;
    }
    c->buffer_count = request.count < BUFFERS ? request.count : BUFFERS;
    for (uint32_t i = 0; i < c->buffer_count; i++) {
        struct v4l2_buffer b = {.index = i, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
        if (bt_node_ioctl(c->fd, VIDIOC_QUERYBUF, &b)) return refused(c, "a buffer cannot be asked for");
        void *map = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, b.m.offset);
        if (map == MAP_FAILED) return refused(c, "a buffer cannot be mapped");
        c->buffers[i].map = map;
        c->buffers[i].bytes = b.length;
        if (bt_node_ioctl(c->fd, VIDIOC_QBUF, &b)) return refused(c, "a buffer was refused");
    }
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (bt_node_ioctl(c->fd, VIDIOC_STREAMON, &type)) return refused(c, "the stream does not start");
    c->streaming = true;
    return BT_OK;
}

/* A loopback may be somebody's phone or another program's picture; only what bauta itself writes must not come back in. The
   writer holds the exclusive lock (pipeline/output). */
static bt_status check_loopback(struct camera *c, const struct v4l2_capability *cap) {
    if (!bt_node_is_loopback(cap)) return BT_OK;
    if (!flock(c->fd, LOCK_SH | LOCK_NB)) {
        if (!c->formatted) bt_log_info(c->log, "%s: is a loopback: another program's pictures", c->path);
        return BT_OK;
    }
    if (c->absent != BT_E_BUSY) bt_log_error(c->log, "%s: is bauta's own output: name a real camera", c->path);
    return BT_E_BUSY;
}

/* Opens the node, where it is what is expected, and starts it. */
static bt_status open_device(struct camera *c, struct bt_log *log) {
    struct v4l2_capability cap;
    const char *why = NULL;
    bt_status st = bt_node_open(log, c->path, &c->fd, &cap);
    if (st) return st;
    st = bt_node_camera_verdict(&cap, &why);
    if (st) {
        bt_log_error(log, "%s (%.32s) %s", c->path, (const char *)cap.card, why);
        return st;
    }
    if (c->formatted && !bt_devices_is(&c->identity, &cap)) return BT_E_NOT_FOUND;
    bt_node_text(c->head.name, sizeof c->head.name, cap.card, sizeof cap.card);
    st = check_loopback(c, &cap);
    if (!st && !c->formatted) {
        bt_devices_identify(c->path, &cap, &c->identity);
        st = choose(c);
    }
    if (!st) st = set_format(c);
    if (st) return st;
    set_rate(c);
    return start(c);
}

/* Waits a little, then looks for the camera, under whatever number. */
static bt_status reopen(struct camera *c) {
    if (c->absent) {
        struct pollfd wake = {.fd = c->wake, .events = POLLIN};
        if (poll(&wake, 1, RETRY_MS) > 0) return BT_E_INTERRUPTED;
    }
    char path[sizeof c->path];
    bt_status st = BT_E_NOT_FOUND;
    if (bt_devices_find(&c->identity, c->path, path, sizeof path)) {
        memcpy(c->path, path, sizeof path);
        st = open_device(c, NULL);
    }
    if (!st) {
        if (c->absent) bt_log_info(c->log, "%s: the camera is back", c->path);
        c->absent = BT_OK;
        return BT_OK;
    }
    close_device(c);
    if (st == BT_E_UNSUPPORTED || st == BT_E_MEMORY) return st;
    if (st != BT_E_BUSY) return gone(c); /* its permissions may come a moment after it */
    c->absent = st;
    return st;
}

static bt_status camera_read(struct bt_source *source, struct bt_picture *picture) {
    struct camera *c = (struct camera *)source;
    if (c->fd < 0) {
        const bt_status st = reopen(c);
        if (st) return st;
    }
    for (int faults = 0; faults < FAULTS_IN_A_ROW;) {
        bt_status st = wait_for_frame(c);
        if (st) return st;
        struct v4l2_buffer b = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
        if (bt_node_ioctl(c->fd, VIDIOC_DQBUF, &b)) {
            if (errno == EAGAIN) continue;
            if (errno == EIO) { /* a transfer went wrong; the driver goes on */
                note_damage(c, "lost on the bus");
                faults++;
                continue;
            }
            return refused(c, "no frame");
        }
        if (b.index >= c->buffer_count) return BT_E_IO;
        const char *why = "marked bad by the driver";
        const size_t size = b.bytesused < c->buffers[b.index].bytes ? b.bytesused : c->buffers[b.index].bytes;
        st = b.flags & V4L2_BUF_FLAG_ERROR ? BT_E_FORMAT : unpack(c, c->buffers[b.index].map, size, picture->data, &why);
        if (!st) {
            picture->pixels = c->head.format.pixels;
            picture->width_px = c->head.format.width_px;
            picture->height_px = c->head.format.height_px;
            picture->full_range = c->head.format.full_range;
            picture->bt709 = c->head.format.bt709;
            picture->capture_ns = time_of(c, &b);
        }
        if (bt_node_ioctl(c->fd, VIDIOC_QBUF, &b)) return refused(c, "a buffer could not be given back");
        if (!st) return BT_OK;
        note_damage(c, why);
        faults++;
    }
    bt_log_error(c->log, "%s: %d damaged frames in a row: a bad cable, or another size or format would help", c->path,
                 FAULTS_IN_A_ROW);
    return BT_E_IO;
}

static const struct bt_source_ops camera_ops = {camera_destroy, camera_read, camera_interrupt, camera_release};

bt_status bt_source_open_camera(const struct bt_camera_params *params, struct bt_source **out_source) {
    if (!params->path || strlen(params->path) >= sizeof((struct camera *)0)->path) return BT_E_ARGUMENT;
    struct camera *c = calloc(1, sizeof *c);
    if (!c) return BT_E_MEMORY;
    c->head.ops = &camera_ops;
    c->head.format.live = true;
    c->log = params->log;
    c->wish = *params;
    c->fd = -1;
    memcpy(c->path, params->path, strlen(params->path));
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    const bt_status st = c->wake < 0 ? BT_E_IO : open_device(c, c->log);
    if (st) {
        camera_destroy(&c->head);
        return st;
    }
    c->formatted = true;
    char name[5];
    bt_node_fourcc(c->fourcc, name);
    bt_log_info(c->log, "camera: %s (%s), %s %u x %u, %u/%u frames a second", c->path, c->head.name, name,
                c->head.format.width_px, c->head.format.height_px, c->head.format.rate_num, c->head.format.rate_den);
    *out_source = &c->head;
    return BT_OK;
}
