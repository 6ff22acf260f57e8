/* SPDX-License-Identifier: MIT */
/* bauta top: the session that runs, on a screen. */
#include "app/top.h"

#include "app/app.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "control/client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int64_t ANSWER_NS = 5000000000, REFRESH_NS = 500000000;

static bt_status ask(struct bt_app *app, struct bt_control_client *client, char *out_screen, size_t bytes) {
    const struct bt_control_request request = {.verb = BT_CONTROL_STATUS};
    struct bt_control_reply reply;
    bt_status status = bt_control_client_ask(client, &request, ANSWER_NS, &reply);
    if (!status) status = reply.status;
    if (!status && !reply.has_now) status = BT_E_FORMAT;
    if (!status) bt_top_draw(&reply.now, out_screen, bytes);
    if (status && status != BT_E_END) bt_log_error(app->log, "the session does not answer: %s", bauta_status_text(status));
    return status;
}

/* Until q, Ctrl-C or the end of input. */
static bool wait_for_key(int signals, int64_t until_ns) {
    for (;;) {
        struct pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
        int64_t left_ns = until_ns - bt_clock_now_ns();
        char key = 0;
        if (left_ns <= 0) return false;
        if (poll(fds, 2, (int)(left_ns / 1000000) + 1) <= 0) continue;
        if (fds[1].revents) return true;
        if (fds[0].revents && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' || key == 3)) return true;
    }
}

static bt_status watch(struct bt_app *app, struct bt_control_client *client, int signals) {
    char screen[BT_TOP_BYTES];
    bt_status status;
    bool done = false;
    printf("\033[?1049h\033[?25l"); /* xterm's other screen, no cursor: ctlseqs */
    while (!(status = ask(app, client, screen, sizeof screen)) && !done) {
        printf("\033[H");
        for (char *row = screen, *end; (end = strchr(row, '\n')); row = end + 1)
            printf("%.*s\033[K\r\n", (int)(end - row), row);
        printf("\033[J\r\n  q quits\033[K");
        fflush(stdout);
        done = wait_for_key(signals, bt_clock_now_ns() + REFRESH_NS);
    }
    printf("\033[?25h\033[?1049l");
    fflush(stdout);
    if (status == BT_E_END) bt_log_info(app->log, "the session is over");
    return status;
}

bt_status bt_app_top(struct bt_app *app) {
    struct bt_control_client *client = NULL;
    char screen[BT_TOP_BYTES];
    struct termios shown, raw;
    int signals = -1;
    bt_status status = bt_app_ctl_client(app, &client);
    if (status) return status;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &shown)) {
        status = ask(app, client, screen, sizeof screen);
        if (!status) printf("%s", screen);
    } else {
        raw = shown;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG); /* Ctrl-C comes as a key */
        bt_terminal_take_signals();                       /* so that the terminal is put back whatever ends it */
        signals = bt_terminal_signals();
        if (signals < 0 || tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)) status = BT_E_IO;
        if (!status) status = watch(app, client, signals);
        if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown))
            bt_log_warning(app->log, "the terminal does not show what is typed: run stty sane");
        if (signals >= 0) close(signals);
    }
    bt_control_client_destroy(&client);
    return status;
}
