/* SPDX-License-Identifier: MIT */
/* Making folders. Here, since whoever keeps files stands on the vault's drawer. */
#ifndef BT_TRUST_VAULT_FOLDERS_H
#define BT_TRUST_VAULT_FOLDERS_H

#include "base/status.h"
#include <stdint.h>

struct bt_log;

/* The folder and those above it, as far as they are missing, with that mode. BT_E_IO: the log says which. */
BT_CHECKED bt_status bt_vault_make_folders(struct bt_log *log, const char *folder, uint32_t mode);

#endif
