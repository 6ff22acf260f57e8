/* SPDX-License-Identifier: MIT */
#include "app/evaluate.h"

#include "app/files.h"
#include "app/store.h"
#include "app/worn.h"
#include "base/log.h"
#include "base/rng.h"
#include "mask/view.h"
#include "pipeline/capture/capture.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = BT_ACQUIRE_SIDE_PX, PICTURE_MOST_PX = 16384 };

void bt_gallery_finish(struct bt_gallery *g) {
    if (g->templates) explicit_bzero(g->templates, (size_t)g->room * sizeof *g->templates);
    free(g->picture);
    free(g->templates);
    free(g->origin);
    free(g->pair);
    *g = (struct bt_gallery){0};
}

/* Room for one more. Templates are moved by hand: what is left behind is wiped. */
static bt_status grow(struct bt_gallery *g) {
    if (g->pictures < g->room) return BT_OK;
    const uint32_t room = g->room ? 2 * g->room : 256;
    struct bt_template *t = malloc((size_t)room * sizeof *t);
    if (!t) return BT_E_MEMORY;
    if (g->templates) {
        memcpy(t, g->templates, (size_t)g->pictures * sizeof *t);
        explicit_bzero(g->templates, (size_t)g->room * sizeof *t);
        free(g->templates);
    }
    g->templates = t;
    void *picture = realloc(g->picture, room * sizeof *g->picture);
    if (picture) g->picture = picture;
    void *origin = realloc(g->origin, room * sizeof *g->origin);
    if (origin) g->origin = origin;
    if (!picture || !origin) return BT_E_MEMORY;
    g->room = room;
    return BT_OK;
}

/* A picture without a face is counted, not an error. */
static bt_status offer(struct bt_gallery *g, struct bt_acquire *acquire, const struct bt_picture_rgb *picture, uint32_t subject,
                       uint32_t origin, float noise) {
    bt_status status = grow(g);
    if (status) return status;
    struct bt_study_picture *to = &g->picture[g->pictures];
    status = bt_acquire_template(acquire, picture, &g->templates[g->pictures], to->label);
    if (status == BT_E_NO_FACE) {
        g->failed++;
        return BT_OK;
    }
    if (status) return status;
    to->label[BT_LABEL_NOISE] = noise;
    to->subject = subject;
    g->origin[g->pictures++] = origin;
    return BT_OK;
}

void bt_evaluation_say(struct bt_app *app, const char *what, uint64_t done, uint64_t of) {
    static const char full[] = "########################################";
    const int width = (int)sizeof full - 1, filled = (int)(done * (uint64_t)width / of);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r[%.*s%*s] %" PRIu64 " of %" PRIu64 " %s%s", filled, full, width - filled, "", done, of, what,
                done == of ? "\n" : "");
    else if (done % 1000 == 0)
        bt_log_info(app->log, "%" PRIu64 " of %" PRIu64 " %s", done, of, what);
}

/* --- made of numbers --- */

/* What a cheap camera does to light: a lens's blur, then noise of the sensor. */
static void camera(struct bt_picture_rgb *p, float blur_px, float noise, struct bt_rng *rng, float *scratch) {
    const int32_t reach = (int32_t)ceilf(2.5f * blur_px);
    float weight[32], sum = 0;
    for (int32_t k = -reach; k <= reach; k++) sum += weight[k + reach] = expf(-0.5f * (float)(k * k) / (blur_px * blur_px));
    for (uint32_t pass = 0; pass < 2; pass++) { /* along rows, along columns */
        for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) scratch[i] = p->rgb[i];
        for (int32_t y = 0; y < SIDE; y++)
            for (int32_t x = 0; x < SIDE; x++)
                for (int32_t c = 0; c < 3; c++) {
                    float v = 0;
                    for (int32_t k = -reach; k <= reach; k++) {
                        int32_t at = (pass ? y : x) + k;
                        at = at < 0 ? 0 : at >= SIDE ? SIDE - 1 : at;
                        v += weight[k + reach] / sum * scratch[3 * ((pass ? at : y) * SIDE + (pass ? x : at)) + c];
                    }
                    if (pass) v += noise * bt_rng_normal(rng);
                    p->rgb[3 * (y * SIDE + x) + c] = (uint8_t)(v < 0 ? 0 : v > 254.5f ? 255 : v + 0.5f);
                }
    }
}

bt_status bt_gallery_synthetic(struct bt_app *app, struct bt_acquire *acquire, uint32_t people, uint32_t each, uint64_t seed,
                               struct bt_gallery *g) {
    struct bt_store models = {0};
    struct bt_rig *rig = NULL;
    struct bt_picture_rgb picture = {0};
    float *scratch = malloc((size_t)SIDE * SIDE * 3 * sizeof *scratch);
    *g = (struct bt_gallery){.log = app->log, .synthetic = true, .subjects = people};
    snprintf(g->what, sizeof g->what, "%" PRIu32 " people made of numbers, %" PRIu32 " pictures of each, seed %" PRIu64, people,
             each, seed);
    bt_status status = scratch ? bt_store_open(app->log, app->options.models, &models) : BT_E_MEMORY;
    if (!status) status = bt_worn_rig(&models, &rig);
    if (!status) status = bt_picture_create(SIDE, SIDE, &picture);
    for (uint32_t i = 0; !status && i < people; i++) {
        struct bt_mask *mask = NULL;
        const uint64_t who = seed * 1000003 + i;
        status = bt_mask_grow(rig, who, "nobody", &mask);
        for (uint32_t k = 0; !status && k < each; k++) {
            const struct bt_mask_view view = bt_mask_view_random(who, k);
            struct bt_rng rng;
            bt_rng_init(&rng, who, 5000 + k);
            const float blur = 0.4f + 1.2f * fabsf(bt_rng_normal(&rng)) / 2, noise = bt_rng_uniform(&rng, 0.5f, 6.0f);
            status = bt_mask_draw(rig, mask, &view, SIDE, picture.rgb);
            if (!status) camera(&picture, fminf(blur, 3), noise, &rng, scratch);
            if (!status) status = offer(g, acquire, &picture, i, i * each + k, noise);
            bt_evaluation_say(app, "pictures", (uint64_t)i * each + k + 1, (uint64_t)people * each);
        }
        bt_mask_destroy(&mask);
    }
    bt_picture_finish(&picture);
    bt_rig_destroy(&rig);
    bt_store_close(&models);
    free(scratch);
    return status;
}

/* --- a folder --- */

/* The picture, as large as fits, in the middle of a black square. */
static bt_status load(struct bt_app *app, const char *path, struct bt_picture_rgb *to) {
    struct bt_source *source = NULL;
    struct bt_picture_rgb fitted = {0};
    struct bt_picture picture = {0};
    bt_status status = bt_source_open_file(app->log, path, &source);
    if (status) return status;
    const struct bt_source_format *f = &source->format;
    if (f->pixels != BT_PIXELS_I420 || f->width_px > PICTURE_MOST_PX || f->height_px > PICTURE_MOST_PX) {
        bt_log_error(app->log, "%s: a picture of a kind that is not read (%" PRIu32 " x %" PRIu32 ")", path, f->width_px,
                     f->height_px);
        status = BT_E_UNSUPPORTED;
        goto done;
    }
    picture.data = malloc(bt_picture_bytes(f->pixels, f->width_px, f->height_px) + 64);
    status = picture.data ? source->ops->read(source, &picture) : BT_E_MEMORY;
    if (status) goto done;
    const uint32_t longest = f->width_px > f->height_px ? f->width_px : f->height_px;
    const uint32_t w = f->width_px * SIDE / longest, h = f->height_px * SIDE / longest;
    status = bt_picture_create(w ? w : 1, h ? h : 1, &fitted);
    if (status) goto done;
    bt_picture_from_i420(picture.data, f->width_px, f->height_px, f->bt709, &fitted);
    memset(to->rgb, 0, (size_t)SIDE * SIDE * 3);
    bt_picture_paste(&fitted, to, (SIDE - fitted.width_px) / 2, (SIDE - fitted.height_px) / 2);
done:
    bt_picture_finish(&fitted);
    free(picture.data);
    bt_source_destroy(&source);
    return status;
}

static int visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* What is in a folder, in order; the caller frees. A count below 0: it cannot be read. */
static int list(struct bt_log *log, const char *folder, struct dirent ***out) {
    *out = NULL;
    const int count = scandir(folder, out, visible, alphasort);
    if (count < 0)
        bt_log_error(log, "%s cannot be read: a folder with one folder a person, and pictures in it, is wanted", folder);
    return count;
}

static void drop(struct dirent **entry, int count) {
    for (int i = 0; i < count; i++) free(entry[i]);
    free(entry);
}

/* What lies in the folder, before any of it is looked at. */
struct roll {
    struct entry {
        char person[BT_GALLERY_NAME_BYTES], *path;
        uint32_t subject, number; /* number: within the person's, from 1 */
        uint32_t picture;         /* in the gallery; UINT32_MAX: no face was found */
    } * entry;
    uint32_t count, room, people;
};

static void finish_roll(struct roll *r) {
    for (uint32_t i = 0; i < r->count; i++) free(r->entry[i].path);
    free(r->entry);
}

static bt_status enter(struct roll *r, const char *person, const char *path, uint32_t number) {
    if (r->count == r->room) {
        const uint32_t room = r->room ? 2 * r->room : 256;
        struct entry *entry = realloc(r->entry, room * sizeof *entry);
        if (!entry) return BT_E_MEMORY;
        r->entry = entry;
        r->room = room;
    }
    struct entry *e = &r->entry[r->count];
    *e = (struct entry){.path = strdup(path), .subject = r->people, .number = number, .picture = UINT32_MAX};
    if (!e->path) return BT_E_MEMORY;
    snprintf(e->person, sizeof e->person, "%s", person);
    r->count++;
    return BT_OK;
}

static bt_status call_roll(struct bt_log *log, const char *folder, struct roll *r) {
    struct dirent **person = NULL;
    const int people = list(log, folder, &person);
    bt_status status = people < 0 ? BT_E_NOT_FOUND : BT_OK;
    for (int i = 0; !status && i < people; i++) {
        char path[4096];
        struct dirent **file = NULL;
        const char *name = person[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        const int files = list(log, path, &file);
        if (files < 0) status = BT_E_NOT_FOUND;
        if (!status && strlen(name) >= BT_GALLERY_NAME_BYTES) {
            bt_log_error(log, "%s: the name is too long", path);
            status = BT_E_ARGUMENT;
        }
        for (int k = 0; !status && k < files; k++) {
            snprintf(path, sizeof path, "%s/%s/%s", folder, name, file[k]->d_name);
            status = enter(r, name, path, (uint32_t)k + 1);
        }
        drop(file, files);
        r->people++;
    }
    drop(person, people);
    return status;
}

static uint32_t find(const struct roll *r, const char *person, uint32_t number) {
    for (uint32_t i = 0; i < r->count; i++)
        if (r->entry[i].number == number && !strcmp(r->entry[i].person, person)) return i;
    return UINT32_MAX;
}

/* One line of LFW's format. BT_E_END: the first line, of one or two numbers, or an empty one. */
static bt_status read_pair(struct bt_log *log, const char *path, uint32_t at, char *row, const struct roll *r,
                           struct bt_study_pair *out) {
    char person[2][BT_GALLERY_NAME_BYTES], extra;
    uint32_t number[2], *out_entry[2] = {&out->a, &out->b};
    row[strcspn(row, "\r")] = 0;
    if (!*row || (at == 1 && (sscanf(row, "%" SCNu32 " %" SCNu32 " %c", &number[0], &number[1], &extra) == 2 ||
                              sscanf(row, "%" SCNu32 " %c", &number[0], &extra) == 1)))
        return BT_E_END;
    if (sscanf(row, "%95s %" SCNu32 " %" SCNu32 " %c", person[0], &number[0], &number[1], &extra) == 3) {
        memcpy(person[1], person[0], sizeof person[1]);
    } else if (sscanf(row, "%95s %" SCNu32 " %95s %" SCNu32 " %c", person[0], &number[0], person[1], &number[1], &extra) != 4) {
        bt_log_error(log, "%s: line %" PRIu32 ": \"NAME I K\" or \"NAME I OTHER K\" is wanted", path, at);
        return BT_E_FORMAT;
    }
    for (uint32_t k = 0; k < 2; k++) {
        *out_entry[k] = find(r, person[k], number[k]);
        if (*out_entry[k] != UINT32_MAX) continue;
        bt_log_error(log, "%s: line %" PRIu32 ": there is no picture %" PRIu32 " of %s", path, at, number[k], person[k]);
        return BT_E_NOT_FOUND;
    }
    return BT_OK;
}

/* A first line of one or two numbers, then "NAME I K" for two pictures of one person and "NAME I OTHER K" for two people; I and
   K count from 1 in the order of names. Pairs of the roll's entries. */
static bt_status read_pairs(struct bt_log *log, const char *path, const struct roll *r, struct bt_gallery *g) {
    struct bt_bytes bytes = {0};
    bt_status status = bt_files_read(log, path, 64 << 20, &bytes);
    if (status) return status;
    char *text = malloc(bytes.size + 1), *rest = text, *row;
    uint32_t room = 0;
    status = text ? BT_OK : BT_E_MEMORY;
    if (text) {
        if (bytes.size) memcpy(text, bytes.data, bytes.size);
        text[bytes.size] = 0;
    }
    free((void *)(uintptr_t)bytes.data);
    for (uint32_t at = 1; !status && (row = strsep(&rest, "\n")); at++) {
        if (g->pairs == room) {
            room = room ? 2 * room : 1024;
            void *pair = realloc(g->pair, room * sizeof *g->pair);
            status = pair ? BT_OK : BT_E_MEMORY;
            if (status) break;
            g->pair = pair;
        }
        status = read_pair(log, path, at, row, r, &g->pair[g->pairs]);
        if (!status) g->pairs++;
        if (status == BT_E_END) status = BT_OK;
    }
    free(text);
    return status;
}

/* From the roll's entries to pictures; a pair of which one gave no template is left out (it is a failure to acquire). */
static bt_status settle_pairs(struct bt_log *log, const char *path, const struct roll *r, struct bt_gallery *g) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->pairs; i++) {
        const struct bt_study_pair pair = {.a = r->entry[g->pair[i].a].picture, .b = r->entry[g->pair[i].b].picture};
        if (pair.a != UINT32_MAX && pair.b != UINT32_MAX) g->pair[kept++] = pair;
    }
    g->pairs = kept;
    if (kept) return BT_OK;
    bt_log_error(log, "%s holds no pair of which both pictures have a face", path);
    return BT_E_FORMAT;
}

bt_status bt_gallery_folder(struct bt_app *app, struct bt_acquire *acquire, const char *folder, const char *pairs,
                            struct bt_gallery *g) {
    struct bt_picture_rgb picture = {0};
    struct roll roll = {0};
    *g = (struct bt_gallery){.log = app->log};
    snprintf(g->what, sizeof g->what, "the pictures in %.100s%s", folder, pairs ? ", pairs by file" : "");
    bt_status status = call_roll(app->log, folder, &roll);
    if (!status && pairs) status = read_pairs(app->log, pairs, &roll, g);
    if (!status) status = bt_picture_create(SIDE, SIDE, &picture);
    g->subjects = roll.people;
    for (uint32_t i = 0; !status && i < roll.count; i++) {
        const uint32_t before = g->pictures;
        status = load(app, roll.entry[i].path, &picture);
        if (!status) status = offer(g, acquire, &picture, roll.entry[i].subject, i, NAN);
        if (!status && g->pictures > before) roll.entry[i].picture = before;
        bt_evaluation_say(app, "pictures", (uint64_t)i + 1, roll.count);
    }
    if (!status && pairs) status = settle_pairs(app->log, pairs, &roll, g);
    finish_roll(&roll);
    bt_picture_finish(&picture);
    return status;
}
