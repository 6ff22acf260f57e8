/* SPDX-License-Identifier: MIT */
/* What can be wrong with a machine, and how each is mended. Three steps: facts are read from a folder (the machine's root, or a
   test's), rules judge them, each a pure function, and every finding names one message of one table. */
#ifndef BT_DOCTOR_H
#define BT_DOCTOR_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BT_DOCTOR_NODES_MOST = 32, BT_DOCTOR_GPUS_MOST = 16, BT_DOCTOR_TEXT = 160, BT_DOCTOR_FINDINGS_MOST = 64 };

struct bt_doctor_node {
    char path[32], name[64], holder[64]; /* holder: "obs (1234)", or "" */
    bool loopback, allowed;              /* allowed: may be read and written */
};

struct bt_doctor_gpu {
    char name[128], driver[128];
    bool cpu, usable; /* usable: has all that bauta needs */
};

struct bt_doctor_facts {
    char kernel[64];
    /* v4l2loopback */
    bool loaded, built, sources, headers; /* built, headers: for this kernel; sources: DKMS has them */
    bool secure_boot, has_signature, signature_known;
    char built_for[BT_DOCTOR_TEXT]; /* other kernels */
    char version[32], exclusive_caps[64];
    long max_buffers; /* 0: cannot be told */
    struct bt_doctor_node node[BT_DOCTOR_NODES_MOST];
    uint32_t node_count;
    bool has_render_node, render_allowed;
    bool has_vault, vault_is_ours;
    mode_t vault_mode;
    int64_t newest_log_s; /* 0: no log */
    bool has_runtime;
    /* Not from files: the caller's. */
    struct bt_doctor_gpu gpu[BT_DOCTOR_GPUS_MOST];
    uint32_t gpu_count;
    char models[BT_DOCTOR_TEXT], missing[BT_DOCTOR_TEXT], changed[BT_DOCTOR_TEXT]; /* folder; names of files */
    char unsigned_list[BT_DOCTOR_TEXT]; /* what is wrong with the signed list that they are held against, or "" */
    int64_t now_s;
    uint64_t lock_limit_bytes, lock_needed_bytes;
};

/* Whose permissions count, where it is not this process's. */
struct bt_doctor_person {
    uid_t user;
    const gid_t *groups;
    uint32_t group_count;
};

struct bt_doctor_place {
    const char *root;                      /* "" for the machine's own */
    const char *vault, *log, *runtime;     /* full paths; NULL: there is none */
    const struct bt_doctor_person *person; /* NULL: this process */
};

/* Fills what is read from files; opens no device. What cannot be read counts as not there. */
void bt_doctor_look(const struct bt_doctor_place *place, struct bt_doctor_facts *out_facts);

enum bt_doctor_level { BT_DOCTOR_GOOD, BT_DOCTOR_WARNING, BT_DOCTOR_FAULT };

struct bt_doctor_message {
    const char *id;
    enum bt_doctor_level level;
    const char *what, *why, *fix; /* fix: what to do or to type; NULL where nothing is wrong */
};

/* Every message that there is, for tests. */
uint32_t bt_doctor_message_count(void);
const struct bt_doctor_message *bt_doctor_message_at(uint32_t index);

struct bt_doctor_finding {
    const struct bt_doctor_message *message;
    char detail[BT_DOCTOR_TEXT]; /* which one, who; may be "" */
};

struct bt_doctor_report {
    struct bt_doctor_finding finding[BT_DOCTOR_FINDINGS_MOST];
    uint32_t count, warnings, faults;
};

/* A pure function. Every area has at least one finding. */
void bt_doctor_judge(const struct bt_doctor_facts *facts, struct bt_doctor_report *out_report);

#endif
