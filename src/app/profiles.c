/* SPDX-License-Identifier: MIT */
#include "app/profiles.h"

#include "app/files.h"
#include "base/clock.h"
#include "base/log.h"
#include "embed/bt_profile_default.h"

#include <dirent.h>
#include <ini.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROFILE_MOST_BYTES = 64 << 10 };
static const char default_id[] = "strictest-common";

/* inih asks for lines; whoever hands them out knows their number. */
struct lines {
    struct bt_log *log;
    const char *path;
    struct bt_bytes rest;
    int line;
    const char *wrong; /* what inih would not notice */
    struct bt_profile *profile;
    bt_status status;
};

static char *next_line(char *out, int bytes, void *user) {
    struct lines *l = user;
    if (!l->rest.size || l->wrong || l->status) return NULL;
    const uint8_t *end = memchr(l->rest.data, '\n', l->rest.size);
    size_t size = end ? (size_t)(end - l->rest.data) + 1 : l->rest.size;
    l->line++;
    if (size >= (size_t)bytes) l->wrong = "longer than a line may be";
    if (memchr(l->rest.data, 0, size)) l->wrong = "holds a zero byte";
    if (l->wrong) return NULL;
    memcpy(out, l->rest.data, size);
    out[size] = 0;
    l->rest.data += size;
    l->rest.size -= size;
    return out;
}

static int take(void *user, const char *section, const char *key, const char *value) {
    struct lines *l = user;
    struct bt_profile_said why;
    if (l->status) return 0;
    l->status = bt_profile_set(l->profile, section, key, value, &why);
    if (l->status) bt_log_error(l->log, "%s:%d: %s", l->path, l->line, why.text);
    return !l->status;
}

bt_status bt_profiles_parse(struct bt_log *log, const char *path, const char *id, struct bt_bytes bytes,
                            struct bt_profile *out_profile) {
    struct bt_profile *profile = calloc(1, sizeof *profile);
    if (!profile) return BT_E_MEMORY;
    struct lines l = {.log = log, .path = path, .rest = bytes, .profile = profile};
    struct bt_profile_said why;
    snprintf(profile->id, sizeof profile->id, "%s", id);
    int line = ini_parse_stream(next_line, &l, take, &l);
    if (!l.status && (l.wrong || line > 0)) {
        bt_log_error(log, "%s:%d: %s", path, l.wrong ? l.line : line,
                     l.wrong ? l.wrong : "not understood: expected [section] or key = value");
        l.status = BT_E_FORMAT;
    }
    if (!l.status && line < 0) l.status = BT_E_MEMORY;
    if (!l.status) {
        l.status = bt_profile_complete(profile, &why);
        if (l.status) bt_log_error(log, "%s: %s", path, why.text);
    }
    if (!l.status) *out_profile = *profile;
    free(profile);
    return l.status;
}

bt_status bt_profiles_default(struct bt_log *log, struct bt_profile *out_profile) {
    return bt_profiles_parse(log, "the default profile", default_id,
                             (struct bt_bytes){bt_profile_default, bt_profile_default_bytes}, out_profile);
}

/* A name such as a file may have, without a way out of its folder. */
static bool is_name(const char *name) {
    size_t size = strlen(name);
    return size && size < BT_PROFILE_NAME_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bt_status load_file(struct bt_log *log, const char *path, struct bt_profile *out_profile) {
    char id[BT_PROFILE_NAME_BYTES];
    struct bt_bytes bytes = {0};
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    snprintf(id, sizeof id, "%.*s", dot ? (int)(dot - base) : 40, base);
    bt_status status = bt_files_read(log, path, PROFILE_MOST_BYTES, &bytes);
    if (!status) status = bt_profiles_parse(log, path, id, bytes, out_profile);
    free((void *)bytes.data);
    return status;
}

bt_status bt_profiles_load(struct bt_log *log, const char *name, struct bt_profile *out_profile) {
    size_t size = strlen(name);
    char folder[PATH_MAX], path[PATH_MAX + BT_PROFILE_NAME_BYTES + 8];
    if (strchr(name, '/') || (size > 4 && !strcmp(name + size - 4, ".ini"))) return load_file(log, name, out_profile);
    if (!strcmp(name, default_id)) return bt_profiles_default(log, out_profile);
    for (uint32_t i = 0; is_name(name) && i < BT_FILES_PROFILES; i++) {
        if (bt_files_profiles(i, folder, sizeof folder)) continue;
        snprintf(path, sizeof path, "%s/%s.ini", folder, name);
        if (!access(path, F_OK)) return load_file(log, path, out_profile);
    }
    bt_log_error(log, "there is no profile %s; bauta policy list names them, and a file is named by its path", name);
    return BT_E_NOT_FOUND;
}

static int by_name(const void *a, const void *b) {
    return strcmp(a, b);
}

static bt_status add_name(struct bt_profiles_names **names, const char *file) {
    struct bt_profiles_names *n = *names;
    char name[BT_PROFILE_NAME_BYTES];
    size_t size = strlen(file);
    if (size < 5 || size >= sizeof name + 4 || strcmp(file + size - 4, ".ini") != 0) return BT_OK;
    snprintf(name, sizeof name, "%.*s", (int)size - 4, file);
    if (!is_name(name)) return BT_OK;
    for (uint32_t i = 0; i < n->count; i++)
        if (!strcmp(n->name[i], name)) return BT_OK;
    n = realloc(n, sizeof *n + (n->count + 1) * sizeof n->name[0]);
    if (!n) return BT_E_MEMORY;
    memcpy(n->name[n->count++], name, sizeof name);
    *names = n;
    return BT_OK;
}

bt_status bt_profiles_list(struct bt_log *log, struct bt_profiles_names **out_names) {
    char folder[PATH_MAX];
    struct bt_profiles_names *names = calloc(1, sizeof *names);
    (void)log;
    bt_status status = names ? add_name(&names, "strictest-common.ini") : BT_E_MEMORY;
    for (uint32_t i = 0; !status && i < BT_FILES_PROFILES; i++) {
        if (bt_files_profiles(i, folder, sizeof folder)) continue;
        DIR *dir = opendir(folder);
        const struct dirent *entry;
        while (dir && !status && (entry = readdir(dir))) status = add_name(&names, entry->d_name);
        if (dir) closedir(dir);
    }
    if (status) {
        free(names);
        return status;
    }
    qsort(names->name + 1, names->count - 1, sizeof names->name[0], by_name);
    *out_names = names;
    return BT_OK;
}

int64_t bt_profiles_today(void) {
    return bt_clock_wall_ns() / 1000000000 / 86400;
}

struct bt_profile_program bt_profiles_program(const struct bt_profile *rules, struct bt_profiles_label *label) {
    /* The smallest capital, of the shorter side, over common sizes: what is drawn, not what was asked for. */
    static const uint32_t size_px[][2] = {{320, 240}, {640, 480}, {1280, 720}, {720, 1280}, {1920, 1080}, {3840, 2160}};
    double height = 1;
    for (size_t i = 0; i < BT_COUNT(size_px); i++) {
        const struct bt_disclose_plate plate = bt_disclose_plate_of(size_px[i][0], size_px[i][1]);
        height = fmin(height, plate.glyph_h / fmin(size_px[i][0], size_px[i][1]));
    }
    snprintf(label->text, sizeof label->text, "%s%s%s", bt_disclose_label_text(), *rules->label.extra.at ? " · " : "",
             rules->label.extra.at);
    return (struct bt_profile_program){
        .label = label->text,
        .anchors = "top_right top_left bottom_right bottom_left",
        .height_frac = fmax(height, rules->label.min_height),
        .contrast = 4.5,
        .banner_s = fmax(5, rules->label.banner_s),
        .manifest = true,
        .detector = true,
        .mark = true,
        .adult_age = 18,
    };
}

/* What a person should know before they rely on it. */
static void say_standing(struct bt_log *log, const struct bt_profile *p) {
    char day[11];
    int64_t age = bt_profiles_today() - p->checked_on;
    bt_profile_day_text(p->checked_on, day);
    if (p->status == BT_PROFILE_DRAFT) bt_log_warning(log, "profile %s is a draft, no rule in force", p->id);
    if (p->status == BT_PROFILE_STRUCK) bt_log_warning(log, "profile %s was struck down: it is no rule in force", p->id);
    if (age > BT_PROFILE_STALE_DAYS)
        bt_log_warning(log, "profile %s was checked against its sources on %s, %" PRId64 " days ago: look again", p->id, day,
                       age);
}

static bt_status add_chosen(struct bt_log *log, const char *name, struct bt_profile *scratch,
                            struct bt_profiles_chosen *inout) {
    struct bt_profile_said why;
    size_t n = strlen(inout->names);
    bt_status status = bt_profiles_load(log, name, scratch);
    if (status) return status;
    say_standing(log, scratch);
    for (uint32_t i = 0; i < inout->count; i++)
        if (!strcmp(scratch->id, inout->id[i])) return BT_OK;
    if (inout->count == BT_PROFILES_MOST) {
        bt_log_error(log, "--profile: at most %d", BT_PROFILES_MOST - 1);
        return BT_E_ARGUMENT;
    }
    status = bt_profile_merge(&inout->rules, scratch, &why);
    if (status) {
        bt_log_error(log, "profile %s cannot be kept with the others: %s", name, why.text);
        return status;
    }
    memcpy(inout->id[inout->count++], scratch->id, sizeof scratch->id);
    snprintf(inout->names + n, sizeof inout->names - n, ", %s", scratch->id);
    return BT_OK;
}

/* The visible label must do all that is asked of it; a profile that asks for what cannot be done is not kept in part. */
static bt_status can_label(struct bt_log *log, const struct bt_profiles_chosen *chosen) {
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    struct bt_profiles_label label;
    const struct bt_profile_program program = bt_profiles_program(&chosen->rules, &label);
    bt_status status = BT_OK;
    for (uint32_t i = 0, n = bt_profile_judge(&chosen->rules, &program, found); i < n; i++)
        if (!strcmp(found[i].section, "label") && found[i].verdict != BT_PROFILE_MET) {
            bt_log_error(log, "cannot label by profile %s: it asks for %s; %s", chosen->names, found[i].asks.text,
                         found[i].answer.text);
            status = BT_E_UNSUPPORTED;
        }
    return status;
}

bt_status bt_profiles_name(const struct bt_app_texts *names, uint32_t index, char *out_name, size_t bytes) {
    for (uint32_t i = 0; i < names->count; i++)
        for (const char *at = names->at[i]; *at;) {
            const size_t size = strcspn(at, ",");
            if (!index--) {
                if (size >= bytes) return BT_E_ARGUMENT;
                snprintf(out_name, bytes, "%.*s", (int)size, at);
                return BT_OK;
            }
            at += size + (at[size] == ',');
        }
    return BT_E_NOT_FOUND;
}

bt_status bt_profiles_choose(struct bt_log *log, const struct bt_app_texts *names, struct bt_profiles_chosen *out_chosen) {
    struct bt_profiles_chosen *chosen = calloc(1, sizeof *chosen);
    struct bt_profile *scratch = calloc(1, sizeof *scratch);
    bt_status status = chosen && scratch ? bt_profiles_default(log, &chosen->rules) : BT_E_MEMORY;
    if (!status) {
        memcpy(chosen->id[chosen->count++], chosen->rules.id, sizeof chosen->rules.id);
        snprintf(chosen->names, sizeof chosen->names, "%s", chosen->rules.id);
    }
    char name[PATH_MAX];
    for (uint32_t i = 0; !status; i++) {
        const bt_status named = bt_profiles_name(names, i, name, sizeof name);
        if (named == BT_E_NOT_FOUND) break;
        status = named ? named : add_chosen(log, name, scratch, chosen);
    }
    if (!status) status = can_label(log, chosen);
    if (!status) *out_chosen = *chosen;
    free(scratch);
    free(chosen);
    return status;
}

struct bt_label_rules bt_profiles_rules(const struct bt_profiles_chosen *chosen) {
    const struct bt_profile *rules = &chosen->rules;
    return (struct bt_label_rules){.extra = *rules->label.extra.at ? rules->label.extra.at : NULL,
                                   .height_frac = (float)rules->label.min_height,
                                   .banner_s = (float)rules->label.banner_s};
}
