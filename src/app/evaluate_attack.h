/* SPDX-License-Identifier: MIT */
/* Whoever sits before enrolment's challenge, as landmarks: a living head, or one of the things held up in its place
   (ISO/IEC 30107-3: presentation attack instrument species). People and attackers are made of numbers; they err, tire and
   tremble as people do, by the figures in evaluate_attack.c. One thread. */
#ifndef BT_APP_EVALUATE_ATTACK_H
#define BT_APP_EVALUATE_ATTACK_H

#include "base/status.h"
#include "enroll/challenge.h"
#include "mask/mask.h"

enum bt_attack {
    BT_ATTACK_PHOTO,  /* a print, turned, tilted and moved by hand as it is asked */
    BT_ATTACK_EYES,   /* the same with its eyes cut out, and living eyes behind */
    BT_ATTACK_REPLAY, /* on a screen: the person's own passed challenge of another day */
    BT_ATTACK_CLIPS,  /* on a screen: a clip of each movement, picked by somebody who reads what is asked */
    BT_ATTACK_MASK,   /* our own masked output: a living driver under another face */
    BT_ATTACKS,
    BT_ATTACK_NONE = BT_ATTACKS, /* a living head: bona fide */
    BT_ATTACK_KINDS
};
extern const char *const bt_attack_name[BT_ATTACK_KINDS];

struct bt_attack_trial {
    enum bt_attack kind;
    const struct bt_rig *rig;
    const struct bt_mask *person;  /* whose head it is, or whose picture */
    const struct bt_mask *worn;    /* BT_ATTACK_MASK: the face put on */
    struct bt_enroll_meter *meter; /* reset here */
    uint64_t seed;
};
struct bt_attack_result {
    bool passed;
    enum bt_enroll_failure failure; /* BT_FAILURE_NONE where not even a rest was found */
};
/* Rest, then the challenge with tasks as enrolment asks for. BT_E_MEMORY. */
BT_CHECKED bt_status bt_attack_run(const struct bt_attack_trial *trial, struct bt_attack_result *out_result);

#endif
