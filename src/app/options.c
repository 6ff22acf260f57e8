/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "app/files.h"
#include "base/log.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(struct bt_app_options, field)

const struct bt_app_option bt_app_options[] = {
    {"camera", "DEV", "the camera, e.g. /dev/video0 (default: the first that bauta devices picks)", BT_APP_TEXT, AT(camera),
     true},
    {"input", "FILE", "a recording instead of a camera; model: NAME=FILE.npy, once for each input of the net", BT_APP_TEXTS,
     AT(input), false},
    {"output", "DEV|DIR", "run: the virtual camera (v4l2loopback) to write to; demo, model: the folder; else the file",
     BT_APP_TEXT, AT(output), true},
    {"record", "FILE", "also keep the masked, labelled video: .mkv or .mp4", BT_APP_TEXT, AT(record), false},
    {"hash", "FILE", "write one SHA-256 a frame that leaves", BT_APP_TEXT, AT(hash), false},
    {"stats", "FILE", "write figures as JSON when done", BT_APP_TEXT, AT(stats), false},
    {"metrics", "FILE", "keep figures in FILE while it runs, as a Prometheus text file", BT_APP_TEXT, AT(metrics), true},
    {"face", "NAME", "the mask to wear (bauta faces lists them; default: the first)", BT_APP_TEXT, AT(face), true},
    {"profile", "NAME", "also label as this profile asks; bauta policy list names them. May be given more than once",
     BT_APP_TEXTS, AT(profile), true},
    {"frames", "N", "stop after N frames", BT_APP_COUNT, AT(frames), false},
    {"size", "WxH", "picture size to ask the camera for, or of the demo (default 1280x720; demo 640x480)", BT_APP_SIZE,
     AT(size), true},
    {"rate", "FPS", "frames a second to ask the camera for (default 30)", BT_APP_COUNT, AT(rate), true},
    {"mirror", NULL, "mirror the picture (the label still reads right)", BT_APP_FLAG, AT(mirror), true},
    {"rotate", "DEG", "turn the picture clockwise: 90, 180 or 270", BT_APP_TEXT, AT(rotate), true},
    {"fit", "HOW", "where the shapes differ: crop (default) or letterbox, with black borders", BT_APP_TEXT, AT(fit), true},
    {"output-size", "WxH", "size of what leaves (default: the source's, turned)", BT_APP_TEXT, AT(output_size), true},
    {"output-rate", "FPS", "frames a second that leave (default: as they come)", BT_APP_TEXT, AT(output_rate), true},
    {"pixels", "NAME", "the virtual camera's pixels: yuyv (default) or i420", BT_APP_TEXT, AT(pixels), true},
    {"always-on", NULL, "keep the camera open while nobody watches (default: sleep, where the module tells)", BT_APP_FLAG,
     AT(always_on), true},
    {"seed", "N", "the number that a new mask grows from, or a net's random inputs (there: default 0)", BT_APP_TEXT, AT(seed),
     false},
    {"name", "NAME", "what to call the new mask (default: mask-SEED)", BT_APP_TEXT, AT(name), false},
    {"after", "STAGE", "what to print: import, graph, fuse, plan or emit", BT_APP_TEXT, AT(after), false},
    {"runs", "N", "how many runs to time (default 50)", BT_APP_COUNT, AT(runs), false},
    {"variant", "NAME", "the kernels: auto (default), texels or storage", BT_APP_TEXT, AT(variant), false},
    {"half", "WHAT", "float16: off (default), storage or arithmetic", BT_APP_TEXT, AT(half), false},
    {"to", "KEY", "whom a face is lent to: what `bauta identity key` prints there", BT_APP_TEXT, AT(to), false},
    {"until", "DAY", "the last day of a lent face, such as 2027-01-31", BT_APP_TEXT, AT(until), false},
    {"uses", "N", "how many sessions a lent face may be worn for (default: any number)", BT_APP_COUNT, AT(uses), false},
    {"purpose", "P", "wear-live (default), record or unattended; may be given more than once", BT_APP_TEXTS, AT(purpose),
     false},
    {"months", "N", "how long a consent is valid (default 6, at most 12)", BT_APP_COUNT, AT(months), false},
    {"keyring", NULL, "let the desktop's keyring hold a random passphrase", BT_APP_FLAG, AT(keyring), false},
    {"tune", "SECONDS", "how long a start may measure kernels not known yet (default: 10 on a GPU, 0 on a CPU)", BT_APP_TEXT,
     AT(tune), true},
    {"budget", "SECONDS", "how long to measure (default 60)", BT_APP_TEXT, AT(budget), false},
    {"synthetic", "N", "count on N people made of numbers", BT_APP_TEXT, AT(synthetic), false},
    {"pairs", "FILE", "which pictures to compare, as LFW's pairs.txt says it", BT_APP_TEXT, AT(pairs), false},
    {"fmr", "RATE", "the false match rate to hold (default 0.001)", BT_APP_TEXT, AT(fmr), false},
    {"manifest", "FILE", "the manifest of the session that the pictures are said to be of", BT_APP_TEXT, AT(manifest), false},
    {"key", "KEY", "who must have signed it: what `bauta identity key` prints there, or a fingerprint", BT_APP_TEXT, AT(key),
     false},
    {"device", "NAME", "part of a Vulkan device's name (default: the best)", BT_APP_TEXT, AT(device), true},
    {"models", "DIR", "where the models lie (default: beside the program)", BT_APP_TEXT, AT(models), true},
    {"json", NULL, "print JSON", BT_APP_FLAG, AT(json), false},
    {"session", "PID", "which session, where several run", BT_APP_COUNT, AT(session), false},
    {"log-level", "LEVEL", "what is said: error, warning, info (default) or debug (as --verbose)", BT_APP_TEXT, AT(log_level),
     false},
    {"verbose", NULL, "say more on the way", BT_APP_FLAG, AT(verbose), true},
    {"help", NULL, "this help", BT_APP_FLAG, AT(help), false},
};
const uint32_t bt_app_option_count = BT_COUNT(bt_app_options);

static const struct bt_app_option *find(const struct bt_app_verb *verb, const char *name, size_t size) {
    for (const char *const *o = verb->options; *o; o++)
        if (strlen(*o) == size && !memcmp(*o, name, size))
            for (uint32_t i = 0; i < bt_app_option_count; i++)
                if (!strcmp(bt_app_options[i].name, *o)) return &bt_app_options[i];
    return NULL;
}

bool bt_app_number(const char *text, uint64_t *out_number) {
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9') return false;
    *out_number = n;
    return true;
}

static bool parse_count(const char *text, uint64_t most, uint64_t *out) {
    uint64_t n;
    if (!bt_app_number(text, &n) || !n || n > most) return false;
    *out = n;
    return true;
}

static bt_status set(struct bt_log *log, const struct bt_app_option *option, const char *value, struct bt_app_options *out) {
    void *field = (char *)out + option->offset;
    uint64_t n = 0;
    char extra;
    struct bt_app_texts *texts = field;
    switch (option->kind) {
    case BT_APP_TEXT:
        *(const char **)field = value;
        return BT_OK;
    case BT_APP_TEXTS:
        if (texts->count == BT_APP_MOST_TEXTS) {
            bt_log_error(log, "--%s: at most %d of them", option->name, BT_APP_MOST_TEXTS);
            return BT_E_ARGUMENT;
        }
        texts->at[texts->count++] = value;
        return BT_OK;
    case BT_APP_FLAG:
        *(bool *)field = true;
        return BT_OK;
    case BT_APP_COUNT:
        if (!parse_count(value, option->offset == AT(rate) ? 240 : UINT64_MAX, &n)) break;
        if (option->offset == AT(rate))
            out->rate = (uint32_t)n;
        else
            *(uint64_t *)field = n;
        return BT_OK;
    case BT_APP_SIZE:
        if (sscanf(value, "%5ux%5u%c", &out->width_px, &out->height_px, &extra) != 2 || !out->width_px || !out->height_px)
            break;
        out->size = value;
        return BT_OK;
    }
    bt_log_error(log, "--%s %s: expected %s", option->name, value,
                 option->kind == BT_APP_SIZE ? "a size such as 1280x720" : "a whole number above 0");
    return BT_E_ARGUMENT;
}

/* Two, or, where the table says WORD..., as many as there is room for. */
static uint32_t words_most(const struct bt_app_verb *verb) {
    return verb->words && strstr(verb->words, "...") ? BT_APP_MOST_TEXTS : 2;
}

bt_status bt_app_parse(struct bt_log *log, const struct bt_app_verb *verb, int argc, char **argv, struct bt_app_options *out) {
    struct bt_app_options parsed = {0};
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (strncmp(word, "--", 2) || !word[2]) {
            if ((word[0] == '-' && word[1]) || parsed.words == words_most(verb) || !verb->words) {
                bt_log_error(log, "%s: bauta %s does not know it; see bauta %s --help", word, verb->name, verb->name);
                return BT_E_ARGUMENT;
            }
            parsed.word[parsed.words++] = word;
            continue;
        }
        const char *equals = strchr(word, '=');
        size_t size = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
        const struct bt_app_option *option = find(verb, word + 2, size);
        if (!option) {
            bt_log_error(log, "%.*s: bauta %s has no such option; see bauta %s --help", (int)size + 2, word, verb->name,
                         verb->name);
            return BT_E_ARGUMENT;
        }
        const char *value = equals ? equals + 1 : NULL;
        if (option->value && !value && i + 1 < argc) value = argv[++i];
        if (!option->value != !value || (value && !*value)) {
            bt_log_error(log, "--%s %s", option->name, option->value ? "wants a value" : "takes no value");
            return BT_E_ARGUMENT;
        }
        bt_status status = set(log, option, value, &parsed);
        if (status) return status;
    }
    *out = parsed;
    return BT_OK;
}

struct configuring {
    struct bt_log *log;
    const struct bt_app_verb *verb;
    struct bt_app_options given, *inout;
    bt_status status;
    const char *path;
};

static bool is_set(const struct bt_app_option *option, const struct bt_app_options *options) {
    static const struct bt_app_options nothing;
    size_t size = option->kind == BT_APP_FLAG ? sizeof(bool) : sizeof(const char *);
    if (option->offset == AT(rate)) size = sizeof(uint32_t);
    return memcmp((const char *)options + option->offset, (const char *)&nothing + option->offset, size) != 0;
}

/* inih's handler: 0 stops with an error. One section, [bauta]; unknown keys are an error, so that a misspelt one is noticed. */
static int configure(void *user, const char *section, const char *key, const char *value) {
    struct configuring *c = user;
    const struct bt_app_option *known = NULL;
    for (uint32_t i = 0; i < bt_app_option_count; i++)
        if (!strcmp(bt_app_options[i].name, key) && bt_app_options[i].configurable) known = &bt_app_options[i];
    if (!known || strcmp(section, "bauta")) {
        bt_log_error(c->log, "%s: [%s] %s is not something bauta knows", c->path, section, key);
        c->status = BT_E_ARGUMENT;
        return 0;
    }
    if (!find(c->verb, key, strlen(key)) || is_set(known, &c->given)) return 1;
    if (known->kind == BT_APP_FLAG && !strcmp(value, "no")) return 1;
    if (known->kind == BT_APP_FLAG && strcmp(value, "yes")) {
        bt_log_error(c->log, "%s: %s is %s: expected yes or no", c->path, key, value);
        c->status = BT_E_ARGUMENT;
        return 0;
    }
    char *copy = strdup(value); /* lives as long as the program */
    c->status = copy ? set(c->log, known, copy, c->inout) : BT_E_MEMORY;
    if (known->kind != BT_APP_TEXT && known->kind != BT_APP_TEXTS && known->kind != BT_APP_SIZE) free(copy);
    return !c->status;
}

bt_status bt_app_configure(struct bt_log *log, const struct bt_app_verb *verb, struct bt_app_options *inout) {
    char path[PATH_MAX];
    struct configuring c = {log, verb, *inout, inout, BT_OK, path};
    bt_status status = bt_files_config(path, sizeof path);
    if (status) return BT_OK; /* no home: no configuration */
    int line = ini_parse(path, configure, &c);
    if (c.status) return c.status;
    if (line > 0) {
        bt_log_error(log, "%s:%d is not understood: expected a section [bauta] and lines such as face = colombina", path, line);
        return BT_E_ARGUMENT;
    }
    return BT_OK;
}

static void print_option(const struct bt_app_option *o) {
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    printf("  %-18s %s\n", left, o->help);
}

void bt_app_help(const struct bt_app_verb *verb) {
    if (verb) {
        printf("usage: bauta %s%s%s [options]\n\n%s\n\n%s\n\noptions:\n", verb->name, verb->words ? " " : "",
               verb->words ? verb->words : "", verb->summary, verb->text);
        for (const char *const *name = verb->options; *name; name++) print_option(find(verb, *name, strlen(*name)));
        return;
    }
    printf("bauta %s: an AI face-swap webcam that cannot pretend\n\n"
           "Every frame that leaves says that it is AI; no session starts without consent.\n\n"
           "usage: bauta COMMAND [options]\n\ncommands:\n",
           BAUTA_VERSION);
    for (uint32_t i = 0; i < bt_app_verb_count; i++) printf("  %-9s %s\n", bt_app_verbs[i].name, bt_app_verbs[i].summary);
    printf("\nbauta COMMAND --help says more. bauta --version prints the version.\n\n"
           "exit codes:\n"
           "  0  done, or stopped with Ctrl-C\n"
           "  1  something went wrong on the way\n"
           "  2  the command line makes no sense\n"
           "  3  not agreed to, or nobody to ask: nothing was opened\n"
           "  4  no such camera, file, face, model or Vulkan device\n"
           "  5  somebody else holds the camera or the virtual camera\n");
}
