/* SPDX-License-Identifier: MIT */
/* What every frame that leaves must show: the label as a viewer reads it, the label's plate code for code, and the invisible
   mark at its place; and, over many frames, the mark as bauta verify finds it, blind. It sees bytes and a size, as whoever
   decodes a frame does; from the program it knows only what the session's number is. */
#ifndef BT_TESTS_SUPPORT_ORACLE_H
#define BT_TESTS_SUPPORT_ORACLE_H

#include "pipeline/disclose/disclose.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle;
/* font: as label_reader_open wants it; borrowed. NULL: no memory, or no font. */
struct oracle *oracle_open(const uint8_t *font, size_t font_bytes, uint32_t session, uint32_t width_px, uint32_t height_px);
void oracle_close(struct oracle **oracle);

enum oracle_frame {
    ORACLE_NEW,  /* made at capture_ns: the mark's sign is of that time, or kept where the picture moves */
    ORACLE_CARD, /* a placard: its mark does not turn */
    ORACLE_HELD, /* the last masked frame again: the sign is of another time */
};
/* What is wrong with it, in words; NULL: nothing. */
const char *oracle_look(struct oracle *oracle, const struct bt_disclosed_view *view, enum oracle_frame frame);
/* What is wrong with all new frames since the last call, looked at as bauta verify does; NULL: nothing, or there were fewer
   than ORACLE_LEAST of them. */
enum { ORACLE_LEAST = 25 };
const char *oracle_window(struct oracle *oracle);

#endif
