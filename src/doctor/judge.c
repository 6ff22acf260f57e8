/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <stdio.h>
#include <string.h>

#define MODPROBE "sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=4 card_label=\"bauta (AI face)\""
#define RELOAD   "close what uses the virtual camera, then: sudo modprobe -r v4l2loopback && " MODPROBE
#define HEADERS  "sudo apt install linux-headers-$(uname -r) && sudo dkms autoinstall"
#define LOGIN    ", then log out and in again"

enum message {
    MODULE_GOOD,
    MODULE_MISSING,
    MODULE_NOT_BUILT,
    MODULE_NO_HEADERS,
    MODULE_OTHER_KERNEL,
    MODULE_UNSIGNED,
    MODULE_KEY,
    MODULE_NOT_LOADED,
    MODULE_OLD,
    CAPS_GOOD,
    CAPS_OFF,
    BUFFERS_FEW,
    NODE_GOOD,
    NODE_NONE,
    NODE_DENIED,
    NODE_BUSY,
    CAMERA_GOOD,
    CAMERA_NONE,
    CAMERA_DENIED,
    CAMERA_BUSY,
    GPU_GOOD,
    GPU_NONE,
    GPU_DENIED,
    GPU_OLD,
    GPU_CPU,
    MODELS_GOOD,
    MODELS_MISSING,
    MODELS_CHANGED,
    MODELS_UNSIGNED,
    CLOCK_GOOD,
    CLOCK_EARLY,
    CLOCK_BEHIND,
    CLOCK_LATE,
    LOCK_GOOD,
    LOCK_LOW,
    VAULT_GOOD,
    VAULT_NONE,
    VAULT_OPEN,
    VAULT_FOREIGN,
    CONTROL_GOOD,
    CONTROL_NONE,
    MESSAGES
};

static const struct bt_doctor_message messages[MESSAGES] = {
    [MODULE_GOOD] = {"module", BT_DOCTOR_GOOD, "v4l2loopback is loaded", "it makes the virtual camera", NULL},
    [MODULE_MISSING] = {"module-missing", BT_DOCTOR_FAULT, "v4l2loopback is not installed",
                        "without that kernel module there is no virtual camera; recordings work all the same",
                        "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)"},
    [MODULE_NOT_BUILT] = {"module-not-built", BT_DOCTOR_FAULT, "v4l2loopback is installed, but not built for this kernel",
                          "DKMS builds it when a kernel is installed; that failed or has not been done",
                          "sudo dkms autoinstall; if that fails, it says which log to read"},
    [MODULE_NO_HEADERS] = {"module-no-headers", BT_DOCTOR_FAULT,
                           "v4l2loopback cannot be built for this kernel: its headers are missing",
                           "DKMS needs the headers of the very kernel that runs", HEADERS},
    [MODULE_OTHER_KERNEL] = {"module-other-kernel", BT_DOCTOR_FAULT, "v4l2loopback is built for another kernel only",
                             "a kernel was updated, and the module was not", HEADERS ", or restart into the newer kernel"},
    [MODULE_UNSIGNED] = {"module-unsigned", BT_DOCTOR_FAULT, "Secure Boot refuses v4l2loopback: it is not signed",
                         "with Secure Boot the kernel loads signed modules only",
                         "sudo apt install --reinstall v4l2loopback-dkms (DKMS signs it), then sudo mokutil --import "
                         "/var/lib/dkms/mok.pub, restart, choose Enroll MOK; or turn Secure Boot off in the firmware"},
    [MODULE_KEY] =
        {"module-key", BT_DOCTOR_FAULT, "v4l2loopback is not loaded, and Secure Boot is on",
         "the kernel may not know the key that DKMS signed it with: modprobe then says \"Key was rejected by service\"",
         MODPROBE "; if the key is rejected: sudo mokutil --import /var/lib/dkms/mok.pub, restart, choose Enroll MOK"},
    [MODULE_NOT_LOADED] = {"module-not-loaded", BT_DOCTOR_FAULT, "v4l2loopback is not loaded",
                           "there is no virtual camera until it is", MODPROBE},
    [MODULE_OLD] = {"module-old", BT_DOCTOR_WARNING, "v4l2loopback is older than 0.12.7", "bauta is tried with 0.12.7 to 0.15",
                    "sudo apt install v4l2loopback-dkms, or build a newer one"},
    [CAPS_GOOD] = {"options", BT_DOCTOR_GOOD, "v4l2loopback's options suit", "exclusive_caps is on, buffers suffice", NULL},
    [CAPS_OFF] = {"exclusive-caps-off", BT_DOCTOR_FAULT, "exclusive_caps is off",
                  "browsers do not list a camera that says that it is an output too", RELOAD},
    [BUFFERS_FEW] = {"buffers-few", BT_DOCTOR_FAULT, "v4l2loopback has too few buffers",
                     "writer and readers share them: with fewer than 4 readers stall", RELOAD},
    [NODE_GOOD] = {"virtual-camera", BT_DOCTOR_GOOD, "there is a free virtual camera", "name it with bauta run --output", NULL},
    [NODE_NONE] = {"virtual-camera-none", BT_DOCTOR_FAULT, "v4l2loopback is loaded, but has no device",
                   "it was loaded with devices=0, or the device was removed", RELOAD},
    [NODE_DENIED] = {"virtual-camera-denied", BT_DOCTOR_FAULT, "you may not open the virtual camera",
                     "it belongs to the group video", "sudo usermod -aG video $USER" LOGIN},
    [NODE_BUSY] = {"virtual-camera-busy", BT_DOCTOR_WARNING, "somebody has the virtual camera open",
                   "a reader does no harm; bauta does not write to one that another program writes to",
                   "if that is a writer: end it, or load the module with devices=2"},
    [CAMERA_GOOD] = {"camera", BT_DOCTOR_GOOD, "there is a free camera", "bauta devices says which would be taken", NULL},
    [CAMERA_NONE] = {"camera-none", BT_DOCTOR_WARNING, "there is no camera", "only bauta run --input works without one",
                     "plug one in; lsusb says whether the machine sees it"},
    [CAMERA_DENIED] = {"camera-denied", BT_DOCTOR_FAULT, "you may not open the camera", "it belongs to the group video",
                       "sudo usermod -aG video $USER" LOGIN},
    [CAMERA_BUSY] = {"camera-busy", BT_DOCTOR_WARNING, "somebody has the camera open",
                     "a camera streams to one program at a time", "close that program, or use another camera with --camera"},
    [GPU_GOOD] = {"gpu", BT_DOCTOR_GOOD, "there is a Vulkan device that can do all that is needed", "", NULL},
    [GPU_NONE] = {"gpu-none", BT_DOCTOR_FAULT, "there is no Vulkan device",
                  "no driver is installed, or none finds its hardware",
                  "AMD, Intel: sudo apt install mesa-vulkan-drivers; NVIDIA: its driver package, which brings its own"},
    [GPU_DENIED] = {"gpu-denied", BT_DOCTOR_FAULT, "you may not open the GPU", "/dev/dri/renderD* belongs to the group render",
                    "sudo usermod -aG render $USER" LOGIN},
    [GPU_OLD] = {"gpu-old", BT_DOCTOR_FAULT, "the GPU's driver is too old, or the GPU is",
                 "Vulkan 1.3 with timeline semaphores, synchronization2 and maintenance4 is needed",
                 "install a newer driver (Mesa 22 or later; NVIDIA 510 or later), then: vulkaninfo --summary"},
    [GPU_CPU] = {"gpu-cpu", BT_DOCTOR_WARNING, "Vulkan runs on the CPU only", "everything works, but slowly and at small sizes",
                 "install the driver of your GPU; bauta devices lists what Vulkan sees"},
    [MODELS_GOOD] = {"models", BT_DOCTOR_GOOD, "the networks are there and unchanged", "", NULL},
    [MODELS_MISSING] = {"models-missing", BT_DOCTOR_FAULT, "networks are missing", "nothing can be followed without them",
                        "sudo apt install bauta-models; from the sources: sh packaging/quickstart.sh"},
    [MODELS_CHANGED] = {"models-changed", BT_DOCTOR_FAULT, "networks are not what was installed",
                        "their SHA-256 is another than the signed list says: damaged, or replaced; a session refuses them",
                        "sudo apt install --reinstall bauta-models; from the sources: sh packaging/quickstart.sh"},
    [MODELS_UNSIGNED] = {"models-unsigned", BT_DOCTOR_FAULT, "no signed list says what the networks should be",
                         "without models.json, and models.sig by the release key, a session refuses them",
                         "sudo apt install --reinstall bauta-models; from the sources: sh packaging/quickstart.sh"},
    [CLOCK_GOOD] = {"clock", BT_DOCTOR_GOOD, "the clock is plausible", "", NULL},
    [CLOCK_EARLY] = {"clock-early", BT_DOCTOR_FAULT, "the clock is wrong: it is before this version was made",
                     "consents have dates, and signatures times", "sudo timedatectl set-ntp true"},
    [CLOCK_BEHIND] = {"clock-behind", BT_DOCTOR_FAULT, "the clock is wrong: it is before the newest line of the session log",
                      "the log's times would run backwards", "sudo timedatectl set-ntp true"},
    [CLOCK_LATE] = {"clock-late", BT_DOCTOR_FAULT, "the clock is wrong: it is decades after this version was made",
                    "every consent would seem to have ended", "sudo timedatectl set-ntp true"},
    [LOCK_GOOD] = {"memory-lock", BT_DOCTOR_GOOD, "keys and faces can be kept out of the swap", "", NULL},
    [LOCK_LOW] = {"memory-lock-low", BT_DOCTOR_FAULT, "too little memory may be locked",
                  "keys and enrolled faces might reach the swap",
                  "echo '* - memlock 65536' | sudo tee /etc/security/limits.d/bauta.conf" LOGIN},
    [VAULT_GOOD] = {"vault", BT_DOCTOR_GOOD, "the vault is yours alone", "", NULL},
    [VAULT_NONE] = {"vault-none", BT_DOCTOR_GOOD, "there is no vault: nobody has enrolled a face here", "", NULL},
    [VAULT_OPEN] = {"vault-open", BT_DOCTOR_FAULT, "others may look into the vault", "only its owner should",
                    "chmod -R go= the folder"},
    [VAULT_FOREIGN] = {"vault-foreign", BT_DOCTOR_FAULT, "the vault belongs to somebody else",
                       "bauta was run as another user (sudo?) with this home", "sudo chown -R $USER the folder"},
    [CONTROL_GOOD] = {"control", BT_DOCTOR_GOOD, "bauta ctl can reach sessions", "", NULL},
    [CONTROL_NONE] = {"control-none", BT_DOCTOR_WARNING, "XDG_RUNTIME_DIR names no folder",
                      "bauta ctl and bauta top cannot reach a session",
                      "log in by the desktop or ssh, or: export XDG_RUNTIME_DIR=/run/user/$(id -u)"},
};

/* 2026-11-01 00:00 UTC: no clock is right that is before. Moved with each release. */
static const int64_t RELEASED_S = 1793491200, DECADES_S = INT64_C(20) * 365 * 86400, SLACK_S = 60;
enum { LEAST_BUFFERS = 4 };

static void find(struct bt_doctor_report *r, enum message which, const char *detail) {
    if (r->count == BT_DOCTOR_FINDINGS_MOST) return;
    struct bt_doctor_finding *f = &r->finding[r->count++];
    f->message = &messages[which];
    snprintf(f->detail, sizeof f->detail, "%s", detail);
    r->warnings += f->message->level == BT_DOCTOR_WARNING;
    r->faults += f->message->level == BT_DOCTOR_FAULT;
}

static void judge_module(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    int major = 0, minor = 0, patch = 0;
    if (f->loaded) {
        const bool known = sscanf(f->version, "%d.%d.%d", &major, &minor, &patch) >= 2;
        const bool old = known && !major && (minor < 12 || (minor == 12 && patch < 7));
        find(r, old ? MODULE_OLD : MODULE_GOOD, f->version);
    } else if (f->built && f->secure_boot) {
        find(r, f->signature_known && !f->has_signature ? MODULE_UNSIGNED : MODULE_KEY, f->kernel);
    } else if (f->built) {
        find(r, MODULE_NOT_LOADED, f->kernel);
    } else if (f->built_for[0]) {
        char detail[BT_DOCTOR_TEXT + 80];
        snprintf(detail, sizeof detail, "this is %.40s; it is built for %s", f->kernel, f->built_for);
        find(r, MODULE_OTHER_KERNEL, detail);
    } else if (f->sources) {
        find(r, f->headers ? MODULE_NOT_BUILT : MODULE_NO_HEADERS, f->kernel);
    } else {
        find(r, MODULE_MISSING, "");
    }
}

static uint32_t loopbacks(const struct bt_doctor_facts *f) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < f->node_count; i++) count += f->node[i].loopback;
    return count;
}

/* exclusive_caps reads "Y,N,N,…": one letter a device, in the order they were made. */
static void judge_options(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    const uint32_t devices = loopbacks(f);
    uint32_t off = 0;
    char buffers[32];
    if (!f->loaded) return;
    for (uint32_t i = 0; i < devices && 2 * i < strlen(f->exclusive_caps); i++) off += f->exclusive_caps[2 * i] == 'N';
    const bool few = f->max_buffers && f->max_buffers < LEAST_BUFFERS;
    snprintf(buffers, sizeof buffers, "max_buffers=%ld", f->max_buffers);
    if (off) find(r, CAPS_OFF, f->exclusive_caps);
    if (few) find(r, BUFFERS_FEW, buffers);
    if (!off && !few) find(r, CAPS_GOOD, "");
}

struct node_words {
    enum message good, none, denied, busy;
};

static void judge_nodes_of(const struct bt_doctor_facts *f, bool loopback, const struct node_words *words,
                           struct bt_doctor_report *r) {
    uint32_t seen = 0;
    bool good = false;
    for (uint32_t i = 0; i < f->node_count; i++) {
        const struct bt_doctor_node *n = &f->node[i];
        char detail[BT_DOCTOR_TEXT];
        if (n->loopback != loopback) continue;
        seen++;
        snprintf(detail, sizeof detail, "%s (%s)%s%s", n->path, n->name, n->holder[0] ? ": " : "", n->holder);
        if (!n->allowed)
            find(r, words->denied, detail);
        else if (n->holder[0])
            find(r, words->busy, detail);
        else if (!good)
            find(r, words->good, detail), good = true;
    }
    if (!seen) find(r, words->none, "");
}

static void judge_nodes(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    static const struct node_words virtuals = {NODE_GOOD, NODE_NONE, NODE_DENIED, NODE_BUSY};
    static const struct node_words cameras = {CAMERA_GOOD, CAMERA_NONE, CAMERA_DENIED, CAMERA_BUSY};
    if (f->loaded) judge_nodes_of(f, true, &virtuals, r);
    judge_nodes_of(f, false, &cameras, r);
}

static void judge_gpu(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    const struct bt_doctor_gpu *best = NULL, *old = NULL;
    char detail[BT_DOCTOR_TEXT] = "";
    for (uint32_t i = 0; i < f->gpu_count; i++) {
        const struct bt_doctor_gpu *g = &f->gpu[i];
        if (!g->usable && !old && (!g->cpu || f->gpu_count == 1)) old = g;
        if (g->usable && (!best || best->cpu)) best = g;
    }
    const struct bt_doctor_gpu *shown = best && !best->cpu ? best : old ? old : best;
    if (shown) snprintf(detail, sizeof detail, "%.90s, %.60s", shown->name, shown->driver);
    if (best && !best->cpu)
        find(r, GPU_GOOD, detail);
    else if (f->has_render_node && !f->render_allowed)
        find(r, GPU_DENIED, "");
    else if (old)
        find(r, GPU_OLD, detail);
    else if (best)
        find(r, GPU_CPU, detail);
    else
        find(r, GPU_NONE, "");
}

static void judge_models(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    if (f->missing[0]) find(r, MODELS_MISSING, f->missing);
    if (f->changed[0]) find(r, MODELS_CHANGED, f->changed);
    if (f->unsigned_list[0]) find(r, MODELS_UNSIGNED, f->unsigned_list);
    if (!f->missing[0] && !f->changed[0] && !f->unsigned_list[0]) find(r, MODELS_GOOD, f->models);
}

static void judge_clock(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    if (f->now_s < RELEASED_S)
        find(r, CLOCK_EARLY, "");
    else if (f->newest_log_s > f->now_s + SLACK_S)
        find(r, CLOCK_BEHIND, "");
    else
        find(r, f->now_s > RELEASED_S + DECADES_S ? CLOCK_LATE : CLOCK_GOOD, "");
}

static void judge_memory(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    char detail[BT_DOCTOR_TEXT];
    snprintf(detail, sizeof detail, "ulimit -l is %llu KiB; %llu are needed", (unsigned long long)f->lock_limit_bytes / 1024,
             (unsigned long long)f->lock_needed_bytes / 1024);
    const bool low = f->lock_limit_bytes < f->lock_needed_bytes;
    find(r, low ? LOCK_LOW : LOCK_GOOD, low ? detail : "");
}

static void judge_vault(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    char mode[16];
    snprintf(mode, sizeof mode, "mode %04o", (unsigned)f->vault_mode & 07777);
    if (!f->has_vault)
        find(r, VAULT_NONE, "");
    else if (!f->vault_is_ours)
        find(r, VAULT_FOREIGN, "");
    else
        find(r, f->vault_mode & 077 ? VAULT_OPEN : VAULT_GOOD, f->vault_mode & 077 ? mode : "");
}

static void judge_control(const struct bt_doctor_facts *f, struct bt_doctor_report *r) {
    find(r, f->has_runtime ? CONTROL_GOOD : CONTROL_NONE, "");
}

void bt_doctor_judge(const struct bt_doctor_facts *facts, struct bt_doctor_report *out_report) {
    static void (*const rules[])(const struct bt_doctor_facts *, struct bt_doctor_report *) = {
        judge_module, judge_options, judge_nodes, judge_gpu,    judge_models,
        judge_clock,  judge_memory,  judge_vault, judge_control};
    *out_report = (struct bt_doctor_report){0};
    for (size_t i = 0; i < BT_COUNT(rules); i++) rules[i](facts, out_report);
}

uint32_t bt_doctor_message_count(void) {
    return MESSAGES;
}

const struct bt_doctor_message *bt_doctor_message_at(uint32_t index) {
    return &messages[index];
}
