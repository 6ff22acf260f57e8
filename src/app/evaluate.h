/* SPDX-License-Identifier: MIT */
/* bauta evaluate match: pictures of people who may be counted (made of numbers, or whoever gave theirs) to templates, to a
   study (evaluate/study.h), to a report. Templates stay in memory and are wiped. */
#ifndef BT_APP_EVALUATE_H
#define BT_APP_EVALUATE_H

#include "app/app.h"
#include "app/picture.h"
#include "evaluate/study.h"
#include "match/match.h"
#include <jansson.h>
#include <stdio.h>

enum { BT_ACQUIRE_SIDE_PX = 256, BT_GALLERY_NAME_BYTES = 96 };
enum bt_gallery_label { BT_LABEL_LIGHT, BT_LABEL_CONTRAST, BT_LABEL_BLUR, BT_LABEL_YAW, BT_LABEL_SIZE, BT_LABEL_NOISE };
extern const char *const bt_gallery_labels[BT_STUDY_LABELS];

/* Finds the face in a picture as a session would (detector, mesh) and makes its templates. */
struct bt_acquire;
BT_CHECKED bt_status bt_acquire_create(struct bt_app *app, struct bt_acquire **out_acquire);
void bt_acquire_destroy(struct bt_acquire **acquire);
/* rgb: BT_ACQUIRE_SIDE_PX squared. Measures every label but noise. BT_E_NO_FACE: none, or it is of no use. */
BT_CHECKED bt_status bt_acquire_template(struct bt_acquire *acquire, const struct bt_picture_rgb *picture,
                                         struct bt_template *out_template, float out_label[BT_STUDY_LABELS]);
const char *bt_acquire_device(const struct bt_acquire *acquire);

struct bt_gallery {
    struct bt_log *log;
    char what[160]; /* for the report */
    bool synthetic;
    struct bt_study_picture *picture;
    struct bt_template *templates;
    uint32_t *origin; /* which picture of those offered this is */
    uint32_t pictures, subjects, failed, room;
    struct bt_study_pair *pair; /* of a pairs file; NULL: they are chosen */
    uint32_t pairs;
};
void bt_gallery_finish(struct bt_gallery *gallery); /* wipes */
/* `people` made of numbers, `each` pictures of each. */
BT_CHECKED bt_status bt_gallery_synthetic(struct bt_app *app, struct bt_acquire *acquire, uint32_t people, uint32_t each,
                                          uint64_t seed, struct bt_gallery *out_gallery);
/* FOLDER/PERSON/PICTURE. `pairs`: an LFW-style file of the comparisons to make, or NULL. */
BT_CHECKED bt_status bt_gallery_folder(struct bt_app *app, struct bt_acquire *acquire, const char *folder, const char *pairs,
                                       struct bt_gallery *out_gallery);

/* report.json and report.html into `folder`. */
struct bt_evaluation {
    const struct bt_gallery *gallery;
    const struct bt_study_params *params;
    const struct bt_study *study;
    const char *device;
    double seconds;
    struct bt_study_count in_use; /* what this program decides by itself, of these comparisons */
};
BT_CHECKED bt_status bt_evaluation_write(struct bt_log *log, const struct bt_evaluation *evaluation, const char *folder);

/* What every `bauta evaluate` shares. */
enum { BT_EVALUATION_DAY = 32 };
void bt_evaluation_day(char out_day[BT_EVALUATION_DAY]); /* today, UTC */
/* report.json (the object is taken, also on failure) and report.html. BT_E_MEMORY: figures is NULL; and as bt_files_write. */
BT_CHECKED bt_status bt_evaluation_files(struct bt_log *log, const char *folder, json_t *figures, const char *page,
                                         size_t size);
/* A whole number that an option gives. BT_E_ARGUMENT: the log says what is wanted. */
BT_CHECKED bt_status bt_evaluation_number(struct bt_app *app, const char *option, const char *text, uint64_t least,
                                          uint64_t most, uint64_t *out);
/* A bar for whoever looks on; else a line now and then. */
void bt_evaluation_say(struct bt_app *app, const char *what, uint64_t done, uint64_t of);

#endif
