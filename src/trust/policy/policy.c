/* SPDX-License-Identifier: MIT */
#include "trust/policy/policy.h"

/* A rule matches where each of its fields is ANY or equals the fact. The first match decides; the last one always matches. */
enum { ANY = -1, NO = 0, YES = 1 };

struct rule {
    int origin, owner, receipt, attended, standing, leaves, enrolling;
    struct bt_policy_decision decision;
};

static const struct rule rules[] = {
    {BT_ORIGIN_BUILTIN,
     BT_OWNER_PERSON,
     ANY,
     YES,
     ANY,
     NO,
     YES,
     {BT_VERDICT_ALLOW, "the face's owner looks at it, on public-domain footage, before it is kept"}},
    {ANY, BT_OWNER_PERSON, NO, ANY, ANY, ANY, ANY, {BT_VERDICT_REFUSE, "no live consent of the face's owner is on record"}},
    {BT_ORIGIN_BUILTIN,
     BT_OWNER_NOBODY,
     ANY,
     ANY,
     ANY,
     ANY,
     ANY,
     {BT_VERDICT_ALLOW, "public-domain footage under a mask that belongs to nobody"}},
    {BT_ORIGIN_FILE,
     BT_OWNER_NOBODY,
     ANY,
     ANY,
     ANY,
     NO,
     ANY,
     {BT_VERDICT_ALLOW, "a recording under a mask that belongs to nobody, and only digests are kept"}},
    {BT_ORIGIN_CAMERA, ANY, ANY, NO, YES, ANY, ANY, {BT_VERDICT_ALLOW, "a standing consent to start with nobody to ask"}},
    {ANY, ANY, ANY, NO, ANY, ANY, ANY, {BT_VERDICT_REFUSE, "there is no terminal to ask the wearer at"}},
    {BT_ORIGIN_CAMERA, ANY, ANY, YES, ANY, ANY, ANY, {BT_VERDICT_ASK, "a live person is about to be filmed"}},
    {BT_ORIGIN_FILE,
     ANY,
     ANY,
     YES,
     ANY,
     ANY,
     ANY,
     {BT_VERDICT_ASK, "a recording of a person is about to be shown as somebody else"}},
    {BT_ORIGIN_BUILTIN, BT_OWNER_PERSON, YES, YES, ANY, ANY, ANY, {BT_VERDICT_ASK, "a person's face is about to be worn"}},
    {ANY, ANY, ANY, ANY, ANY, ANY, ANY, {BT_VERDICT_REFUSE, "no rule allows it"}},
};

static bool fits(int wanted, int fact) {
    return wanted == ANY || wanted == fact;
}

struct bt_policy_decision bt_policy_decide(const struct bt_policy_facts *facts) {
    const struct rule *r = rules;
    while (!(fits(r->origin, (int)facts->origin) && fits(r->owner, (int)facts->owner) &&
             fits(r->receipt, facts->receipt_live) && fits(r->attended, facts->wearer_attended) &&
             fits(r->standing, facts->standing) && fits(r->leaves, facts->leaves_machine) &&
             fits(r->enrolling, facts->enrolling)))
        r++;
    return r->decision;
}
