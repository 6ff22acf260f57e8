/* SPDX-License-Identifier: MIT */
#include "support/fake_v4l2.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct fake_v4l2 fake_v4l2;
static int fds[8], fd_count; /* of the node */

static bool is_fake(int fd) {
    for (int i = 0; i < fd_count; i++)
        if (fds[i] == fd) return true;
    return false;
}

static int image_fd = -1, image_memory = -1; /* the node opened for the timeout image; where it is mapped from */
static int writer_fd = -1;                   /* that 0.12.7 knows of */
static bool image_next, image_value, ready_for_output, ready_for_capture;
static uint8_t *maps[4];
static uint32_t next_buffer, map_count;
enum { MAP_BYTES = 1 << 20 };

int __real_close(int fd);
int __wrap_close(int fd);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_poll(struct pollfd *list, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);

int __wrap_stat(const char *path, struct stat *status);

int __wrap_stat(const char *path, struct stat *status) {
    return fstatat(AT_FDCWD, strcmp(path, FAKE_NODE) ? path : "/dev/zero", status, 0);
}

void fake_v4l2_reset(const char *driver, uint32_t device_caps) {
    memset(&fake_v4l2, 0, sizeof fake_v4l2);
    memset(maps, 0, sizeof maps);
    map_count = 0;
    next_buffer = 0;
    image_fd = writer_fd = -1;
    image_next = image_value = ready_for_capture = false;
    ready_for_output = true;
    fd_count = 0;
    fake_v4l2.path = FAKE_NODE;
    snprintf((char *)fake_v4l2.cap.driver, sizeof fake_v4l2.cap.driver, "%s", driver);
    snprintf((char *)fake_v4l2.cap.card, sizeof fake_v4l2.cap.card, "Fake");
    fake_v4l2.cap.capabilities = V4L2_CAP_DEVICE_CAPS | device_caps;
    fake_v4l2.cap.device_caps = device_caps;
    fake_v4l2.clock_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
}

int __wrap_open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
    va_end(args);
    if (!fake_v4l2.path || strcmp(path, fake_v4l2.path)) return __real_open(path, flags, mode);
    if (fake_v4l2.fail_open) {
        errno = fake_v4l2.fail_open;
        return -1;
    }
    const int fd = __real_open("/dev/zero", O_RDWR | O_CLOEXEC);
    if (fd < 0 || fd_count == 8) return fd;
    fake_v4l2.opens++;
    fake_v4l2.open_now++;
    if (image_next) image_fd = fd;
    image_next = false;
    return fds[fd_count++] = fd;
}

int __wrap_close(int fd) {
    for (int i = 0; i < fd_count; i++)
        if (fds[i] == fd) {
            fds[i] = fds[--fd_count];
            fake_v4l2.open_now--;
            if (fd == writer_fd) ready_for_output = true;
            if (fd == writer_fd) writer_fd = -1;
            if (!fake_v4l2.open_now) ready_for_capture = false; /* the buffers are freed */
            break;
        }
    if (fd == image_fd && fd >= 0) {
        if (image_memory >= 0) {
            fake_v4l2.timeout_images += pread(image_memory, fake_v4l2.timeout_image, sizeof fake_v4l2.timeout_image, 0) > 0;
            __real_close(image_memory);
        }
        image_fd = image_memory = -1;
    }
    return __real_close(fd);
}

static int give(int error) {
    errno = error;
    return error ? -1 : 0;
}

static int enumerate(unsigned long request, void *argument) {
    const struct fake_v4l2 *f = &fake_v4l2;
    if (request == VIDIOC_ENUM_FMT) {
        struct v4l2_fmtdesc *d = argument;
        if (d->index >= f->offer_count) return give(EINVAL);
        d->pixelformat = f->offers[d->index].pixelformat;
        return 0;
    }
    if (request == VIDIOC_ENUM_FRAMESIZES) {
        struct v4l2_frmsizeenum *s = argument;
        if (f->size_type) {
            s->type = f->size_type;
            s->stepwise = f->sizes;
            return give(s->index ? EINVAL : 0);
        }
        for (uint32_t i = 0; i < f->offer_count; i++)
            if (f->offers[i].pixelformat == s->pixel_format && s->index == 0) {
                s->type = V4L2_FRMSIZE_TYPE_DISCRETE;
                s->discrete.width = f->offers[i].width;
                s->discrete.height = f->offers[i].height;
                return 0;
            }
        return give(EINVAL);
    }
    struct v4l2_frmivalenum *v = argument;
    if (v->index) return give(EINVAL);
    if (f->interval_type) {
        v->type = f->interval_type;
        v->stepwise = f->intervals;
        return 0;
    }
    v->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    v->discrete = (struct v4l2_fract){1, 30};
    return 0;
}

static int dequeue(struct v4l2_buffer *b) {
    struct fake_v4l2 *f = &fake_v4l2;
    if (f->dqbuf_faults) {
        f->dqbuf_faults--;
        return give(f->fail_dqbuf);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    b->index = next_buffer++ % 4;
    memcpy(maps[b->index], f->frame, f->frame_bytes);
    b->bytesused = (uint32_t)f->frame_bytes;
    b->flags = f->clock_flags;
    f->dequeued++;
    if (f->error_every && f->dequeued % f->error_every == 0) b->flags |= V4L2_BUF_FLAG_ERROR;
    b->timestamp.tv_sec = now.tv_sec + f->clock_off_s;
    b->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...) {
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    struct fake_v4l2 *f = &fake_v4l2;
    if (!is_fake(fd)) return __real_ioctl(fd, request, argument);
    switch (request) {
    case VIDIOC_QUERYCAP:
        *(struct v4l2_capability *)argument = f->cap;
        if (f->model_0_12_7) {
            const uint32_t caps =
                (ready_for_output ? V4L2_CAP_VIDEO_OUTPUT : 0) | (ready_for_capture ? V4L2_CAP_VIDEO_CAPTURE : 0);
            ((struct v4l2_capability *)argument)->device_caps = caps | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE;
        }
        return 0;
    case VIDIOC_ENUM_FMT:
    case VIDIOC_ENUM_FRAMESIZES:
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return enumerate(request, argument);
    case VIDIOC_S_FMT: {
        struct v4l2_pix_format *pix = &((struct v4l2_format *)argument)->fmt.pix;
        f->s_fmts++;
        if (f->fail_s_fmt) return give(f->fail_s_fmt);
        if (f->forced.width) pix->width = f->forced.width;
        if (f->forced.height) pix->height = f->forced.height;
        if (f->forced.pixelformat) pix->pixelformat = f->forced.pixelformat;
        if (f->forced.bytesperline) pix->bytesperline = f->forced.bytesperline;
        f->format = *pix;
        return 0;
    }
    case VIDIOC_REQBUFS:
        next_buffer = map_count = 0;
        return give(f->fail_reqbufs);
    case VIDIOC_QUERYBUF:
        ((struct v4l2_buffer *)argument)->length = MAP_BYTES;
        ((struct v4l2_buffer *)argument)->m.offset = fd == image_fd ? 32 * MAP_BYTES : 0;
        return 0;
    case VIDIOC_QBUF:
        f->queued++;
        return 0;
    case VIDIOC_DQBUF:
        return dequeue(argument);
    case VIDIOC_STREAMON:
        f->streamons++;
        if (f->model_0_12_7) writer_fd = fd;
        if (f->caps_after_streamon) f->cap.device_caps = f->caps_after_streamon;
        return give(f->fail_streamon);
    case VIDIOC_STREAMOFF:
        return 0;
    case VIDIOC_S_PARM: {
        const struct v4l2_streamparm *parm = argument;
        f->interval = parm->parm.output.timeperframe; /* capture's lies at the same place */
        return give(parm->type == V4L2_BUF_TYPE_VIDEO_OUTPUT ? 0 : ENOTTY);
    }
    case VIDIOC_SUBSCRIBE_EVENT:
        return give(f->model_0_12_7 ? EINVAL : 0);
    case VIDIOC_DQEVENT: {
        struct v4l2_event *event = argument;
        const uint32_t count = f->readers;
        if (!f->events) return give(ENOENT);
        f->events--;
        event->type = 0x10e00001; /* V4L2_EVENT_PRI_CLIENT_USAGE */
        memcpy(event->u.data, &count, sizeof count);
        return 0;
    }
    case VIDIOC_G_CTRL:
    case VIDIOC_S_CTRL: {
        struct v4l2_control *control = argument;
        if (f->no_controls) return give(EINVAL);
        if (control->id == 0x98f903 && request == VIDIOC_S_CTRL && control->value != image_value)
            image_next = image_value = control->value; /* V4L2 hands on only what changes */
        if (control->id == 0x98f902 && request == VIDIOC_S_CTRL) f->timeout_ms = control->value;
        if (control->id == 0x98f902 && request == VIDIOC_G_CTRL) control->value = f->timeout_ms;
        return give(control->id == 0x98f902 || control->id == 0x98f903 ? 0 : EINVAL);
    }
    default:
        return give(ENOTTY);
    }
}

void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
    if (!is_fake(fd)) return __real_mmap(at, bytes, protection, flags, fd, offset);
    if (fd == image_fd) {
        image_memory = memfd_create("timeout image", MFD_CLOEXEC);
        if (image_memory < 0 || ftruncate(image_memory, (off_t)bytes)) return MAP_FAILED;
        return __real_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, image_memory, 0);
    }
    void *map = __real_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    maps[map_count++ % 4] = map; /* as many as DQBUF takes turns with; a second opening's take the place of the first's */
    return map;
}

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout) {
    if (!count || !is_fake(list[0].fd) || !fake_v4l2.silent) return __real_poll(list, count, timeout);
    const int fd = list[0].fd;
    list[0].fd = -1; /* ignored by poll */
    const int ready = __real_poll(list, count, timeout);
    list[0].fd = fd;
    return ready;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    struct fake_v4l2 *f = &fake_v4l2;
    if (!is_fake(fd)) return __real_write(fd, bytes, size);
    f->writes++;
    ready_for_output = false;
    ready_for_capture = true;
    if (f->fail_write) return give(f->fail_write);
    if (f->write_most && f->short_writes && size > f->write_most) {
        f->short_writes--;
        size = f->write_most;
    }
    f->written_bytes = size;
    memcpy(f->written, bytes, size < sizeof f->written ? size : sizeof f->written);
    return (ssize_t)size;
}
