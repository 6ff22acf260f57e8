/* SPDX-License-Identifier: MIT */
#include "app/picture.h"

#include "app/files.h"
#include "app/terminal.h"
#include "base/log.h"
#include "pipeline/disclose/disclose.h"

#include <libavcodec/avcodec.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bt_status bt_picture_create(uint32_t width_px, uint32_t height_px, struct bt_picture_rgb *out) {
    uint8_t *rgb = calloc((size_t)width_px * height_px, 3);
    if (!rgb) return BT_E_MEMORY;
    *out = (struct bt_picture_rgb){width_px, height_px, rgb};
    return BT_OK;
}

void bt_picture_finish(struct bt_picture_rgb *picture) {
    free(picture->rgb);
    *picture = (struct bt_picture_rgb){0};
}

static uint8_t byte_of(float v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
}

/* ITU-R BT.601-7 and BT.709-6, limited range. */
static void rgb_of(float y, float u, float v, bool bt709, float out[3]) {
    float kr = bt709 ? 0.2126f : 0.299f, kb = bt709 ? 0.0722f : 0.114f, kg = 1 - kr - kb;
    y = (y - 16) * 255 / 219;
    u = (u - 128) * 255 / 224;
    v = (v - 128) * 255 / 224;
    out[0] = y + 2 * (1 - kr) * v;
    out[2] = y + 2 * (1 - kb) * u;
    out[1] = y - (2 * kr * (1 - kr) * v + 2 * kb * (1 - kb) * u) / kg;
}

struct planes {
    const uint8_t *y, *u, *v;
    uint32_t w, h;
    uint32_t y_step, y_stride, c_step, c_stride, c_rows; /* bytes; c_rows: luma rows of one chroma row */
    bool bt709;
};

static void from_planes(const struct planes *p, struct bt_picture_rgb *to) {
    for (uint32_t row = 0; row < to->height_px; row++)
        for (uint32_t col = 0; col < to->width_px; col++) {
            const uint32_t x0 = (uint32_t)((uint64_t)col * p->w / to->width_px),
                           x1 = (uint32_t)((uint64_t)(col + 1) * p->w / to->width_px);
            const uint32_t y0 = (uint32_t)((uint64_t)row * p->h / to->height_px),
                           y1 = (uint32_t)((uint64_t)(row + 1) * p->h / to->height_px);
            float sum[3] = {0}, n = 0;
            for (uint32_t y = y0; y < (y1 > y0 ? y1 : y0 + 1); y++)
                for (uint32_t x = x0; x < (x1 > x0 ? x1 : x0 + 1); x++, n++) {
                    const size_t c = (size_t)(y / p->c_rows) * p->c_stride + (size_t)(x / 2) * p->c_step;
                    float rgb[3];
                    rgb_of(p->y[(size_t)y * p->y_stride + (size_t)x * p->y_step], p->u[c], p->v[c], p->bt709, rgb);
                    for (int i = 0; i < 3; i++) sum[i] += rgb[i];
                }
            for (int i = 0; i < 3; i++) to->rgb[((size_t)row * to->width_px + col) * 3 + (size_t)i] = byte_of(sum[i] / n);
        }
}

void bt_picture_from_i420(const uint8_t *i420, uint32_t w, uint32_t h, bool bt709, struct bt_picture_rgb *to) {
    const uint8_t *u = i420 + (size_t)w * h;
    const struct planes planes = {i420, u, u + (size_t)(w / 2) * (h / 2), w, h, 1, w, 1, w / 2, 2, bt709};
    from_planes(&planes, to);
}

void bt_picture_from_view(const struct bt_disclosed_view *view, struct bt_picture_rgb *to) {
    const uint32_t w = view->width_px, h = view->height_px;
    const uint8_t *y = view->bytes, *c = y + (size_t)w * h;
    if (view->egress == BT_EGRESS_I420) {
        bt_picture_from_i420(y, w, h, view->bt709, to);
        return;
    }
    const struct planes yuyv = {y, y + 1, y + 3, w, h, 2, 2 * w, 4, 2 * w, 1, view->bt709},
                        nv12 = {y, c, c + 1, w, h, 1, w, 2, w, 2, view->bt709};
    from_planes(view->egress == BT_EGRESS_YUYV ? &yuyv : &nv12, to);
}

void bt_picture_paste(const struct bt_picture_rgb *from, struct bt_picture_rgb *to, uint32_t x, uint32_t y) {
    if (x >= to->width_px) return;
    uint32_t w = from->width_px < to->width_px - x ? from->width_px : to->width_px - x;
    for (uint32_t row = 0; row < from->height_px && row + y < to->height_px; row++)
        memcpy(to->rgb + ((size_t)(row + y) * to->width_px + x) * 3, from->rgb + (size_t)row * from->width_px * 3,
               (size_t)w * 3);
}

void bt_picture_dot(struct bt_picture_rgb *p, float x, float y, float radius, const uint8_t color[3]) {
    for (int row = (int)(y - radius - 1); row <= (int)(y + radius + 1); row++)
        for (int col = (int)(x - radius - 1); col <= (int)(x + radius + 1); col++) {
            if (row < 0 || col < 0 || row >= (int)p->height_px || col >= (int)p->width_px) continue;
            float a = radius + 0.5f - hypotf((float)col + 0.5f - x, (float)row + 0.5f - y);
            a = a < 0 ? 0 : a > 1 ? 1 : a;
            uint8_t *c = p->rgb + ((size_t)row * p->width_px + (size_t)col) * 3;
            for (int i = 0; i < 3; i++) c[i] = byte_of((float)c[i] * (1 - a) + (float)color[i] * a);
        }
}

bt_status bt_picture_png(struct bt_log *log, const struct bt_picture_rgb *picture, struct bt_bytes *out_png) {
    bt_status status = BT_E_MEMORY;
    uint8_t *png = NULL;
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    if (!codec) {
        bt_log_error(log, "this libavcodec has no PNG encoder");
        status = BT_E_UNSUPPORTED;
    }
    if (!context || !frame || !packet) goto done;
    context->width = frame->width = (int)picture->width_px;
    context->height = frame->height = (int)picture->height_px;
    context->pix_fmt = AV_PIX_FMT_RGB24;
    frame->format = AV_PIX_FMT_RGB24;
    context->time_base = (AVRational){1, 25};
    context->thread_count = 1;
    if (avcodec_open2(context, codec, NULL) < 0 || av_frame_get_buffer(frame, 0) < 0) goto done;
    for (uint32_t row = 0; row < picture->height_px; row++)
        memcpy(frame->data[0] + (ptrdiff_t)row * frame->linesize[0], picture->rgb + (size_t)row * picture->width_px * 3,
               (size_t)picture->width_px * 3);
    if (avcodec_send_frame(context, frame) < 0 || avcodec_receive_packet(context, packet) < 0) goto done;
    png = malloc((size_t)packet->size);
    if (!png) goto done;
    memcpy(png, packet->data, (size_t)packet->size);
    *out_png = (struct bt_bytes){png, (size_t)packet->size};
    status = BT_OK;
done:
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
    return status;
}

bt_status bt_picture_write_png(struct bt_log *log, const struct bt_picture_rgb *picture, const char *path) {
    struct bt_bytes png = {0};
    bt_status status = bt_picture_png(log, picture, &png);
    if (!status) status = bt_files_write(log, path, png.data, png.size);
    free((void *)(uintptr_t)png.data);
    return status;
}

void bt_picture_print(const struct bt_picture_rgb *p, uint32_t columns) {
    const uint32_t rows = columns * p->height_px / p->width_px;
    for (uint32_t row = 0; row + 1 < rows; row += 2) {
        for (uint32_t col = 0; col < columns; col++) {
            const uint8_t *a = p->rgb + ((size_t)(row * p->height_px / rows) * p->width_px + col * p->width_px / columns) * 3;
            const uint8_t *b =
                p->rgb + ((size_t)((row + 1) * p->height_px / rows) * p->width_px + col * p->width_px / columns) * 3;
            printf("\033[38;2;%d;%d;%d;48;2;%d;%d;%dm▀", a[0], a[1], a[2], b[0], b[1], b[2]);
        }
        printf("\033[0m\n");
    }
}

void bt_picture_show(const struct bt_picture_rgb *p, uint32_t columns_most) {
    enum { ROWS_BESIDE = 4 };
    uint32_t columns = 0, rows = 0, most = columns_most;
    if (bt_terminal_size(&columns, &rows)) {
        /* A letter is one pixel wide and two high. */
        if (rows > ROWS_BESIDE && 2 * (rows - ROWS_BESIDE) * p->width_px / p->height_px < most)
            most = 2 * (rows - ROWS_BESIDE) * p->width_px / p->height_px;
        if (columns < most) most = columns;
    }
    bt_picture_print(p, most);
    putchar('\n');
    fflush(stdout);
}
