/* SPDX-License-Identifier: MIT */
/* The program: a table of verbs. Only app/ knows of the command line, the terminal, and where files lie. */
#ifndef BT_APP_H
#define BT_APP_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;

/* Documented in the man page; tests hold both to it. */
enum bt_exit {
    BT_EXIT_OK = 0,
    BT_EXIT_FAILED = 1,  /* something went wrong on the way */
    BT_EXIT_USAGE = 2,   /* the command line makes no sense */
    BT_EXIT_CONSENT = 3, /* not agreed to, or nobody to ask; nothing was opened */
    BT_EXIT_MISSING = 4, /* no such camera, file, face, model or Vulkan device */
    BT_EXIT_BUSY = 5,    /* somebody else holds the camera or the virtual camera */
};
int bt_app_exit_of(bt_status status);

/* An option that may be given more than once. */
enum { BT_APP_MOST_TEXTS = 64 };
struct bt_app_texts {
    const char *at[BT_APP_MOST_TEXTS];
    uint32_t count;
};

/* Every option of every verb lands here; a verb's table says which it takes. */
struct bt_app_options {
    const char *camera, *output, *record, *hash, *stats, *face, *name, *device, *models, *size, *seed, *after, *variant, *half,
        *to, *until, *rotate, *fit, *output_size, *output_rate, *pixels, *tune, *budget, *metrics, *log_level, *manifest, *key,
        *synthetic, *pairs, *fmr;
    struct bt_app_texts input, profile, purpose;
    uint64_t frames, runs, months, uses, session;
    uint32_t width_px, height_px, rate;
    bool mirror, always_on, json, keyring, verbose, help;
    const char *word[BT_APP_MOST_TEXTS]; /* what is not an option: faces new, faces show X */
    uint32_t words;
};

struct bt_app {
    int64_t start_ns; /* when main was entered */
    struct bt_log *log;
    struct bt_app_options options;
};

enum bt_app_kind { BT_APP_TEXT, BT_APP_TEXTS, BT_APP_COUNT, BT_APP_SIZE, BT_APP_FLAG };

struct bt_app_option {
    const char *name, *value, *help; /* value: what stands after it in the help, NULL for a flag */
    enum bt_app_kind kind;
    size_t offset;     /* into bt_app_options */
    bool configurable; /* may stand in the configuration file */
};

struct bt_app_verb {
    const char *name, *words, *summary, *text;
    const char *const *options; /* names, NULL at the end */
    bt_status (*run)(struct bt_app *app);
};

/* The tables, for the parser, the help, and the tests that hold the man page to them. */
extern const struct bt_app_option bt_app_options[];
extern const uint32_t bt_app_option_count;
extern const struct bt_app_verb bt_app_verbs[];
extern const uint32_t bt_app_verb_count;

/* Fills `out` from the words after the verb. BT_E_ARGUMENT: the log says which word and what to do. */
BT_CHECKED bt_status bt_app_parse(struct bt_log *log, const struct bt_app_verb *verb, int argc, char **argv,
                                  struct bt_app_options *out);
/* Values that nobody gave on the command line, from ~/.config/bauta/bauta.ini. No file is no error. */
BT_CHECKED bt_status bt_app_configure(struct bt_log *log, const struct bt_app_verb *verb, struct bt_app_options *inout);
void bt_app_help(const struct bt_app_verb *verb); /* NULL: the whole program */

/* A whole number, 0 included. false: it is none. */
bool bt_app_number(const char *text, uint64_t *out_number);

bt_status bt_app_run(struct bt_app *app);
bt_status bt_app_demo(struct bt_app *app);
bt_status bt_app_devices(struct bt_app *app);
bt_status bt_app_enroll(struct bt_app *app);
bt_status bt_app_faces(struct bt_app *app);
bt_status bt_app_model(struct bt_app *app);
bt_status bt_app_vault(struct bt_app *app);
bt_status bt_app_consent(struct bt_app *app);
bt_status bt_app_audit(struct bt_app *app);
bt_status bt_app_review(struct bt_app *app);
bt_status bt_app_policy(struct bt_app *app);
bt_status bt_app_identity(struct bt_app *app);
bt_status bt_app_doctor(struct bt_app *app);
bt_status bt_app_models(struct bt_app *app);
bt_status bt_app_report(struct bt_app *app);
bt_status bt_app_ctl(struct bt_app *app);
bt_status bt_app_top(struct bt_app *app);
/* A connection to the session that is meant; the log says why there is none. */
struct bt_control_client;
BT_CHECKED bt_status bt_app_ctl_client(struct bt_app *app, struct bt_control_client **out_client);
bt_status bt_app_verify(struct bt_app *app);
bt_status bt_app_evaluate(struct bt_app *app);
bt_status bt_app_evaluate_liveness(struct bt_app *app); /* bt_app_evaluate calls it */
bt_status bt_app_evaluate_swap(struct bt_app *app); /* bt_app_evaluate calls it */
bt_status bt_app_evaluate_gate(struct bt_app *app); /* bt_app_evaluate calls it */

#endif
