/* SPDX-License-Identifier: MIT */
/* bauta audit: the session log, read. */
#include "app/app.h"

#include "app/files.h"
#include "app/trust.h"
#include "base/log.h"
#include "trust/audit/audit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    json_t *lines; /* when they are kept */
    char first[40], last[40];
};

static const char *text_of(const json_t *line, const char *key) {
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

static bt_status read_line(void *user, const char *text) {
    struct reading *r = user;
    json_t *line = json_loads(text, 0, NULL);
    if (!line) return BT_E_MEMORY;
    if (!*r->first) snprintf(r->first, sizeof r->first, "%s", text_of(line, "time"));
    snprintf(r->last, sizeof r->last, "%s", text_of(line, "time"));
    bt_status status = r->lines && json_array_append(r->lines, line) ? BT_E_MEMORY : BT_OK;
    json_decref(line);
    return status;
}

static void show_line(const json_t *line) {
    static const char *const passed_over[] = {"n", "time", "event", "prev", "sig"};
    const char *key;
    json_t *value;
    printf("%5" JSON_INTEGER_FORMAT "  %s  %-19s", json_integer_value(json_object_get(line, "n")), text_of(line, "time"),
           text_of(line, "event"));
    json_object_foreach((json_t *)(uintptr_t)line, key, value) {
        bool over = !json_is_string(value);
        for (size_t i = 0; i < BT_COUNT(passed_over); i++) over |= !strcmp(key, passed_over[i]);
        if (!over) printf("  %s: %s", key, json_string_value(value));
    }
    putchar('\n');
}

static bt_status export_to(const struct bt_trust *trust, const struct reading *r, const struct bt_chain_report *report,
                           const char *file) {
    char key[2 * BT_SEAL_PUBLIC_BYTES + 1];
    bt_seal_hex_encode(bt_seal_signer_public(trust->signer), BT_SEAL_PUBLIC_BYTES, key);
    json_t *all = json_pack("{s:s,s:s,s:I,s:O}", "what", "bauta's session log", "public_key", key, "unsigned_lines",
                            (json_int_t)report->unsigned_lines, "lines", r->lines);
    char *text = all ? json_dumps(all, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(all);
    bt_status status = text ? bt_files_write(trust->log, file, text, strlen(text)) : BT_E_MEMORY;
    free(text);
    if (!status) printf("%" PRIu64 " lines are in %s\n", report->lines, file);
    return status;
}

bt_status bt_app_audit(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_trust trust;
    struct bt_chain_report report = {0};
    const char *word = o->words == 1 ? o->word[0] : "";
    bool showing = !strcmp(word, "show"), exporting = !strcmp(word, "export");
    if ((!showing && !exporting && strcmp(word, "verify") != 0) || (exporting != (o->output != NULL))) {
        bt_log_error(app->log, "bauta audit show, verify, or export --output FILE");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_trust_open(app->log, &trust);
    if (status) return status;
    struct reading reading = {.lines = showing || exporting ? json_array() : NULL};
    status = bt_chain_walk(app->log, trust.audit, bt_seal_signer_public(trust.signer), read_line, &reading, &report);
    if (status == BT_E_NOT_FOUND) status = BT_OK; /* no session yet: an empty log */
    if (status == BT_OK || status == BT_E_FORMAT) {
        size_t i;
        json_t *line;
        if (showing && o->json) {
            json_dumpf(reading.lines, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
            putchar('\n');
        } else if (showing) {
            json_array_foreach(reading.lines, i, line) show_line(line);
        } else if (exporting && !status) {
            status = export_to(&trust, &reading, &report, o->output);
        } else if (!status) {
            printf("%" PRIu64 " lines, %s%s%s: whole and in order", report.lines, reading.first,
                   report.lines ? " to " : "none yet", reading.last);
            if (report.unsigned_lines) printf(" (%" PRIu64 " of them from before lines were signed)", report.unsigned_lines);
            printf("\nNothing removes a line; the law asks for %d days.\n", BT_AUDIT_KEPT_DAYS);
        }
    }
    if (status == BT_E_FORMAT && report.why)
        bt_log_error(app->log, "%s, line %" PRIu64 ": %s. The lines before it are as they were written", trust.audit,
                     report.bad_line, report.why);
    json_decref(reading.lines);
    bt_trust_close(&trust);
    return status;
}
