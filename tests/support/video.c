/* SPDX-License-Identifier: MIT */
#include "support/video.h"
#include "support/cmocka.h"
#include <dirent.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int test_video_grey(int frame) {
    return 40 + frame * 7 % 180;
}

struct writer {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *scale;
    uint8_t *rgb;
};

static bool drain(struct writer *w) {
    int result;
    while ((result = avcodec_receive_packet(w->codec, w->packet)) >= 0) {
        av_packet_rescale_ts(w->packet, w->codec->time_base, w->format->streams[0]->time_base);
        if (av_interleaved_write_frame(w->format, w->packet) < 0) return false;
    }
    return result == AVERROR(EAGAIN) || result == AVERROR_EOF;
}

static bool open_writer(struct writer *w, const struct test_video *v) {
    const AVCodec *encoder = avcodec_find_encoder_by_name(v->encoder);
    if (!encoder || avformat_alloc_output_context2(&w->format, NULL, NULL, v->path) < 0) return false;
    AVStream *stream = avformat_new_stream(w->format, NULL);
    AVCodecContext *c = w->codec = avcodec_alloc_context3(encoder);
    w->packet = av_packet_alloc();
    w->frame = av_frame_alloc();
    w->rgb = calloc(1, (size_t)v->width_px * (size_t)v->height_px * 3 + AV_INPUT_BUFFER_PADDING_SIZE); /* swscale reads on */
    c->width = v->width_px;
    c->height = v->height_px;
    c->pix_fmt = av_get_pix_fmt(v->pixels);
    c->time_base = (AVRational){1, v->rate};
    c->framerate = (AVRational){v->rate, 1};
    c->gop_size = 5;
    c->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
    c->flags |= AV_CODEC_FLAG_QSCALE;
    c->global_quality = 2 * FF_QP2LAMBDA;
    if (w->format->oformat->flags & AVFMT_GLOBALHEADER) c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (avcodec_open2(c, encoder, NULL) < 0) return false;
    stream->time_base = c->time_base;
    stream->avg_frame_rate = c->framerate;
    w->frame->format = c->pix_fmt;
    w->frame->width = c->width;
    w->frame->height = c->height;
    w->scale =
        sws_getContext(c->width, c->height, AV_PIX_FMT_RGB24, c->width, c->height, c->pix_fmt, SWS_BICUBIC, NULL, NULL, NULL);
    return w->scale && av_frame_get_buffer(w->frame, 0) >= 0 && avcodec_parameters_from_context(stream->codecpar, c) >= 0 &&
           avio_open(&w->format->pb, v->path, AVIO_FLAG_WRITE) >= 0 && avformat_write_header(w->format, NULL) >= 0;
}

bool test_video_write(const struct test_video *v) {
    struct writer w = {0};
    av_log_set_level(AV_LOG_QUIET);
    bool good = open_writer(&w, v);
    for (int k = 0; good && k < v->frames; k++) {
        const uint8_t *planes[4] = {w.rgb};
        const int strides[4] = {3 * v->width_px};
        memset(w.rgb, test_video_grey(k), (size_t)v->width_px * (size_t)v->height_px * 3);
        good = av_frame_make_writable(w.frame) >= 0;
        if (good) sws_scale(w.scale, planes, strides, 0, v->height_px, w.frame->data, w.frame->linesize);
        w.frame->pts = k;
        good = good && avcodec_send_frame(w.codec, w.frame) >= 0 && drain(&w);
    }
    if (good) good = avcodec_send_frame(w.codec, NULL) >= 0 && drain(&w) && av_write_trailer(w.format) >= 0;
    if (w.format && w.format->pb) avio_closep(&w.format->pb);
    avformat_free_context(w.format);
    avcodec_free_context(&w.codec);
    av_packet_free(&w.packet);
    av_frame_free(&w.frame);
    sws_freeContext(w.scale);
    free(w.rgb);
    return good;
}

void test_folder(char *out_path, size_t bytes) {
    const char *root = getenv("TMPDIR");
    snprintf(out_path, bytes, "%s/bauta-test-XXXXXX", root ? root : "/tmp");
    assert_non_null(mkdtemp(out_path));
}

uint8_t *test_file_read(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc((size_t)size + 1);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
    bytes[size] = 0;
    fclose(file);
    *out_size = (size_t)size;
    return bytes;
}

void test_file_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void test_folder_remove(const char *path) {
    DIR *dir = opendir(path);
    if (!dir) return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        char name[512];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (unlink(name)) test_folder_remove(name);
    }
    closedir(dir);
    rmdir(path);
}
