/* SPDX-License-Identifier: MIT */
#include "support/portrait.h"
#include "include/color.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool decode(AVFormatContext *format, AVCodecContext *codec, AVPacket *packet, AVFrame *frame, uint8_t *out) {
    while (av_read_frame(format, packet) >= 0) {
        const bool got = avcodec_send_packet(codec, packet) >= 0 && avcodec_receive_frame(codec, frame) >= 0;
        av_packet_unref(packet);
        if (!got) continue;
        if (frame->format != AV_PIX_FMT_RGB24 || frame->width != PORTRAIT_PX || frame->height != PORTRAIT_PX) return false;
        for (int y = 0; y < PORTRAIT_PX; y++)
            memcpy(out + (size_t)y * PORTRAIT_PX * 3, frame->data[0] + (ptrdiff_t)y * frame->linesize[0], PORTRAIT_PX * 3);
        return true;
    }
    return false;
}

uint8_t *portrait_read(void) {
    char path[4096];
    const char *source = getenv("BAUTA_TEST_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/portrait.png", source ? source : ".");
    AVFormatContext *format = NULL;
    AVCodecContext *codec = NULL;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    uint8_t *out = NULL;
    bool good = false;
    av_log_set_level(AV_LOG_ERROR);
    if (!packet || !frame || avformat_open_input(&format, path, NULL, NULL) < 0) goto done;
    if (avformat_find_stream_info(format, NULL) < 0 || format->nb_streams < 1) goto done;
    const AVCodec *decoder = avcodec_find_decoder(format->streams[0]->codecpar->codec_id);
    codec = avcodec_alloc_context3(decoder);
    if (!decoder || !codec || avcodec_parameters_to_context(codec, format->streams[0]->codecpar) < 0) goto done;
    codec->thread_count = 1;
    if (avcodec_open2(codec, decoder, NULL) < 0) goto done;
    out = malloc((size_t)PORTRAIT_PX * PORTRAIT_PX * 3);
    good = out && decode(format, codec, packet, frame, out);
done:
    if (!good) {
        free(out);
        out = NULL;
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return out;
}

/* To the nearest, ties to even, for what a picture holds: 0 ... 1. IEEE 754-2008 binary16. */
static uint16_t half(float v) {
    if (v < 6.103515625e-5f) return (uint16_t)lrintf(v * 16777216.0f); /* subnormal: steps of 2^-24 */
    int exponent;
    const float fraction = frexpf(v, &exponent);                                    /* .5 ... 1 */
    return (uint16_t)(((exponent + 14) << 10) + lrintf((fraction * 2 - 1) * 1024)); /* a carry moves the exponent by itself */
}

void portrait_linear(const uint8_t *rgb, uint32_t pixels, float exposure, uint16_t *out) {
    uint16_t table[256];
    for (int i = 0; i < 256; i++) table[i] = half(fminf(powf((float)i / 255, (float)BT_GAMMA) * exposure, 1));
    for (uint32_t i = 0; i < pixels; i++) {
        for (uint32_t c = 0; c < 3; c++) out[4 * (size_t)i + c] = table[rgb[3 * (size_t)i + c]];
        out[4 * (size_t)i + 3] = 0x3c00;
    }
}
