/* SPDX-License-Identifier: MIT */
#include "pipeline/gate/gate.h"

#include "pipeline/gate/fitted.h"

static const int64_t GAP_NS = 1000000000; /* what was so long ago says nothing about now */
/* A lamp that goes out must not show for a moment what follows. A quick move smears a few frames, and is over. */
enum { AT_ONCE = 0, SOON_MS = 120, SMEARED_MS = 250 };

static const struct bt_gate_row rows[BT_GATE_MEASURES] = {
    [BT_GATE_LIGHT] = {"light", BT_E_TOO_DARK, BT_GATE_FITTED_LIGHT, AT_ONCE},
    [BT_GATE_BURNT] = {"burnt", BT_E_TOO_BRIGHT, BT_GATE_FITTED_BURNT, SOON_MS},
    [BT_GATE_CONTRAST] = {"contrast", BT_E_LOW_CONTRAST, BT_GATE_FITTED_CONTRAST, SOON_MS},
    [BT_GATE_SIZE] = {"size", BT_E_TOO_SMALL, BT_GATE_FITTED_SIZE, SOON_MS},
    [BT_GATE_SHARPNESS] = {"sharpness", BT_E_BLURRED, BT_GATE_FITTED_SHARPNESS, SMEARED_MS},
    [BT_GATE_NOISE] = {"noise", BT_E_NOISY, BT_GATE_FITTED_NOISE, SOON_MS},
    [BT_GATE_CONFIDENCE] = {"confidence", BT_E_UNSTEADY, BT_GATE_FITTED_CONFIDENCE, SOON_MS},
    [BT_GATE_JITTER] = {"jitter", BT_E_UNSTEADY, BT_GATE_FITTED_JITTER, SOON_MS},
};

const struct bt_gate_row *bt_gate_row(enum bt_gate_measure measure) {
    return &rows[measure];
}

float bt_gate_value(const struct bt_measures *m, enum bt_gate_measure measure) {
    const float value[BT_GATE_MEASURES] = {
        [BT_GATE_LIGHT] = m->light,           [BT_GATE_BURNT] = m->burnt,         [BT_GATE_CONTRAST] = m->contrast,
        [BT_GATE_SIZE] = m->eye_px,           [BT_GATE_SHARPNESS] = m->sharpness, [BT_GATE_NOISE] = m->noise / m->contrast,
        [BT_GATE_CONFIDENCE] = m->confidence, [BT_GATE_JITTER] = m->jitter,
    };
    return value[measure];
}

/* So written that what is no number is trouble. */
static bool past(const struct bt_gate_row *row, float limit, float value) {
    return row->enter < row->leave ? !(value >= limit) : !(value <= limit);
}

bool bt_gate_bad(enum bt_gate_measure measure, float value) {
    return past(&rows[measure], rows[measure].enter, value);
}

static void step(struct bt_gate *g, enum bt_gate_measure m, float value, int64_t now_ns) {
    const struct bt_gate_row *row = &rows[m];
    const bool turns = g->off[m] ? !past(row, row->leave, value) : past(row, row->enter, value);
    if (turns && !g->turning[m]) g->since_ns[m] = now_ns;
    g->turning[m] = turns;
    const int64_t wait_ms = g->off[m] ? BT_GATE_LEAVE_MS : row->after_ms;
    if (!turns || now_ns - g->since_ns[m] < wait_ms * 1000000) return;
    g->off[m] = !g->off[m];
    g->turning[m] = false;
}

bt_status bt_gate_judge(struct bt_gate *gate, const struct bt_faces *faces, int64_t now_ns) {
    const int64_t gap_ns = now_ns - gate->last_ns;
    const bool seen = faces->wearer >= 0 && (uint32_t)faces->wearer < faces->count;
    if (gap_ns < 0 || gap_ns > GAP_NS) *gate = (struct bt_gate){0};
    gate->last_ns = now_ns;
    for (int m = 0; m < BT_GATE_MEASURES; m++) /* without a face there is the light of the room, and nothing else */
        if (seen || m == BT_GATE_LIGHT)
            step(gate, (enum bt_gate_measure)m, bt_gate_value(&faces->measures, (enum bt_gate_measure)m), now_ns);
        else
            gate->off[m] = gate->turning[m] = false;
    if (gate->off[BT_GATE_LIGHT]) return rows[BT_GATE_LIGHT].status;
    if (faces->count > 1) return BT_E_TWO_FACES;
    if (!seen) return BT_E_NO_FACE;
    for (int m = 0; m < BT_GATE_MEASURES; m++)
        if (gate->off[m]) return rows[m].status;
    return BT_OK;
}

bool bt_gate_of_picture(bt_status status) {
    if (status == BT_E_NO_FACE || status == BT_E_TWO_FACES || status == BT_E_POSE || status == BT_E_OCCLUDED) return true;
    for (int m = 0; m < BT_GATE_MEASURES; m++)
        if (rows[m].status == status) return true;
    return false;
}

/* The placards' own words. */
#define BT_STRING(name, text)
#define BT_CARD(status, what_en, what_zh, help_en, help_zh) [status] = {what_en ". " help_en, what_zh "。" help_zh},
static const char *const hints[BAUTA_STATUS_COUNT][2] = {
#include "pipeline/disclose/strings.def"
};
#undef BT_CARD
#undef BT_STRING

const char *bt_gate_hint(bt_status status, bool chinese) {
    if (status == BT_OK || (unsigned)status >= BAUTA_STATUS_COUNT) return "";
    return hints[status][chinese];
}
