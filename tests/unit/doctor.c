/* SPDX-License-Identifier: MIT */
/* bauta doctor on machines that are made of files: each fault is made, its message found, and gone once it is mended. No
   message is left that no test has seen. */
#include "doctor/doctor.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KERNEL     "6.1.0-56-amd64"
#define MODULE     "/lib/modules/" KERNEL "/updates/dkms/v4l2loopback.ko"
#define PARAMETERS "/sys/module/v4l2loopback/parameters"
static const int64_t NOW_S = 1795000000; /* November 2026 */

enum { SEEN_MOST = 128 };
static bool seen[SEEN_MOST];

struct machine {
    char root[64], vault[96], log[96], runtime[96];
    struct bt_doctor_person person;
    bool as_person;
};

static void put(const struct machine *m, const char *path, const char *text) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", m->root, path);
    for (char *slash = strchr(whole + strlen(m->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(whole, 0755)) assert_int_equal(errno, EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && !fclose(file));
}

static void drop(const struct machine *m, const char *path) {
    char command[600];
    snprintf(command, sizeof command, "rm -r '%s%s'", m->root, path);
    assert_int_equal(system(command), 0);
}

static void mode(const struct machine *m, const char *path, mode_t bits) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", m->root, path);
    assert_int_equal(chmod(whole, bits), 0);
}

static void put_node(const struct machine *m, int number, const char *name, bool loopback) {
    char path[128], text[64];
    snprintf(path, sizeof path, "/sys/class/video4linux/video%d/name", number);
    snprintf(text, sizeof text, "%s\n", name);
    put(m, path, text);
    snprintf(path, sizeof path, "/sys/class/video4linux/video%d/index", number);
    put(m, path, "0\n");
    snprintf(path, sizeof path, "/sys/class/video4linux/video%d/max_openers", number);
    if (loopback) put(m, path, "10\n");
    snprintf(path, sizeof path, "/dev/video%d", number);
    put(m, path, "");
}

static void put_holder(const struct machine *m, const char *process, const char *node) {
    char path[512], name[64];
    snprintf(path, sizeof path, "/proc/%s/fd/0", process);
    put(m, path, "");
    snprintf(name, sizeof name, "/proc/%s/comm", process);
    put(m, name, "obs\n");
    snprintf(path, sizeof path, "%s/proc/%s/fd/7", m->root, process);
    assert_int_equal(symlink(node, path), 0);
}

/* A machine on which all is well. */
static int set_up(void **state) {
    struct machine *m = calloc(1, sizeof *m);
    strcpy(m->root, "/tmp/bauta-doctor-XXXXXX");
    if (!mkdtemp(m->root)) return -1;
    put(m, "/proc/sys/kernel/osrelease", KERNEL "\n");
    put(m, "/lib/modules/" KERNEL "/modules.dep",
        "kernel/drivers/media/v4l2-core/videodev.ko: kernel/drivers/media/mc/mc.ko\nupdates/dkms/v4l2loopback.ko: "
        "kernel/drivers/media/v4l2-core/videodev.ko\n");
    put(m, MODULE, "\177ELF and so on ~Module signature appended~\n");
    put(m, "/lib/modules/" KERNEL "/build/Makefile", "");
    put(m, "/sys/module/v4l2loopback/version", "0.12.7\n");
    put(m, PARAMETERS "/exclusive_caps", "Y,N,N,N,N,N,N,N\n");
    put(m, PARAMETERS "/max_buffers", "4\n");
    put_node(m, 0, "UVC Camera", false);
    put_node(m, 1, "UVC Camera", false);
    put(m, "/sys/class/video4linux/video1/index", "1\n"); /* the same camera's facts, not pictures */
    put_node(m, 2, "bauta (AI face)", true);
    put(m, "/dev/dri/renderD128", "");
    put(m, "/home/vault/keys", "");
    mode(m, "/home/vault", 0700);
    put(m, "/home/sessions.log", "{\"n\":1,\"time\":\"2026-11-01T00:00:00Z\",\"event\":\"x\"}\n");
    put(m, "/run/user/x", "");
    snprintf(m->vault, sizeof m->vault, "%s/home/vault", m->root);
    snprintf(m->log, sizeof m->log, "%s/home/sessions.log", m->root);
    snprintf(m->runtime, sizeof m->runtime, "%s/run/user", m->root);
    *state = m;
    return 0;
}

static int take_down(void **state) {
    drop(*state, "");
    free(*state);
    return 0;
}

static struct bt_doctor_facts look(const struct machine *m) {
    struct bt_doctor_facts f;
    const struct bt_doctor_place place = {
        .root = m->root, .vault = m->vault, .log = m->log, .runtime = m->runtime, .person = m->as_person ? &m->person : NULL};
    bt_doctor_look(&place, &f);
    f.gpu[0] = (struct bt_doctor_gpu){"A Card", "a driver 1.2", false, true};
    f.gpu[1] = (struct bt_doctor_gpu){"llvmpipe", "llvmpipe", true, true};
    f.gpu_count = 2;
    f.now_s = NOW_S;
    f.lock_limit_bytes = f.lock_needed_bytes = 1 << 20;
    return f;
}

/* What is found, by ids; each message is noted as seen. Nothing but "ok" stands without a why and a fix. */
static void judge(const struct bt_doctor_facts *facts, struct bt_doctor_report *r) {
    bt_doctor_judge(facts, r);
    assert_in_range(bt_doctor_message_count(), 1, SEEN_MOST);
    uint32_t warnings = 0, faults = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct bt_doctor_message *m = r->finding[i].message;
        warnings += m->level == BT_DOCTOR_WARNING;
        faults += m->level == BT_DOCTOR_FAULT;
        for (uint32_t k = 0; k < bt_doctor_message_count(); k++) seen[k] = seen[k] || bt_doctor_message_at(k) == m;
    }
    assert_true(r->warnings == warnings && r->faults == faults);
}

static const struct bt_doctor_finding *find(const struct bt_doctor_report *r, const char *id) {
    for (uint32_t i = 0; i < r->count; i++)
        if (!strcmp(r->finding[i].message->id, id)) return &r->finding[i];
    return NULL;
}

/* All is well but for this. `detail`: part of what is said of it. */
static void expect_of(const struct bt_doctor_facts *facts, const char *id, const char *detail) {
    struct bt_doctor_report r;
    judge(facts, &r);
    const struct bt_doctor_finding *f = find(&r, id);
    if (!f) {
        fail_msg("%s was not found; the first of %u is %s", id, r.count, r.finding[0].message->id);
        return; /* for compilers that do not know that it never comes here */
    }
    if (!strstr(f->detail, detail)) fail_msg("%s: %s, without %s", id, f->detail, detail);
    for (uint32_t i = 0; i < r.count; i++)
        if (r.finding[i].message->level != BT_DOCTOR_GOOD && strcmp(r.finding[i].message->id, id) != 0)
            fail_msg("%s, besides %s", r.finding[i].message->id, id);
}

static void expect(const struct machine *m, const char *id, const char *detail) {
    const struct bt_doctor_facts f = look(m);
    expect_of(&f, id, detail);
}

static void test_all_is_well(void **state) {
    static const char *const good[] = {"module", "options", "virtual-camera", "camera", "gpu",
                                       "models", "clock",   "memory-lock",    "vault",  "control"};
    const struct bt_doctor_facts f = look(*state);
    struct bt_doctor_report r;
    judge(&f, &r);
    assert_int_equal(r.faults + r.warnings, 0);
    assert_int_equal(r.count, BT_COUNT(good));
    for (size_t i = 0; i < BT_COUNT(good); i++)
        if (!find(&r, good[i])) fail_msg("%s was not found", good[i]);
    assert_non_null(strstr(find(&r, "camera")->detail, "/dev/video0 (UVC Camera)"));
    assert_int_equal(f.node_count, 2);
}

static void test_module(void **state) {
    struct machine *m = *state;
    put(m, "/sys/module/v4l2loopback/version", "0.12.5\n");
    expect(m, "module-old", "0.12.5");
    put(m, "/sys/module/v4l2loopback/version", "0.9.1\n");
    expect(m, "module-old", "0.9.1");
    put(m, "/sys/module/v4l2loopback/version", "0.15.4\n");
    expect(m, "module", "0.15.4");

    drop(m, "/sys/module/v4l2loopback");
    drop(m, "/sys/class/video4linux/video2");
    expect(m, "module-not-loaded", KERNEL);

    put(m, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\x01\x01\x01\x01");
    expect(m, "module-key", KERNEL);
    put(m, MODULE, "\177ELF and no more\n");
    expect(m, "module-unsigned", KERNEL);
    put(m, "/lib/modules/" KERNEL "/modules.dep", "updates/dkms/v4l2loopback.ko.xz:\n"); /* its end cannot be seen */
    expect(m, "module-key", "");
    put(m, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\x06\x01\x01\x01\x02");
    expect(m, "module-not-loaded", "");
    drop(m, "/sys/firmware");

    put(m, "/lib/modules/" KERNEL "/modules.dep", "kernel/drivers/media/v4l2-core/videodev.ko:\n");
    put(m, "/lib/modules/6.1.0-40-amd64/modules.dep", "/lib/modules/6.1.0-40-amd64/updates/v4l2loopback.ko:\n");
    expect(m, "module-other-kernel", "this is " KERNEL "; it is built for 6.1.0-40-amd64");
    drop(m, "/lib/modules/6.1.0-40-amd64");
    put(m, "/var/lib/dkms/v4l2loopback/0.12.7/source", "");
    expect(m, "module-not-built", KERNEL);
    drop(m, "/lib/modules/" KERNEL "/build");
    expect(m, "module-no-headers", KERNEL);
    drop(m, "/var/lib/dkms");
    expect(m, "module-missing", "");
    drop(m, "/lib");
    expect(m, "module-missing", "");
}

static void test_options(void **state) {
    struct machine *m = *state;
    put(m, PARAMETERS "/exclusive_caps", "N,N,N,N,N,N,N,N\n");
    expect(m, "exclusive-caps-off", "N,N");
    put_node(m, 3, "second", true);
    put(m, PARAMETERS "/exclusive_caps", "Y,N,N,N,N,N,N,N\n"); /* the second lacks it */
    expect(m, "exclusive-caps-off", "Y,N");
    put(m, PARAMETERS "/exclusive_caps", "Y,Y,N,N,N,N,N,N\n");
    expect(m, "options", "");
    put(m, PARAMETERS "/max_buffers", "2\n");
    expect(m, "buffers-few", "max_buffers=2");
    drop(m, PARAMETERS);
    expect(m, "options", "");
}

static void test_nodes(void **state) {
    struct machine *m = *state;
    put_holder(m, "4711", "/dev/video2");
    expect(m, "virtual-camera-busy", "/dev/video2 (bauta (AI face)): obs (4711)");
    drop(m, "/proc/4711");
    put_holder(m, "815", "/dev/video0");
    expect(m, "camera-busy", "/dev/video0 (UVC Camera): obs (815)");
    put_holder(m, "816", "/dev/video22"); /* another's */
    drop(m, "/proc/815");
    expect(m, "camera", "");
    drop(m, "/sys/class/video4linux/video0");
    expect(m, "camera-none", "");
    drop(m, "/sys/class/video4linux/video2");
    put_node(m, 0, "UVC Camera", false);
    expect(m, "virtual-camera-none", "");
}

/* Somebody who owns nothing here; what groups may do is seen by being in one, and not. */
static void test_permissions(void **state) {
    struct machine *m = *state;
    const gid_t ours = getegid();
    struct bt_doctor_facts f;
    m->as_person = true;
    m->person = (struct bt_doctor_person){.user = geteuid() + 1, .groups = &ours, .group_count = 1};
    mode(m, "/dev/video0", 0660);
    mode(m, "/dev/video2", 0660);
    mode(m, "/dev/dri/renderD128", 0660);
    f = look(m);
    f.vault_is_ours = f.has_runtime = true; /* not what this is about */
    expect_of(&f, "camera", "");
    m->person.group_count = 0;
    mode(m, "/dev/video2", 0666);
    f = look(m);
    f.vault_is_ours = f.has_runtime = true;
    expect_of(&f, "camera-denied", "/dev/video0");
    mode(m, "/dev/video0", 0666);
    mode(m, "/dev/video2", 0600);
    f = look(m);
    f.vault_is_ours = f.has_runtime = true;
    expect_of(&f, "virtual-camera-denied", "/dev/video2");
    mode(m, "/dev/video2", 0666);
    f = look(m);
    f.vault_is_ours = f.has_runtime = true;
    f.gpu[0] = f.gpu[1]; /* the loader shows no card that cannot be opened */
    f.gpu_count = 1;
    expect_of(&f, "gpu-denied", "");
    m->person.user = geteuid();
    m->as_person = false;
    expect(m, "camera", "");
}

static void test_gpu(void **state) {
    struct bt_doctor_facts f = look(*state);
    f.gpu[0].usable = false;
    expect_of(&f, "gpu-old", "A Card, a driver 1.2");
    f.gpu_count = 1;
    expect_of(&f, "gpu-old", "A Card");
    f.gpu[0] = f.gpu[1];
    expect_of(&f, "gpu-cpu", "llvmpipe");
    f.gpu_count = 0;
    expect_of(&f, "gpu-none", "");
}

static void test_models(void **state) {
    struct bt_doctor_facts f = look(*state);
    strcpy(f.unsigned_list, "models.sig is not there");
    expect_of(&f, "models-unsigned", "models.sig is not there");
    f.unsigned_list[0] = 0;
    strcpy(f.changed, "face_mesh.onnx");
    expect_of(&f, "models-changed", "face_mesh.onnx");
    f.changed[0] = 0;
    strcpy(f.missing, "selfie_matte.onnx");
    expect_of(&f, "models-missing", "selfie_matte.onnx");
}

static void test_clock(void **state) {
    struct machine *m = *state;
    struct bt_doctor_facts f = look(m);
    assert_int_equal(f.newest_log_s, 1793491200);
    f.now_s = 0;
    expect_of(&f, "clock-early", "");
    f.now_s = NOW_S + INT64_C(30) * 365 * 86400;
    expect_of(&f, "clock-late", "");
    put(m, "/home/sessions.log",
        "{\"time\":\"2026-11-01T00:00:00Z\"}\n{\"n\":2,\"time\":\"2027-01-01T00:00:00Z\",\"event\":\"x\"}\n");
    expect(m, "clock-behind", "");
    put(m, "/home/sessions.log", "{\"time\":\"soon\"}\n");
    expect(m, "clock", "");
    drop(m, "/home/sessions.log");
    expect(m, "clock", "");
}

static void test_memory_and_vault(void **state) {
    struct machine *m = *state;
    struct bt_doctor_facts f = look(m);
    f.lock_limit_bytes = 64 << 10;
    expect_of(&f, "memory-lock-low", "ulimit -l is 64 KiB; 1024 are needed");
    mode(m, "/home/vault", 0750);
    expect(m, "vault-open", "mode 0750");
    mode(m, "/home/vault", 0700);
    f = look(m);
    assert_true(f.vault_is_ours);
    m->person = (struct bt_doctor_person){.user = geteuid() + 1};
    m->as_person = true;
    f = look(m);
    m->as_person = false;
    assert_false(f.vault_is_ours);
    f = look(m);
    f.vault_is_ours = false;
    expect_of(&f, "vault-foreign", "");
    drop(m, "/home/vault");
    expect(m, "vault-none", "");
    drop(m, "/run");
    expect(m, "control-none", "");
}

/* Nothing at all: no crash, and each area still speaks. */
static void test_an_empty_machine(void **state) {
    (void)state;
    struct bt_doctor_facts f;
    struct bt_doctor_report r;
    const struct bt_doctor_place place = {.root = "/proc/nowhere"};
    bt_doctor_look(&place, &f);
    judge(&f, &r);
    assert_non_null(find(&r, "module-missing"));
    assert_true(r.faults >= 3 && r.count >= 7);
}

static void test_every_message_was_seen(void **state) {
    (void)state;
    for (uint32_t i = 0; i < bt_doctor_message_count(); i++) {
        const struct bt_doctor_message *m = bt_doctor_message_at(i);
        if (!seen[i]) fail_msg("%s: no test makes this fault", m->id);
        assert_true(m->what[0] && (m->level == BT_DOCTOR_GOOD) == !m->fix);
        if (m->fix) assert_true(m->why[0] && m->fix[0]);
        for (uint32_t k = 0; k < i; k++) assert_string_not_equal(m->id, bt_doctor_message_at(k)->id);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_all_is_well, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_module, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_options, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_nodes, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_permissions, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_gpu, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_models, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_clock, set_up, take_down),
                                       cmocka_unit_test_setup_teardown(test_memory_and_vault, set_up, take_down),
                                       cmocka_unit_test(test_an_empty_machine),
                                       cmocka_unit_test(test_every_message_was_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
