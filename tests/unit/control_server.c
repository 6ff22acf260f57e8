/* SPDX-License-Identifier: MIT */
/* The control socket: several clients at once, rude ones among them, what a dead session leaves behind, and whose folder it is.
 */
#include "control/client.h"
#include "control/server.h"

#include "base/clock.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t SECOND_NS = 1000000000;

struct kit {
    char root[64], folder[80];
    atomic_int answers, each;
};

static void answer(void *user, const struct bt_control_request *request, struct bt_control_reply *out_reply) {
    struct kit *kit = user;
    atomic_fetch_add(&kit->answers, 1);
    if (request->verb == BT_CONTROL_FACE) {
        out_reply->status = BT_E_CONSENT;
        snprintf(out_reply->why, sizeof out_reply->why, "not %s", request->face);
        return;
    }
    out_reply->has_now = request->verb == BT_CONTROL_STATUS;
    out_reply->now.frames = 42;
}

static void each(void *user) {
    atomic_fetch_add(&((struct kit *)user)->each, 1);
}

static int set_up(void **state) {
    struct kit *kit = calloc(1, sizeof *kit);
    strcpy(kit->root, "/tmp/bauta-control-XXXXXX");
    if (!mkdtemp(kit->root)) return -1;
    snprintf(kit->folder, sizeof kit->folder, "%s/bauta", kit->root);
    *state = kit;
    return 0;
}

static int take_down(void **state) {
    struct kit *kit = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", kit->root);
    int failed = system(command);
    free(kit);
    return failed;
}

static struct bt_control_server_params params_of(struct kit *kit) {
    return (struct bt_control_server_params){.folder = kit->folder, .owner = geteuid(), .user = kit, .answer = answer};
}

static int raw(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* All that comes until the other end closes or `lines` lines came; at most 5 s. */
static void hear(int fd, int lines, char *out, size_t bytes) {
    size_t size = 0;
    struct pollfd p = {fd, POLLIN, 0};
    while (lines > 0 && size + 1 < bytes && poll(&p, 1, 5000) == 1) {
        ssize_t got = read(fd, out + size, bytes - 1 - size);
        if (got <= 0) break;
        for (ssize_t i = 0; i < got; i++) lines -= out[size + (size_t)i] == '\n';
        size += (size_t)got;
    }
    out[size] = 0;
}

static void ask_status(const struct kit *kit, uint64_t pid) {
    struct bt_control_client *client = NULL;
    const struct bt_control_request request = {.verb = BT_CONTROL_STATUS};
    struct bt_control_reply reply;
    assert_int_equal(bt_control_client_create(NULL, kit->folder, pid, &client), BT_OK);
    for (int i = 0; i < 3; i++) { /* one connection bears many questions */
        assert_int_equal(bt_control_client_ask(client, &request, 5 * SECOND_NS, &reply), BT_OK);
        assert_true(reply.status == BT_OK && reply.has_now && reply.now.frames == 42);
    }
    const struct bt_control_request face = {.verb = BT_CONTROL_FACE, .face = "ada"};
    assert_int_equal(bt_control_client_ask(client, &face, 5 * SECOND_NS, &reply), BT_OK);
    assert_int_equal(reply.status, BT_E_CONSENT);
    assert_string_equal(reply.why, "not ada");
    bt_control_client_destroy(&client);
}

static void test_asks_and_answers(void **state) {
    struct kit *kit = *state;
    struct bt_control_server *server = NULL;
    struct bt_control_server_params params = params_of(kit);
    struct stat st;
    params.each = each;
    params.each_ns = SECOND_NS / 100;
    struct bt_control_client *client = NULL;
    assert_int_equal(bt_control_client_create(NULL, kit->folder, 0, &client), BT_E_NOT_FOUND); /* no folder yet */
    assert_int_equal(bt_control_server_create(&params, &server), BT_OK);
    assert_int_equal(stat(bt_control_server_path(server), &st), 0);
    assert_true(S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
    assert_int_equal(stat(kit->folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    ask_status(kit, 0);
    ask_status(kit, (uint64_t)getpid());
    assert_int_equal(bt_control_client_create(NULL, kit->folder, 1, &client), BT_E_NOT_FOUND);
    for (int i = 0; i < 500 && atomic_load(&kit->each) < 3; i++) usleep(10000);
    assert_true(atomic_load(&kit->each) >= 3);
    char path[BT_CONTROL_PATH_BYTES];
    strcpy(path, bt_control_server_path(server));
    bt_control_server_destroy(&server);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(bt_control_client_create(NULL, kit->folder, 0, &client), BT_E_NOT_FOUND);
}

static void test_rude_clients(void **state) {
    struct kit *kit = *state;
    struct bt_control_server *server = NULL;
    const struct bt_control_server_params params = params_of(kit);
    char said[BT_CONTROL_REPLY_MOST * 4], junk[4096];
    assert_int_equal(bt_control_server_create(&params, &server), BT_OK);
    const char *path = bt_control_server_path(server);

    int garbage = raw(path);
    assert_int_equal(write(garbage, "\x01\x02 GET / HTTP/1.1\r\n\n{\"do\":\"status\"}\n", 37), 37);
    hear(garbage, 3, said, sizeof said);
    assert_non_null(strstr(said, "{\"ok\":false"));
    assert_non_null(strstr(said, "\"frames\":42")); /* what makes sense after it is answered */
    close(garbage);

    int last = raw(path); /* asks, and says that this was all: answered */
    for (int i = 0; i < 5; i++) assert_int_equal(write(last, "{\"do\":\"status\"}\n", 16), 16);
    assert_int_equal(shutdown(last, SHUT_WR), 0);
    hear(last, 6, said, sizeof said);
    int answers = 0;
    for (const char *c = said; (c = strstr(c, "\"frames\":42")); c++) answers++;
    assert_int_equal(answers, 5);
    close(last);

    int endless = raw(path); /* a line without an end: told so, and let go */
    memset(junk, 'x', sizeof junk);
    (void)!send(endless, junk, sizeof junk, MSG_NOSIGNAL);
    hear(endless, 2, said, sizeof said);
    assert_non_null(strstr(said, "at most 511 bytes"));
    close(endless);

    int deaf = raw(path), half = raw(path), gone = raw(path);
    for (int i = 0; i < 2000; i++) /* asks and never reads: the socket's buffer fills, then nothing more is taken from it */
        if (send(deaf, "{\"do\":\"status\"}\n", 16, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
    assert_int_equal(write(half, "{\"do\":", 6), 6);
    assert_int_equal(write(gone, "{\"do\":\"status\"}\n", 16), 16);
    close(gone); /* before the answer */
    int64_t before_ns = bt_clock_now_ns();
    ask_status(kit, 0);
    assert_true(bt_clock_now_ns() - before_ns < 3 * SECOND_NS);

    int crowd[BT_CONTROL_CLIENTS_MOST + 2];
    for (size_t i = 0; i < BT_COUNT(crowd); i++) crowd[i] = raw(path);
    hear(crowd[BT_COUNT(crowd) - 1], 1, said, sizeof said);
    assert_non_null(strstr(said, "too many clients"));
    for (size_t i = 0; i < BT_COUNT(crowd); i++) close(crowd[i]);
    usleep(50000);
    ask_status(kit, 0);
    close(deaf);
    close(half);
    bt_control_server_destroy(&server);
}

static void test_other_users(void **state) {
    struct kit *kit = *state;
    struct bt_control_server *server = NULL;
    struct bt_control_server_params params = params_of(kit);
    char said[256];
    params.owner = geteuid() + 1;
    assert_int_equal(bt_control_server_create(&params, &server), BT_OK);
    int fd = raw(bt_control_server_path(server));
    (void)!send(fd, "{\"do\":\"status\"}\n", 16, MSG_NOSIGNAL);
    hear(fd, 1, said, sizeof said);
    assert_string_equal(said, "");
    assert_int_equal(atomic_load(&kit->answers), 0);
    close(fd);
    bt_control_server_destroy(&server);

    params.owner = geteuid();
    assert_int_equal(chmod(kit->folder, 0755), 0);
    assert_int_equal(bt_control_server_create(&params, &server), BT_E_CONSENT);
    assert_int_equal(rmdir(kit->folder), 0);
    assert_int_equal(symlink("/tmp", kit->folder), 0);
    assert_int_equal(bt_control_server_create(&params, &server), BT_E_IO);
    assert_int_equal(unlink(kit->folder), 0);
    params.folder = "/proc/nowhere/bauta";
    assert_int_equal(bt_control_server_create(&params, &server), BT_E_IO);
    char deep[200];
    memset(deep, 'x', sizeof deep - 1);
    deep[0] = '/', deep[sizeof deep - 1] = 0;
    params.folder = deep;
    assert_int_equal(bt_control_server_create(&params, &server), BT_E_ARGUMENT);
}

/* A session that was killed leaves its socket; a session that lives keeps it. */
static void test_stale_and_second(void **state) {
    struct kit *kit = *state;
    struct bt_control_server *server = NULL, *second = NULL;
    const struct bt_control_server_params params = params_of(kit);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/ctl.sock", kit->folder);
    assert_int_equal(mkdir(kit->folder, 0700), 0);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(dead, 1), 0);
    close(dead); /* the file stays */
    assert_int_equal(access(address.sun_path, F_OK), 0);
    assert_int_equal(bt_control_server_create(&params, &server), BT_OK);
    assert_string_equal(bt_control_server_path(server), address.sun_path);
    ask_status(kit, 0);

    assert_int_equal(bt_control_server_create(&params, &second), BT_OK);
    assert_string_not_equal(bt_control_server_path(second), address.sun_path);
    ask_status(kit, 0); /* the first */
    bt_control_server_destroy(&server);
    ask_status(kit, 0); /* the only one left */
    bt_control_server_destroy(&second);
}

/* Many at once, from several processes: every question is answered. */
static void test_many_at_once(void **state) {
    struct kit *kit = *state;
    struct bt_control_server *server = NULL;
    const struct bt_control_server_params params = params_of(kit);
    pid_t child[4];
    assert_int_equal(bt_control_server_create(&params, &server), BT_OK);
    for (size_t i = 0; i < BT_COUNT(child); i++) {
        child[i] = fork();
        if (!child[i]) {
            struct bt_control_client *client = NULL;
            const struct bt_control_request request = {.verb = BT_CONTROL_STATUS};
            struct bt_control_reply reply;
            bool good = !bt_control_client_create(NULL, kit->folder, 0, &client);
            for (int k = 0; good && k < 200; k++)
                good = !bt_control_client_ask(client, &request, 5 * SECOND_NS, &reply) && reply.now.frames == 42;
            _exit(good ? 0 : 1);
        }
    }
    for (size_t i = 0; i < BT_COUNT(child); i++) {
        int code = -1;
        assert_int_equal(waitpid(child[i], &code, 0), child[i]);
        assert_int_equal(code, 0);
    }
    assert_int_equal(atomic_load(&kit->answers), 800);
    bt_control_server_destroy(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_asks_and_answers, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_rude_clients, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_other_users, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_stale_and_second, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_many_at_once, set_up, take_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
