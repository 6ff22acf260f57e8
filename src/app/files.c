/* SPDX-License-Identifier: MIT */
#include "app/files.h"

#include "base/log.h"
#include "trust/vault/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef BAUTA_DATADIR
#define BAUTA_DATADIR "/usr/share/bauta"
#endif

/* A base directory: the variable when it is absolute (the rule says to ignore it otherwise), else the home's own folder. */
static bt_status base_directory(const char *variable, const char *in_home, const char *rest, char *out, size_t bytes) {
    const char *set = getenv(variable), *home = getenv("HOME");
    int n;
    if (set && set[0] == '/')
        n = snprintf(out, bytes, "%s/bauta/%s", set, rest);
    else if (home && home[0] == '/')
        n = snprintf(out, bytes, "%s/%s/bauta/%s", home, in_home, rest);
    else
        return BT_E_NOT_FOUND;
    return n < 0 || (size_t)n >= bytes ? BT_E_ARGUMENT : BT_OK;
}

bt_status bt_files_config(char *out_path, size_t bytes) {
    return base_directory("XDG_CONFIG_HOME", ".config", "bauta.ini", out_path, bytes);
}

bt_status bt_files_audit(char *out_path, size_t bytes) {
    return base_directory("XDG_STATE_HOME", ".local/state", "sessions.log", out_path, bytes);
}

bt_status bt_files_session(const char *session, char *out_path, size_t bytes) {
    char rest[64] = "sessions";
    if (session && (size_t)snprintf(rest, sizeof rest, "sessions/%s.json", session) >= sizeof rest) return BT_E_ARGUMENT;
    return base_directory("XDG_STATE_HOME", ".local/state", rest, out_path, bytes);
}

bt_status bt_files_runtime(char *out_folder, size_t bytes) {
    const char *set = getenv("XDG_RUNTIME_DIR"); /* there is no other: the rule has no default */
    if (!set || set[0] != '/') return BT_E_NOT_FOUND;
    int n = snprintf(out_folder, bytes, "%s/bauta", set);
    return n < 0 || (size_t)n >= bytes ? BT_E_ARGUMENT : BT_OK;
}

bt_status bt_files_vault(char *out_path, size_t bytes) {
    return base_directory("XDG_DATA_HOME", ".local/share", "vault", out_path, bytes);
}

bt_status bt_files_receipts(char *out_path, size_t bytes) {
    return base_directory("XDG_DATA_HOME", ".local/share", "receipts.log", out_path, bytes);
}

bt_status bt_files_cache(const char *name, char *out_path, size_t bytes) {
    return base_directory("XDG_CACHE_HOME", ".cache", name, out_path, bytes);
}

bt_status bt_files_face(const char *name, char *out_path, size_t bytes) {
    char rest[128] = "faces";
    if (name && (size_t)snprintf(rest, sizeof rest, "faces/%s.mask", name) >= sizeof rest) return BT_E_ARGUMENT;
    return base_directory("XDG_DATA_HOME", ".local/share", rest, out_path, bytes);
}

/* The folder that the program lies in. */
static bool program_folder(char out[PATH_MAX]) {
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n <= 0) return false;
    out[n] = 0;
    *strrchr(out, '/') = 0;
    return true;
}

bt_status bt_files_profiles(uint32_t which, char *out_folder, size_t bytes) {
    char program[PATH_MAX];
    int n = -1;
    if (which == 0) return base_directory("XDG_CONFIG_HOME", ".config", "profiles", out_folder, bytes);
    if (which == 1 && program_folder(program)) n = snprintf(out_folder, bytes, "%s/profiles", program);
    if (which == 2) n = snprintf(out_folder, bytes, "%s/profiles", BAUTA_DATADIR);
    return n < 0 ? BT_E_NOT_FOUND : (size_t)n >= bytes ? BT_E_ARGUMENT : BT_OK;
}

bt_status bt_files_models(struct bt_log *log, const char *wanted, char *out_folder, size_t bytes) {
    char candidate[2][PATH_MAX + 16] = {{0}}, probe[PATH_MAX + 64];
    const size_t most = sizeof candidate[0];
    if (wanted) {
        snprintf(candidate[0], most, "%s", wanted);
    } else {
        char program[PATH_MAX];
        if (program_folder(program)) snprintf(candidate[0], most, "%s/models", program);
        snprintf(candidate[1], most, "%s/models", BAUTA_DATADIR);
    }
    for (size_t i = 0; i < BT_COUNT(candidate); i++) {
        if (!candidate[i][0]) continue;
        snprintf(probe, sizeof probe, "%.*s/face_mesh.onnx", (int)most, candidate[i]);
        if (access(probe, R_OK)) continue;
        if ((size_t)snprintf(out_folder, bytes, "%s", candidate[i]) >= bytes) return BT_E_ARGUMENT;
        return BT_OK;
    }
    bt_log_error(log, "no models in %s%s%s: run sh packaging/quickstart.sh, or name their folder with --models", candidate[0],
                 candidate[1][0] ? " or " : "", candidate[1]);
    return BT_E_NOT_FOUND;
}

bt_status bt_files_read(struct bt_log *log, const char *path, size_t most, struct bt_bytes *out_bytes) {
    bt_status status = BT_E_IO;
    uint8_t *data = NULL;
    size_t size = 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) {
        if (errno == ENOENT) status = BT_E_NOT_FOUND;
        bt_log_error(log, "cannot read %s: %s", path, strerror(errno));
        goto fail;
    }
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > most) {
        bt_log_error(log, "%s is not a plain file of 1 to %zu bytes", path, most);
        status = BT_E_FORMAT;
        goto fail;
    }
    data = malloc((size_t)st.st_size);
    if (!data) {
        status = BT_E_MEMORY;
        goto fail;
    }
    while (size < (size_t)st.st_size) {
        ssize_t got = read(fd, data + size, (size_t)st.st_size - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            bt_log_error(log, "cannot read %s: %s", path, got ? strerror(errno) : "it shrank meanwhile");
            goto fail;
        }
        size += (size_t)got;
    }
    close(fd);
    *out_bytes = (struct bt_bytes){data, size};
    return BT_OK;
fail:
    free(data);
    if (fd >= 0) close(fd);
    return status;
}

bt_status bt_files_make_folder(struct bt_log *log, const char *folder) {
    return bt_vault_make_folders(log, folder, 0755);
}

bt_status bt_files_make_private_folder(struct bt_log *log, const char *folder) {
    return bt_vault_make_folders(log, folder, 0700);
}

static bool write_all(int fd, const uint8_t *data, size_t size) {
    while (size) {
        ssize_t wrote = write(fd, data, size);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        data += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

static bt_status write_file(struct bt_log *log, const char *path, const void *data, size_t size, mode_t mode) {
    char folder[PATH_MAX], temporary[PATH_MAX];
    int fd = -1, folder_fd = -1;
    if ((size_t)snprintf(folder, sizeof folder, "%s", path) >= sizeof folder) return BT_E_ARGUMENT;
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    else
        strcpy(folder, ".");
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary) return BT_E_ARGUMENT;
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        bt_log_error(log, "cannot write %s: %s", path, strerror(errno));
        return BT_E_IO;
    }
    if (!write_all(fd, data, size) || fchmod(fd, mode) || fsync(fd) || rename(temporary, path)) {
        bt_log_error(log, "cannot write %s: %s", path, strerror(errno));
        unlink(temporary);
        close(fd);
        return BT_E_IO;
    }
    close(fd);
    folder_fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd >= 0) {
        if (fsync(folder_fd))
            bt_log_warning(log, "%s is written, but its folder could not be synced: %s", path, strerror(errno));
        close(folder_fd);
    }
    return BT_OK;
}

bt_status bt_files_write(struct bt_log *log, const char *path, const void *data, size_t size) {
    return write_file(log, path, data, size, 0644);
}

bt_status bt_files_write_private(struct bt_log *log, const char *path, const void *data, size_t size) {
    return write_file(log, path, data, size, 0600);
}
