/* SPDX-License-Identifier: MIT */
#include "control/protocol.h"

#include "control/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[BT_CONTROL_VERBS] = {"status", "pause", "resume", "face", "approve", "stop"};

const char *bt_control_verb_text(enum bt_control_verb verb) {
    return verbs[verb];
}

bool bt_control_verb_find(const char *text, enum bt_control_verb *out_verb) {
    for (unsigned i = 0; i < BT_CONTROL_VERBS; i++)
        if (!strcmp(text, verbs[i])) {
            *out_verb = (enum bt_control_verb)i;
            return true;
        }
    return false;
}

static bool is_face_name(const char *name) {
    size_t size = strlen(name);
    return size && size < BT_CONTROL_FACE_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bt_status read_request(json_t *json, struct bt_control_request *out, const char **out_why) {
    struct bt_control_request request = {0};
    const char *verb = json_string_value(json_object_get(json, "do"));
    const json_t *name = json_object_get(json, "name");
    if (!verb || json_object_size(json) != 1 + (name != NULL)) {
        *out_why = "expected an object such as {\"do\":\"status\"}, and no other keys than do and name";
        return BT_E_FORMAT;
    }
    if (!bt_control_verb_find(verb, &request.verb)) {
        *out_why = "do is one of status, pause, resume, face, approve and stop";
        return BT_E_ARGUMENT;
    }
    if ((request.verb == BT_CONTROL_FACE) != (name != NULL)) {
        *out_why = "name goes with face, and with face alone";
        return BT_E_ARGUMENT;
    }
    if (name && (!json_is_string(name) || !is_face_name(json_string_value(name)))) {
        *out_why = "a face's name is of a-z, 0-9 and -, at most 31 of them";
        return BT_E_ARGUMENT;
    }
    if (name) strcpy(request.face, json_string_value(name));
    *out = request;
    return BT_OK;
}

bt_status bt_control_parse(struct bt_bytes line, struct bt_control_request *out_request, const char **out_why) {
    json_t *json = NULL;
    if (line.size < BT_CONTROL_REQUEST_MOST)
        json = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json) {
        *out_why = "this is not a line of JSON";
        return BT_E_FORMAT;
    }
    bt_status status = read_request(json, out_request, out_why);
    json_decref(json);
    return status;
}

size_t bt_control_request_write(const struct bt_control_request *request, char *out_line, size_t bytes) {
    const bool face = request->verb == BT_CONTROL_FACE; /* a name needs no escaping: is_face_name */
    int n = snprintf(out_line, bytes, "{\"do\":\"%s\"%s%s%s}\n", verbs[request->verb], face ? ",\"name\":\"" : "",
                     face ? request->face : "", face ? "\"" : "");
    return n > 0 && (size_t)n < bytes ? (size_t)n : 0;
}

size_t bt_control_reply_write(const struct bt_control_reply *reply, char *out_line, size_t bytes) {
    json_t *json = json_pack("{s:b}", "ok", !reply->status);
    if (json && reply->status) {
        json_object_set_new(json, "code", json_string(bauta_status_text(reply->status)));
        json_object_set_new(json, "error", json_string(reply->why));
    } else if (json && reply->has_now) {
        json_object_set_new(json, "status", bt_control_status_pack(&reply->now));
    }
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    if (!text) return 0;
    int n = snprintf(out_line, bytes, "%s\n", text);
    free(text);
    return n > 0 && (size_t)n < bytes ? (size_t)n : 0;
}

bt_status bt_control_reply_parse(struct bt_bytes line, struct bt_control_reply *out_reply) {
    struct bt_control_reply reply = {.status = BT_E_FORMAT};
    bt_status status = BT_E_FORMAT;
    json_t *json = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, NULL),
           *ok = json_object_get(json, "ok");
    if (json_is_true(ok)) {
        json_t *now = json_object_get(json, "status");
        reply.status = BT_OK;
        reply.has_now = now != NULL;
        status = now ? bt_control_status_unpack(now, &reply.now) : BT_OK;
    } else if (json_is_false(ok)) {
        const char *code = json_string_value(json_object_get(json, "code"));
        const char *why = json_string_value(json_object_get(json, "error"));
        for (int i = 1; code && i < BAUTA_STATUS_COUNT; i++)
            if (!strcmp(code, bauta_status_text((bauta_status)i))) reply.status = (bt_status)i, status = BT_OK;
        snprintf(reply.why, sizeof reply.why, "%s", why ? why : "");
    }
    json_decref(json);
    if (!status) *out_reply = reply;
    return status;
}
