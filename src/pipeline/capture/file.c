/* SPDX-License-Identifier: MIT */
/* A video file, by libavformat and libavcodec: every frame in order, as limited-range I420. */
#include "base/clock.h"
#include "pipeline/capture/internal.h"
#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Containers only: no playlist, no device, nothing that opens further files or the net. */
static const char containers[] =
    "matroska,webm,mov,mp4,avi,mpegts,mpeg,mpegvideo,ogg,flv,yuv4mpegpipe,nut,ivf,asf,gif,h264,hevc,"
    "mjpeg,m4v,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe";

struct file {
    struct bt_source head;
    struct bt_log *log;
    char *path;
    atomic_bool stop;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *scale;
    int stream;
    bool pending,
        drained; /* pending: frame holds a picture that read has not given yet; drained: the decoder was told the end */
    int64_t origin_ns, first_pts, last_ns;
    uint64_t damaged, given;
};

static void file_destroy(struct bt_source *source) {
    struct file *f = (struct file *)source;
    if (f->damaged) bt_log_warning(f->log, "%s: %llu damaged packets were skipped", f->path, (unsigned long long)f->damaged);
    sws_freeContext(f->scale);
    av_frame_free(&f->frame);
    av_packet_free(&f->packet);
    avcodec_free_context(&f->codec);
    avformat_close_input(&f->format);
    free(f->path);
    free(f);
}

static void file_interrupt(struct bt_source *source) {
    atomic_store(&((struct file *)source)->stop, true);
}

static int asked_to_stop(void *user) {
    return atomic_load(&((struct file *)user)->stop);
}

static bt_status fault(struct file *f, int error, const char *what) {
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (atomic_load(&f->stop)) return BT_E_INTERRUPTED;
    av_strerror(error, text, sizeof text);
    bt_log_error(f->log, "%s: %s: %s", f->path, what, text);
    if (error == AVERROR(ENOMEM)) return BT_E_MEMORY;
    if (error == AVERROR(ENOENT)) return BT_E_NOT_FOUND;
    if (error == AVERROR(EACCES) || error == AVERROR(EPERM)) return BT_E_IO; /* EIO is what demuxers say of a file cut off */
    if (error == AVERROR_DECODER_NOT_FOUND || error == AVERROR_PATCHWELCOME) return BT_E_UNSUPPORTED;
    return BT_E_FORMAT;
}

static void note_damage(struct file *f) {
    if (f->damaged++ == 0) bt_log_warning(f->log, "%s: damaged data are skipped", f->path);
}

/* The next decoded picture into f->frame. BT_E_END after the last. */
static bt_status decode(struct file *f) {
    for (;;) {
        if (atomic_load(&f->stop)) return BT_E_INTERRUPTED;
        int result = avcodec_receive_frame(f->codec, f->frame);
        if (!result &&
            (f->frame->width < BT_CAPTURE_LEAST_PX || f->frame->height < BT_CAPTURE_LEAST_PX || !f->frame->data[0])) {
            note_damage(f);
            continue;
        }
        if (!result) return BT_OK;
        if (result == AVERROR_EOF) return BT_E_END;
        if (result == AVERROR(ENOMEM)) return fault(f, result, "decoding");
        if (result != AVERROR(EAGAIN)) {
            note_damage(f);
            if (f->drained) return BT_E_END;
        }
        if (f->drained) continue; /* the decoder is only being emptied */
        result = av_read_frame(f->format, f->packet);
        if (result == AVERROR_EXIT) return BT_E_INTERRUPTED;
        if (result < 0) { /* the end, or a file cut off: what is decoded still comes out */
            if (result != AVERROR_EOF) note_damage(f);
            f->drained = true;
            result = avcodec_send_packet(f->codec, NULL);
            if (result < 0 && result != AVERROR_EOF) return BT_E_END;
            continue;
        }
        if (f->packet->stream_index == f->stream) {
            result = avcodec_send_packet(f->codec, f->packet);
            if (result < 0 && result != AVERROR(EAGAIN)) note_damage(f);
        }
        av_packet_unref(f->packet);
    }
}

/* RGB has no limited range here, and grey is taken for full range where the file is silent, as swscale writes it. */
static bool is_full_range(const AVFrame *frame) {
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    if (frame->color_range != AVCOL_RANGE_UNSPECIFIED) return frame->color_range == AVCOL_RANGE_JPEG;
    if (!desc) return false;
    return (desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) || desc->nb_components <= 2 ||
           !strncmp(desc->name, "yuvj", 4);
}

/* Scales to the first picture's size where a later one differs, and brings any format to limited-range I420. */
static bt_status convert(struct file *f, uint8_t *out) {
    const int w = (int)f->head.format.width_px, h = (int)f->head.format.height_px;
    /* The same size but for an odd last column or row is a crop, not a scaling. */
    const int from_w = (f->frame->width & ~1) == w ? w : f->frame->width,
              from_h = (f->frame->height & ~1) == h ? h : f->frame->height;
    f->scale = sws_getCachedContext(f->scale, from_w, from_h, (enum AVPixelFormat)f->frame->format, w, h, AV_PIX_FMT_YUV420P,
                                    SWS_BICUBIC | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!f->scale) {
        bt_log_error(f->log, "%s: its pixel format cannot be converted", f->path);
        return BT_E_UNSUPPORTED;
    }
    const int *matrix = sws_getCoefficients(f->head.format.bt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
    const bool full = is_full_range(f->frame);
    sws_setColorspaceDetails(f->scale, matrix, full, matrix, 0, 0, 1 << 16, 1 << 16);
    uint8_t *planes[4] = {out, out + (size_t)w * (size_t)h, out + (size_t)w * (size_t)h * 5 / 4, NULL};
    const int strides[4] = {w, w / 2, w / 2, 0};
    if (sws_scale(f->scale, (const uint8_t *const *)f->frame->data, f->frame->linesize, 0, from_h, planes, strides) != h) {
        bt_log_error(f->log, "%s: a picture could not be converted", f->path);
        return BT_E_FORMAT;
    }
    return BT_OK;
}

/* The file's own time line, laid to where it was opened; frames without a time follow at the declared rate. */
static int64_t time_of(struct file *f) {
    const AVStream *stream = f->format->streams[f->stream];
    const struct bt_source_format *format = &f->head.format;
    const int64_t pts = f->frame->best_effort_timestamp;
    const int64_t step = (int64_t)((uint64_t)1000000000 * format->rate_den / format->rate_num);
    int64_t ns = f->given ? f->last_ns + step : f->origin_ns;
    if (pts != AV_NOPTS_VALUE) {
        if (f->first_pts == AV_NOPTS_VALUE) f->first_pts = pts;
        const int64_t since = av_rescale_q(pts - f->first_pts, stream->time_base, (AVRational){1, 1000000000});
        /* A jump is a broken or spliced time line, not an hour without pictures. */
        if (f->origin_ns + since >= f->last_ns && f->origin_ns + since < f->last_ns + 10 * INT64_C(1000000000))
            ns = f->origin_ns + since;
    }
    f->last_ns = ns;
    f->given++;
    return ns;
}

static bt_status file_read(struct bt_source *source, struct bt_picture *picture) {
    struct file *f = (struct file *)source;
    bt_status st = f->pending ? BT_OK : decode(f);
    f->pending = false;
    if (!st) st = convert(f, picture->data);
    if (st) return st;
    picture->pixels = f->head.format.pixels;
    picture->width_px = f->head.format.width_px;
    picture->height_px = f->head.format.height_px;
    picture->full_range = f->head.format.full_range;
    picture->bt709 = f->head.format.bt709;
    picture->capture_ns = time_of(f);
    av_frame_unref(f->frame);
    return BT_OK;
}

static const struct bt_source_ops file_ops = {file_destroy, file_read, file_interrupt, NULL};

/* A picture's demuxer by its first bytes: left to itself libavformat takes a .jpg for one of a numbered series, which would
   open others. NULL: not a picture. */
static const AVInputFormat *picture_format(const char *path) {
    static const struct {
        const char *magic, *name;
        size_t at, size;
    } kinds[] = {{"\x89PNG", "png_pipe", 0, 4},
                 {"\xff\xd8\xff", "jpeg_pipe", 0, 3},
                 {"WEBP", "webp_pipe", 8, 4},
                 {"BM", "bmp_pipe", 0, 2}};
    char first[12] = "";
    const AVInputFormat *format = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool whole = fd >= 0 && read(fd, first, sizeof first) == sizeof first;
    for (size_t i = 0; whole && !format && i < BT_COUNT(kinds); i++)
        if (!memcmp(first + kinds[i].at, kinds[i].magic, kinds[i].size)) format = av_find_input_format(kinds[i].name);
    if (fd >= 0) close(fd);
    return format;
}

static bt_status open_container(struct file *f) {
    struct stat status;
    if (stat(f->path, &status)) {
        const int error = errno; /* a log may change it */
        bt_log_error(f->log, "%s: %s", f->path, strerror(error));
        return error == ENOENT || error == ENOTDIR ? BT_E_NOT_FOUND : BT_E_IO;
    }
    if (!S_ISREG(status.st_mode)) {
        bt_log_error(f->log, "%s: is not a file%s", f->path,
                     S_ISCHR(status.st_mode) ? ": cameras are opened with --camera" : "");
        return BT_E_ARGUMENT;
    }
    const size_t length = strlen(f->path) + sizeof "file:";
    char *url = malloc(length);
    AVDictionary *options = NULL;
    f->format = avformat_alloc_context();
    if (!url || !f->format) {
        free(url);
        return BT_E_MEMORY;
    }
    snprintf(url, length, "file:%s", f->path); /* "file:" keeps a name like "http:…" from meaning anything else */
    f->format->interrupt_callback = (AVIOInterruptCB){asked_to_stop, f};
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    av_dict_set(&options, "format_whitelist", containers, 0);
    int result = avformat_open_input(&f->format, url, picture_format(f->path), &options);
    av_dict_free(&options);
    free(url);
    if (result < 0) return fault(f, result, "is not a video that can be read");
    result = avformat_find_stream_info(f->format, NULL);
    return result < 0 ? fault(f, result, "its streams cannot be read") : BT_OK;
}

static bt_status open_codec(struct file *f) {
    const AVCodec *codec = NULL;
    f->stream = av_find_best_stream(f->format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (f->stream == AVERROR_DECODER_NOT_FOUND) {
        const AVCodecParameters *unknown = NULL;
        for (unsigned i = 0; i < f->format->nb_streams && !unknown; i++)
            if (f->format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) unknown = f->format->streams[i]->codecpar;
        bt_log_error(f->log, "%s: no decoder for %s here", f->path,
                     unknown ? avcodec_get_name(unknown->codec_id) : "its video");
        return BT_E_UNSUPPORTED;
    }
    if (f->stream < 0 || !codec) {
        bt_log_error(f->log, "%s: there is no video in it", f->path);
        return BT_E_FORMAT;
    }
    f->codec = avcodec_alloc_context3(codec);
    f->packet = av_packet_alloc();
    f->frame = av_frame_alloc();
    if (!f->codec || !f->packet || !f->frame) return BT_E_MEMORY;
    int result = avcodec_parameters_to_context(f->codec, f->format->streams[f->stream]->codecpar);
    if (result < 0) return fault(f, result, "its parameters make no sense");
    f->codec->thread_count = 2;
    f->codec->max_pixels = (int64_t)BT_CAPTURE_MOST_PX * BT_CAPTURE_MOST_PX; /* a header may claim any size */
    result = avcodec_open2(f->codec, codec, NULL);
    return result < 0 ? fault(f, result, "its decoder does not start") : BT_OK;
}

/* Decodes one picture: only that tells whether there is a video at all, and its size. */
static bt_status first_picture(struct file *f) {
    const AVStream *stream = f->format->streams[f->stream];
    struct bt_source_format *format = &f->head.format;
    bt_status st = decode(f);
    if (st == BT_E_END) {
        bt_log_error(f->log, "%s: no picture can be decoded from it", f->path);
        return BT_E_FORMAT;
    }
    if (st) return st;
    f->pending = true;
    const int w = f->frame->width, h = f->frame->height;
    if (w > BT_CAPTURE_MOST_PX || h > BT_CAPTURE_MOST_PX) {
        bt_log_error(f->log, "%s: %d x %d px; %d to %d a side can be used", f->path, w, h, BT_CAPTURE_LEAST_PX,
                     BT_CAPTURE_MOST_PX);
        return BT_E_UNSUPPORTED;
    }
    if ((w | h) & 1) bt_log_info(f->log, "%s: %d x %d px: cut to even sides", f->path, w, h);
    AVRational rate = stream->avg_frame_rate;
    if (rate.num <= 0 || rate.den <= 0) rate = stream->r_frame_rate;
    if (rate.num <= 0 || rate.den <= 0 || av_q2d(rate) > 1000 || av_q2d(rate) < 0.01) rate = (AVRational){BT_CAPTURE_FPS, 1};
    format->pixels = BT_PIXELS_I420;
    format->width_px = (uint32_t)w & ~1u;
    format->height_px = (uint32_t)h & ~1u;
    format->rate_num = (uint32_t)rate.num;
    format->rate_den = (uint32_t)rate.den;
    const enum AVColorSpace space = f->frame->colorspace;
    format->bt709 = space == AVCOL_SPC_BT709 || ((space == AVCOL_SPC_UNSPECIFIED || space == AVCOL_SPC_RGB) && h >= 720);
    if (space == AVCOL_SPC_BT2020_NCL || space == AVCOL_SPC_BT2020_CL) {
        format->bt709 = true;
        bt_log_info(f->log, "%s: BT.2020 colours are read as BT.709", f->path);
    }
    return BT_OK;
}

const char *bt_source_file_tag(const struct bt_source *source, const char *key) {
    const struct file *f = (const struct file *)source;
    const AVDictionaryEntry *entry = av_dict_get(f->format->metadata, key, NULL, 0);
    return entry ? entry->value : NULL;
}

int64_t bt_source_file_length_ns(const struct bt_source *source) {
    const struct file *f = (const struct file *)source;
    const int64_t length = f->format->duration; /* in AV_TIME_BASE, microseconds */
    return length != AV_NOPTS_VALUE && length > 0 && length < INT64_MAX / 1000 ? length * 1000 : 0;
}

bt_status bt_source_open_file(struct bt_log *log, const char *path, struct bt_source **out_source) {
    if (!path) return BT_E_ARGUMENT;
    struct file *f = calloc(1, sizeof *f);
    if (!f) return BT_E_MEMORY;
    av_log_set_level(AV_LOG_QUIET); /* a library that would print; what matters reaches bt_log as a status */
    f->head.ops = &file_ops;
    f->log = log;
    f->stream = -1;
    f->first_pts = AV_NOPTS_VALUE;
    atomic_init(&f->stop, false);
    f->path = strdup(path);
    bt_status st = f->path ? open_container(f) : BT_E_MEMORY;
    if (!st) st = open_codec(f);
    if (!st) st = first_picture(f);
    if (st) goto fail;
    f->origin_ns = f->last_ns = bt_clock_now_ns();
    const char *slash = strrchr(path, '/');
    snprintf(f->head.name, sizeof f->head.name, "%s", slash ? slash + 1 : path);
    bt_log_info(log, "video: %s, %s %u x %u, %u/%u frames a second", path, avcodec_get_name(f->codec->codec_id),
                f->head.format.width_px, f->head.format.height_px, f->head.format.rate_num, f->head.format.rate_den);
    *out_source = &f->head;
    return BT_OK;
fail:
    file_destroy(&f->head);
    return st;
}
