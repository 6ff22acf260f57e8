/* SPDX-License-Identifier: MIT */
/* libFuzzer target for what clients say on the control socket, and for what sessions answer. What is understood is written and
   must be understood the same again. Build as tests/fuzz/onnx_import.c says. */
#include "control/protocol.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct bt_bytes line = {data, size};
    struct bt_control_request request, again;
    struct bt_control_reply reply, back;
    const char *why = NULL;
    char out[BT_CONTROL_REPLY_MOST];
    if (!bt_control_parse(line, &request, &why)) {
        size_t wrote = bt_control_request_write(&request, out, BT_CONTROL_REQUEST_MOST);
        if (!wrote || bt_control_parse((struct bt_bytes){(uint8_t *)out, wrote - 1}, &again, &why)) abort();
        if (again.verb != request.verb || strcmp(again.face, request.face) != 0) abort();
    } else if (!why) {
        abort();
    }
    if (!bt_control_reply_parse(line, &reply)) {
        size_t wrote = bt_control_reply_write(&reply, out, sizeof out);
        char *metrics = NULL;
        if (wrote && bt_control_reply_parse((struct bt_bytes){(uint8_t *)out, wrote - 1}, &back)) abort();
        if (!bt_control_status_metrics(&reply.now, &metrics)) free(metrics);
    }
    return 0;
}
