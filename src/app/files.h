/* SPDX-License-Identifier: MIT */
/* Where files lie, and reading and writing them whole. */
#ifndef BT_APP_FILES_H
#define BT_APP_FILES_H

#include "base/bytes.h"
#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_log;

/* Paths by the XDG base directory rules. BT_E_NOT_FOUND: there is no home. */
BT_CHECKED bt_status bt_files_config(char *out_path, size_t bytes); /* …/bauta/bauta.ini */
BT_CHECKED bt_status bt_files_audit(char *out_path, size_t bytes);  /* …/bauta/sessions.log */
BT_CHECKED bt_status bt_files_session(const char *session, char *out_path,
                                      size_t bytes); /* …/bauta/sessions/SESSION.json; session NULL: the folder */
BT_CHECKED bt_status bt_files_vault(char *out_path, size_t bytes);                   /* …/bauta/vault, a folder */
BT_CHECKED bt_status bt_files_receipts(char *out_path, size_t bytes);                /* …/bauta/receipts.log */
BT_CHECKED bt_status bt_files_cache(const char *name, char *out_path, size_t bytes); /* …/bauta/NAME, of the caches */
BT_CHECKED bt_status bt_files_face(const char *name, char *out_path,
                                   size_t bytes); /* …/bauta/faces/NAME.mask; name NULL: the folder */
/* Where labelling profiles may lie: 0 the user's own folder, 1 beside the program, 2 installed. BT_E_NOT_FOUND: there is none.
 */
enum { BT_FILES_PROFILES = 3 };
BT_CHECKED bt_status bt_files_profiles(uint32_t which, char *out_folder, size_t bytes);
/* $XDG_RUNTIME_DIR/bauta, where sessions listen. BT_E_NOT_FOUND: the variable names no folder. */
BT_CHECKED bt_status bt_files_runtime(char *out_folder, size_t bytes);
/* The models' folder: `wanted`, else models/ beside the program, else the installed one. BT_E_NOT_FOUND says what to do. */
BT_CHECKED bt_status bt_files_models(struct bt_log *log, const char *wanted, char *out_folder, size_t bytes);

/* The whole file, malloc'ed; at most `most` bytes. The caller frees out_bytes->data. */
BT_CHECKED bt_status bt_files_read(struct bt_log *log, const char *path, size_t most, struct bt_bytes *out_bytes);
/* Whole and durable, or not at all: temporary file, fsync, rename, fsync of the folder, which must be there. */
BT_CHECKED bt_status bt_files_write(struct bt_log *log, const char *path, const void *data, size_t size);
/* The same, for the owner's eyes (0600). */
BT_CHECKED bt_status bt_files_write_private(struct bt_log *log, const char *path, const void *data, size_t size);
BT_CHECKED bt_status bt_files_make_folder(struct bt_log *log, const char *folder);         /* with those above it */
BT_CHECKED bt_status bt_files_make_private_folder(struct bt_log *log, const char *folder); /* 0700, those that are made */

#endif
