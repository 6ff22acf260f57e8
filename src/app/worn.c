/* SPDX-License-Identifier: MIT */
#include "app/worn.h"

#include "app/files.h"
#include "app/store.h"
#include "base/log.h"
#include "mask/mask.h"
#include "rig/rig.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bt_status verify(struct bt_log *log, const struct bt_rig *rig, const char *path, struct bt_bytes bytes,
                        struct bt_mask **out_mask) {
    struct bt_mask *said = NULL, *grown = NULL;
    uint8_t *again = NULL;
    bt_status status = bt_mask_decode(log, bytes, &said);
    if (status) goto done;
    status = bt_mask_grow(rig, said->seed, said->name, &grown);
    if (status) goto done;
    again = malloc(bt_mask_encoded_bytes());
    if (!again) {
        status = BT_E_MEMORY;
        goto done;
    }
    bt_mask_encode(grown, again);
    if (bytes.size != bt_mask_encoded_bytes() || memcmp(again, bytes.data, bytes.size)) {
        bt_log_error(log,
                     "%s is not the mask that its seed grows: a face that is not grown from a seed needs its owner's consent. "
                     "Make it anew with bauta faces new",
                     path);
        status = BT_E_CONSENT;
        goto done;
    }
    *out_mask = grown;
    grown = NULL;
done:
    free(again);
    bt_mask_destroy(&grown);
    bt_mask_destroy(&said);
    return status;
}

bool bt_worn_is_nobodys(const char *name) {
    uint32_t index = 0;
    char path[PATH_MAX];
    if (!name || bt_mask_builtin_find(name, &index)) return true;
    return !strchr(name, '/') && !bt_files_face(name, path, sizeof path) && !access(path, F_OK);
}

bt_status bt_worn_find(struct bt_log *log, const struct bt_rig *rig, const char *name, struct bt_mask **out_mask) {
    uint32_t index = 0;
    char path[PATH_MAX];
    struct bt_bytes bytes = {0};
    if (!name || bt_mask_builtin_find(name, &index)) return bt_mask_builtin_grow(rig, index, out_mask);
    if (!bt_worn_is_nobodys(name)) {
        bt_log_error(log, "there is no mask called %s; bauta faces lists them", name);
        return BT_E_NOT_FOUND;
    }
    bt_status status = bt_files_face(name, path, sizeof path);
    if (!status) status = bt_files_read(log, path, 2 * bt_mask_encoded_bytes(), &bytes);
    if (!status) status = verify(log, rig, path, bytes, out_mask);
    free((void *)bytes.data);
    return status;
}

bt_status bt_worn_rig(const struct bt_store *models, struct bt_rig **out_rig) {
    struct bt_bytes bytes = {0};
    bt_status status = bt_store_read(models, "face_geometry.bin", &bytes, NULL);
    if (!status) status = bt_rig_create(models->log, bytes, out_rig);
    free((void *)bytes.data);
    return status;
}
