/* SPDX-License-Identifier: MIT */
/* bauta ctl: sees and steers the session that runs. */
#include "app/app.h"

#include "app/files.h"
#include "app/top.h"
#include "base/log.h"
#include "control/client.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t ANSWER_NS = 15000000000; /* a change of the mask may take 10 s */

static bt_status read_words(struct bt_log *log, const struct bt_app_options *o, struct bt_control_request *out_request) {
    struct bt_control_request request = {0};
    const uint32_t wanted = o->words && !strcmp(o->word[0], "face") ? 2 : 1;
    if (o->words != wanted || !bt_control_verb_find(o->word[0], &request.verb) ||
        (wanted == 2 && (size_t)snprintf(request.face, sizeof request.face, "%s", o->word[1]) >= sizeof request.face)) {
        bt_log_error(log, "say what to do: status, pause, resume, face NAME, approve or stop; see bauta ctl --help");
        return BT_E_ARGUMENT;
    }
    *out_request = request;
    return BT_OK;
}

static bt_status print(const struct bt_app *app, const struct bt_control_reply *reply) {
    char *text = NULL;
    if (!app->options.json) {
        char screen[BT_TOP_BYTES];
        bt_top_draw(&reply->now, screen, sizeof screen);
        printf("%s", screen);
        return BT_OK;
    }
    bt_status status = bt_control_status_json(&reply->now, &text);
    if (!status) printf("%s\n", text);
    free(text);
    return status;
}

bt_status bt_app_ctl_client(struct bt_app *app, struct bt_control_client **out_client) {
    char folder[PATH_MAX];
    bt_status status = bt_files_runtime(folder, sizeof folder);
    if (status)
        bt_log_error(app->log, "XDG_RUNTIME_DIR names no folder, and sessions listen there: log in, or set it to /run/user/ID");
    return status ? status : bt_control_client_create(app->log, folder, app->options.session, out_client);
}

bt_status bt_app_ctl(struct bt_app *app) {
    struct bt_control_client *client = NULL;
    struct bt_control_request request;
    struct bt_control_reply reply = {.status = BT_OK};
    bt_status status = read_words(app->log, &app->options, &request);
    if (!status) status = bt_app_ctl_client(app, &client);
    if (status) return status;
    status = bt_control_client_ask(client, &request, ANSWER_NS, &reply);
    bt_control_client_destroy(&client);
    if (status)
        bt_log_error(app->log, "the session does not answer: %s", bauta_status_text(status));
    else if (reply.status)
        bt_log_error(app->log, "%s", reply.why);
    else if (reply.has_now)
        status = print(app, &reply);
    return status == BT_E_END ? BT_E_IO : status ? status : reply.status;
}
