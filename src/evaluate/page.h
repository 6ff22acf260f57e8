/* SPDX-License-Identifier: MIT */
/* HTML pages that stand alone: no script, nothing fetched, dark where the reader's system is. What the caller writes in a
   format is markup; what comes in by an argument is text, and always escaped. */
#ifndef BT_EVALUATE_PAGE_H
#define BT_EVALUATE_PAGE_H

#include "evaluate/chart.h"

#include <stdio.h>

/* Up to the heading; the title is that of the window, the heading that of the page. */
void bt_page_begin(FILE *out, const char *title, const char *heading);
void bt_page_end(FILE *out);

/* &, <, >, " and ' as HTML and XML want them; what is not UTF-8, or a control character, is U+FFFD. */
void bt_page_text(FILE *out, const char *text);
/* As fprintf, of %s, %d, %u, %x, %f, %g and %e with l and ll, flags, width and precision (not of %s); strings are escaped. */
__attribute__((format(printf, 2, 3))) void bt_page_say(FILE *out, const char *format, ...);

void bt_page_section(FILE *out, const char *title);

/* A table that scrolls by itself where the screen is narrow. Columns are separated by "|"; NULL: rows of a name and a value. */
enum bt_page_table {
    BT_PAGE_FIGURES, /* to the right, in one line; <span class="w"> in a cell: in several */
    BT_PAGE_WORDS,   /* to the left */
};
void bt_page_table_begin(FILE *out, enum bt_page_table kind, const char *caption, const char *columns);
/* As bt_page_say; a "|" of the format goes on to the next cell. The first is the row's name. */
__attribute__((format(printf, 2, 3))) void bt_page_row(FILE *out, const char *format, ...);
void bt_page_table_end(FILE *out);

/* A figure. */
void bt_page_chart(FILE *out, const struct bt_chart *chart);

#endif
