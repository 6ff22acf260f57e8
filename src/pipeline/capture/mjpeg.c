/* SPDX-License-Identifier: MIT */
#include "pipeline/capture/internal.h"
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

struct bt_mjpeg {
    tjhandle handle;
    uint32_t width_px, height_px;
    uint8_t *scratch; /* three planes of the JPEG's own sampling, each as large as a padded luma plane */
    size_t plane_bytes;
};

bt_status bt_mjpeg_create(uint32_t width_px, uint32_t height_px, struct bt_mjpeg **out_mjpeg) {
    if (width_px < 2 || height_px < 2 || width_px > BT_CAPTURE_MOST_PX || height_px > BT_CAPTURE_MOST_PX) return BT_E_ARGUMENT;
    struct bt_mjpeg *m = calloc(1, sizeof *m);
    if (!m) return BT_E_MEMORY;
    m->width_px = width_px;
    m->height_px = height_px;
    /* Planes are padded to whole blocks of chroma samples: at most four pixels. */
    m->plane_bytes = ((size_t)width_px + 4) * ((size_t)height_px + 4);
    m->scratch = malloc(3 * m->plane_bytes);
    m->handle = tjInitDecompress();
    if (!m->scratch || !m->handle) {
        bt_mjpeg_destroy(&m);
        return BT_E_MEMORY;
    }
    *out_mjpeg = m;
    return BT_OK;
}

void bt_mjpeg_destroy(struct bt_mjpeg **mjpeg) {
    if (!mjpeg || !*mjpeg) return;
    if ((*mjpeg)->handle) tjDestroy((*mjpeg)->handle);
    free((*mjpeg)->scratch);
    free(*mjpeg);
    *mjpeg = NULL;
}

/* How many pixels a chroma sample spans, by turbojpeg's sub-sampling number. 0: no chroma. */
static const struct {
    uint8_t x, y;
} spans[] = {
    [TJSAMP_444] = {1, 1},  [TJSAMP_422] = {2, 1}, [TJSAMP_420] = {2, 2},
    [TJSAMP_GRAY] = {0, 0}, [TJSAMP_440] = {1, 2}, [TJSAMP_411] = {4, 1},
};
_Static_assert(sizeof spans / sizeof spans[0] == TJ_NUMSAMP, "one row a sub-sampling");

/* Each sample of the half-size plane is the mean of the samples under its 2 x 2 pixels. */
static void halve(const uint8_t *from, uint32_t stride, uint32_t span_x, uint32_t span_y, uint32_t w, uint32_t h, uint8_t *to) {
    for (uint32_t y = 0; y < h; y++) {
        const uint8_t *top = from + (size_t)(2 * y / span_y) * stride, *bottom = from + (size_t)((2 * y + 1) / span_y) * stride;
        for (uint32_t x = 0; x < w; x++) {
            const uint32_t left = 2 * x / span_x, right = (2 * x + 1) / span_x;
            to[(size_t)y * w + x] = (uint8_t)((top[left] + top[right] + bottom[left] + bottom[right] + 2) / 4);
        }
    }
}

/* Many cameras leave a few bytes too many between segments; the picture is whole all the same. */
static bool harmless(const char *warning) {
    return strstr(warning, "extraneous bytes before marker") != NULL;
}

static bt_status decode(struct bt_mjpeg *m, const uint8_t *bytes, size_t size, uint8_t *out, const char **out_why) {
    int w = 0, h = 0, sampling = -1, space = -1;
    if (size < 4 || size > (size_t)64 << 20) {
        *out_why = "no JPEG of a sane length";
        return BT_E_FORMAT;
    }
    if (tjDecompressHeader3(m->handle, bytes, (unsigned long)size, &w, &h, &sampling, &space)) {
        *out_why = "no JPEG header";
        return BT_E_FORMAT;
    }
    if ((uint32_t)w != m->width_px || (uint32_t)h != m->height_px) {
        *out_why = "a JPEG of another size";
        return BT_E_FORMAT;
    }
    if ((space != TJCS_YCbCr && space != TJCS_GRAY) || sampling < 0 || sampling >= TJ_NUMSAMP) {
        *out_why = "a JPEG that is not YCbCr";
        return BT_E_FORMAT;
    }
    const uint32_t even_w = m->width_px & ~1u, even_h = m->height_px & ~1u, half_w = even_w / 2, half_h = even_h / 2;
    uint8_t *const luma = out, *const u = luma + (size_t)even_w * even_h, *const v = u + (size_t)half_w * half_h;
    const bool direct = sampling == TJSAMP_420 && even_w == m->width_px && even_h == m->height_px;
    uint8_t *planes[3] = {luma, u, v};
    int strides[3] = {(int)even_w, (int)half_w, (int)half_w};
    if (!direct)
        for (int i = 0; i < 3; i++) {
            planes[i] = m->scratch + (size_t)i * m->plane_bytes;
            strides[i] = tjPlaneWidth(sampling == TJSAMP_GRAY ? 0 : i, w, sampling);
        }
    /* Scans are limited: a progressive file of a few bytes could otherwise keep the decoder busy for seconds. */
    const int flags = TJFLAG_LIMITSCANS;
    if (tjDecompressToYUVPlanes(m->handle, bytes, (unsigned long)size, planes, w, strides, h, flags) &&
        !(tjGetErrorCode(m->handle) == TJERR_WARNING && harmless(tjGetErrorStr2(m->handle)))) {
        *out_why = "damaged JPEG data";
        return BT_E_FORMAT;
    }
    if (direct) return BT_OK;
    for (uint32_t y = 0; y < even_h; y++) memcpy(luma + (size_t)y * even_w, planes[0] + (size_t)y * (size_t)strides[0], even_w);
    if (sampling == TJSAMP_GRAY) {
        memset(u, 128, 2 * (size_t)half_w * half_h);
        return BT_OK;
    }
    halve(planes[1], (uint32_t)strides[1], spans[sampling].x, spans[sampling].y, half_w, half_h, u);
    halve(planes[2], (uint32_t)strides[2], spans[sampling].x, spans[sampling].y, half_w, half_h, v);
    return BT_OK;
}

bt_status bt_mjpeg_decode(struct bt_mjpeg *m, const uint8_t *bytes, size_t size, uint8_t *out, const char **out_why) {
    const char *ignored = NULL;
    if (!m->handle) m->handle = tjInitDecompress();
    if (!m->handle) return BT_E_MEMORY;
    bt_status st = decode(m, bytes, size, out, out_why ? out_why : &ignored);
    if (st) {
        /* turbojpeg 2.1 leaves a decoder that met a bad header in the middle of it, and then refuses good ones too. */
        tjDestroy(m->handle);
        m->handle = tjInitDecompress();
    }
    return st;
}
