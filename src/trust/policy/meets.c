/* SPDX-License-Identifier: MIT */
/* Each rule of a profile in plain words, and how this program meets it, or that it cannot. One function a key. */
#include "trust/policy/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef const struct bt_profile *profile_t;
typedef const struct bt_profile_program *program_t;
typedef struct bt_profile_finding *finding_t;

struct rule {
    const char *section, *key, *by;
    /* false: the profile does not say */
    bool (*judge)(profile_t p, program_t does, finding_t f);
};

/* Cut off where there is no room for more. */
__attribute__((format(printf, 2, 3))) static void say(struct bt_profile_said *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(out->text, sizeof out->text, format, args);
    va_end(args);
}
#define ASKS(f, ...)   say(&(f)->asks, __VA_ARGS__)
#define ANSWER(f, ...) say(&(f)->answer, __VA_ARGS__)

static enum bt_profile_verdict met_if(bool met) {
    return met ? BT_PROFILE_MET : BT_PROFILE_NOT_MET;
}

static void join(const struct bt_profile_words *words, char *out, size_t bytes) {
    size_t n = 0;
    *out = 0;
    for (uint32_t i = 0; i < words->count && n < bytes; i++)
        n += (size_t)snprintf(out + n, bytes - n, "%s%s", i ? ", " : "", words->word[i]);
}

static bool has_word(const char *list, const char *word) {
    size_t size = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (!at[size] || at[size] == ' ')) return true;
    return false;
}

/* One of the words between the bars stands in the label. */
static bool contains_one(const char *label, const char *words) {
    for (const char *w = words; *w;) {
        size_t size = strcspn(w, "|");
        char word[BT_PROFILE_TEXT_BYTES];
        snprintf(word, sizeof word, "%.*s", (int)size, w);
        if (size && strstr(label, word)) return true;
        w += size + (w[size] == '|');
    }
    return false;
}

static bool all_of(profile_t p, program_t does, finding_t f) {
    ASKS(f, "the label says");
    size_t n = strlen(f->asks.text);
    const char *missing = NULL;
    for (uint32_t i = 0; i < p->label.all_of.count; i++) {
        const char *words = p->label.all_of.line[i].at;
        for (const char *w = words; *w && n < sizeof f->asks.text;) {
            const int size = (int)strcspn(w, "|");
            const char *before = w != words ? " or" : i ? " and" : "";
            n += (size_t)snprintf(f->asks.text + n, sizeof f->asks.text - n, "%s %.*s", before, size, w);
            w += size + (w[size] == '|');
        }
        if (!contains_one(does->label, words)) missing = words;
    }
    f->verdict = met_if(!missing);
    if (missing)
        ANSWER(f, "it reads \"%s\", without %.150s", does->label, missing);
    else
        ANSWER(f, "it reads \"%s\"", does->label);
    return p->label.all_of.count != 0;
}

static bool extra(profile_t p, program_t does, finding_t f) {
    ASKS(f, "words in the place's language: %s", p->label.extra.at);
    f->verdict = met_if(strstr(does->label, p->label.extra.at) != NULL);
    ANSWER(f, f->verdict ? "they stand after the label's own" : "they are added when this profile is chosen");
    return *p->label.extra.at != 0;
}

static bool languages(profile_t p, program_t does, finding_t f) {
    char list[400];
    join(&p->label.languages, list, sizeof list);
    ASKS(f, "the label can be read in: %s", list);
    bool all = true;
    for (uint32_t i = 0; i < p->label.languages.count; i++) {
        const char *l = p->label.languages.word[i];
        all &= !strcmp(l, "en") || !strcmp(l, "zh") || (*p->label.extra.at && strstr(does->label, p->label.extra.at));
    }
    f->verdict = met_if(all);
    ANSWER(f, all ? "Chinese and English always, others by the extra words"
                  : "Chinese and English only, until extra words are given");
    return p->label.languages.count != 0;
}

static bool min_height(profile_t p, program_t does, finding_t f) {
    ASKS(f, "letters at least %.3g %% of the shorter side", 100 * p->label.min_height);
    f->verdict = met_if(does->height_frac >= p->label.min_height);
    ANSWER(f, "a capital is %.3g %% high", 100 * does->height_frac);
    return p->label.min_height > 0;
}

static bool min_contrast(profile_t p, program_t does, finding_t f) {
    ASKS(f, "a contrast of at least %.3g : 1", p->label.min_contrast);
    f->verdict = met_if(does->contrast >= p->label.min_contrast);
    ANSWER(f, "white on a dark plate of its own, %.3g : 1 or more, read back from each frame before it is sent",
           does->contrast);
    return p->label.min_contrast > 0;
}

static bool anchor(profile_t p, program_t does, finding_t f) {
    char list[400], allowed[400];
    size_t n = 0;
    join(&p->label.anchor, list, sizeof list);
    ASKS(f, "a place of: %s", list);
    *allowed = 0;
    for (uint32_t i = 0; i < p->label.anchor.count && n < sizeof allowed; i++)
        n += (size_t)snprintf(allowed + n, sizeof allowed - n, "%s ", p->label.anchor.word[i]);
    bool all = true;
    for (const char *a = does->anchors; *a;) {
        char place[32];
        size_t size = strcspn(a, " ");
        snprintf(place, sizeof place, "%.*s", (int)size, a);
        all &= has_word(allowed, place);
        a += size + strspn(a + size, " ");
    }
    f->verdict = met_if(all);
    ANSWER(f, "it stands at: %s", does->anchors);
    return p->label.anchor.count != 0;
}

static bool persistence(profile_t p, program_t does, finding_t f) {
    static const char *const asks[] = {"", "shown at the start", "shown at the start, at intervals and after breaks",
                                       "shown all the time"};
    (void)does;
    ASKS(f, "%s", asks[p->label.persistence & 3]);
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "it is in every frame; a frame without it is not sent");
    return p->label.persistence != 0;
}

static bool first_s(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "shown for the first %.3g s at least", p->label.first_s);
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "it is in every frame");
    return p->label.first_s > 0;
}

static bool banner_s(profile_t p, program_t does, finding_t f) {
    ASKS(f, "a sentence for %.3g s at the start and after every pause", p->label.banner_s);
    f->verdict = met_if(does->banner_s >= p->label.banner_s);
    ANSWER(f, "the banner stands for %.3g s at the start, after every card and after every gap", does->banner_s);
    return p->label.banner_s > 0;
}

static bool permanent(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, p->label.permanent == BT_PROFILE_YES ? "the label cannot be removed" : "the label may be removed");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "no option, file or variable removes, shrinks or hides it; it is part of the picture");
    return p->label.permanent != 0;
}

static bool schema(profile_t p, program_t does, finding_t f) {
    char list[400], required[400];
    join(&p->implicit.schema, list, sizeof list);
    join(&p->implicit.required, required, sizeof required);
    ASKS(f, "machine-readable marking as %s%s%s", list, *required ? ": " : "", required);
    f->verdict = does->manifest ? BT_PROFILE_PARTLY : BT_PROFILE_NOT_MET;
    ANSWER(f, does->manifest ? "a signed manifest beside each session, and in recordings with the AIGC fields; it is no C2PA "
                               "manifest, holds no provider's code, and a live call carries no metadata at all"
                             : "a virtual camera's frames carry no metadata");
    return p->implicit.schema.count != 0;
}

static bool demand(profile_t p, program_t does, finding_t f) {
    ASKS(f, "an invisible mark is %s", p->watermark.demand == BT_PROFILE_REQUIRED ? "required" : "encouraged");
    f->verdict = met_if(does->mark);
    ANSWER(f, does->mark ? "every frame carries the session's number, invisibly" : "there is none");
    return p->watermark.demand != 0;
}

static bool detector(profile_t p, program_t does, finding_t f) {
    ASKS(f, "anyone can have it checked, free, and nothing of that is kept");
    f->verdict = met_if(does->detector);
    ANSWER(f, does->detector ? "bauta verify, on their own machine" : "there is no detector");
    return p->watermark.detector == BT_PROFILE_YES;
}

static bool separate(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "a consent to just this, given apart from others");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "a typed sentence before the camera opens, for named purposes, in a signed receipt");
    return p->consent.separate == BT_PROFILE_YES;
}

static bool edited_person(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "the person whose face is changed or worn has agreed");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "the wearer says yes before each session; a person's face is worn by its owner's live receipt only");
    return p->consent.edited_person == BT_PROFILE_YES;
}

static bool guardian_under(profile_t p, program_t does, finding_t f) {
    ASKS(f, "a guardian agrees for who is under %.3g", p->consent.guardian_under);
    f->verdict = met_if(does->adult_age >= p->consent.guardian_under);
    ANSWER(f, "who says that they are under %.3g cannot enrol; the age is asked, not proven", does->adult_age);
    return p->consent.guardian_under > 0;
}

static bool deceased(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, p->consent.deceased == 2 ? "no imitation of the dead" : "the heirs agree to an imitation of the dead");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "a face is enrolled by its living owner before a live camera, for at most 12 months");
    return p->consent.deceased != 0;
}

static bool withdraw(profile_t p, program_t does, finding_t f) {
    char list[400];
    (void)does;
    join(&p->consent.withdraw, list, sizeof list);
    ASKS(f, "on withdrawal: %s", list);
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "bauta consent withdraw destroys the face's key at once; there is no register to leave");
    return p->consent.withdraw.count != 0;
}

static bool on_device_only(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "face data stays on the device");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "the program opens no network connection; a face is lent only as a sealed file that its owner hands over");
    return p->storage.on_device_only == BT_PROFILE_YES;
}

static bool encrypt(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "face data is kept encrypted");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "sealed in the vault, a key each");
    return p->storage.encrypt == BT_PROFILE_YES;
}

static bool retention(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "kept for the shortest time that serves");
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "no picture is kept; an enrolled face is worn for at most 12 months and destroyed when its owner says so");
    return p->storage.retention == 2;
}

static bool min_days(profile_t p, program_t does, finding_t f) {
    (void)does;
    ASKS(f, "records are kept for %.3g days at least", p->records.min_days);
    f->verdict = BT_PROFILE_MET;
    ANSWER(f, "nothing removes a line of the session log");
    return p->records.min_days > 0;
}

static const struct rule rules[] = {
    {"label", "all_of", "label", all_of},
    {"label", "extra", "label", extra},
    {"label", "languages", "label", languages},
    {"label", "min_height", "label", min_height},
    {"label", "min_contrast", "label", min_contrast},
    {"label", "anchor", "label", anchor},
    {"label", "persistence", "label", persistence},
    {"label", "first_s", "label", first_s},
    {"label", "banner_s", "banner", banner_s},
    {"label", "permanent", "label", permanent},
    {"implicit", "schema", "manifest", schema},
    {"watermark", "demand", "mark", demand},
    {"watermark", "detector", "mark", detector},
    {"consent", "separate", "consent", separate},
    {"consent", "edited_person", "consent", edited_person},
    {"consent", "guardian_under", "consent", guardian_under},
    {"consent", "deceased", "consent", deceased},
    {"consent", "withdraw", "vault", withdraw},
    {"storage", "on_device_only", "vault", on_device_only},
    {"storage", "encrypt", "vault", encrypt},
    {"storage", "retention", "vault", retention},
    {"records", "min_days", "log", min_days},
};
_Static_assert(BT_COUNT(rules) <= BT_PROFILE_MOST_FINDINGS, "one finding a rule");

uint32_t bt_profile_judge(const struct bt_profile *profile, const struct bt_profile_program *program,
                          struct bt_profile_finding out[BT_PROFILE_MOST_FINDINGS]) {
    uint32_t n = 0;
    for (size_t i = 0; i < BT_COUNT(rules); i++) {
        out[n] = (struct bt_profile_finding){.section = rules[i].section, .key = rules[i].key, .by = rules[i].by};
        n += rules[i].judge(profile, program, &out[n]);
    }
    return n;
}

const char *bt_profile_verdict_text(enum bt_profile_verdict verdict) {
    static const char *const text[] = {"not met", "partly", "met"};
    return text[verdict];
}
