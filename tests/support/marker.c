/* SPDX-License-Identifier: MIT */
/* Puts a session's mark into raw I420 pictures by the reference in plain C, so that tests have marks of any session without
   one: test_marker WIDTH HEIGHT RATE SESSION <in >out */
#include "watermark/dose.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    static struct bt_watermark_tile tile;
    if (argc != 5) return 2;
    const uint32_t w = (uint32_t)strtoul(argv[1], NULL, 10), h = (uint32_t)strtoul(argv[2], NULL, 10);
    const double rate = strtod(argv[3], NULL);
    const size_t size = (size_t)w * h * 3 / 2;
    uint8_t *picture = malloc(size);
    if (!picture || !(rate > 0)) return 2;
    bt_watermark_tile_init((uint32_t)strtoul(argv[4], NULL, 16), BT_WATERMARK_KEY, &tile);
    for (double n = 0; fread(picture, 1, size, stdin) == size; n++) {
        const struct bt_watermark_plane plane = {picture, w, 1, w, h};
        struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
        dose.sign = bt_watermark_sign((int64_t)(n * 1e9 / rate));
        bt_watermark_embed(&tile, &dose, picture, w, w, h);
        if (fwrite(picture, 1, size, stdout) != size) return 1;
    }
    free(picture);
    return fflush(stdout) ? 1 : 0;
}
