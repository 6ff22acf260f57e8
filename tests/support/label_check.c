/* SPDX-License-Identifier: MIT */
/* label_check FORMAT WIDTH HEIGHT FONT < frames: reads raw yuyv, nv12 or i420 frames and says of each its SHA-256 and whether
   it carries the label. Exit status: 0 all do, 1 one does not, 2 no frame or wrong use. */
#include "support/label_reader.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *read_whole(const char *path, size_t *out_size) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    size_t size = 0, room = 1 << 20;
    uint8_t *bytes = malloc(room);
    for (size_t n; bytes && (n = fread(bytes + size, 1, room - size, f)) > 0;)
        if ((size += n) == room) bytes = realloc(bytes, room *= 2);
    fclose(f);
    *out_size = size;
    return bytes;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: label_check yuyv|nv12|i420 WIDTH HEIGHT FONT < frames\n");
        return 2;
    }
    bool yuyv = !strcmp(argv[1], "yuyv");
    uint32_t w = (uint32_t)strtoul(argv[2], NULL, 10), h = (uint32_t)strtoul(argv[3], NULL, 10);
    size_t font_bytes = 0, size = yuyv ? 2 * (size_t)w * h : (size_t)w * h + 2 * ((size_t)(w + 1) / 2 * ((h + 1) / 2));
    uint8_t *font = read_whole(argv[4], &font_bytes), *frame = malloc(size ? size : 1);
    struct label_reader *reader = font ? label_reader_open(font, font_bytes) : NULL;
    if (!reader || !frame || sodium_init() < 0) {
        fprintf(stderr, "label_check: no font in %s\n", argv[4]);
        return 2;
    }
    int count = 0, bad = 0;
    for (; fread(frame, 1, size, stdin) == size; count++) {
        struct label_picture p = yuyv ? label_picture_yuyv(frame, w, h) : label_picture_planar(frame, w, w, h);
        struct label_reading r = label_reader_read(reader, &p);
        unsigned char digest[crypto_hash_sha256_BYTES];
        char hex[2 * sizeof digest + 1];
        crypto_hash_sha256(digest, frame, size);
        sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
        printf("%d %s %s match %.3f glyph %.3f cap %.1f contrast %.1f%s%s\n", count, hex, r.there ? "label" : "none",
               (double)r.match, (double)r.worst_glyph, (double)r.cap_px, (double)r.contrast, r.lacks ? " : " : "",
               r.lacks ? r.lacks : "");
        bad += !r.there;
    }
    label_reader_close(reader);
    free(frame);
    free(font);
    return count == 0 ? 2 : bad > 0;
}
