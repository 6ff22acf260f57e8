/* SPDX-License-Identifier: MIT */
#include "trust/vault/folders.h"

#include "base/log.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bt_status bt_vault_make_folders(struct bt_log *log, const char *folder, uint32_t mode) {
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s/", folder) >= sizeof part) return BT_E_ARGUMENT;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, (mode_t)mode) && errno != EEXIST) {
            bt_log_error(log, "cannot make the folder %s: %s", part, strerror(errno));
            return BT_E_IO;
        }
        *slash = '/';
    }
    return BT_OK;
}
