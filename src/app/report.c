/* SPDX-License-Identifier: MIT */
#include "app/report.h"

#include "app/files.h"
#include "base/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void bt_report_print(const struct bt_session *session) {
    struct bt_pipeline_stats p = bt_pipeline_stats_of(session->pipeline);
    bt_log_info(session->log,
                "%" PRIu64 " frames: %" PRIu64 " masked, %" PRIu64 " placards; %" PRIu64 " of %" PRIu64
                " labelled; %.1f frames/s",
                p.frames, p.swapped, p.placard, p.disclosed, p.frames, p.fps);
    if (p.held) bt_log_info(session->log, "  %" PRIu64 " held still, the face being lost", p.held);
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++)
        if (p.placards_by_status[i])
            bt_log_info(session->log, "  placard: %s (%" PRIu64 ")", bauta_status_text((bauta_status)i),
                        p.placards_by_status[i]);
}

bt_status bt_report_write(const struct bt_session *session, const char *path, const struct bt_report_extra *extra) {
    bt_status status = BT_E_MEMORY;
    char *text = NULL;
    json_t *json = bt_session_stats(session);
    if (json && extra) {
        struct bt_pipeline_stats p = bt_pipeline_stats_of(session->pipeline);
        double own = p.cpu_ms - extra->source_cpu_ms; /* drawing the footage is not the program's work */
        json_object_set_new(json_object_get(json, "stages_ms"), bt_stage_name(BT_STAGE_CAPTURE),
                            json_real(p.stage_ms[BT_STAGE_CAPTURE] - extra->source_cpu_ms));
        json_object_set_new(json, "with_face", json_integer((json_int_t)extra->with_face));
        json_object_set_new(json, "footage_cpu_ms", json_real(extra->source_cpu_ms));
        json_object_set_new(json, "frame_cpu_ms", json_real(own));
    }
    if (json) text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    if (text) status = bt_files_write(session->log, path, text, strlen(text));
    free(text);
    json_decref(json);
    return status;
}
