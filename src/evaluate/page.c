/* SPDX-License-Identifier: MIT */
#include "evaluate/page.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--ink:#222;--paper:#fff;--dim:#555;--line:#ddd;--note:#fff4d6;--fine:#e7f4ea;--good:#05652f;"
    "--bad:#a11212}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e4e4;--paper:#161616;--dim:#aaa;--line:#444;--note:#3a2f12;"
    "--fine:#14301d;--good:#6fd195;--bad:#ff9a8f}}\n"
    "body{font:15px/1.45 sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:var(--ink);background:var(--paper)}\n"
    "h2{margin:1.8em 0 .4em;border-bottom:2px solid var(--line)}h3{margin:1.2em 0 .3em}\n"
    ".scroll{overflow-x:auto;margin:.8em 0}table{border-collapse:collapse}\n"
    "caption{text-align:left;color:var(--dim);font-size:13px;padding:.2em .5em}\n"
    "th,td{padding:.25em .5em;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}\n"
    "thead th{color:var(--dim);font-weight:normal;vertical-align:bottom}tbody th{font-weight:600}\n"
    ".figures td,.figures thead th+th{text-align:right}.figures td{white-space:nowrap}\n"
    ".figures .w{display:block;white-space:normal;min-width:9em;text-align:left}\n"
    ".words{width:100%}.words td,.words th{min-width:5em}code{font:12px monospace;overflow-wrap:anywhere}\n"
    ".s{color:var(--dim);font-weight:normal;font-size:13px}.good{color:var(--good);font-weight:600}\n"
    ".bad{color:var(--bad);font-weight:600}.note,.fine{padding:.6em 1em}\n"
    ".note{background:var(--note);border-left:4px solid #e69f00}.fine{background:var(--fine);border-left:4px solid #05652f}\n"
    "figure{display:inline-block;vertical-align:top;max-width:100%;overflow-x:auto;margin:.5em .5em .5em 0}\n"
    "figure svg{display:block}figcaption{color:var(--dim)}\n"
    "@media print{body{margin:0}h2{break-after:avoid}tr,figure{break-inside:avoid}}\n";

/* How many bytes of a well-formed UTF-8 sequence stand here (the Unicode Standard, table 3-7); 0: none do. */
static size_t sequence(const unsigned char *s) {
    const size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

void bt_page_text(FILE *out, const char *text) {
    static const struct {
        char is;
        const char *written;
    } marks[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        const size_t length = sequence(c);
        const char *mark = NULL;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            if (*c == (unsigned char)marks[i].is) mark = marks[i].written;
        /* C1 controls, U+0080 to U+009F, are c2 80 to c2 9f. */
        if (!length || (*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0))
            mark = "\xef\xbf\xbd";
        if (mark)
            fputs(mark, out);
        else
            fwrite(c, 1, length, out);
        c += length ? length : 1;
    }
}

/* The specifications are pieces of a format that the compiler has checked. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void say(FILE *out, bool cells, const char *format, va_list args) {
    const char *cell = "th";
    for (const char *c = format; *c; c++) {
        if (cells && *c == '|') {
            fprintf(out, "</%s><td>", cell);
            cell = "td";
            continue;
        }
        if (*c != '%' || *++c == '%') {
            fputc(*c, out);
            continue;
        }
        char spec[16] = "%";
        const size_t size = strcspn(c, "sdiuxfge"), longs = (memchr(c, 'l', size) != NULL) + (strstr(c, "ll") == c + size - 2);
        if (!c[size] || size + 3 > sizeof spec) break;
        memcpy(spec + 1, c, size + 1);
        c += size;
        if (*c == 's') {
            bt_page_text(out, va_arg(args, const char *));
        } else if (strchr("fge", *c)) {
            fprintf(out, spec, va_arg(args, double));
        } else if (longs == 2) {
            fprintf(out, spec, va_arg(args, long long));
        } else if (longs == 1) {
            fprintf(out, spec, va_arg(args, long));
        } else {
            fprintf(out, spec, va_arg(args, int));
        }
    }
    if (cells) fprintf(out, "</%s></tr>\n", cell);
}

#pragma GCC diagnostic pop

void bt_page_say(FILE *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(out, false, format, args);
    va_end(args);
}

void bt_page_row(FILE *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("<tr><th scope=\"row\">", out);
    say(out, true, format, args);
    va_end(args);
}

void bt_page_begin(FILE *out, const char *title, const char *heading) {
    bt_page_say(out,
                "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\"><title>%s</title>\n<style>",
                title);
    fputs(style, out);
    bt_page_say(out, "</style></head><body><main>\n<h1>%s</h1>\n", heading);
}

void bt_page_end(FILE *out) {
    fputs("</main></body></html>\n", out);
}

void bt_page_section(FILE *out, const char *title) {
    bt_page_say(out, "<h2>%s</h2>\n", title);
}

/* A column's name a line: long lines are a wall to who reads the page's text, and to lintian. */
void bt_page_table_begin(FILE *out, enum bt_page_table kind, const char *caption, const char *columns) {
    bt_page_say(
        out,
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n<table class=\"%s\"><caption>%s</caption>\n",
        caption, kind == BT_PAGE_FIGURES ? "figures" : "words", caption);
    if (columns) {
        fputs("<thead><tr><th scope=\"col\">", out);
        for (const char *c = columns; *c; c++) {
            const char letter[2] = {*c};
            if (*c == '|')
                fputs("</th>\n<th scope=\"col\">", out);
            else if ((unsigned char)*c < 0x80)
                bt_page_text(out, letter);
            else
                fputc(*c, out);
        }
        fputs("</th></tr></thead>", out);
    }
    fputs("<tbody>\n", out);
}

void bt_page_table_end(FILE *out) {
    fputs("</tbody></table></div>\n", out);
}

void bt_page_chart(FILE *out, const struct bt_chart *chart) {
    fputs("<figure>", out);
    bt_chart_draw(out, chart);
    fputs("</figure>\n", out);
}
