/* SPDX-License-Identifier: MIT */
/* A video node in this process: /dev/zero opened under the node's name, its ioctls, maps, polls and writes answered here. Link
   with -Wl,--wrap=open,--wrap=close,--wrap=ioctl,--wrap=mmap,--wrap=poll,--wrap=write, and --wrap=stat where nodes are asked by
   name. */
#ifndef BT_TESTS_SUPPORT_FAKE_V4L2_H
#define BT_TESTS_SUPPORT_FAKE_V4L2_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_NODE "/dev/video-fake"

struct fake_v4l2 {
    /* set by the test before opening */
    struct v4l2_capability cap;
    const char *path;                 /* where it is opened; FAKE_NODE after reset */
    struct v4l2_pix_format offers[4]; /* pixelformat, width, height; priv: frames a second */
    uint32_t offer_count;
    uint32_t size_type, interval_type; /* V4L2_FRM…_TYPE_…; 0: the offers' sizes, at 30 */
    struct v4l2_frmsize_stepwise sizes;
    struct v4l2_frmival_stepwise intervals;
    struct v4l2_pix_format forced; /* what S_FMT answers instead, where not 0 */
    int fail_open, fail_s_fmt, fail_reqbufs, fail_streamon, fail_dqbuf, fail_write; /* errno, or 0 */
    uint32_t dqbuf_faults; /* so many DQBUFs fail with fail_dqbuf, then none */
    bool silent;           /* poll: nothing comes */
    int64_t clock_off_s;   /* how wrong the driver's times are */
    uint32_t clock_flags;
    const uint8_t *frame;  /* what every buffer holds */
    size_t frame_bytes;    /* bytesused */
    uint32_t error_every;  /* every n-th buffer carries V4L2_BUF_FLAG_ERROR */
    size_t write_most;     /* a write takes no more than this; 0: all */
    uint32_t short_writes; /* so many are cut short, then none */
    /* as v4l2loopback */
    bool model_0_12_7;       /* who is a writer is told by STREAMON alone; no events */
    bool no_controls;        /* it has none */
    _Atomic uint32_t events; /* so many wait; each says `readers` */
    _Atomic uint32_t readers;
    int32_t timeout_ms;           /* the control */
    uint32_t caps_after_streamon; /* device_caps once STREAMON was called: a healed 0.12.7 */
    /* seen */
    struct v4l2_pix_format format;
    uint32_t opens, open_now, queued, dequeued, writes, s_fmts, streamons;
    struct v4l2_fract interval; /* as S_PARM asked for it */
    uint8_t timeout_image[1 << 16];
    uint32_t timeout_images; /* how often one was given */
    uint8_t written[1 << 20];
    size_t written_bytes; /* of the last write */
};

extern struct fake_v4l2 fake_v4l2;
void fake_v4l2_reset(const char *driver, uint32_t device_caps);

#endif
