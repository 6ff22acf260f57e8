/* SPDX-License-Identifier: MIT */
/* Enrolment, broken on purpose. Its last act, which seals a face and records the consent, is killed and refused at every system
   call that touches a file, and with each allocation refused; so is the clearing up at the next start. Afterwards the face is
   there with its consent, or gone with its request answered; who was enrolled before is unharmed; the log says what went wrong;
   and no file anywhere holds the face in clear. What the acts before it make is made with each allocation and each Vulkan call
   refused; of the calls by one way (the same stack) only the 1st, 2nd, 4th, 8th ... in the two networks. */
#include "app/enroll.h"
#include "app/shot.h"
#include "base/clock.h"
#include "base/log.h"
#include "enroll/meter.h"
#include "gpu/device.h"
#include "identity/sealed.h"
#include "match/match.h"
#include "support/faults.h"
#include "support/file_bytes.h"
#include "support/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { W = 320, H = 240, NETS = 2, MARKS = 2, MARK = 64 };
static const char passphrase_text[] = "the passphrase", asked[] = "Passphrase of the vault: ";
static const char *const unset[] = {"XDG_DATA_HOME", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS", "LC_ALL", "LANG"};
static const char other_id[] = "0123456789abcdef0123456789abcdef";

static struct {
    char home[64], good[80];
    struct bt_enrolment e;
    struct bt_receipt request; /* as it lies in the good state */
    struct bt_log *log;
    int errors;
    char warned[256];
    int terminal; /* a typist sits at the other end, and answers */
    pid_t typist;
    uint8_t mark[MARKS][MARK]; /* of face and templates in clear */
    struct bt_gpu *gpu;
    struct bt_rig *rig;
    struct bt_bytes net[NETS];
} with;

static int failures;

static void wrong(const char *what, uint64_t at, const char *why) {
    printf("%s, broken at call %llu: %s\n", what, (unsigned long long)at, why);
    failures++;
}

static void sink(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    with.errors += level == BT_LOG_ERROR;
    if (level == BT_LOG_WARNING) snprintf(with.warned, sizeof with.warned, "%.255s", line);
}

/* ---- the terminal ---- */

/* Answers each question; and now and then also where none came through, since writing it may have been refused. */
_Noreturn static void type(int master) {
    char text[4096];
    for (;;) {
        struct pollfd fd = {master, POLLIN, 0};
        const int ready = poll(&fd, 1, 300);
        ssize_t got = 0;
        if (ready > 0 && (got = read(master, text, sizeof text - 1)) <= 0) _exit(0);
        text[got] = 0;
        if ((ready == 0 || strstr(text, asked)) && dprintf(master, "%s\n", passphrase_text) < 0) _exit(0);
    }
}

static bool open_terminal(void) {
    int master = -1;
    if (openpty(&master, &with.terminal, NULL, NULL, NULL)) return false;
    with.typist = fork();
    if (!with.typist) {
        close(with.terminal);
        type(master);
    }
    close(master);
    return with.typist > 0;
}

/* At the terminal, or back where the test was. */
static void sit(bool at_it) {
    static int input = -1, errors = -1;
    fflush(stderr);
    if (at_it) {
        input = dup(0), errors = dup(2);
        if (dup2(with.terminal, 0) < 0 || dup2(with.terminal, 2) < 0) abort();
    } else {
        if (dup2(input, 0) < 0 || dup2(errors, 2) < 0) abort();
        close(input), close(errors);
    }
}

/* ---- states on disk ---- */

static void begin_anew(void) {
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s/.local && cp -a %s %s/.local", with.home, with.good, with.home);
    if (system(command)) abort();
    with.e.receipt = with.request;
    with.errors = 0;
    *with.warned = 0;
}

static void save_state(void) {
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s && cp -a %s/.local %s", with.good, with.home, with.good);
    if (system(command)) abort();
    with.request = with.e.receipt;
}

static struct bt_vault *open_vault(void) {
    const size_t size = sizeof passphrase_text - 1;
    const struct bt_vault_params params = {.path = with.e.trust.vault, .weak = true};
    struct bt_vault *vault = NULL;
    struct bt_secret *secret = NULL;
    if (bt_secret_create(NULL, size, &secret)) abort();
    memcpy(bt_secret_data(secret), passphrase_text, size);
    if (!bt_vault_exists(params.path) && bt_vault_create(&params, secret)) abort();
    if (bt_vault_open(&params, secret, &vault)) vault = NULL;
    bt_secret_destroy(&secret);
    return vault;
}

static bool holds_mark(const char *path) {
    struct bt_bytes bytes = bt_test_read(path);
    bool found = false;
    for (size_t i = 0; !found && i + MARK <= bytes.size; i++)
        for (int m = 0; m < MARKS; m++) found = found || !memcmp(bytes.data + i, with.mark[m], MARK);
    bt_test_free(&bytes);
    return found;
}

static int look_at(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)where;
    if (kind != FTW_F) return 0;
    const bool known = strstr(path, "/vault/") || strstr(path, "/receipts.log") || strstr(path, "/sessions.log");
    return !known || holds_mark(path);
}

/* Is the face in the vault? -1: what lies there is damaged. */
static int kept(const char *id) {
    struct bt_vault *vault = open_vault();
    struct bt_vault_report report = {0};
    struct bt_secret *record = NULL;
    uint32_t version = 0;
    int found = -1;
    if (vault && !bt_vault_check(vault, &report) && !report.damaged) {
        const bt_status status = bt_vault_get(vault, id, BT_VAULT_IDENTITY, &version, &record);
        found = !status ? 1 : status == BT_E_NOT_FOUND ? 0 : -1;
    }
    bt_secret_destroy(&record);
    bt_vault_close(&vault);
    return found;
}

static enum bt_receipt_event last_event(const struct bt_trust *trust) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_ledger *ledger = NULL;
    enum bt_receipt_event event = BT_RECEIPT_EVENTS;
    if (!bt_ledger_read(&params, &ledger)) {
        const struct bt_receipt *last = bt_ledger_find(ledger, with.request.record_id);
        if (last) event = last->event;
    }
    bt_ledger_free(&ledger);
    return event;
}

/* What must hold once the next program has started; NULL when it does. */
static const char *next_start(bool went_well) {
    struct bt_trust trust;
    if (bt_trust_open(with.log, &trust)) return "the next start fails";
    const enum bt_receipt_event event = last_event(&trust);
    bt_trust_close(&trust);
    const int face = kept(with.request.identity_id);
    if (kept(other_id) != 1) return "another face is harmed";
    if (face < 0) return "the vault is damaged";
    if (face && event != BT_RECEIPT_GIVEN) return "a face is kept that nobody agreed to";
    if (!face && event != BT_RECEIPT_REQUESTED && event != BT_RECEIPT_REFUSED)
        return "the consent says given, and there is no face";
    if (went_well && !face) return "it said done, and was not";
    if (nftw(with.home, look_at, 8, FTW_PHYS)) return "a file is there that should not be, or holds the face in clear";
    return NULL;
}

/* ---- the last act ---- */

static int do_keep(void *user) {
    (void)user;
    sit(true);
    const bt_status status = bt_enroll_keep(&with.e);
    sit(false);
    return !status ? 0 : with.errors || status == BT_E_CONSENT ? 1 : 2; /* of consent, the caller speaks */
}

/* A face sealed by an enrolment that came no further. */
static bt_status leave_orphan(void) {
    static const uint8_t face[500] = {1};
    struct bt_vault *vault = open_vault();
    bt_status status = vault ? BT_OK : BT_E_IO;
    if (!status)
        status = bt_vault_put_new(vault, with.request.identity_id, BT_VAULT_IDENTITY, 1, (struct bt_bytes){face, sizeof face});
    bt_vault_close(&vault);
    return status;
}

static int do_start(void *user) {
    struct bt_trust trust;
    (void)user;
    const bt_status status = bt_trust_open(with.log, &trust);
    if (!status) bt_trust_close(&trust);
    return !status ? 0 : with.errors ? 1 : 2;
}

static void broken_anywhere(const char *name, int (*act)(void *user), bool orphan, int error) {
    struct syscalls_outcome outcome = {.broken = true};
    uint64_t at = 1;
    for (; outcome.broken; at++) {
        begin_anew();
        if (orphan && leave_orphan()) abort();
        if (!syscalls_run(act, NULL, at, error, &outcome)) {
            printf("processes cannot be traced here\n");
            return;
        }
        if (outcome.status == 2) wrong(name, at, "it failed, and did not say why");
        const char *why = next_start(!orphan && outcome.status == 0);
        if (!why && orphan && kept(with.request.identity_id)) why = "what nobody agreed to is still there";
        if (why) wrong(name, at, why);
    }
    if (outcome.status || at < 10) wrong(name, at, "unbroken, it fails");
    printf("%s, %s: %llu calls\n", name, error == SYSCALLS_KILL ? "killed" : strerror(error), (unsigned long long)at - 2);
    fflush(stdout);
}

static bt_status keep_job(void *user, void **out) {
    fault_pause(true);
    begin_anew();
    fault_pause(false);
    const int code = do_keep(user);
    fault_pause(true);
    const char *why = next_start(!code);
    if (why) wrong("keep, without memory", 0, why);
    fault_pause(false);
    if (!code) *out = NULL;
    return code ? BT_E_MEMORY : BT_OK;
}

static bt_status start_job(void *user, void **out) {
    struct bt_trust *trust = user;
    fault_pause(true);
    begin_anew();
    if (leave_orphan()) abort();
    fault_pause(false);
    const bt_status status = bt_trust_open(with.log, trust);
    if (!status) *out = trust;
    return status;
}

static void close_trust(void **made) {
    if (*made) bt_trust_close(*made);
    *made = NULL;
}

/* Whoever comes by while an enrolment is between record and receipt waits for it, and touches nothing. */
static void two_at_once(void) {
    int there[2], code = 1;
    char byte;
    begin_anew();
    if (pipe(there)) abort();
    const pid_t other = fork();
    if (!other) {
        static const struct timespec while_ns = {.tv_nsec = 300000000};
        struct bt_vault *vault = open_vault();
        const struct bt_ledger_params ledger = bt_trust_ledger(&with.e.trust);
        const struct bt_bytes face = {with.mark[0], MARK};
        if (!vault || bt_vault_put_new(vault, with.e.receipt.identity_id, BT_VAULT_IDENTITY, 1, face) ||
            write(there[1], "x", 1) != 1)
            _exit(1);
        nanosleep(&while_ns, NULL);
        with.e.receipt.event = BT_RECEIPT_GIVEN;
        with.e.receipt.receipt_id[0] = 0;
        memset(with.e.receipt.identity_sha256, 'a', 64);
        memset(with.e.receipt.template_sha256, 'a', 64);
        const bt_status status = bt_ledger_append(&ledger, &with.e.receipt);
        bt_vault_close(&vault);
        _exit(status ? 1 : 0);
    }
    if (read(there[0], &byte, 1) != 1) abort();
    const char *why = next_start(true);
    if (why) wrong("beside another process", 0, why);
    if (waitpid(other, &code, 0) != other || code) wrong("beside another process", 0, "that one failed");
    close(there[0]), close(there[1]);
}

/* Who is called as somebody here already is asked for another name, and kept only under one that is free. */
static void name_taken(void) {
    const struct bt_ledger_params ledger = bt_trust_ledger(&with.e.trust);
    static const char second[] = "00112233445566778899aabbccddeeff";
    begin_anew();
    if (do_keep(NULL)) wrong("a face kept", 0, "it fails");
    with.e.receipt = with.request;
    with.e.receipt.record_id[0] = with.e.receipt.receipt_id[0] = 0;
    snprintf(with.e.receipt.identity_id, sizeof with.e.receipt.identity_id, "%s", second);
    if (bt_ledger_append(&ledger, &with.e.receipt)) abort();
    if (do_keep(NULL) != 1) wrong("a name that is taken", 0, "it is given again"); /* the typist knows no other */
    if (kept(second) != 0 || kept(with.request.identity_id) != 1)
        wrong("a name that is taken", 0, "the vault is not as it was");
    snprintf(with.e.name, sizeof with.e.name, "zerlina");
    memcpy(with.e.identity->name, with.e.name, sizeof with.e.name);
}

static void found_at_start(void) {
    begin_anew();
    if (leave_orphan() || kept(with.request.identity_id) != 1) abort();
    const char *why = next_start(false);
    if (!why && kept(with.request.identity_id)) why = "what nobody agreed to is still there";
    if (!why && !strstr(with.warned, "cut short")) why = "the log does not say it";
    if (why) wrong("an enrolment cut short", 0, why);
    /* Without receipts nobody knows what was agreed to: nothing is worn, and nothing is erased. */
    begin_anew();
    if (leave_orphan() || unlink(with.e.trust.receipts)) abort();
    char head[sizeof with.e.trust.receipts + 8];
    snprintf(head, sizeof head, "%s.head", with.e.trust.receipts);
    unlink(head);
    do_start(NULL);
    if (kept(with.request.identity_id) != 1 || kept(other_id) != 1) wrong("no receipts", 0, "a face was erased");
}

/* ---- what the acts before it make ---- */

static bt_status make_shot(void *user, void **out) {
    (void)user;
    return bt_shot_create(with.gpu, NULL, W, H, (struct bt_shot **)out);
}

static void drop_shot(void **made) {
    bt_shot_destroy((struct bt_shot **)made);
}

static bt_status make_meter(void *user, void **out) {
    (void)user;
    return bt_enroll_meter_create(with.rig, (struct bt_enroll_meter **)out);
}

static void drop_meter(void **made) {
    bt_enroll_meter_destroy((struct bt_enroll_meter **)made);
}

static bt_status make_challenge(void *user, void **out) {
    const struct bt_enroll_challenge_params params = {.nonce = user, .tasks = 6, .expires_ns = 1};
    return bt_enroll_challenge_create(&params, (struct bt_enroll_challenge **)out);
}

static void drop_challenge(void **made) {
    bt_enroll_challenge_destroy((struct bt_enroll_challenge **)made);
}

static bt_status make_pictures(void *user, void **out) {
    (void)user;
    return bt_enroll_pictures_create(NULL, (struct bt_enroll_pictures **)out);
}

static void drop_pictures(void **made) {
    bt_enroll_pictures_destroy((struct bt_enroll_pictures **)made);
}

static bt_status make_screen(void *user, void **out) {
    (void)user;
    return bt_enroll_screen_create(false, (struct bt_enroll_screen **)out);
}

static void drop_screen(void **made) {
    bt_enroll_screen_destroy((struct bt_enroll_screen **)made);
}

static bt_status make_builder(void *user, void **out) {
    (void)user;
    return bt_identity_builder_create(NULL, with.rig, (struct bt_identity_builder **)out);
}

static void drop_builder(void **made) {
    bt_identity_builder_destroy((struct bt_identity_builder **)made);
}

static bt_status wear(void *user, void **out) {
    (void)user;
    return bt_identity_wear(with.e.identity, (struct bt_mask **)out);
}

static void unwear(void **made) {
    bt_identity_unwear((struct bt_mask **)made);
}

static bt_status make_match(void *user, void **out) {
    (void)user;
    const struct bt_match_params params = {.gpu = with.gpu, .cosine_net = with.net[0], .euclid_net = with.net[1]};
    return bt_match_create(&params, (struct bt_match **)out);
}

static void drop_match(void **made) {
    bt_match_destroy((struct bt_match **)made);
}

static void sweep(const struct fault_job *job, unsigned classes, bool again) {
    const int64_t began = bt_clock_now_ns();
    const struct fault_tally tally = again ? fault_sweep_again(job, classes) : fault_sweep(job, classes);
    failures += tally.bad != 0 || tally.refused == 0;
    printf("%-28s %.1f s\n", "", (double)(bt_clock_now_ns() - began) * 1e-9);
    fflush(stdout);
}

/* ---- who is enrolled, and who is about to be ---- */

static bool make_face(struct bt_enrolment *e) {
    struct bt_template face = {0};
    struct bt_mask *mask = NULL;
    e->identity = calloc(1, sizeof *e->identity);
    if (!e->identity || bt_mask_builtin_grow(with.rig, 0, &mask)) return false;
    struct bt_identity *identity = e->identity;
    snprintf(identity->name, sizeof identity->name, "%s", e->name);
    identity->views = 20;
    memcpy(identity->neutral, mask->neutral, sizeof identity->neutral);
    memcpy(identity->skin, mask->skin, sizeof identity->skin);
    memcpy(identity->iris, mask->iris, sizeof identity->iris);
    for (int i = 0; i < BT_MASK_TEXELS * 3; i++)
        identity->ratio[i] = (uint16_t)(0x3c00 + i * 37 % 64); /* half floats, about 1 */
    memset(identity->seen, 255, sizeof identity->seen);
    bt_mask_destroy(&mask);
    for (int i = 0; i < BT_MATCH_COSINE; i++) face.cosine[i] = (float)(i + 1) / 1547; /* length 1, nearly */
    for (int i = 0; i < BT_MATCH_EUCLID; i++) face.euclid[i] = (float)(i + 1) / 844;
    if (bt_secret_create(NULL, BT_MATCH_TEMPLATE_BYTES, &e->template)) return false;
    bt_match_encode(&face, bt_secret_data(e->template));
    uint8_t *bytes = malloc(bt_identity_encoded_bytes());
    if (!bytes) return false;
    bt_identity_encode(identity, bytes);
    memcpy(with.mark[0], bytes + bt_identity_encoded_bytes() / 2, MARK);
    memcpy(with.mark[1], bt_secret_data(e->template) + 200, MARK);
    free(bytes);
    return true;
}

static bool make_states(void) {
    static const uint8_t face[500] = {1};
    struct bt_enrolment *e = &with.e;
    struct bt_receipt *r = &e->receipt;
    struct bt_vault *vault = NULL;
    e->log = with.log;
    snprintf(e->name, sizeof e->name, "zerlina");
    if (bt_trust_open(with.log, &e->trust) || !make_face(e) || bt_seal_new_seed(NULL, &e->seed)) return false;
    if (!(vault = open_vault())) return false;
    if (bt_vault_put_new(vault, other_id, BT_VAULT_IDENTITY, 1, (struct bt_bytes){face, sizeof face})) return false;
    bt_vault_close(&vault);
    const struct bt_ledger_params ledger = bt_trust_ledger(&e->trust);
    *r = (struct bt_receipt){
        .event = BT_RECEIPT_REQUESTED, .adult = true, .purposes = BT_PURPOSE_WEAR_LIVE, .notice_version = 1};
    r->event_s = bt_clock_wall_ns() / 1000000000;
    r->valid_until_s = r->event_s + 86400;
    memset(r->notice_sha256, 'b', 64);
    memset(r->statement_sha256, 'b', 64);
    memset(r->subject, '0', sizeof r->subject - 1);
    struct bt_receipt other = *r;
    memset(other.identity_sha256, 'c', 64);
    memset(other.template_sha256, 'c', 64);
    snprintf(other.identity_id, sizeof other.identity_id, "%s", other_id);
    if (bt_ledger_append(&ledger, &other)) return false;
    other.event = BT_RECEIPT_GIVEN;
    other.receipt_id[0] = 0;
    if (bt_ledger_append(&ledger, &other)) return false;
    snprintf(r->identity_id, sizeof r->identity_id, "fedcba9876543210fedcba9876543210");
    if (bt_ledger_append(&ledger, r)) return false;
    save_state();
    return true;
}

static bool prepare(void) {
    static const char *const nets[NETS] = {"face_id_mobile", "face_id_resnet"};
    const struct bt_gpu_params gpu = {.threads = 1}; /* a copy has no others */
    char path[1024];
    const char *models = getenv("BAUTA_TEST_MODELS");
    snprintf(path, sizeof path, "%s/face_geometry.bin", models ? models : "models");
    struct bt_bytes geometry = bt_test_read(path);
    for (int i = 0; i < NETS; i++) with.net[i] = bt_test_model(nets[i]);
    snprintf(with.home, sizeof with.home, "/tmp/bauta-fault-XXXXXX");
    if (!geometry.data || !with.net[0].data || !with.net[1].data || !mkdtemp(with.home)) return false;
    snprintf(with.good, sizeof with.good, "%s.good", with.home);
    setenv("HOME", with.home, true);
    for (size_t i = 0; i < BT_COUNT(unset); i++) unsetenv(unset[i]);
    with.log = bt_log_create(sink, NULL, BT_LOG_INFO);
    const bt_status status = bt_rig_create(NULL, geometry, &with.rig);
    bt_test_free(&geometry);
    return with.log && !status && make_states() && open_terminal() && !bt_gpu_create(&gpu, &with.gpu);
}

static void finish(void) {
    char command[256];
    kill(with.typist, SIGKILL);
    close(with.terminal);
    bt_identity_destroy(&with.e.identity);
    bt_secret_destroy(&with.e.template);
    bt_secret_destroy(&with.e.seed);
    bt_trust_close(&with.e.trust);
    bt_gpu_destroy(&with.gpu);
    bt_rig_destroy(&with.rig);
    bt_log_destroy(&with.log);
    for (int i = 0; i < NETS; i++) bt_test_free(&with.net[i]);
    snprintf(command, sizeof command, "rm -rf %s %s", with.home, with.good);
    if (system(command)) abort();
}

int main(void) {
    static const int errors[] = {SYSCALLS_KILL, ENOSPC, EIO};
    static const char *const no_times[] = {"vkGetQueryPoolResults", NULL};
    static char nonce[] = "00112233445566778899aabbccddeeff";
    static struct bt_trust trust;
    const unsigned memory = 1 << FAULT_MEMORY, vulkan = 1 << FAULT_VULKAN;
    if (!prepare()) {
        printf("nothing to break: models in BAUTA_TEST_MODELS, or a Vulkan device, are missing\n");
        return 1;
    }
    found_at_start();
    two_at_once();
    name_taken();
    for (size_t i = 0; i < BT_COUNT(errors); i++) {
        broken_anywhere("the face kept", do_keep, false, errors[i]);
        broken_anywhere("the next start", do_start, true, errors[i]);
    }
    sweep(&(struct fault_job){"the face kept", keep_job, close_trust, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"the next start", start_job, close_trust, &trust, NULL, false}, memory, true);
    sweep(&(struct fault_job){"meter", make_meter, drop_meter, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"challenge", make_challenge, drop_challenge, nonce, NULL, false}, memory, true);
    sweep(&(struct fault_job){"pictures", make_pictures, drop_pictures, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"screen", make_screen, drop_screen, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"builder", make_builder, drop_builder, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"face, worn", wear, unwear, NULL, NULL, false}, memory, true);
    sweep(&(struct fault_job){"shot", make_shot, drop_shot, NULL, NULL, false}, memory | vulkan, false);
    sweep(&(struct fault_job){"match", make_match, drop_match, NULL, no_times, true}, memory | vulkan, false);
    finish();
    return failures != 0;
}
