/* SPDX-License-Identifier: MIT */
/* bauta model run: a net once, its outputs as files. */
#include "app/files.h"
#include "app/model.h"
#include "app/npy.h"
#include "base/log.h"
#include "gpu/device.h"
#include "gpu/memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST_BYTES = 200 }; /* with a number and .npy, below what file systems take (255) */

/* A name for a file: of an output's name, what is a letter, a digit, '-', '_' or an inner '.'; '_' for all else. */
static void file_name(const char *name, char *out) {
    size_t i = 0;
    for (; name[i] && i < NAME_MOST_BYTES; i++) {
        char c = name[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        out[i] = plain || (c == '.' && i) ? c : '_';
    }
    out[i] = 0;
}

/* Output `index`'s file; a number keeps two names apart that look the same as files, by any case. */
static bt_status path_of(const struct bt_model *model, const struct bt_net *net, uint32_t index, char *out, size_t bytes) {
    char name[NAME_MOST_BYTES + 1], other[NAME_MOST_BYTES + 1], number[16] = "";
    file_name(bt_net_output_at(net, index)->name, name);
    for (uint32_t i = 0; i < bt_net_output_count(net); i++) {
        file_name(bt_net_output_at(net, i)->name, other);
        if (i != index && !strcasecmp(name, other)) snprintf(number, sizeof number, "-%u", index);
    }
    int size = snprintf(out, bytes, "%s/%s%s.npy", model->options->output, name, number);
    if (size > 0 && (size_t)size < bytes) return BT_OK;
    bt_log_error(model->log, "--output %s: too long", model->options->output);
    return BT_E_ARGUMENT;
}

static bt_status write_output(const struct bt_model *model, const struct bt_net *net, uint32_t index) {
    const struct bt_tensor *t = bt_net_output_at(net, index);
    const uint8_t *map = bt_buffer_map(t->buffer);
    char path[PATH_MAX];
    uint8_t *file = NULL;
    size_t size;
    bt_status status = path_of(model, net, index, path, sizeof path);
    if (!status)
        status = bt_npy_write(t->truth ? BT_NPY_BOOL : BT_NPY_FLOAT32, t->rank, t->dim,
                              (const float *)(const void *)(map + t->offset_bytes), &file, &size);
    if (!status) status = bt_files_write(model->log, path, file, size);
    if (!status) printf("%s %s %s\n", path, bt_model_shape_of(t).text, t->name);
    free(file);
    return status;
}

bt_status bt_model_run(struct bt_model *model) {
    struct bt_net *net = NULL;
    if (!model->options->output) {
        bt_log_error(model->log, "bauta model run wants a folder for what comes out: --output DIR");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_model_open_device(model);
    if (!status) status = bt_model_load(model, false, &net);
    if (!status) status = bt_model_fill(model, net);
    if (!status) status = bt_model_submit(model, net);
    if (!status) status = bt_files_make_folder(model->log, model->options->output);
    for (uint32_t i = 0; !status && i < bt_net_output_count(net); i++) status = write_output(model, net, i);
    bt_net_destroy(&net);
    return status;
}
