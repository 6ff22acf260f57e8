/* SPDX-License-Identifier: MIT */
#include "trust/chain/chain.h"

#include "base/clock.h"
#include "base/log.h"
#include "trust/vault/digest.h"
#include "trust/vault/folders.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)BT_CHAIN_DIGEST_HEX == (int)BT_VAULT_SHA256_HEX, "digest");

enum { SIGNATURE_HEX = 2 * BT_SEAL_SIGNATURE_BYTES + 1, HEAD_MOST_BYTES = 512 };

/* What the first line names as its predecessor. */
static const char NO_PREDECESSOR[] = "0000000000000000000000000000000000000000000000000000000000000000";
/* A line ends with this member: the signature is of everything before it. */
static const char SIGNATURE_KEY[] = ",\"sig\":\"";

struct bt_chain {
    struct bt_log *log;
    const struct bt_signer *signer;
    int file; /* -1: memory only */
    char path[PATH_MAX];
    const char *what;
    char last_hex[BT_CHAIN_DIGEST_HEX];
    uint64_t count, sealed; /* sealed: what FILE.head knows; never more than one behind */
};

struct walk {
    struct bt_chain_report report;
    off_t end; /* just past the last whole line */
    bool torn; /* bytes follow it */
    char last_hex[BT_CHAIN_DIGEST_HEX];
    const uint8_t *key;
    uint64_t signed_lines, sealed;
    bool headless; /* there is no FILE.head, and need not be */
};

/* The signature's place in a line, NULL when it has none. */
static const char *signature_in(const char *line, size_t size) {
    const size_t tail = sizeof SIGNATURE_KEY - 1 + SIGNATURE_HEX - 1 + 2;
    const char *at = line + size - tail;
    if (size <= tail || memcmp(at, SIGNATURE_KEY, sizeof SIGNATURE_KEY - 1) || memcmp(line + size - 2, "\"}", 2)) return NULL;
    return at;
}

static const char *wrong_signature(struct walk *walk, const char *line, size_t size) {
    char hex[SIGNATURE_HEX];
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    const char *at = signature_in(line, size);
    if (!at) {
        if (walk->signed_lines) return "it is not signed";
        walk->report.unsigned_lines++;
        return NULL;
    }
    walk->signed_lines++;
    memcpy(hex, at + sizeof SIGNATURE_KEY - 1, sizeof hex - 1);
    hex[sizeof hex - 1] = 0;
    if (bt_seal_hex_decode(hex, signature, sizeof signature)) return "its signature is damaged";
    if (walk->key && bt_seal_verify(walk->key, (struct bt_bytes){(const uint8_t *)line, (size_t)(at - line)}, signature))
        return "it was changed, or signed by another installation's key";
    return NULL;
}

/* NULL when the line is the next of the chain. */
static const char *wrong_line(struct walk *walk, const char *line, size_t size) {
    const char *why = NULL;
    json_t *json = size > BT_CHAIN_LINE_MOST_BYTES ? NULL : json_loadb(line, size, 0, NULL);
    const char *previous = json_string_value(json_object_get(json, "prev"));
    if (!json || !previous)
        why = "it is not a line of this log";
    else if (json_integer_value(json_object_get(json, "n")) != (json_int_t)(walk->report.lines + 1))
        why = "lines are missing or out of order before it";
    else if (strcmp(previous, walk->last_hex))
        why = "the line before it was changed";
    json_decref(json);
    return why ? why : wrong_signature(walk, line, size);
}

static bt_status walk_chain(int fd, bt_status (*each)(void *user, const char *line), void *user, struct walk *walk) {
    bt_status status = BT_OK;
    int copy = dup(fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, "r");
    char *line = NULL;
    size_t room = 0;
    memcpy(walk->last_hex, NO_PREDECESSOR, sizeof NO_PREDECESSOR);
    if (!file) {
        if (copy >= 0) close(copy);
        return BT_E_IO;
    }
    rewind(file);
    for (ssize_t got; !status && (got = getline(&line, &room, file)) > 0;) {
        if (line[got - 1] != '\n') {
            walk->torn = true;
            break;
        }
        line[got - 1] = 0;
        walk->report.why = wrong_line(walk, line, (size_t)got - 1);
        if (walk->report.why) {
            walk->report.bad_line = walk->report.lines + 1;
            status = BT_E_FORMAT;
            break;
        }
        status = bt_vault_sha256_hex(line, (size_t)got - 1, walk->last_hex);
        if (!status && each) status = each(user, line);
        walk->report.lines++;
        walk->end += got;
    }
    /* Neither the end nor a bad line: it could not be read, for want of memory, say, which sets no error flag. */
    if (!status && !walk->torn && (ferror(file) || !feof(file))) status = BT_E_IO;
    free(line);
    fclose(file);
    return status;
}

static bool head_path(const char *path, const char *suffix, char out[PATH_MAX]) {
    return snprintf(out, PATH_MAX, "%s.head%s", path, suffix) < PATH_MAX;
}

/* What FILE.head says, checked against the walk. Absent: nothing was ever signed here. */
static bt_status check_head(const char *path, struct walk *walk) {
    char name[PATH_MAX], text[HEAD_MOST_BYTES] = "", hex[BT_CHAIN_DIGEST_HEX] = "", signature_hex[SIGNATURE_HEX] = "";
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    uint64_t count = 0;
    if (!head_path(path, "", name)) return BT_E_ARGUMENT;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        if (errno != ENOENT) return BT_E_IO;
        walk->headless = !walk->signed_lines;
        if (walk->headless) return BT_OK;
        walk->report.why = "its .head file is missing, so nobody can say whether lines were cut off the end";
        goto bad;
    }
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got < 0) return BT_E_IO;
    int fields = sscanf(text, "%" SCNu64 " %64[0-9a-f] %128[0-9a-f]\n", &count, hex, signature_hex);
    const char *last_space = strrchr(text, ' ');
    bool whole = fields == 3 && last_space && !bt_seal_hex_decode(signature_hex, signature, sizeof signature);
    if (!whole || (walk->key && bt_seal_verify(walk->key, (struct bt_bytes){(const uint8_t *)text, (size_t)(last_space - text)},
                                               signature))) {
        walk->report.why = "its .head file was changed";
        goto bad;
    }
    /* A crash between line and head leaves one line more than the head knows. */
    if (count > walk->report.lines)
        walk->report.why = "lines were cut off the end";
    else if (walk->report.lines > count + 1)
        walk->report.why = "its .head file is older than the log";
    else if (count == walk->report.lines && strcmp(hex, walk->last_hex))
        walk->report.why = "the last line was changed";
    walk->sealed = count;
    if (!walk->report.why) return BT_OK;
bad:
    walk->report.bad_line = walk->report.lines + 1;
    return BT_E_FORMAT;
}

static bt_status make_folder_of(struct bt_log *log, const char *path) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder) return BT_OK;
    *slash = 0;
    return bt_vault_make_folders(log, folder, 0700);
}

static bt_status lock(const struct bt_chain *chain, int64_t wait_ns) {
    static const struct timespec pause = {.tv_nsec = 20000000};
    int64_t until_ns = bt_clock_now_ns() + wait_ns;
    while (flock(chain->file, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            bt_log_error(chain->log, "cannot lock %s: %s", chain->path, strerror(errno));
            return BT_E_IO;
        }
        if (bt_clock_now_ns() >= until_ns) {
            bt_log_error(chain->log, "another bauta holds %s %s: end that one first", chain->what, chain->path);
            return BT_E_BUSY;
        }
        nanosleep(&pause, NULL);
    }
    return BT_OK;
}

/* Whole, or as before. */
static bt_status write_head(struct bt_chain *chain) {
    char name[PATH_MAX], fresh[PATH_MAX], text[HEAD_MOST_BYTES], hex[SIGNATURE_HEX];
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    if (chain->file < 0 || !chain->signer) return BT_OK;
    if (!head_path(chain->path, "", name) || !head_path(chain->path, ".unfinished", fresh)) return BT_E_ARGUMENT;
    int size = snprintf(text, sizeof text, "%" PRIu64 " %s", chain->count, chain->last_hex);
    bt_seal_sign(chain->signer, (struct bt_bytes){(const uint8_t *)text, (size_t)size}, signature);
    bt_seal_hex_encode(signature, sizeof signature, hex);
    size += snprintf(text + size, sizeof text - (size_t)size, " %s\n", hex);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && write(fd, text, (size_t)size) == size && !fsync(fd);
    if (fd >= 0) close(fd);
    if (good && !rename(fresh, name)) {
        chain->sealed = chain->count;
        return BT_OK;
    }
    bt_log_error(chain->log, "cannot write %s: %s", name, strerror(errno));
    return BT_E_IO;
}

static bt_status open_file(struct bt_chain *chain, int64_t wait_ns) {
    struct walk walk = {.key = chain->signer ? bt_seal_signer_public(chain->signer) : NULL};
    bt_status status = make_folder_of(chain->log, chain->path);
    if (status) return status;
    chain->file = open(chain->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (chain->file < 0) {
        bt_log_error(chain->log, "cannot open %s %s: %s", chain->what, chain->path, strerror(errno));
        return BT_E_IO;
    }
    status = lock(chain, wait_ns);
    if (!status) status = walk_chain(chain->file, NULL, NULL, &walk);
    if (!status && chain->signer) status = check_head(chain->path, &walk);
    if (status == BT_E_IO) bt_log_error(chain->log, "cannot read %s %s", chain->what, chain->path);
    if (status == BT_E_FORMAT) {
        bt_log_error(chain->log, "%s %s is not as it was left, at line %" PRIu64 ": %s; move it away to keep it as evidence",
                     chain->what, chain->path, walk.report.bad_line, walk.report.why);
    } else if (!status && walk.torn) {
        bt_log_warning(chain->log, "%s %s ends in a torn line, which is cut off", chain->what, chain->path);
        if (ftruncate(chain->file, walk.end) || fsync(chain->file)) {
            bt_log_error(chain->log, "cannot cut it off: %s", strerror(errno));
            status = BT_E_IO;
        }
    }
    memcpy(chain->last_hex, walk.last_hex, sizeof walk.last_hex);
    chain->count = walk.report.lines;
    chain->sealed = walk.sealed;
    if (!status && walk.headless) status = write_head(chain);
    return status;
}

bt_status bt_chain_open(const struct bt_chain_params *params, struct bt_chain **out_chain) {
    struct bt_chain *chain = calloc(1, sizeof *chain);
    bt_status status = BT_OK;
    if (!chain) return BT_E_MEMORY;
    chain->log = params->log;
    chain->what = params->what;
    chain->signer = params->signer;
    chain->file = -1;
    memcpy(chain->last_hex, NO_PREDECESSOR, sizeof NO_PREDECESSOR);
    if (params->path) {
        if ((size_t)snprintf(chain->path, sizeof chain->path, "%s", params->path) >= sizeof chain->path)
            status = BT_E_ARGUMENT;
        else
            status = open_file(chain, params->wait_ns);
    }
    if (status)
        bt_chain_close(&chain);
    else
        *out_chain = chain;
    return status;
}

void bt_chain_close(struct bt_chain **chain) {
    if (!*chain) return;
    if ((*chain)->file >= 0) close((*chain)->file);
    free(*chain);
    *chain = NULL;
}

/* malloc'ed; without the line's end. */
static char *make_line(const struct bt_chain *chain, const char *object) {
    char hex[SIGNATURE_HEX];
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    char *line = NULL;
    json_t *given = json_loads(object, JSON_REJECT_DUPLICATES, NULL), *json = json_object();
    bool good = json_is_object(given) && json && !json_object_get(given, "n") && !json_object_get(given, "prev") &&
                !json_object_get(given, "sig") && !json_object_set_new(json, "n", json_integer((json_int_t)chain->count + 1)) &&
                !json_object_update(json, given) && !json_object_set_new(json, "prev", json_string(chain->last_hex));
    char *text = good ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(given);
    json_decref(json);
    size_t size = text ? strlen(text) : 0;
    if (text && chain->signer) {
        line = malloc(size + sizeof SIGNATURE_KEY + sizeof hex + 2);
        if (line) {
            /* Signed without its closing brace, which follows the signature. */
            bt_seal_sign(chain->signer, (struct bt_bytes){(const uint8_t *)text, size - 1}, signature);
            bt_seal_hex_encode(signature, sizeof signature, hex);
            text[size - 1] = 0;
            sprintf(line, "%s%s%s\"}", text, SIGNATURE_KEY, hex);
        }
        free(text);
        return line;
    }
    return text;
}

/* Appends whole and durable, or puts the file back to what it was. */
static bt_status write_line(struct bt_chain *chain, const char *line, size_t size) {
    off_t before = lseek(chain->file, 0, SEEK_END);
    if (before < 0) return BT_E_IO;
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(chain->file, line + done, size - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) goto undo;
        done += (size_t)wrote;
    }
    if (!fsync(chain->file)) return BT_OK;
undo:
    bt_log_error(chain->log, "cannot write %s %s: %s", chain->what, chain->path, strerror(errno));
    if (ftruncate(chain->file, before)) bt_log_error(chain->log, "nor restore it: %s", strerror(errno));
    return BT_E_IO;
}

bt_status bt_chain_append(struct bt_chain *chain, const char *object) {
    char hex[BT_CHAIN_DIGEST_HEX];
    char *line = make_line(chain, object), *grown = NULL;
    if (line && chain->file >= 0 && chain->signer && chain->sealed != chain->count && write_head(chain)) {
        free(line);
        return BT_E_IO;
    }
    if (!line) {
        bt_log_error(chain->log, "a line of %s could not be made: no memory, or it is not one JSON object in UTF-8",
                     chain->what);
        return BT_E_MEMORY;
    }
    size_t size = strlen(line);
    bt_status status = size >= BT_CHAIN_LINE_MOST_BYTES ? BT_E_ARGUMENT : bt_vault_sha256_hex(line, size, hex);
    if (!status && chain->file >= 0) {
        grown = realloc(line, size + 2);
        status = grown ? BT_OK : BT_E_MEMORY;
        if (grown) {
            line = grown;
            memcpy(line + size, "\n", 2);
            status = write_line(chain, line, size + 1);
        }
    }
    if (!status) {
        memcpy(chain->last_hex, hex, sizeof hex);
        chain->count++;
        /* The line is durable, and the head one behind: the next line waits until it has caught up. */
        if (write_head(chain)) bt_log_warning(chain->log, "the end of %s is not sealed yet", chain->what);
    }
    free(line);
    return status;
}

uint64_t bt_chain_count(const struct bt_chain *chain) {
    return chain->count;
}

const char *bt_chain_head(const struct bt_chain *chain) {
    return chain->last_hex;
}

bt_status bt_chain_walk(struct bt_log *log, const char *path, const uint8_t *public_key,
                        bt_status (*each)(void *user, const char *line), void *user, struct bt_chain_report *out_report) {
    struct walk walk = {.key = public_key};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) return BT_E_NOT_FOUND;
        bt_log_error(log, "cannot open %s: %s", path, strerror(errno));
        return BT_E_IO;
    }
    bt_status status = walk_chain(fd, each, user, &walk);
    close(fd);
    if (!status && walk.torn) {
        walk.report.bad_line = walk.report.lines + 1;
        walk.report.why = "it is torn off";
        status = BT_E_FORMAT;
    }
    if (!status && public_key) status = check_head(path, &walk);
    if (status == BT_E_IO) bt_log_error(log, "cannot read %s", path);
    if (!status || status == BT_E_FORMAT) *out_report = walk.report;
    return status;
}
