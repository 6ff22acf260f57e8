/* SPDX-License-Identifier: MIT */
#include "trust/audit/audit.h"

#include "base/log.h"
#include "trust/vault/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

/* What the first line names as its predecessor. */
static const char no_predecessor[] = "0000000000000000000000000000000000000000000000000000000000000000";

struct bt_audit {
    struct bt_log *log;
    int fd; /* -1: memory only */
    char path[PATH_MAX];
    char last_hex[BT_VAULT_SHA256_HEX];
    uint64_t count;
};

/* One stored line: is it JSON, is it number `number`, does it name `expected_hex`? Gives its own digest. */
static bool line_follows(const char *line, size_t size, uint64_t number, const char *expected_hex,
                         char out_hex[BT_VAULT_SHA256_HEX]) {
    json_t *json = json_loadb(line, size, 0, NULL);
    const char *previous = json_string_value(json_object_get(json, "prev"));
    json_int_t n = json_integer_value(json_object_get(json, "n"));
    bool follows = previous && !strcmp(previous, expected_hex) && n == (json_int_t)number;
    json_decref(json);
    return follows && bt_vault_sha256_hex(line, size, out_hex) == BT_OK;
}

struct walk {
    uint64_t lines;
    off_t end; /* just past the last whole line */
    bool torn; /* bytes follow it */
    char last_hex[BT_VAULT_SHA256_HEX];
};

/* Follows the chain from the start. BT_E_FORMAT at line walk->lines + 1. */
static bt_status walk_chain(int fd, struct walk *walk) {
    bt_status status = BT_OK;
    int copy = dup(fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    char *line = NULL;
    size_t room = 0;
    *walk = (struct walk){0};
    memcpy(walk->last_hex, no_predecessor, sizeof no_predecessor);
    if (!file) {
        if (copy >= 0) close(copy);
        return BT_E_IO;
    }
    rewind(file);
    for (ssize_t got; (got = getline(&line, &room, file)) > 0;) {
        if (line[got - 1] != '\n') {
            walk->torn = true;
            break;
        }
        char hex[BT_VAULT_SHA256_HEX];
        if (got > LINE_MAX_BYTES || !line_follows(line, (size_t)got - 1, walk->lines + 1, walk->last_hex, hex)) {
            status = BT_E_FORMAT;
            break;
        }
        memcpy(walk->last_hex, hex, sizeof hex);
        walk->lines++;
        walk->end += got;
    }
    /* Neither the end nor a bad line: it could not be read, for want of memory, say, which sets no error flag. */
    if (!status && (ferror(file) || !feof(file))) status = BT_E_IO;
    free(line);
    fclose(file);
    return status;
}

static bt_status make_folder_of(struct bt_log *log, const char *path) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(folder, 0700) && errno != EEXIST) {
            bt_log_error(log, "cannot make the folder %s: %s", folder, strerror(errno));
            return BT_E_IO;
        }
        *slash = '/';
    }
    return BT_OK;
}

static bt_status open_file(struct bt_audit *audit) {
    struct walk walk;
    bt_status status = make_folder_of(audit->log, audit->path);
    if (status) return status;
    audit->fd = open(audit->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (audit->fd < 0) {
        bt_log_error(audit->log, "cannot open the session log %s: %s", audit->path, strerror(errno));
        return BT_E_IO;
    }
    if (flock(audit->fd, LOCK_EX | LOCK_NB)) {
        bt_log_error(audit->log, "another bauta session holds the session log %s: end that one first", audit->path);
        return BT_E_BUSY;
    }
    status = walk_chain(audit->fd, &walk);
    if (status == BT_E_FORMAT) {
        bt_log_error(audit->log,
                     "the session log %s was changed at line %" PRIu64
                     ": move it away to keep it as evidence, then start again",
                     audit->path, walk.lines + 1);
    } else if (!status && walk.torn) {
        bt_log_warning(audit->log, "the session log %s ends in a torn line, which is cut off", audit->path);
        if (ftruncate(audit->fd, walk.end) || fsync(audit->fd)) status = BT_E_IO;
    }
    memcpy(audit->last_hex, walk.last_hex, sizeof walk.last_hex);
    audit->count = walk.lines;
    return status;
}

bt_status bt_audit_open(struct bt_log *log, const char *path, struct bt_audit **out_audit) {
    struct bt_audit *audit = calloc(1, sizeof *audit);
    bt_status status = BT_OK;
    if (!audit) return BT_E_MEMORY;
    audit->log = log;
    audit->fd = -1;
    memcpy(audit->last_hex, no_predecessor, sizeof no_predecessor);
    if (path) {
        if ((size_t)snprintf(audit->path, sizeof audit->path, "%s", path) >= sizeof audit->path)
            status = BT_E_ARGUMENT;
        else
            status = open_file(audit);
    }
    if (status)
        bt_audit_close(&audit);
    else
        *out_audit = audit;
    return status;
}

void bt_audit_close(struct bt_audit **audit) {
    if (!*audit) return;
    if ((*audit)->fd >= 0) close((*audit)->fd);
    free(*audit);
    *audit = NULL;
}

static char *format_line(const struct bt_audit *audit, int64_t wall_ns, const char *event, const struct bt_audit_field *fields,
                         uint32_t count) {
    char when[40];
    time_t seconds = (time_t)(wall_ns / 1000000000);
    struct tm utc;
    char *text = NULL;
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_t *json = json_pack("{s:I, s:s, s:s}", "n", (json_int_t)(audit->count + 1), "time", when, "event", event);
    bool good = json != NULL;
    for (uint32_t i = 0; good && i < count; i++) good = !json_object_set_new(json, fields[i].key, json_string(fields[i].value));
    good = good && !json_object_set_new(json, "prev", json_string(audit->last_hex));
    if (good) text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(json);
    return text;
}

/* Appends whole and durable, or puts the file back to what it was. */
static bt_status write_line(struct bt_audit *audit, const char *line, size_t size) {
    off_t before = lseek(audit->fd, 0, SEEK_END);
    if (before < 0) return BT_E_IO;
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(audit->fd, line + done, size - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) goto undo;
        done += (size_t)wrote;
    }
    if (!fsync(audit->fd)) return BT_OK;
undo:
    bt_log_error(audit->log, "cannot write the session log %s: %s", audit->path, strerror(errno));
    if (ftruncate(audit->fd, before)) bt_log_error(audit->log, "nor restore it: %s", strerror(errno));
    return BT_E_IO;
}

bt_status bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event, const struct bt_audit_field *fields,
                          uint32_t field_count) {
    bt_status status = BT_E_MEMORY;
    char hex[BT_VAULT_SHA256_HEX];
    char *line = format_line(audit, wall_ns, event, fields, field_count);
    char *grown = NULL;
    if (!line) {
        bt_log_error(audit->log, "the session log line for %s could not be made: no memory, or a value that is not UTF-8",
                     event);
        goto done;
    }
    size_t size = strlen(line);
    if (size >= LINE_MAX_BYTES) {
        status = BT_E_ARGUMENT;
        goto done;
    }
    status = bt_vault_sha256_hex(line, size, hex);
    if (status || audit->fd < 0) goto kept;
    grown = malloc(size + 1);
    if (!grown) {
        status = BT_E_MEMORY;
        goto done;
    }
    memcpy(grown, line, size);
    grown[size] = '\n';
    status = write_line(audit, grown, size + 1);
kept:
    if (!status) {
        memcpy(audit->last_hex, hex, sizeof hex);
        audit->count++;
    }
done:
    free(grown);
    free(line);
    return status;
}

bt_status bt_audit_check(struct bt_log *log, const char *path, uint64_t *out_lines, uint64_t *out_line) {
    struct walk walk;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bt_log_error(log, "cannot open the session log %s: %s", path, strerror(errno));
        return errno == ENOENT ? BT_E_NOT_FOUND : BT_E_IO;
    }
    bt_status status = walk_chain(fd, &walk);
    close(fd);
    if (!status && walk.torn) status = BT_E_FORMAT;
    if (status == BT_E_FORMAT) *out_line = walk.lines + 1;
    if (!status) *out_lines = walk.lines;
    return status;
}
