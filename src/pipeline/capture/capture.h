/* SPDX-License-Identifier: MIT */
/* Pictures in: from a camera, a file or the program's own footage, to a bt_frame by one upload. */
#ifndef BT_PIPELINE_CAPTURE_H
#define BT_PIPELINE_CAPTURE_H

#include "base/status.h"
#include "pipeline/frame.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_source;
struct bt_capture;

enum bt_pixels { BT_PIXELS_YUYV, BT_PIXELS_NV12, BT_PIXELS_I420, BT_PIXELS_COUNT };

/* A raw picture in host memory: tightly packed, even width and height; Y'CbCr by BT.709 if `bt709`, else by BT.601; limited
   range unless `full_range`. Size, format and colour are those of the source's format and never change. */
struct bt_picture {
    enum bt_pixels pixels;
    uint32_t width_px, height_px;
    bool full_range, bt709;
    int64_t capture_ns;
    uint8_t *data; /* the reader's buffer, at least bt_picture_bytes; perhaps slow to read back from: only write */
};
size_t bt_picture_bytes(enum bt_pixels pixels, uint32_t width_px, uint32_t height_px);

/* What a source is. Sources are driven by one thread. */
struct bt_source_format {
    enum bt_pixels pixels;
    uint32_t width_px, height_px;
    uint32_t rate_num, rate_den; /* frames a second */
    bool live; /* true: frames that nobody takes are lost, newest wins. false: every frame is taken in order */
    bool full_range, bt709;
};
struct bt_source_ops {
    void (*destroy)(struct bt_source *source);
    /* Fills picture->data and the fields that change; blocks until there is one. A damaged frame is skipped inside, counted and
       logged. BT_E_TIMEOUT, BT_E_NOT_FOUND (unplugged), BT_E_BUSY (held by somebody else): nothing now, ask again. BT_E_END,
       BT_E_IO and all others: nothing will come any more. */
    bt_status (*read)(struct bt_source *source, struct bt_picture *picture);
    /* From another thread or a signal handler's flag: makes a blocked read return BT_E_INTERRUPTED soon. */
    void (*interrupt)(struct bt_source *source);
    /* Gives the device back, so that its light goes out and others may have it; the next read takes it again. Forgets an
       interrupt. NULL: there is nothing to give back. */
    void (*release)(struct bt_source *source);
};
struct bt_source { /* head of every source */
    const struct bt_source_ops *ops;
    struct bt_source_format format;
    char name[128];
};

struct bt_camera_params {
    struct bt_log *log;
    const char *path; /* /dev/videoN */
    uint32_t width_px, height_px,
        rate; /* wished for; 0: 1280 x 720 at 30. The nearest that the camera can do is taken and logged */
};
BT_CHECKED bt_status bt_source_open_camera(const struct bt_camera_params *params, struct bt_source **out_source);
BT_CHECKED bt_status bt_source_open_file(struct bt_log *log, const char *path, struct bt_source **out_source);
/* What the container of a source by bt_source_open_file says of itself, NULL: nothing; and how long it says that it is, 0:
   it does not. Both are the file's claims. */
const char *bt_source_file_tag(const struct bt_source *source, const char *key);
int64_t bt_source_file_length_ns(const struct bt_source *source);
void bt_source_destroy(struct bt_source **source);

struct bt_capture_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_source *source;     /* taken over, also on failure */
    bool mirror;                  /* after turning */
    uint32_t turn_deg;            /* clockwise: 0, 90, 180 or 270 */
    uint32_t width_px, height_px; /* of frames; 0: the turned picture's own */
    bool letterbox; /* where the shapes differ: the whole picture with black borders, else as much of it as fills the frame */
};
/* A live source gets its own thread and a mailbox; any other is read inside take. */
BT_CHECKED bt_status bt_capture_create(const struct bt_capture_params *params, struct bt_capture **out_capture);
void bt_capture_destroy(struct bt_capture **capture);
const struct bt_source_format *bt_capture_format(const struct bt_capture *capture); /* width and height: the frames' */
/* The next frame, uploaded and converted (submitted, not waited for): valid until the next take. BT_E_TIMEOUT (camera silent
   for 2 s), BT_E_NOT_FOUND (unplugged), BT_E_BUSY and BT_E_PAUSED: nothing now, take again. BT_E_END, BT_E_INTERRUPTED and all
   others: the end. */
BT_CHECKED bt_status bt_capture_take(struct bt_capture *capture, struct bt_frame *out_frame);
void bt_capture_interrupt(struct bt_capture *capture); /* any thread */
/* Paused, take says BT_E_PAUSED at once, and then four times a second; a live source is released, any other just waits. No
   frame from before is given after it. Any thread. */
void bt_capture_pause(struct bt_capture *capture);
void bt_capture_resume(struct bt_capture *capture);
uint64_t bt_capture_dropped(const struct bt_capture *capture);

#endif
