/* SPDX-License-Identifier: MIT */
/* Reads the label off decoded video: a second opinion, which shares no code with disclose. It draws the words with FreeType
   alone, looks for them at every size that counts, and wants each letter. It bears coding (H.264) and scaling. */
#ifndef BT_TESTS_SUPPORT_LABEL_READER_H
#define BT_TESTS_SUPPORT_LABEL_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Eight-bit limited-range luma; pixel (x, y) is y[y * stride + x * step]. */
struct label_picture {
    const uint8_t *y;
    size_t stride;
    uint32_t step, w, h;
};
struct label_picture label_picture_planar(const uint8_t *y, size_t stride, uint32_t w, uint32_t h); /* I420, NV12 */
struct label_picture label_picture_yuyv(const uint8_t *bytes, uint32_t w, uint32_t h);              /* rows of 2 w bytes */

struct label_reading {
    bool there;  /* all of what follows is as the law and the design want it */
    float match; /* mean correlation of the letters, in the worse word */
    float worst_glyph;
    float cap_px;      /* height of a capital */
    float contrast;    /* WCAG 2.1, of what was decoded */
    const char *lacks; /* what is wrong, in words; NULL when there */
};

struct label_reader;
/* font: an OpenType file in memory that has A-Z, 生 and 成; borrowed. NULL when it has not. */
struct label_reader *label_reader_open(const uint8_t *font, size_t font_bytes);
void label_reader_close(struct label_reader *reader);
/* Remembers where the label was: a video's further frames are quick. */
struct label_reading label_reader_read(struct label_reader *reader, const struct label_picture *picture);

#endif
