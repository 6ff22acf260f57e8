/* SPDX-License-Identifier: MIT */
/* What comes in by an argument is text: no mark of it becomes markup, and what is no UTF-8 does not reach the page. */
#include "evaluate/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t size;

static FILE *open_page(void) {
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    return out;
}

static void written(FILE *out, const char *wanted) {
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, wanted);
    free(text);
}

static void marks_are_escaped(void **state) {
    (void)state;
    FILE *out = open_page();
    bt_page_say(out, "<b>%s</b> %d %lu %lld %.2f %x%%", "<script>\"a\" & 'b'</script>", -3, 7UL, -9LL, .5, 255U);
    written(out, "<b>&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;</b> -3 7 -9 0.50 ff%");
}

#define BAD "\xef\xbf\xbd"

static void what_is_not_utf8_is_replaced(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"Zoë, 陈, 🎭", "Zoë, 陈, 🎭"},
        {"a\xff\xfe<", "a" BAD BAD "&lt;"},
        {"\xc3<", BAD "&lt;"},                 /* cut short before a mark: the mark is still seen */
        {"\xe9\x99", BAD BAD},                 /* cut short at the end */
        {"\xc0\xbc", BAD BAD},                 /* an overlong < */
        {"\xe0\x80\xbc", BAD BAD BAD},         /* another */
        {"\xed\xa0\x80", BAD BAD BAD},         /* a surrogate */
        {"\xf4\x90\x80\x80", BAD BAD BAD BAD}, /* beyond U+10FFFF */
        {"a\x1b[0m\x7f\xc2\x85", "a" BAD "[0m" BAD BAD},
        {"a\n\tb", "a\n\tb"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *out = open_page();
        bt_page_text(out, cases[i].in);
        written(out, cases[i].out);
    }
}

static void rows_have_a_name_and_cells(void **state) {
    (void)state;
    FILE *out = open_page();
    bt_page_row(out, "%s|%d|<b>%s</b>", "a|b<", 3, "c");
    written(out, "<tr><th scope=\"row\">a|b&lt;</th><td>3</td><td><b>c</b></td></tr>\n");
}

static void a_page_stands_alone(void **state) {
    (void)state;
    const double x[] = {0, 1};
    const struct bt_chart_series series = {.name = "s<", .x = x, .y = x, .count = 2};
    FILE *out = open_page();
    bt_page_begin(out, "t<\xff", "h&");
    bt_page_section(out, "\"s\"");
    bt_page_table_begin(out, BT_PAGE_FIGURES, "c<", "one<|zwölf");
    bt_page_row(out, "r|%d", 1);
    bt_page_table_end(out);
    bt_page_chart(out, &(struct bt_chart){.title = "\"><i\xff>",
                                          .width_px = 100,
                                          .height_px = 100,
                                          .x = {.title = "x<", .high = 1},
                                          .y = {.title = "y&", .high = 1},
                                          .series = &series,
                                          .count = 1});
    bt_page_end(out);
    assert_int_equal(fclose(out), 0);
    static const char *const holds[] = {"<title>t&lt;" BAD "</title>",
                                        "<h1>h&amp;</h1>",
                                        "<h2>&quot;s&quot;</h2>",
                                        "<caption>c&lt;</caption>",
                                        "aria-label=\"c&lt;\"",
                                        "<th scope=\"col\">one&lt;</th>\n<th scope=\"col\">zwölf</th>",
                                        "<figure><svg",
                                        "aria-label=\"&quot;&gt;&lt;i" BAD "&gt;\"",
                                        ">s&lt;</text>",
                                        "prefers-color-scheme:dark",
                                        "</svg>\n</figure>\n</main></body></html>\n"};
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++)
        if (!strstr(text, holds[i])) fail_msg("the page lacks %s", holds[i]);
    static const char *const none[] = {"<script", "<link", "<i", "src=", "href=", "url(", "@import", "\xff"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (strstr(text, none[i])) fail_msg("the page holds %s", none[i]);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_are_escaped),
        cmocka_unit_test(what_is_not_utf8_is_replaced),
        cmocka_unit_test(rows_have_a_name_and_cells),
        cmocka_unit_test(a_page_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
