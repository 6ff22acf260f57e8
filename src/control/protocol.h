/* SPDX-License-Identifier: MIT */
/* What is said on a session's control socket: one JSON object a line, a request and then its reply. Bytes in, bytes out. */
#ifndef BT_CONTROL_PROTOCOL_H
#define BT_CONTROL_PROTOCOL_H

#include "base/bytes.h"
#include "base/status.h"
#include "control/status.h"
#include <stdbool.h>

enum bt_control_verb {
    BT_CONTROL_STATUS,
    BT_CONTROL_PAUSE,
    BT_CONTROL_RESUME,
    BT_CONTROL_FACE,
    BT_CONTROL_APPROVE,
    BT_CONTROL_STOP,
    BT_CONTROL_VERBS
};
const char *bt_control_verb_text(enum bt_control_verb verb);
bool bt_control_verb_find(const char *text, enum bt_control_verb *out_verb);

enum {
    BT_CONTROL_REQUEST_MOST = 512, /* bytes of a request, its end of line included */
    BT_CONTROL_REPLY_MOST = 8192,
    BT_CONTROL_FACE_BYTES = 32,
    BT_CONTROL_WHY_BYTES = 256,
};

struct bt_control_request {
    enum bt_control_verb verb;
    char face[BT_CONTROL_FACE_BYTES]; /* a-z, 0-9 and '-'; of BT_CONTROL_FACE alone */
};

struct bt_control_reply {
    bt_status status;
    char why[BT_CONTROL_WHY_BYTES]; /* a sentence, where status is not BT_OK */
    bool has_now;                   /* of BT_CONTROL_STATUS */
    struct bt_control_status now;
};

/* A door: a line of anybody's, without its end. {"do":"status"}, {"do":"face","name":"colombina"}; no other key, none twice.
   BT_E_FORMAT or BT_E_ARGUMENT, and *out_why is a static sentence. */
BT_CHECKED bt_status bt_control_parse(struct bt_bytes line, struct bt_control_request *out_request, const char **out_why);
/* The line, its end included. Gives its length; 0: it does not fit. */
size_t bt_control_request_write(const struct bt_control_request *request, char *out_line, size_t bytes);

/* {"ok":true} or {"ok":true,"status":{...}}; {"ok":false,"code":TEXT,"error":SENTENCE}. Gives its length, end of line included;
   0: it does not fit, or no memory. */
size_t bt_control_reply_write(const struct bt_control_reply *reply, char *out_line, size_t bytes);
/* The other way. BT_E_FORMAT: it is no reply. */
BT_CHECKED bt_status bt_control_reply_parse(struct bt_bytes line, struct bt_control_reply *out_reply);

#endif
