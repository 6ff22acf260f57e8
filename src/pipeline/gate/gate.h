/* SPDX-License-Identifier: MIT */
/* May this frame be masked? The measures that track makes, each held to a threshold that was fitted on measured landmark error
   (`bauta evaluate gate`; fitted.h has the figures), and the words for what is wrong. Pure C, plain memory, no time of its own.
 */
#ifndef BT_PIPELINE_GATE_H
#define BT_PIPELINE_GATE_H

#include "base/status.h"
#include "pipeline/faces.h"
#include <stdbool.h>
#include <stdint.h>

/* Most urgent first: of several troubles the first is told. */
enum bt_gate_measure {
    BT_GATE_LIGHT,
    BT_GATE_BURNT,
    BT_GATE_CONTRAST,
    BT_GATE_SIZE,
    BT_GATE_SHARPNESS,
    BT_GATE_NOISE,
    BT_GATE_CONFIDENCE,
    BT_GATE_JITTER,
    BT_GATE_MEASURES
};

/* One row of the table: in trouble when the value has been past `enter` (below it where enter < leave, else above) for
   `after_ms`; out of it when it has been on the good side of `leave` for BT_GATE_LEAVE_MS. */
struct bt_gate_row {
    const char *name;
    bt_status status;
    float enter, leave;
    int32_t after_ms;
};
enum { BT_GATE_LEAVE_MS = 300 };
const struct bt_gate_row *bt_gate_row(enum bt_gate_measure measure);
/* Is this value past the row's `enter`? What is no number is. */
bool bt_gate_bad(enum bt_gate_measure measure, float value);
/* What the row looks at: the measure of its name; of noise, over the contrast, as it is the face's that it drowns. */
float bt_gate_value(const struct bt_measures *measures, enum bt_gate_measure measure);

/* All zero: nothing seen yet. */
struct bt_gate {
    int64_t last_ns, since_ns[BT_GATE_MEASURES];
    bool off[BT_GATE_MEASURES];     /* in trouble */
    bool turning[BT_GATE_MEASURES]; /* since since_ns the value says otherwise than `off` */
};
/* One frame, in the order of their capture. BT_OK, or why the placard stands: the first trouble of the table, BT_E_TWO_FACES or
   BT_E_NO_FACE. After a second without a frame it starts over. Whether the head is turned too far or covered is swap's to say.
 */
BT_CHECKED bt_status bt_gate_judge(struct bt_gate *gate, const struct bt_faces *faces, int64_t now_ns);

/* Is it the picture that is wrong, rather than the machine or the consent? All that judge says, BT_E_POSE and BT_E_OCCLUDED. */
bool bt_gate_of_picture(bt_status status);
/* What is wrong and what helps, in the placard's words, which are the enrolment's too: "Too dark. Light your face from the
 * front"; "" for BT_OK. */
const char *bt_gate_hint(bt_status status, bool chinese);

#endif
