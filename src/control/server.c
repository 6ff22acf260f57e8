/* SPDX-License-Identifier: MIT */
#include "control/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "control/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that leaves a request unfinished or a reply unread for so long is let go. */
static const int64_t PATIENCE_NS = 10000000000;

struct client {
    int fd; /* -1: free */
    char in[BT_CONTROL_REQUEST_MOST], out[BT_CONTROL_REPLY_MOST];
    size_t in_size, out_size, out_done;
    bool closing; /* once what is to be said is sent */
    bool ended;   /* it asks no more; what it asked is still answered */
    int64_t moved_ns;
};

struct bt_control_server {
    struct bt_control_server_params p;
    char path[BT_CONTROL_PATH_BYTES];
    int listener, end; /* end: eventfd */
    pthread_t thread;
    int64_t each_at_ns;
    struct client client[BT_CONTROL_CLIENTS_MOST];
};

static void let_go(struct client *c) {
    close(c->fd);
    c->fd = -1;
}

static void send_some(struct client *c, int64_t now_ns) {
    ssize_t sent = send(c->fd, c->out + c->out_done, c->out_size - c->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent <= 0) {
        let_go(c);
        return;
    }
    c->moved_ns = now_ns;
    c->out_done += (size_t)sent;
    if (c->out_done < c->out_size) return;
    c->out_done = c->out_size = 0;
    if (c->closing) let_go(c);
}

static void reply(struct client *c, const struct bt_control_reply *r, int64_t now_ns) {
    c->out_size = bt_control_reply_write(r, c->out, sizeof c->out);
    c->out_done = 0;
    if (c->out_size)
        send_some(c, now_ns);
    else
        let_go(c);
}

static void refuse(struct client *c, bt_status status, const char *why, int64_t now_ns) {
    struct bt_control_reply r = {.status = status};
    strncpy(r.why, why, sizeof r.why - 1);
    reply(c, &r, now_ns);
}

/* The first whole line, if there is one: answered, and taken out. */
static void take_line(struct bt_control_server *s, struct client *c, int64_t now_ns) {
    const char *end = memchr(c->in, '\n', c->in_size);
    struct bt_control_request request;
    struct bt_control_reply r = {.status = BT_OK};
    const char *why = "";
    if (!end && c->ended) {
        let_go(c);
        return;
    }
    if (!end) {
        if (c->in_size < sizeof c->in) return;
        c->closing = true;
        refuse(c, BT_E_FORMAT, "a request is at most 511 bytes", now_ns);
        return;
    }
    size_t size = (size_t)(end - c->in);
    bt_status status = bt_control_parse((struct bt_bytes){(const uint8_t *)c->in, size}, &request, &why);
    c->in_size -= size + 1;
    memmove(c->in, end + 1, c->in_size);
    if (status) {
        refuse(c, status, why, now_ns);
        return;
    }
    s->p.answer(s->p.user, &request, &r);
    reply(c, &r, now_ns);
}

static void read_some(struct bt_control_server *s, struct client *c, int64_t now_ns) {
    ssize_t got = recv(c->fd, c->in + c->in_size, sizeof c->in - c->in_size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) {
        let_go(c);
        return;
    }
    c->ended = !got;
    c->moved_ns = now_ns;
    c->in_size += (size_t)got;
    take_line(s, c, now_ns);
}

static void welcome(struct bt_control_server *s, int64_t now_ns) {
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (fd < 0) return;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != s->p.owner) {
        bt_log_warning(s->p.log, "a client of another user was turned away at the control socket");
        close(fd);
        return;
    }
    for (size_t i = 0; i < BT_COUNT(s->client); i++) {
        struct client *c = &s->client[i];
        if (c->fd >= 0) continue;
        c->fd = fd;
        c->in_size = c->out_size = c->out_done = 0;
        c->closing = c->ended = false;
        c->moved_ns = now_ns;
        return;
    }
    static const char full[] = "{\"ok\":false,\"code\":\"in use by somebody else\",\"error\":\"too many clients\"}\n";
    if (send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) bt_log_debug(s->p.log, "a client too many is gone");
    close(fd);
}

/* What each client is waited for: to read what was said to it, before anything more is heard from it. */
static void serve(struct bt_control_server *s, const struct pollfd *fds, int64_t now_ns) {
    for (size_t i = 0; i < BT_COUNT(s->client); i++) {
        struct client *c = &s->client[i];
        if (c->fd < 0 || c->fd != fds[i].fd) continue; /* free, or new in this round */
        if (fds[i].revents & POLLOUT)
            send_some(c, now_ns);
        else if (fds[i].revents & (POLLHUP | POLLERR) && c->ended)
            let_go(c);
        else if (fds[i].revents & ~POLLOUT)
            read_some(s, c, now_ns);
        else if ((c->in_size || c->ended) && !c->out_size)
            take_line(s, c, now_ns);
        if (c->fd >= 0 && (c->in_size || c->out_size) && now_ns - c->moved_ns > PATIENCE_NS) let_go(c);
    }
}

static int wait_ms(const struct bt_control_server *s, int64_t now_ns) {
    int64_t until_ns = s->p.each ? s->each_at_ns : INT64_MAX;
    for (size_t i = 0; i < BT_COUNT(s->client); i++) {
        const struct client *c = &s->client[i];
        if (c->fd < 0) continue;
        if (!c->out_size && (c->ended || memchr(c->in, '\n', c->in_size))) return 0; /* more to answer already */
        if ((c->in_size || c->out_size) && c->moved_ns + PATIENCE_NS < until_ns) until_ns = c->moved_ns + PATIENCE_NS;
    }
    if (until_ns == INT64_MAX) return -1;
    return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns) / 1000000) + 1;
}

static void *run(void *user) {
    struct bt_control_server *s = user;
    enum { END = BT_CONTROL_CLIENTS_MOST, LISTENER, COUNT };
    for (;;) {
        struct pollfd fds[COUNT];
        for (size_t i = 0; i < BT_COUNT(s->client); i++)
            fds[i] = (struct pollfd){s->client[i].fd, s->client[i].out_size ? POLLOUT : s->client[i].ended ? 0 : POLLIN, 0};
        fds[END] = (struct pollfd){s->end, POLLIN, 0};
        fds[LISTENER] = (struct pollfd){s->listener, POLLIN, 0};
        int ready = poll(fds, COUNT, wait_ms(s, bt_clock_now_ns()));
        if (ready < 0 && errno != EINTR) {
            bt_log_error(s->p.log, "the control socket is closed: %s", strerror(errno));
            return NULL;
        }
        if (ready < 0) continue;
        if (fds[END].revents) return NULL;
        int64_t now_ns = bt_clock_now_ns();
        serve(s, fds, now_ns);
        if (fds[LISTENER].revents) welcome(s, now_ns);
        if (s->p.each && now_ns >= s->each_at_ns) {
            s->each_at_ns = now_ns + s->p.each_ns;
            s->p.each(s->p.user);
        }
    }
}

bt_status bt_control_server_create(const struct bt_control_server_params *params, struct bt_control_server **out_server) {
    struct bt_control_server *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->p = *params;
    s->listener = -1;
    for (size_t i = 0; i < BT_COUNT(s->client); i++) s->client[i].fd = -1;
    bt_status status = BT_OK;
    s->each_at_ns = bt_clock_now_ns();
    s->end = eventfd(0, EFD_CLOEXEC);
    if (s->end < 0) status = BT_E_IO;
    if (!status && params->folder) status = bt_control_socket_listen(params->log, params->folder, s->path, &s->listener);
    if (!status && pthread_create(&s->thread, NULL, run, s)) status = BT_E_MEMORY;
    if (status) goto fail;
    *out_server = s;
    return BT_OK;
fail:
    if (s->path[0]) unlink(s->path);
    if (s->listener >= 0) close(s->listener);
    if (s->end >= 0) close(s->end);
    free(s);
    return status;
}

void bt_control_server_destroy(struct bt_control_server **server) {
    struct bt_control_server *s = *server;
    if (!s) return;
    if (eventfd_write(s->end, 1)) bt_log_debug(s->p.log, "the control thread ends by itself");
    pthread_join(s->thread, NULL);
    if (s->path[0]) unlink(s->path);
    for (size_t i = 0; i < BT_COUNT(s->client); i++)
        if (s->client[i].fd >= 0) close(s->client[i].fd);
    if (s->listener >= 0) close(s->listener);
    close(s->end);
    free(s);
    *server = NULL;
}

const char *bt_control_server_path(const struct bt_control_server *s) {
    return s->path;
}
