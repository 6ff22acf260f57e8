/* SPDX-License-Identifier: MIT */
/* Labelling profiles: found, read with the ini library, and merged over the default, which is inside the program. */
#ifndef BT_APP_PROFILES_H
#define BT_APP_PROFILES_H

#include "app/app.h"
#include "base/bytes.h"
#include "pipeline/disclose/disclose.h"
#include "trust/policy/profile.h"

/* A profile's bytes. `path` is for messages, which name line, section and key; `id` its short name. BT_E_FORMAT: the log says
   what is wrong. */
BT_CHECKED bt_status bt_profiles_parse(struct bt_log *log, const char *path, const char *id, struct bt_bytes bytes,
                                       struct bt_profile *out_profile);
/* The default, from inside the program. */
BT_CHECKED bt_status bt_profiles_default(struct bt_log *log, struct bt_profile *out_profile);
/* A name, looked for in the user's folder, then beside the program, then where it is installed; or a file's path: what holds a
   slash or ends in .ini. BT_E_NOT_FOUND, BT_E_FORMAT. */
BT_CHECKED bt_status bt_profiles_load(struct bt_log *log, const char *name, struct bt_profile *out_profile);
/* The names that there are, sorted, without duplicates; the default is first. Freed as a whole by the caller (free). */
struct bt_profiles_names {
    uint32_t count;
    char name[][BT_PROFILE_NAME_BYTES];
};
BT_CHECKED bt_status bt_profiles_list(struct bt_log *log, struct bt_profiles_names **out_names);

/* What a session keeps to. */
enum { BT_PROFILES_MOST = 8 };
struct bt_profiles_chosen {
    struct bt_profile rules;                          /* the default and every chosen one, the stricter of each rule */
    char id[BT_PROFILES_MOST][BT_PROFILE_NAME_BYTES]; /* the default's first */
    uint32_t count;
    char names[BT_PROFILES_MOST * (BT_PROFILE_NAME_BYTES + 2)]; /* the same in one: strictest-common, cn */
};
/* `names`: each one or several with commas between; none: the default alone. Says which are drafts, struck, or not checked for
   long. BT_E_UNSUPPORTED: the program cannot label as they ask; it says what. */
BT_CHECKED bt_status bt_profiles_choose(struct bt_log *log, const struct bt_app_texts *names,
                                        struct bt_profiles_chosen *out_chosen);
/* The name at that place among them all, as bt_profiles_load takes it. BT_E_NOT_FOUND: past the end; BT_E_ARGUMENT: too long.
 */
BT_CHECKED bt_status bt_profiles_name(const struct bt_app_texts *names, uint32_t index, char *out_name, size_t bytes);
/* What bauta policy show prints of it as JSON: standing, instruments, and each rule with how it is met. NULL: no memory. */
struct json_t;
struct json_t *bt_profiles_json(const struct bt_profile *profile);
/* What this program does, when it keeps to `rules`. `label` holds the words for as long as the answer is used. */
struct bt_profiles_label {
    char text[BT_PROFILE_TEXT_BYTES + 96];
};
struct bt_profile_program bt_profiles_program(const struct bt_profile *rules, struct bt_profiles_label *label);

/* What disclose adds for them; the words are chosen's. */
struct bt_label_rules bt_profiles_rules(const struct bt_profiles_chosen *chosen);

int64_t bt_profiles_today(void); /* UTC, in days since 1970-01-01 */

#endif
