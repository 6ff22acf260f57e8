/* SPDX-License-Identifier: MIT */
/* Video files for tests, made on the spot. */
#ifndef BT_TESTS_SUPPORT_VIDEO_H
#define BT_TESTS_SUPPORT_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_video {
    const char *path;    /* its ending picks the container */
    const char *encoder; /* libavcodec's name */
    const char *pixels;  /* libavutil's name */
    int width_px, height_px, frames;
    int rate; /* frames a second */
};
/* Frame k is one grey: test_video_grey(k), as gamma-coded RGB. False when this libav cannot make it. */
bool test_video_write(const struct test_video *video);
int test_video_grey(int frame);

/* A fresh folder under TMPDIR (or /tmp), and a file's path in it. */
void test_folder(char *out_path, size_t bytes);
/* malloc'ed; fails the test when there is none. */
uint8_t *test_file_read(const char *path, size_t *out_size);
void test_file_write(const char *path, const void *data, size_t size);
void test_folder_remove(const char *path);

#endif
