/* SPDX-License-Identifier: MIT */
#include "trust/vault/disk.h"

#include "base/clock.h"
#include "base/log.h"
#include "trust/vault/folders.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char UNFINISHED[] = ".unfinished";

static bt_status refused(const struct bt_vault_disk *disk, const char *what, const char *name) {
    bt_log_error(disk->log, "cannot %s %s/%s: %s", what, disk->path, name, strerror(errno));
    return BT_E_IO;
}

bt_status bt_vault_disk_open(struct bt_log *log, const char *path, bool make, struct bt_vault_disk *out_disk) {
    bt_status status = make ? bt_vault_make_folders(log, path, 0700) : BT_OK;
    if (status) return status;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        if (errno == ENOENT) return BT_E_NOT_FOUND;
        bt_log_error(log, "cannot open the folder %s: %s", path, strerror(errno));
        return BT_E_IO;
    }
    *out_disk = (struct bt_vault_disk){.log = log, .path = path, .folder = folder};
    return BT_OK;
}

void bt_vault_disk_close(struct bt_vault_disk *disk) {
    if (disk->folder >= 0) close(disk->folder);
    disk->folder = -1;
}

/* The folder that `name` lies in. */
static int folder_of(const struct bt_vault_disk *disk, const char *name) {
    char part[NAME_MAX];
    const char *slash = strchr(name, '/');
    if (!slash) return openat(disk->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
    return openat(disk->folder, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bt_status settle(const struct bt_vault_disk *disk, const char *name) {
    int folder = folder_of(disk, name);
    if (folder < 0) return refused(disk, "open the folder of", name);
    int failed = fsync(folder);
    if (failed) (void)refused(disk, "keep the folder of", name);
    close(folder);
    return failed ? BT_E_IO : BT_OK;
}

bt_status bt_vault_disk_make(const struct bt_vault_disk *disk, const char *folder) {
    if (mkdirat(disk->folder, folder, 0700) && errno != EEXIST) return refused(disk, "make the folder", folder);
    return settle(disk, folder);
}

static bool write_all(int file, const uint8_t *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(file, data + done, size - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) {
            if (!wrote) errno = ENOSPC;
            return false;
        }
        done += (size_t)wrote;
    }
    return true;
}

/* Best effort: file systems that copy on write keep the old blocks for a while (the threat model says so). */
static void shred_file(int file) {
    static const uint8_t zeros[4096];
    struct stat info;
    if (fstat(file, &info)) return;
    for (off_t at = 0; at < info.st_size;) {
        size_t part = (size_t)(info.st_size - at) < sizeof zeros ? (size_t)(info.st_size - at) : sizeof zeros;
        ssize_t wrote = pwrite(file, zeros, part, at);
        if (wrote <= 0) return;
        at += wrote;
    }
    if (fsync(file)) return;
}

static bt_status write_unfinished(const struct bt_vault_disk *disk, const char *name, const char *unfinished,
                                  struct bt_bytes bytes) {
    int file = openat(disk->folder, unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return refused(disk, "write", name);
    bt_status status = BT_OK;
    if (!write_all(file, bytes.data, bytes.size) || fsync(file)) status = refused(disk, "write", name);
    if (close(file) && !status) status = refused(disk, "write", name);
    if (status) (void)unlinkat(disk->folder, unfinished, 0);
    return status;
}

bt_status bt_vault_disk_write(const struct bt_vault_disk *disk, const char *name, struct bt_bytes bytes, bool shred) {
    char unfinished[NAME_MAX];
    if ((size_t)snprintf(unfinished, sizeof unfinished, "%s%s", name, UNFINISHED) >= sizeof unfinished) return BT_E_ARGUMENT;
    bt_status status = write_unfinished(disk, name, unfinished, bytes);
    if (status) return status;
    int old = shred ? openat(disk->folder, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (renameat(disk->folder, unfinished, disk->folder, name)) {
        status = refused(disk, "put in place", name);
        (void)unlinkat(disk->folder, unfinished, 0);
    }
    if (!status) status = settle(disk, name);
    if (!status && old >= 0) shred_file(old);
    if (old >= 0) close(old);
    return status;
}

bt_status bt_vault_disk_write_new(const struct bt_vault_disk *disk, const char *name, struct bt_bytes bytes) {
    char unfinished[NAME_MAX];
    if ((size_t)snprintf(unfinished, sizeof unfinished, "%s%s", name, UNFINISHED) >= sizeof unfinished) return BT_E_ARGUMENT;
    bt_status status = write_unfinished(disk, name, unfinished, bytes);
    if (status) return status;
    if (linkat(disk->folder, unfinished, disk->folder, name, 0))
        status = errno == EEXIST ? BT_E_BUSY : refused(disk, "put in place", name);
    (void)unlinkat(disk->folder, unfinished, 0);
    return status ? status : settle(disk, name);
}

bt_status bt_vault_disk_read(const struct bt_vault_disk *disk, const char *name, size_t most, uint8_t **out_data,
                             size_t *out_size) {
    struct stat info;
    uint8_t *data = NULL;
    bt_status status = BT_E_FORMAT;
    int file = openat(disk->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return errno == ENOENT ? BT_E_NOT_FOUND : refused(disk, "read", name);
    if (fstat(file, &info)) {
        status = refused(disk, "read", name);
        goto fail;
    }
    if (!S_ISREG(info.st_mode) || info.st_size < 0 || (uintmax_t)info.st_size > most) {
        bt_log_error(disk->log, "%s/%s is not a plain file of at most %zu bytes", disk->path, name, most);
        goto fail;
    }
    size_t size = (size_t)info.st_size;
    data = malloc(size + 1);
    status = data ? BT_OK : BT_E_MEMORY;
    for (size_t done = 0; !status && done < size;) {
        ssize_t got = read(file, data + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = refused(disk, "read", name);
        if (got == 0) status = BT_E_FORMAT; /* cut off while it was read */
        done += got > 0 ? (size_t)got : 0;
    }
    if (status) goto fail;
    close(file);
    *out_data = data;
    *out_size = size;
    return BT_OK;
fail:
    free(data);
    close(file);
    return status;
}

bt_status bt_vault_disk_remove(const struct bt_vault_disk *disk, const char *name) {
    if (unlinkat(disk->folder, name, 0)) return errno == ENOENT ? BT_OK : refused(disk, "remove", name);
    return settle(disk, name);
}

bt_status bt_vault_disk_sweep(const struct bt_vault_disk *disk, const char *folder, bool (*keep)(void *user, const char *name),
                              void *user) {
    int at = openat(disk->folder, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) return errno == ENOENT ? BT_OK : refused(disk, "open", folder);
    DIR *list = fdopendir(at);
    if (!list) {
        close(at);
        return refused(disk, "list", folder);
    }
    bt_status status = BT_OK;
    for (const struct dirent *entry; !status && (entry = readdir(list));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") || keep(user, entry->d_name)) continue;
        if (unlinkat(at, entry->d_name, 0) && errno != ENOENT) status = refused(disk, "remove", entry->d_name);
    }
    closedir(list);
    return status;
}

/* Who wrote its number into the lock file. */
static long holder_of(int lock) {
    char text[24] = "";
    ssize_t got = pread(lock, text, sizeof text - 1, 0);
    return got > 0 ? strtol(text, NULL, 10) : 0;
}

bt_status bt_vault_disk_lock(const struct bt_vault_disk *disk, const char *name, int64_t wait_ns, int *out_lock) {
    static const struct timespec pause = {.tv_nsec = 20000000};
    int64_t until_ns = bt_clock_now_ns() + wait_ns;
    char text[24];
    int lock = openat(disk->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return refused(disk, "open", name);
    while (flock(lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            bt_status status = refused(disk, "lock", name);
            close(lock);
            return status;
        }
        if (bt_clock_now_ns() >= until_ns) {
            bt_log_error(disk->log, "process %ld is working with %s: try again when it is done", holder_of(lock), disk->path);
            close(lock);
            return BT_E_BUSY;
        }
        nanosleep(&pause, NULL);
    }
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* Only for the message above. */
    if (ftruncate(lock, 0) || pwrite(lock, text, (size_t)length, 0) != length) bt_log_debug(disk->log, "the lock is unnamed");
    *out_lock = lock;
    return BT_OK;
}

void bt_vault_disk_unlock(int *lock) {
    if (*lock >= 0) close(*lock);
    *lock = -1;
}
