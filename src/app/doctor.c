/* SPDX-License-Identifier: MIT */
/* bauta doctor: what is wrong with this machine, and how it is mended. */
#include "doctor/doctor.h"

#include "app/app.h"
#include "app/files.h"
#include "app/store.h"
#include "base/clock.h"
#include "base/log.h"
#include "gpu/device.h"
#include "identity/identity.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* An enrolled face is held twice while it is opened; keys and templates are small beside it. */
static const uint64_t LOCK_SLACK_BYTES = 256 << 10;

static void list(char *out, size_t bytes, const char *name) {
    const size_t used = strlen(out);
    snprintf(out + used, bytes - used, "%s%s", used ? ", " : "", name);
}

/* The log of what is looked for and not there is the report itself: nothing is logged here. */
static void look_at_models(const struct bt_app *app, struct bt_doctor_facts *f) {
    struct bt_store store;
    const bool opened = !bt_store_open(NULL, app->options.models, &store);
    snprintf(f->models, sizeof f->models, "%.*s", BT_DOCTOR_TEXT - 1, store.folder);
    if (!opened && !store.why) list(f->missing, sizeof f->missing, "all of them: no folder has face_mesh.onnx");
    if (!opened && store.why) list(f->unsigned_list, sizeof f->unsigned_list, store.why);
    for (uint32_t i = 0; opened && i < bt_models_count(store.list); i++) {
        const struct bt_models_entry *e = bt_models_at(store.list, i);
        struct bt_bytes model = {0};
        const bt_status status = bt_store_read(&store, e->file, &model, NULL);
        free((void *)(uintptr_t)model.data);
        /* Those that compare people are for enrolling alone, and may be left out. */
        if (status == BT_E_NOT_FOUND && !e->every_session) continue;
        if (status == BT_E_FORMAT)
            list(f->changed, sizeof f->changed, e->file);
        else if (status)
            list(f->missing, sizeof f->missing, e->file);
    }
    bt_store_close(&store);
}

static void look_at_gpus(struct bt_doctor_facts *f) {
    struct bt_gpu_caps *caps = calloc(BT_DOCTOR_GPUS_MOST, sizeof *caps);
    uint32_t count = 0;
    if (!caps || bt_gpu_list(NULL, caps, BT_DOCTOR_GPUS_MOST, &count)) count = 0; /* no loader, no driver: no device */
    for (uint32_t i = 0; i < count; i++) {
        struct bt_doctor_gpu *g = &f->gpu[f->gpu_count++];
        snprintf(g->name, sizeof g->name, "%.*s", (int)sizeof g->name - 1, caps[i].name);
        snprintf(g->driver, sizeof g->driver, "%.*s", (int)sizeof g->driver - 1, caps[i].driver);
        g->cpu = caps[i].kind == BT_GPU_CPU;
        g->usable = caps[i].usable;
    }
    free(caps);
}

static void look(const struct bt_app *app, struct bt_doctor_facts *f) {
    char vault[PATH_MAX], log[PATH_MAX], runtime[PATH_MAX];
    struct rlimit limit = {0};
    const bool has_runtime = !bt_files_runtime(runtime, sizeof runtime);
    if (has_runtime) *strrchr(runtime, '/') = 0; /* the session's folder, in which ours is made */
    const struct bt_doctor_place place = {.root = "",
                                          .vault = bt_files_vault(vault, sizeof vault) ? NULL : vault,
                                          .log = bt_files_audit(log, sizeof log) ? NULL : log,
                                          .runtime = has_runtime ? runtime : NULL};
    bt_doctor_look(&place, f);
    look_at_models(app, f);
    look_at_gpus(f);
    f->now_s = bt_clock_wall_ns() / 1000000000;
    f->lock_needed_bytes = 2 * bt_identity_encoded_bytes() + LOCK_SLACK_BYTES;
    if (!geteuid() || getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
        f->lock_limit_bytes = UINT64_MAX; /* root is not limited: mlock(2) */
    else
        f->lock_limit_bytes = limit.rlim_cur;
}

static void print(const struct bt_doctor_report *r) {
    static const char *const marks[] = {"  ok  ", " warn ", "FAULT "};
    for (uint32_t i = 0; i < r->count; i++) {
        const struct bt_doctor_finding *f = &r->finding[i];
        const bool good = f->message->level == BT_DOCTOR_GOOD;
        printf("[%s] %s%s%s%s\n", marks[f->message->level], f->message->what, f->detail[0] ? " (" : "", f->detail,
               f->detail[0] ? ")" : "");
        if (!good) printf("         why: %s\n         do:  %s\n", f->message->why, f->message->fix);
    }
    if (r->faults)
        printf("\n%u thing%s to mend, %u to know of.\n", r->faults, r->faults == 1 ? "" : "s", r->warnings);
    else
        printf("\nNothing to mend%s.\n", r->warnings ? "; what is marked warn is good to know" : "");
}

static bt_status print_json(const struct bt_doctor_report *r) {
    static const char *const levels[] = {"ok", "warning", "fault"};
    json_t *findings = json_array();
    for (uint32_t i = 0; i < r->count; i++) {
        const struct bt_doctor_message *m = r->finding[i].message;
        json_array_append_new(findings, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?}", "id", m->id, "level", levels[m->level], "what",
                                                  m->what, "detail", r->finding[i].detail, "why", m->why, "fix", m->fix));
    }
    json_t *all = json_pack("{s:b,s:i,s:i,s:o}", "healthy", !r->faults, "faults", (int)r->faults, "warnings", (int)r->warnings,
                            "findings", findings);
    if (!all) return BT_E_MEMORY;
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(all);
    return BT_OK;
}

bt_status bt_app_doctor(struct bt_app *app) {
    struct bt_doctor_facts *facts = calloc(1, sizeof *facts);
    struct bt_doctor_report *report = calloc(1, sizeof *report);
    bt_status status = facts && report ? BT_OK : BT_E_MEMORY;
    if (!status) {
        look(app, facts);
        bt_doctor_judge(facts, report);
        if (app->options.json)
            status = print_json(report);
        else
            print(report);
    }
    /* What is wrong is said above; the exit code is "something went wrong". */
    if (!status && report->faults) status = BT_E_DEVICE;
    free(report);
    free(facts);
    return status;
}
