/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "base/clock.h"
#include "base/log.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static void print(void *user, enum bt_log_level level, const char *line) {
    static const char *const prefix[] = {"debug: ", "", "warning: ", "error: "};
    (void)user;
    fprintf(stderr, "bauta: %s%s\n", prefix[level], line);
}

int main(int argc, char **argv) {
    struct bt_app app = {.start_ns = bt_clock_now_ns()};
    const struct bt_app_verb *verb = NULL;
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    const char *word = argc > 1 ? argv[1] : "";
    for (uint32_t i = 0; i < bt_app_verb_count; i++)
        if (!strcmp(word, bt_app_verbs[i].name)) verb = &bt_app_verbs[i];
    if (!strcmp(word, "--version")) {
        printf("bauta %s\n", BAUTA_VERSION);
        return BT_EXIT_OK;
    }
    if (!verb) {
        bool asked = !strcmp(word, "--help") || !strcmp(word, "help") || !strcmp(word, "-h");
        if (!asked && *word) fprintf(stderr, "bauta: error: there is no command %s; bauta --help lists them\n", word);
        if (asked || !*word) bt_app_help(NULL);
        return asked ? BT_EXIT_OK : BT_EXIT_USAGE;
    }
    bool verbose = false;
    for (int i = 2; i < argc; i++) verbose = verbose || !strcmp(argv[i], "--verbose");
    app.log = bt_log_create(print, NULL, verbose ? BT_LOG_DEBUG : BT_LOG_INFO);
    bt_status status = bt_app_parse(app.log, verb, argc - 2, argv + 2, &app.options);
    if (!status && app.options.help) {
        bt_app_help(verb);
        bt_log_destroy(&app.log);
        return BT_EXIT_OK;
    }
    if (!status) status = bt_app_configure(app.log, verb, &app.options);
    if (!status) status = verb->run(&app);
    bt_log_destroy(&app.log);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "bauta: error: could not print everything\n");
        if (!status) return BT_EXIT_FAILED;
    }
    return bt_app_exit_of(status);
}
