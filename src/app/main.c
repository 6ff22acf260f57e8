/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MOST = 4096, HANG = 7 }; /* as wide as "bauta: " */

static void print(void *user, enum bt_log_level level, const char *line) {
    static const char *const prefix[] = {"debug: ", "", "warning: ", "error: "};
    char text[LINE_MOST];
    (void)user;
    snprintf(text, sizeof text, "bauta: %s%s\n", prefix[level], line);
    bt_terminal_say(text, HANG);
}

/* The journal keeps the program's name and a level of syslog(3) by itself: sd-daemon(3). */
static void print_to_journal(void *user, enum bt_log_level level, const char *line) {
    static const char *const prefix[] = {"<7>", "<6>", "<4>", "<3>"};
    (void)user;
    fprintf(stderr, "%s%s\n", prefix[level], line);
}

/* JOURNAL_STREAM names the journal's stream by device and inode (systemd.exec(5)): standard error may have been led elsewhere
   since. */
static bool is_journal(void) {
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && !fstat(STDERR_FILENO, &st) && st.st_dev == device &&
           st.st_ino == inode;
}

/* Looked for before anything is parsed, since parsing has things to say. False: there is no such level. */
static bool find_level(int argc, char **argv, enum bt_log_level *out_level) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    static const char option[] = "--log-level";
    *out_level = BT_LOG_INFO;
    for (int i = 2; i < argc; i++) {
        const size_t size = sizeof option - 1;
        const char *value = NULL;
        if (!strcmp(argv[i], "--verbose")) *out_level = BT_LOG_DEBUG;
        if (!strncmp(argv[i], option, size) && argv[i][size] == '=') value = argv[i] + size + 1;
        if (!strcmp(argv[i], option) && i + 1 < argc) value = argv[i + 1];
        if (!value) continue;
        unsigned level = 0;
        while (level < BT_COUNT(names) && strcmp(names[level], value) != 0) level++;
        if (level == BT_COUNT(names)) return false;
        *out_level = (enum bt_log_level)level;
    }
    return true;
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
    enum bt_log_level level;
    const bool known = find_level(argc, argv, &level);
    app.log = bt_log_create(is_journal() ? print_to_journal : print, NULL, level);
    bt_status status = bt_app_parse(app.log, verb, argc - 2, argv + 2, &app.options);
    if (!status && !known) {
        bt_log_error(app.log, "--log-level %s: expected error, warning, info or debug", app.options.log_level);
        status = BT_E_ARGUMENT;
    }
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
