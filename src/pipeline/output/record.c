/* SPDX-License-Identifier: MIT */
/* A recording: H.264 where this libavcodec has x264, MPEG-4 part 2 otherwise, in Matroska or MP4. */
#include "base/log.h"
#include "pipeline/output/sink.h"
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PACED_TICKS = 90000 };

struct record {
    struct bt_sink head;
    struct bt_log *log;
    char *path;
    AVFormatContext *format;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *scale;
    uint32_t width_px, height_px, rate_num, rate_den;
    struct bt_output_about about;
    bool mp4, paced, begun, failed;
    int64_t first_ns, last_pts;
};

static bt_status fault(struct record *r, int error, const char *what) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(error, text, sizeof text);
    if (!r->failed) bt_log_error(r->log, "%s: %s: %s", r->path, what, text);
    r->failed = true;
    return error == AVERROR(ENOMEM) ? BT_E_MEMORY : BT_E_IO;
}

/* Takes what the encoder has ready into the file. */
static bt_status drain(struct record *r) {
    for (;;) {
        int result = avcodec_receive_packet(r->codec, r->packet);
        if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return BT_OK;
        if (result < 0) return fault(r, result, "encoding");
        av_packet_rescale_ts(r->packet, r->codec->time_base, r->stream->time_base);
        r->packet->stream_index = r->stream->index;
        result = av_interleaved_write_frame(r->format, r->packet);
        if (result >= 0 && r->format->pb) result = r->format->pb->error; /* what a buffered write met: a full disk, mostly */
        if (result < 0) return fault(r, result, "writing");
    }
}

/* The encoder is opened with the first frame, which says what the bytes mean. */
static bt_status begin(struct record *r, const struct bt_disclosed_view *view) {
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec) codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!codec) {
        bt_log_error(r->log, "%s: this libavcodec has neither an H.264 nor an MPEG-4 encoder", r->path);
        r->failed = true;
        return BT_E_UNSUPPORTED;
    }
    r->codec = avcodec_alloc_context3(codec);
    r->stream = avformat_new_stream(r->format, NULL);
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    if (!r->codec || !r->stream || !r->packet || !r->frame) return fault(r, AVERROR(ENOMEM), "opening");
    AVCodecContext *c = r->codec;
    c->width = (int)r->width_px;
    c->height = (int)r->height_px;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->framerate = (AVRational){(int)r->rate_num, (int)r->rate_den};
    c->time_base = (AVRational){(int)r->rate_den, (int)r->rate_num};
    /* MPEG-4 part 2 keeps time in 16 bits a second, so it is given the plain rate. */
    if (r->paced && codec->id == AV_CODEC_ID_H264) c->time_base = (AVRational){1, PACED_TICKS};
    c->gop_size = (int)(2 * r->rate_num / r->rate_den) + 1;
    c->color_range = view->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    c->colorspace = view->bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    c->color_primaries = view->bt709 ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    c->color_trc = view->bt709 ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    c->thread_count = 2;
    if (codec->id == AV_CODEC_ID_H264) {
        av_opt_set(c->priv_data, "preset", "veryfast", 0);
        av_opt_set(c->priv_data, "crf", "18", 0);
    } else {
        c->flags |= AV_CODEC_FLAG_QSCALE;
        c->global_quality = 3 * FF_QP2LAMBDA;
    }
    if (r->format->oformat->flags & AVFMT_GLOBALHEADER) c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    int result = avcodec_open2(c, codec, NULL);
    if (result < 0) return fault(r, result, "the encoder does not start");
    r->stream->time_base = c->time_base;
    r->stream->avg_frame_rate = c->framerate;
    result = avcodec_parameters_from_context(r->stream->codecpar, c);
    if (result < 0) return fault(r, result, "opening");
    char comment[256]; /* whoever records; what it is about may say more */
    snprintf(comment, sizeof comment, "%s. Made by bauta %s.", bt_disclose_label_text(), BAUTA_VERSION);
    av_dict_set(&r->format->metadata, "comment", comment, 0);
    for (uint32_t i = 0; i < r->about.tags; i++) {
        result = av_dict_set(&r->format->metadata, r->about.tag[i].key, r->about.tag[i].value, 0);
        if (result < 0) return fault(r, result, "opening");
    }
    r->frame->format = c->pix_fmt;
    r->frame->width = c->width;
    r->frame->height = c->height;
    r->frame->color_range = c->color_range;
    r->frame->colorspace = c->colorspace;
    result = av_frame_get_buffer(r->frame, 0);
    if (result < 0) return fault(r, result, "opening");
    static const enum AVPixelFormat pixels[BT_EGRESS_COUNT] = {
        [BT_EGRESS_YUYV] = AV_PIX_FMT_YUYV422, [BT_EGRESS_NV12] = AV_PIX_FMT_NV12, [BT_EGRESS_I420] = AV_PIX_FMT_YUV420P};
    r->scale =
        sws_getContext(c->width, c->height, pixels[view->egress], c->width, c->height, c->pix_fmt, SWS_POINT, NULL, NULL, NULL);
    if (!r->scale) return fault(r, AVERROR(ENOMEM), "opening");
    AVDictionary *options = NULL; /* else the muxer writes only the keys that it knows */
    if (r->mp4) av_dict_set(&options, "movflags", "use_metadata_tags", 0);
    result = avformat_write_header(r->format, &options);
    av_dict_free(&options);
    if (result < 0) return fault(r, result, "writing");
    r->begun = true;
    r->first_ns = view->capture_ns;
    return BT_OK;
}

static int64_t pts_of(struct record *r, const struct bt_disclosed_view *view) {
    if (!r->paced) return r->last_pts + 1;
    const int64_t pts = av_rescale_q(view->capture_ns - r->first_ns, (AVRational){1, 1000000000}, r->codec->time_base);
    return pts > r->last_pts ? pts : r->last_pts + 1;
}

static bt_status record_write(struct bt_sink *sink, const struct bt_disclosed_view *view, bool *out_taken) {
    struct record *r = (struct record *)sink;
    if (r->failed) return BT_E_IO;
    if (view->width_px != r->width_px || view->height_px != r->height_px) return BT_E_ARGUMENT;
    bt_status st = r->begun ? BT_OK : begin(r, view);
    if (st) return st;
    int result = av_frame_make_writable(r->frame);
    if (result < 0) return fault(r, result, "encoding");
    const size_t w = r->width_px, area = w * r->height_px;
    const uint8_t *planes[4] = {view->bytes, NULL, NULL, NULL};
    int strides[4] = {(int)w, 0, 0, 0};
    if (view->egress == BT_EGRESS_YUYV)
        strides[0] = 2 * (int)w;
    else
        planes[1] = view->bytes + area;
    if (view->egress == BT_EGRESS_NV12) strides[1] = (int)w;
    if (view->egress == BT_EGRESS_I420) {
        planes[2] = view->bytes + area + area / 4;
        strides[1] = strides[2] = (int)w / 2;
    }
    if (sws_scale(r->scale, planes, strides, 0, (int)r->height_px, r->frame->data, r->frame->linesize) != (int)r->height_px)
        return fault(r, AVERROR(EINVAL), "converting");
    r->frame->pts = r->last_pts = pts_of(r, view);
    result = avcodec_send_frame(r->codec, r->frame);
    if (result < 0) return fault(r, result, "encoding");
    st = drain(r);
    if (!st) *out_taken = true;
    return st;
}

/* What is known now in place of what was known then, where it can still be written: .mp4 has its metadata at the end. */
static void renew(struct record *r) {
    char *value = r->mp4 && r->about.last ? r->about.last(r->about.user) : NULL;
    if (value) av_dict_set(&r->format->metadata, r->about.last_key, value, 0);
    free(value);
}

static bt_status record_finish(struct bt_sink *sink) {
    struct record *r = (struct record *)sink;
    bt_status st = r->failed ? BT_E_IO : BT_OK;
    if (r->begun) {
        if (!r->failed) {
            const int result = avcodec_send_frame(r->codec, NULL);
            st = result < 0 ? fault(r, result, "encoding") : drain(r);
        }
        renew(r);
        const int result = av_write_trailer(r->format); /* also after a fault: what is there becomes readable, if it can */
        if (result < 0 && !st) st = fault(r, result, "finishing");
        r->begun = false;
    }
    if (r->format && r->format->pb) {
        int result = r->format->pb->error;
        const int closed = avio_closep(&r->format->pb);
        if (result >= 0) result = closed;
        if (result < 0 && !st) st = fault(r, result, "finishing");
    }
    return st;
}

static void record_destroy(struct bt_sink *sink) {
    struct record *r = (struct record *)sink;
    if (r->format && r->format->pb) avio_closep(&r->format->pb);
    avformat_free_context(r->format);
    avcodec_free_context(&r->codec);
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    sws_freeContext(r->scale);
    free(r->path);
    free(r);
}

static const struct bt_sink_ops ops = {record_write, record_finish, record_destroy, NULL};

static const char *muxer_of(const char *path) {
    static const char *const kinds[][2] = {{".mkv", "matroska"}, {".mp4", "mp4"}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < BT_COUNT(kinds); i++)
        if (!strcmp(dot, kinds[i][0])) return kinds[i][1];
    return NULL;
}

static bt_status open_file(struct record *r) {
    const char *muxer = muxer_of(r->path);
    struct stat status;
    if (!muxer) {
        bt_log_error(r->log, "%s: recordings end in .mkv or .mp4", r->path);
        return BT_E_ARGUMENT;
    }
    if (!stat(r->path, &status) && !S_ISREG(status.st_mode)) {
        bt_log_error(r->log, "%s: exists and is not a file", r->path);
        return BT_E_ARGUMENT;
    }
    const size_t length = strlen(r->path) + sizeof "file:";
    char *url = malloc(length);
    if (!url) return BT_E_MEMORY;
    snprintf(url, length, "file:%s", r->path);
    r->mp4 = !strcmp(muxer, "mp4");
    int result = avformat_alloc_output_context2(&r->format, NULL, muxer, url);
    if (result >= 0) result = avio_open(&r->format->pb, url, AVIO_FLAG_WRITE);
    free(url);
    return result < 0 ? fault(r, result, "opening") : BT_OK;
}

bt_status bt_sink_open_record(const struct bt_sink_params *params, struct bt_sink **out_sink) {
    struct record *r = calloc(1, sizeof *r);
    if (!r) return BT_E_MEMORY;
    av_log_set_level(AV_LOG_QUIET); /* a library that would print; what matters reaches bt_log as a status */
    r->head.ops = &ops;
    r->log = params->log;
    r->width_px = params->width_px;
    r->height_px = params->height_px;
    r->rate_num = params->rate_num;
    r->rate_den = params->rate_den;
    r->paced = params->paced;
    if (params->about) r->about = *params->about;
    r->last_pts = -1;
    r->path = strdup(params->path);
    bt_status st = r->path ? open_file(r) : BT_E_MEMORY;
    if (st) {
        record_destroy(&r->head);
        return st;
    }
    *out_sink = &r->head;
    return BT_OK;
}
