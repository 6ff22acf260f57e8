/* SPDX-License-Identifier: MIT */
#include "control/client.h"

#include "base/clock.h"
#include "base/log.h"
#include "control/socket.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct bt_control_client {
    int fd;
    char in[BT_CONTROL_REPLY_MOST];
    size_t in_size;
};

static uint64_t pid_of(int fd) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) ? 0 : (uint64_t)peer.pid;
}

/* Connects to one of the folder's sockets; *out_alive says how many there are behind which somebody listens. */
static int find(const char *folder, uint64_t pid, uint32_t *out_alive, char *out_pids, size_t bytes) {
    int chosen = -1;
    bool first = false;
    DIR *entries = opendir(folder);
    out_pids[0] = 0;
    *out_alive = 0;
    for (const struct dirent *e; entries && (e = readdir(entries));) {
        char path[BT_CONTROL_PATH_BYTES];
        int fd = -1;
        size_t length = strlen(e->d_name);
        if (strncmp(e->d_name, "ctl", 3) != 0 || length < 8 || strcmp(e->d_name + length - 5, ".sock") != 0) continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= sizeof path) continue;
        if (bt_control_socket_connect(path, &fd)) continue;
        const uint64_t theirs = pid_of(fd);
        ++*out_alive;
        snprintf(out_pids + strlen(out_pids), bytes - strlen(out_pids), " %llu", (unsigned long long)theirs);
        const bool is_first = !strcmp(e->d_name, "ctl.sock");
        if (pid ? theirs == pid : chosen < 0 || is_first) {
            if (chosen >= 0) close(chosen);
            chosen = fd;
            first = is_first;
        } else {
            close(fd);
        }
    }
    if (entries) closedir(entries);
    if (!pid && *out_alive > 1 && !first && chosen >= 0) {
        close(chosen);
        chosen = -1;
    }
    return chosen;
}

bt_status bt_control_client_create(struct bt_log *log, const char *folder, uint64_t pid,
                                   struct bt_control_client **out_client) {
    uint32_t alive;
    char pids[128];
    int fd = find(folder, pid, &alive, pids, sizeof pids);
    if (fd < 0 && !alive) bt_log_error(log, "no session is running: bauta run starts one");
    if (fd < 0 && alive) bt_log_error(log, "say which session is meant, with --session and one of%s", pids);
    if (fd < 0) return alive && !pid ? BT_E_BUSY : BT_E_NOT_FOUND;
    struct bt_control_client *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return BT_E_MEMORY;
    }
    c->fd = fd;
    *out_client = c;
    return BT_OK;
}

void bt_control_client_destroy(struct bt_control_client **client) {
    if (!*client) return;
    close((*client)->fd);
    free(*client);
    *client = NULL;
}

/* One read or a time-out. */
static bt_status hear(struct bt_control_client *c, int64_t until_ns) {
    int64_t left_ms = (until_ns - bt_clock_now_ns()) / 1000000;
    struct pollfd fd = {c->fd, POLLIN, 0};
    if (left_ms <= 0) return BT_E_TIMEOUT;
    int ready = poll(&fd, 1, (int)left_ms + 1);
    if (ready < 0 && errno != EINTR) return BT_E_IO;
    if (ready <= 0) return BT_OK;
    if (c->in_size == sizeof c->in) return BT_E_FORMAT;
    ssize_t got = recv(c->fd, c->in + c->in_size, sizeof c->in - c->in_size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return BT_OK;
    if (got <= 0) return BT_E_END;
    c->in_size += (size_t)got;
    return BT_OK;
}

bt_status bt_control_client_ask(struct bt_control_client *c, const struct bt_control_request *request, int64_t timeout_ns,
                                struct bt_control_reply *out_reply) {
    char line[BT_CONTROL_REQUEST_MOST];
    const char *end = NULL;
    int64_t until_ns = bt_clock_now_ns() + timeout_ns;
    size_t size = bt_control_request_write(request, line, sizeof line);
    if (!size) return BT_E_ARGUMENT;
    if (send(c->fd, line, size, MSG_NOSIGNAL) != (ssize_t)size) return BT_E_END; /* a line fits in any socket's buffer */
    bt_status status = BT_OK;
    while (!status && !(end = memchr(c->in, '\n', c->in_size))) status = hear(c, until_ns);
    if (status) return status;
    size = (size_t)(end - c->in);
    status = bt_control_reply_parse((struct bt_bytes){(const uint8_t *)c->in, size}, out_reply);
    c->in_size -= size + 1;
    memmove(c->in, end + 1, c->in_size);
    return status;
}
