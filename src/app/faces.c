/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "app/files.h"
#include "app/picture.h"
#include "app/store.h"
#include "app/worn.h"
#include "base/log.h"
#include "mask/mask.h"
#include "rig/rig.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void list_own(json_t *list) {
    char folder[PATH_MAX];
    if (bt_files_face(NULL, folder, sizeof folder)) return;
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char *dot = strrchr(entry[i]->d_name, '.');
        if (dot && dot != entry[i]->d_name && !strcmp(dot, ".mask")) {
            *dot = 0;
            json_array_append_new(
                list, json_pack("{s:s,s:s,s:b}", "name", entry[i]->d_name, "description", "grown by you", "shipped", 0));
        }
        free(entry[i]);
    }
    free(entry);
}

static bt_status list(const struct bt_app *app) {
    json_t *faces = json_array();
    if (!faces) return BT_E_MEMORY;
    for (uint32_t i = 0; i < bt_mask_builtin_count(); i++) {
        const struct bt_mask_builtin *b = bt_mask_builtin_at(i);
        json_array_append_new(faces, json_pack("{s:s,s:s,s:b,s:I}", "name", b->name, "description", b->description, "shipped",
                                               1, "seed", (json_int_t)b->seed));
    }
    list_own(faces);
    if (app->options.json) {
        json_dumpf(faces, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        size_t index;
        json_t *face;
        json_array_foreach(faces, index, face) printf("%-14s %s\n", json_string_value(json_object_get(face, "name")),
                                                      json_string_value(json_object_get(face, "description")));
        printf("\nAll of them were grown from numbers and belong to nobody. A mask does not make you anonymous: your eyes, "
               "hair, voice\n"
               "and way of moving stay yours.\n");
    }
    json_decref(faces);
    return BT_OK;
}

static bt_status grow(struct bt_app *app, const struct bt_rig *rig) {
    const struct bt_app_options *o = &app->options;
    char name[BT_MASK_NAME_BYTES], path[PATH_MAX], folder[PATH_MAX];
    uint32_t index;
    struct bt_mask *mask = NULL;
    uint8_t *bytes = NULL;
    uint64_t seed = 0;
    if (!o->seed || !bt_app_number(o->seed, &seed)) {
        bt_log_error(app->log, "bauta faces new wants a whole number: --seed N");
        return BT_E_ARGUMENT;
    }
    if (o->name)
        snprintf(name, sizeof name, "%s", o->name);
    else
        snprintf(name, sizeof name, "mask-%" PRIu64, seed);
    if ((o->name && strlen(o->name) >= sizeof name) || bt_mask_builtin_find(name, &index)) {
        bt_log_error(app->log, "--name %s: %s", name,
                     strlen(name) + 1 >= sizeof name ? "too long" : "a shipped mask is called that");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_mask_grow(rig, seed, name, &mask);
    if (status == BT_E_ARGUMENT) bt_log_error(app->log, "--name %s: only a-z, 0-9 and -", name);
    if (!status) status = bt_files_face(name, path, sizeof path);
    if (!status) status = bt_files_face(NULL, folder, sizeof folder);
    if (!status) status = bt_files_make_folder(app->log, folder);
    if (!status) {
        bytes = malloc(bt_mask_encoded_bytes());
        status = bytes ? BT_OK : BT_E_MEMORY;
    }
    if (!status) {
        bt_mask_encode(mask, bytes);
        status = bt_files_write(app->log, path, bytes, bt_mask_encoded_bytes());
    }
    if (!status)
        printf("%s is grown from seed %" PRIu64 " and kept in %s\nSee it: bauta faces show %s\n", name, seed, path, name);
    free(bytes);
    bt_mask_destroy(&mask);
    return status;
}

/* From the front and from the side, next to each other. */
static bt_status draw(const struct bt_rig *rig, const struct bt_mask *mask, uint32_t size, struct bt_picture_rgb *out) {
    struct bt_picture_rgb one = {0};
    bt_status status = bt_picture_create(size * 2, size, out);
    if (!status) status = bt_picture_create(size, size, &one);
    for (uint32_t i = 0; !status && i < 2; i++) {
        status = bt_mask_render(rig, mask, size, i ? 0.5f : 0.0f, 0.0f, one.rgb);
        if (!status) bt_picture_paste(&one, out, i * size, 0);
    }
    bt_picture_finish(&one);
    return status;
}

static bt_status show(struct bt_app *app, const struct bt_rig *rig, const char *name) {
    struct bt_mask *mask = NULL;
    struct bt_picture_rgb picture = {0}, one = {0};
    bool file = app->options.output;
    bt_status status = bt_worn_find(app->log, rig, name, &mask);
    if (!status && file) {
        status = draw(rig, mask, 480, &picture);
        if (!status) status = bt_picture_write_png(app->log, &picture, app->options.output);
        if (!status) printf("%s is drawn in %s\n", name, app->options.output);
    } else if (!status) {
        status = bt_picture_create(240, 240, &one);
        if (!status) status = bt_mask_render(rig, mask, 240, 0, 0, one.rgb);
        if (!status) bt_picture_print(&one, 60);
        if (!status)
            printf("%s: seed %" PRIu64 ". Belongs to nobody. --output FILE.png draws it larger.\n", mask->name, mask->seed);
    }
    bt_picture_finish(&one);
    bt_picture_finish(&picture);
    bt_mask_destroy(&mask);
    return status;
}

bt_status bt_app_faces(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_store models = {0};
    struct bt_rig *rig = NULL;
    if (!o->words) return list(app);
    bool growing = !strcmp(o->word[0], "new") && o->words == 1, showing = !strcmp(o->word[0], "show") && o->words == 2;
    if (!growing && !showing) {
        bt_log_error(app->log, "bauta faces, bauta faces new --seed N, or bauta faces show NAME");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_store_open(app->log, o->models, &models);
    if (!status) status = bt_worn_rig(&models, &rig);
    if (!status) status = growing ? grow(app, rig) : show(app, rig, o->word[1]);
    bt_rig_destroy(&rig);
    bt_store_close(&models);
    return status;
}
