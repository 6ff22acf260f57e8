/* SPDX-License-Identifier: MIT */
#include "control/status.h"

#include "control/json.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[BT_CONTROL_STATE_COUNT] = {"starting", "live", "held", "card", "paused", "referred", "ended"};

const char *bt_control_state_text(enum bt_control_state state) {
    return (unsigned)state < BT_CONTROL_STATE_COUNT ? states[state] : "unknown";
}

/* Every number of a status: its key in JSON, and its metric by Prometheus' rules of naming (base units; counters end in
   _total). Rows of one metric stand together. */
static const struct number {
    size_t offset;
    const char *key, *metric, *label, *help;
    bool counter;
    double to_unit;
} numbers[] = {
#define AT(field) offsetof(struct bt_control_status, field), #field
    {AT(pid), NULL, NULL, NULL, false, 1},
    {AT(width_px), NULL, NULL, NULL, false, 1},
    {AT(height_px), NULL, NULL, NULL, false, 1},
    {AT(uptime_s), "bauta_session_uptime_seconds", NULL, "How long the session has run.", false, 1},
    {AT(fps), "bauta_frames_per_second", NULL, "Frames that left in the last second.", false, 1},
    {AT(latency_p50_ms), "bauta_latency_seconds", "quantile=\"0.5\"",
     "From the exposure of a frame to its hand-over to the outputs, since the start.", false, 1e-3},
    {AT(latency_p99_ms), "bauta_latency_seconds", "quantile=\"0.99\"", NULL, false, 1e-3},
    {AT(queue_age_ms), "bauta_queue_age_seconds", NULL, "How long ago the outputs got their newest frame.", false, 1e-3},
    {AT(rss_bytes), "bauta_memory_bytes", "kind=\"resident\"", "Memory of the process, and what it has taken from the GPU.",
     false, 1},
    {AT(gpu_bytes), "bauta_memory_bytes", "kind=\"gpu\"", NULL, false, 1},
    {AT(frames), "bauta_frames_total", NULL, "Frames that left, cards included.", true, 1},
    {AT(masked), "bauta_frames_masked_total", NULL, "Frames that left with the mask.", true, 1},
    {AT(held), "bauta_frames_held_total", NULL, "Frames for which the last masked one stood still.", true, 1},
    {AT(placards), NULL, NULL, NULL, false, 1}, /* by reason, below */
    {AT(camera_dropped), "bauta_dropped_total", "where=\"camera\"", "Frames that were replaced by newer ones while waiting.",
     true, 1},
    {AT(output_dropped), "bauta_dropped_total", "where=\"output\"", NULL, true, 1},
    {AT(undisclosed), "bauta_frames_undisclosed_total", NULL,
     "Frames whose label could not be read back: the output stops at the first.", true, 1},
    {AT(referrals), "bauta_referrals_total", NULL, "How often the wearer had to decide whether it goes on.", true, 1},
    {AT(approvals), "bauta_approvals_total", NULL, "How often it went on.", true, 1},
#undef AT
};

static double *at(const struct bt_control_status *status, const struct number *n) {
    return (double *)(uintptr_t)((const char *)status + n->offset);
}

static double finite_or_0(double value) {
    return isfinite(value) ? value : 0;
}

/* JSON has whole numbers; what is one is written as one, the rest to a thousandth. */
static json_t *number_json(double value) {
    value = finite_or_0(value);
    if (value == floor(value) && fabs(value) < 9007199254740992.0) return json_integer((json_int_t)value);
    return json_real(round(value * 1000) / 1000);
}

static bool text_to(char *out, size_t bytes, json_t *json, const char *key) {
    const json_t *value = json_object_get(json, key);
    if (value && !json_is_string(value)) return false;
    snprintf(out, bytes, "%s", value ? json_string_value(value) : "");
    return true;
}

json_t *bt_control_status_pack(const struct bt_control_status *s) {
    json_t *placards = json_object(), *stages = json_object();
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++)
        if (s->placards_by_status[i] > 0)
            json_object_set_new(placards, bauta_status_text((bauta_status)i), number_json(s->placards_by_status[i]));
    for (uint32_t i = 0; i < s->stage_count && i < BT_CONTROL_STAGES_MOST; i++)
        json_object_set_new(stages, s->stage[i].name, number_json(s->stage[i].ms));
    json_t *all =
        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "state", bt_control_state_text(s->state), "why", bauta_status_text(s->why),
                  "hint", s->hint, "session", s->session, "face", s->face, "device", s->device);
    for (size_t i = 0; all && i < BT_COUNT(numbers); i++)
        json_object_set_new(all, numbers[i].key, number_json(*at(s, &numbers[i])));
    json_object_set_new(all, "placards_by_reason", placards);
    json_object_set_new(all, "stages_ms", stages);
    return all;
}

static bt_status status_of_text(const char *text, bt_status *out) {
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++)
        if (!strcmp(text, bauta_status_text((bauta_status)i))) {
            *out = (bt_status)i;
            return BT_OK;
        }
    return BT_E_FORMAT;
}

bt_status bt_control_status_unpack(json_t *json, struct bt_control_status *out) {
    struct bt_control_status s = {0};
    char state[16], why[64];
    if (!json_is_object(json) || !text_to(state, sizeof state, json, "state") || !text_to(why, sizeof why, json, "why") ||
        !text_to(s.hint, sizeof s.hint, json, "hint") || !text_to(s.session, sizeof s.session, json, "session") ||
        !text_to(s.face, sizeof s.face, json, "face") || !text_to(s.device, sizeof s.device, json, "device") ||
        status_of_text(why, &s.why))
        return BT_E_FORMAT;
    while (s.state < BT_CONTROL_STATE_COUNT && strcmp(states[s.state], state) != 0) s.state++;
    if (s.state == BT_CONTROL_STATE_COUNT) return BT_E_FORMAT;
    for (size_t i = 0; i < BT_COUNT(numbers); i++) {
        const json_t *value = json_object_get(json, numbers[i].key);
        if (value && !json_is_number(value)) return BT_E_FORMAT;
        *at(&s, &numbers[i]) = json_number_value(value);
    }
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(json, "placards_by_reason"), key, value) {
        bt_status reason;
        if (!json_is_number(value) || status_of_text(key, &reason)) return BT_E_FORMAT;
        s.placards_by_status[reason] = json_number_value(value);
    }
    json_object_foreach(json_object_get(json, "stages_ms"), key, value) {
        if (!json_is_number(value) || s.stage_count == BT_CONTROL_STAGES_MOST) return BT_E_FORMAT;
        snprintf(s.stage[s.stage_count].name, BT_CONTROL_NAME_BYTES, "%s", key);
        s.stage[s.stage_count++].ms = json_number_value(value);
    }
    *out = s;
    return BT_OK;
}

bt_status bt_control_status_json(const struct bt_control_status *status, char **out_text) {
    json_t *json = bt_control_status_pack(status);
    char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    if (!text) return BT_E_MEMORY;
    *out_text = text;
    return BT_OK;
}

static void head(FILE *out, const char *metric, const char *help, bool counter) {
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, counter ? "counter" : "gauge");
}

/* A label's value: backslash, quote and end of line are escaped. */
static void label(FILE *out, const char *name, const char *value) {
    fprintf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else
            fprintf(out, "%s%c", *value == '\\' || *value == '"' ? "\\" : "", *value);
    }
    fputc('"', out);
}

bt_status bt_control_status_metrics(const struct bt_control_status *s, char **out_text) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    head(out, "bauta_session_info", "What runs; always 1.", false);
    fprintf(out, "bauta_session_info{version=\"%s\",size=\"%.0fx%.0f\",", BAUTA_VERSION, s->width_px, s->height_px);
    label(out, "face", s->face);
    fputc(',', out);
    label(out, "device", s->device);
    fputs("} 1\n", out);
    head(out, "bauta_session_state", "1 for what the session does now, 0 for the rest.", false);
    for (unsigned i = 0; i < BT_CONTROL_STATE_COUNT; i++)
        fprintf(out, "bauta_session_state{state=\"%s\"} %d\n", states[i], i == (unsigned)s->state);
    for (size_t i = 0; i < BT_COUNT(numbers); i++) {
        const struct number *n = &numbers[i];
        if (!n->metric) continue;
        if (n->help) head(out, n->metric, n->help, n->counter);
        fprintf(out, "%s%s%s%s %.15g\n", n->metric, n->label ? "{" : "", n->label ? n->label : "", n->label ? "}" : "",
                finite_or_0(*at(s, n)) * n->to_unit);
    }
    head(out, "bauta_placards_total", "Cards that were sent instead of the picture, by reason.", true);
    for (int i = 1; i < BAUTA_STATUS_COUNT; i++) {
        fputs("bauta_placards_total{", out);
        label(out, "reason", bauta_status_text((bauta_status)i));
        fprintf(out, "} %.15g\n", finite_or_0(s->placards_by_status[i]));
    }
    if (s->stage_count) head(out, "bauta_stage_seconds", "Mean time of each stage a frame, in the last second.", false);
    for (uint32_t i = 0; i < s->stage_count && i < BT_CONTROL_STAGES_MOST; i++) {
        fputs("bauta_stage_seconds{", out);
        label(out, "stage", s->stage[i].name);
        fprintf(out, "} %.9g\n", finite_or_0(s->stage[i].ms) * 1e-3);
    }
    bool failed = ferror(out) != 0;
    if (fclose(out) || failed) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
