/* SPDX-License-Identifier: MIT */
/* A labelling regime as data: what a law, a standard or a code asks for, filled key by key from a file that somebody else
   parsed (profiles/NAME.ini), checked, merged and held against what the program does. Pure: no file, no clock. Rules only add
   to the default's: whatever asks for less has no effect. */
#ifndef BT_TRUST_PROFILE_H
#define BT_TRUST_PROFILE_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    BT_PROFILE_NAME_BYTES = 48,
    BT_PROFILE_TEXT_BYTES = 192, /* the longest value */
    BT_PROFILE_MOST_WORDS = 12,
    BT_PROFILE_MOST_LINES = 8,
    BT_PROFILE_MOST_INSTRUMENTS = 8,
    BT_PROFILE_STALE_DAYS = 180, /* since checked_on: then somebody should look again */
};

/* Choices count up from 1 towards the stricter; 0: the profile does not say. */
enum bt_profile_status { BT_PROFILE_STRUCK = 1, BT_PROFILE_DRAFT, BT_PROFILE_VOLUNTARY, BT_PROFILE_IN_FORCE };
enum bt_profile_confidence { BT_PROFILE_LOW = 1, BT_PROFILE_MEDIUM, BT_PROFILE_HIGH };
enum bt_profile_persistence { BT_PROFILE_START = 1, BT_PROFILE_INTERVALS, BT_PROFILE_CONTINUOUS };
enum bt_profile_demand { BT_PROFILE_ENCOURAGED = 1, BT_PROFILE_REQUIRED };
enum bt_profile_yes { BT_PROFILE_NO = 1, BT_PROFILE_YES };

struct bt_profile_text {
    char at[BT_PROFILE_TEXT_BYTES];
};
struct bt_profile_lines { /* a key that may stand on several lines */
    struct bt_profile_text line[BT_PROFILE_MOST_LINES];
    uint32_t count;
};
struct bt_profile_words { /* words with spaces between */
    char word[BT_PROFILE_MOST_WORDS][32];
    uint32_t count;
};

struct bt_profile_instrument {
    struct bt_profile_text title, clause, source;
    uint32_t status;              /* enum bt_profile_status */
    uint32_t confidence;          /* enum bt_profile_confidence */
    int64_t effective, published; /* days since 1970-01-01; 0: not said */
};

struct bt_profile {
    char id[BT_PROFILE_NAME_BYTES]; /* the file's name without .ini; of a merged one the first's */
    struct bt_profile_text name, jurisdiction, applies_if;
    uint32_t status, confidence;
    int64_t checked_on;
    struct bt_profile_lines note, unverified;
    struct bt_profile_instrument instrument[BT_PROFILE_MOST_INSTRUMENTS];
    uint32_t instruments;

    struct {
        struct bt_profile_text clause;
        struct bt_profile_lines all_of; /* each a demand: the label contains one of its words, which stand between bars */
        struct bt_profile_text extra;   /* what is added to the default label */
        struct bt_profile_words languages;
        double min_height; /* of the frame's shorter side */
        double min_contrast;
        struct bt_profile_words anchor; /* where the label may stand, best first */
        uint32_t persistence;
        double first_s, banner_s;
        uint32_t permanent;
    } label;
    struct {
        struct bt_profile_text clause;
        struct bt_profile_words schema; /* AIGC (GB 45438-2025 appendix E), c2pa, latent (California) */
        struct bt_profile_words required;
    } implicit;
    struct {
        struct bt_profile_text clause;
        uint32_t demand, detector;
    } watermark;
    struct {
        struct bt_profile_text clause;
        uint32_t separate, edited_person, deceased;
        double guardian_under;
        struct bt_profile_words withdraw;
    } consent;
    struct {
        struct bt_profile_text clause;
        uint32_t on_device_only, encrypt, retention;
    } storage;
    struct {
        struct bt_profile_text clause;
        double min_days;
    } records;
    uint64_t given; /* which keys were set: a key may stand once, unless it is a line */
};

/* A sentence. */
struct bt_profile_said {
    char text[320];
};

/* One line of a file. BT_E_FORMAT: `out_why` says what is wrong and what is allowed, without file and line, which the caller
   knows. The profile starts as all zeros. */
BT_CHECKED bt_status bt_profile_set(struct bt_profile *profile, const char *section, const char *key, const char *value,
                                    struct bt_profile_said *out_why);
/* After the last line: is all there that must be. BT_E_FORMAT as above. */
BT_CHECKED bt_status bt_profile_complete(const struct bt_profile *profile, struct bt_profile_said *out_why);

/* Where it asks for less than `than`, which has no effect: how many places, at most `most` of them said. */
uint32_t bt_profile_less(const struct bt_profile *profile, const struct bt_profile *than, struct bt_profile_said *out_said,
                         uint32_t most);
/* The stricter of each rule; what identifies `inout` stays. BT_E_UNSUPPORTED: both cannot be kept at once (out_why). `inout`
   is then spoilt. */
BT_CHECKED bt_status bt_profile_merge(struct bt_profile *inout, const struct bt_profile *with, struct bt_profile_said *out_why);

const char *bt_profile_status_text(uint32_t status);         /* as in the file */
const char *bt_profile_confidence_text(uint32_t confidence); /* likewise */
void bt_profile_day_text(int64_t day, char out[11]);         /* 2026-11-22; "-" for 0 */

/* What this program does, as its own parts say it. */
struct bt_profile_program {
    const char *label;   /* as it reads, extra words included */
    const char *anchors; /* every place it may stand at, spaces between */
    double height_frac, contrast, banner_s;
    bool mark, manifest, detector; /* the invisible mark, the signed sidecar, bauta verify */
    double adult_age;
};
enum bt_profile_verdict { BT_PROFILE_NOT_MET, BT_PROFILE_PARTLY, BT_PROFILE_MET };
struct bt_profile_finding {
    const char *section, *key, *by; /* by: label, banner, mark, manifest, consent, vault or log */
    enum bt_profile_verdict verdict;
    struct bt_profile_said asks, answer; /* the rule in plain words; how it is met, or why not */
};
enum { BT_PROFILE_MOST_FINDINGS = 32 };
/* A finding for each rule of the profile, in the order of the file format. */
uint32_t bt_profile_judge(const struct bt_profile *profile, const struct bt_profile_program *program,
                          struct bt_profile_finding out[BT_PROFILE_MOST_FINDINGS]);
const char *bt_profile_verdict_text(enum bt_profile_verdict verdict);

#endif
