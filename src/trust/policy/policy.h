/* SPDX-License-Identifier: MIT */
/* Policy is a pure function: facts in, verdict out. No clock, no file, no environment. */
#ifndef BT_TRUST_POLICY_H
#define BT_TRUST_POLICY_H

#include <stdbool.h>

/* Where pictures come from. */
enum bt_origin {
    BT_ORIGIN_CAMERA,  /* a live person */
    BT_ORIGIN_FILE,    /* somebody's recording */
    BT_ORIGIN_BUILTIN, /* the program's own public-domain footage */
    BT_ORIGIN_COUNT
};

/* Whose face is worn. */
enum bt_owner {
    BT_OWNER_NOBODY, /* a synthetic mask, grown from a seed */
    BT_OWNER_PERSON, /* somebody's, enrolled */
    BT_OWNER_COUNT
};

struct bt_policy_facts {
    enum bt_origin origin;
    enum bt_owner owner;
    bool receipt_live;    /* a recorded, unexpired, unrevoked consent of the face's owner */
    bool wearer_attended; /* somebody can be asked now: a terminal on both ends */
    bool leaves_machine;  /* a virtual camera or a file is written, rather than a digest only */
    bool standing;        /* a recorded, live consent of the wearer to start with nobody to ask */
    bool enrolling;       /* the face's owner has asked for it, on record, and looks at it before it is kept */
};

enum bt_verdict {
    BT_VERDICT_ALLOW,  /* nobody needs to be asked */
    BT_VERDICT_ASK,    /* ask the wearer now; only a typed yes allows */
    BT_VERDICT_REFUSE, /* no answer could allow it */
};

struct bt_policy_decision {
    enum bt_verdict verdict;
    const char *reason; /* one static English sentence for the log and the audit */
};

struct bt_policy_decision bt_policy_decide(const struct bt_policy_facts *facts);

#endif
