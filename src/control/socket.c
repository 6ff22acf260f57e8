/* SPDX-License-Identifier: MIT */
#include "control/socket.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAITING_MOST = 8 };
_Static_assert(sizeof((struct sockaddr_un *)0)->sun_path == BT_CONTROL_PATH_BYTES, "unix(7)");

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

bt_status bt_control_socket_connect(const char *path, int *out_fd) {
    struct sockaddr_un address = address_of(path);
    int fd = strlen(path) < BT_CONTROL_PATH_BYTES ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0) return BT_E_IO;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        bt_status status = errno == ENOENT || errno == ECONNREFUSED ? BT_E_NOT_FOUND : BT_E_IO;
        close(fd);
        return status;
    }
    *out_fd = fd;
    return BT_OK;
}

/* The folder, ours alone, made if need be, and locked: one session at a time looks for a free name. */
static bt_status lock_folder(struct bt_log *log, const char *folder, int *out_fd) {
    struct stat st;
    if (mkdir(folder, 0700) && errno != EEXIST) {
        bt_log_warning(log, "cannot make the folder %s: %s", folder, strerror(errno));
        return BT_E_IO;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || flock(fd, LOCK_EX)) {
        bt_log_warning(log, "cannot use the folder %s: %s", folder, strerror(errno));
        if (fd >= 0) close(fd);
        return BT_E_IO;
    }
    if (st.st_uid != geteuid() || st.st_mode & 077) {
        bt_log_warning(log, "%s is another user's, or open to others: chmod 700 it", folder);
        close(fd);
        return BT_E_CONSENT;
    }
    *out_fd = fd;
    return BT_OK;
}

/* Binds `path`, if nobody is alive behind it. BT_E_BUSY: somebody is. */
static bt_status bind_to(struct bt_log *log, const char *path, int *out_fd) {
    struct sockaddr_un address = address_of(path);
    int probe = -1, fd = -1;
    bt_status alive = bt_control_socket_connect(path, &probe);
    if (probe >= 0) close(probe);
    if (alive != BT_E_NOT_FOUND) return BT_E_BUSY;
    if (!unlink(path)) bt_log_info(log, "a session before this one left %s behind: taken over", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* fchmod before bind: the file is born with that mode (unix(7), "Pathname socket ownership and permissions" says that the
       umask alone counts otherwise). */
    if (fd < 0 || fchmod(fd, 0600) || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, WAITING_MOST)) {
        bt_log_warning(log, "cannot listen at %s: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return BT_E_IO;
    }
    *out_fd = fd;
    return BT_OK;
}

bt_status bt_control_socket_listen(struct bt_log *log, const char *folder, char out_path[BT_CONTROL_PATH_BYTES], int *out_fd) {
    char path[BT_CONTROL_PATH_BYTES];
    int lock = -1;
    if ((size_t)snprintf(path, sizeof path, "%s/ctl-%ld.sock", folder, (long)getpid()) >= sizeof path) {
        bt_log_warning(log, "%s is too long a name for a control socket", folder);
        return BT_E_ARGUMENT;
    }
    bt_status status = lock_folder(log, folder, &lock);
    if (status) return status;
    snprintf(path, sizeof path, "%s/ctl.sock", folder);
    status = bind_to(log, path, out_fd);
    if (status == BT_E_BUSY) {
        snprintf(path, sizeof path, "%s/ctl-%ld.sock", folder, (long)getpid());
        status = bind_to(log, path, out_fd);
        if (!status) bt_log_info(log, "another session has ctl.sock; this one listens at %s", path);
    }
    if (!status) memcpy(out_path, path, sizeof path);
    close(lock);
    return status;
}
