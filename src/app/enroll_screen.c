/* SPDX-License-Identifier: MIT */
#include "app/enroll.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 13, TEXT_BYTES = 4096, BAR = 30 };
static const int64_t often_ns = 100000000;

struct bt_enroll_screen {
    bool chinese, drawn;
    int64_t last_ns;
    char text[TEXT_BYTES], last[TEXT_BYTES];
    size_t size;
};

bt_status bt_enroll_screen_create(bool chinese, struct bt_enroll_screen **out_screen) {
    struct bt_enroll_screen *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->chinese = chinese;
    *out_screen = s;
    return BT_OK;
}

void bt_enroll_screen_destroy(struct bt_enroll_screen **screen) {
    free(*screen);
    *screen = NULL;
}

__attribute__((format(printf, 2, 3))) static void put(struct bt_enroll_screen *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(s->text + s->size, sizeof s->text - s->size, format, arguments);
    va_end(arguments);
    if (n > 0) s->size += (size_t)n < sizeof s->text - s->size ? (size_t)n : sizeof s->text - s->size - 1;
}

static void put_bar(struct bt_enroll_screen *s, float part) {
    const int full = (int)(part * BAR + 0.5f);
    for (int i = 0; i < BAR; i++) put(s, "%s", i < full ? "█" : "░");
}

/* Three signs: nothing yet, some, enough. */
static const char *cell(uint32_t have, uint32_t need) {
    return have >= need ? "██" : have ? "▒▒" : "··";
}

static void put_coverage(struct bt_enroll_screen *s, const struct bt_enroll_coverage *c) {
    for (uint32_t row = 0; row < BT_COVER_PITCH; row++) {
        put(s, "   ");
        /* As in a mirror: the person's left is on the left. */
        for (uint32_t column = BT_COVER_YAW; column-- > 0;) {
            const uint32_t need = bt_enroll_coverage_need(row, column);
            put(s, " %s", need ? cell(c->pose[row][column], need) : c->pose[row][column] ? "██" : "  ");
        }
        put(s, "     ");
        if (row == 0)
            put(s, s->chinese ? "微笑 %s  张嘴 %s" : "smile %s  mouth %s", cell(c->task[BT_TASK_SMILE], BT_COVER_SIDE),
                cell(c->task[BT_TASK_MOUTH], BT_COVER_SIDE));
        else if (row == 1)
            put(s, s->chinese ? "扬眉 %s  闭眼 %s" : "brows %s  eyes  %s", cell(c->task[BT_TASK_BROWS], BT_COVER_SIDE),
                cell(c->task[BT_TASK_EYES], BT_COVER_SIDE));
        put(s, "\n");
    }
}

void bt_enroll_screen_draw(struct bt_enroll_screen *s, const struct bt_enroll_show *show, int64_t now_ns) {
    s->size = 0;
    put(s, s->chinese ? "  第 %u 次,共 %u 次\n\n" : "  Try %u of %u\n\n", show->attempt, show->attempts);
    put(s, "  ▶ %s\n    ", show->instruction);
    put_bar(s, show->progress);
    if (show->of) put(s, s->chinese ? "  第 %u 步,共 %u 步" : "  step %u of %u", show->done, show->of);
    put(s, "\n\n");
    put(s, s->chinese ? "    角度               表情\n" : "    Poses              Expressions\n");
    put_coverage(s, show->coverage);
    put(s, s->chinese ? "    画面 %u,面部已覆盖 %.0f %%\n\n" : "    %u pictures, %.0f %% of the face covered\n\n",
        show->pictures, (double)(100 * show->covered));
    put(s, "  %s%s\n", *show->hint ? "! " : "", show->hint);
    put(s, s->chinese ? "  按 Ctrl-C 停止,届时不保留任何内容。\n" : "  Ctrl-C stops; then nothing is kept.\n");
    const bool changed = !s->drawn || strcmp(s->text, s->last) != 0;
    if (!changed || (s->drawn && now_ns - s->last_ns < often_ns)) return;
    if (s->drawn) fprintf(stderr, "\033[%dA", LINES);
    for (const char *line = s->text; *line;) {
        const size_t size = strcspn(line, "\n");
        fprintf(stderr, "\033[2K%.*s\n", (int)size, line);
        line += size + (line[size] == '\n');
    }
    fflush(stderr);
    memcpy(s->last, s->text, s->size + 1);
    s->last_ns = now_ns;
    s->drawn = true;
}

void bt_enroll_screen_leave(struct bt_enroll_screen *s) {
    s->drawn = false;
}
