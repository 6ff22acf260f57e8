/* SPDX-License-Identifier: MIT */
/* What a person reads fits the terminal, at any width, in both languages; what is longer than the screen stops page by page. */
#include "app/terminal.h"
#include "enroll/notice.h"
#include "support/cmocka.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ROOM = 65536 };
static int master, input, errors;
static char said[ROOM];

static int set_up(void **state) {
    int slave;
    (void)state;
    if (openpty(&master, &slave, NULL, NULL, NULL)) return -1;
    input = dup(0), errors = dup(2);
    if (dup2(slave, 0) < 0 || dup2(slave, 2) < 0) return -1;
    close(slave);
    return fcntl(master, F_SETFL, O_NONBLOCK);
}

static int tear_down(void **state) {
    (void)state;
    if (dup2(input, 0) < 0 || dup2(errors, 2) < 0) return -1;
    close(input), close(errors);
    return close(master);
}

static void resize(unsigned short columns, unsigned short rows) {
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
}

/* What came through the terminal, without its carriage returns. */
static void read_all(void) {
    size_t size = 0;
    struct pollfd fd = {master, POLLIN, 0};
    while (poll(&fd, 1, 20) > 0) {
        char part[4096];
        const ssize_t got = read(master, part, sizeof part);
        if (got <= 0) break;
        for (ssize_t i = 0; i < got && size + 1 < ROOM; i++)
            if (part[i] != '\r') said[size++] = part[i];
    }
    said[size] = 0;
}

/* Columns of the widest line; ideographs and full-width marks take two. */
static unsigned widest(void) {
    unsigned most = 0, column = 0;
    for (const unsigned char *c = (const unsigned char *)said; *c; c++) {
        if (*c == '\n') column = 0;
        if (*c >= 0x20 && (*c & 0xc0) != 0x80) {
            const bool wide = *c >= 0xe3 && (*c != 0xef || c[1] >= 0xbc);
            column += wide ? 2 : 1;
        }
        if (column > most) most = column;
    }
    return most;
}

/* The text without white space: nothing may be lost or added. */
static void squeeze(const char *text, char *out) {
    for (; *text; text++)
        if (*text != ' ' && *text != '\n') *out++ = *text;
    *out = 0;
}

static void every_width_fits(void **state) {
    (void)state;
    static char a[ROOM], b[ROOM];
    for (int zh = 0; zh < 2; zh++)
        for (unsigned short columns = 30; columns <= 120; columns += 6) {
            resize(columns, 24);
            bt_terminal_say(bt_enroll_notice(zh), 0);
            read_all();
            assert_in_range(widest(), columns > 100 ? 80 : columns - 12, columns > 100 ? 100 : columns);
            squeeze(bt_enroll_notice(zh), a);
            squeeze(said, b);
            assert_string_equal(a, b);
        }
}

static void lines_end_between_words(void **state) {
    (void)state;
    resize(40, 24);
    bt_terminal_say(
        "  Label      What follows keeps its column and its words whole.\nbauta: error: one two three four five six "
        "seven\nan_unbreakable_word_that_is_longer_than_the_whole_line_is_wide\n",
        7);
    read_all();
    assert_string_equal(said, "  Label      What follows keeps its\n             column and its words whole.\n"
                              "bauta: error: one two three four five\n       six seven\n"
                              "an_unbreakable_word_that_is_longer_than_the_whole_line_is_wide\n");
    resize(20, 24);
    bt_terminal_say("一二三四五六七八九十。一二三四五六七八九。\n", 0);
    read_all();
    assert_string_equal(said, "一二三四五六七八九\n十。一二三四五六七八\n九。\n"); /* no line begins with a mark that closes */
    resize(0, 0);
    bt_terminal_say("as it is, however long it may be, where nobody knows how wide the terminal is\n", 0);
    read_all();
    assert_string_equal(said, "as it is, however long it may be, where nobody knows how wide the terminal is\n");
}

static void long_texts_stop(void **state) {
    (void)state;
    char text[128] = "";
    for (int i = 0; i < 20; i++) strcat(text, "line\n");
    resize(80, 10);
    assert_int_equal(write(master, "\n\n", 2), 2); /* two pages are turned: 9 lines, 9 lines, 2 lines */
    assert_int_equal(bt_terminal_read_out(text), BT_OK);
    read_all();
    unsigned stops = 0;
    for (const char *at = said; (at = strstr(at, "-- ")); at += 3) stops++;
    assert_int_equal(stops, 2);
    assert_int_equal(write(master, "\x04", 1), 1); /* end of input */
    assert_int_equal(bt_terminal_read_out(text), BT_E_CONSENT);
    read_all();
    resize(80, 24);
    assert_int_equal(bt_terminal_read_out(text), BT_OK);
    read_all();
    assert_null(strstr(said, "--"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_width_fits), cmocka_unit_test(lines_end_between_words),
                                       cmocka_unit_test(long_texts_stop)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
