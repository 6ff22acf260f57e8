/* SPDX-License-Identifier: MIT */
/* What may be said on the control socket, what may not, and that status survives the way there and back. */
#include "control/protocol.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bt_bytes bytes_of(const char *text) {
    return (struct bt_bytes){(const uint8_t *)text, strlen(text)};
}

static void test_requests(void **state) {
    (void)state;
    for (unsigned v = 0; v < BT_CONTROL_VERBS; v++) {
        struct bt_control_request request = {.verb = (enum bt_control_verb)v}, back;
        const char *why = NULL;
        char line[BT_CONTROL_REQUEST_MOST];
        if (v == BT_CONTROL_FACE) strcpy(request.face, "a-face-9");
        size_t size = bt_control_request_write(&request, line, sizeof line);
        assert_true(size && line[size - 1] == '\n');
        assert_int_equal(bt_control_parse((struct bt_bytes){(const uint8_t *)line, size - 1}, &back, &why), BT_OK);
        assert_int_equal(back.verb, v);
        assert_string_equal(back.face, request.face);
        assert_int_equal(bt_control_request_write(&request, line, size - 1), 0);
        assert_true(bt_control_verb_find(bt_control_verb_text(request.verb), &back.verb) && back.verb == request.verb);
    }
    enum bt_control_verb none;
    assert_false(bt_control_verb_find("unmask", &none));
}

static void test_what_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        " ",
        "status",
        "{}",
        "[]",
        "[\"status\"]",
        "{\"do\":1}",
        "{\"do\":null}",
        "{\"do\":\"label off\"}",
        "{\"do\":\"Status\"}",
        "{\"do\":\"status\",\"do\":\"stop\"}",
        "{\"do\":\"status\",\"name\":\"x\"}",
        "{\"do\":\"status\",\"label\":false}",
        "{\"do\":\"face\"}",
        "{\"do\":\"face\",\"name\":\"\"}",
        "{\"do\":\"face\",\"name\":7}",
        "{\"do\":\"face\",\"name\":\"../../etc/passwd\"}",
        "{\"do\":\"face\",\"name\":\"%n%n\"}",
        "{\"do\":\"face\",\"name\":\"Colombina\"}",
        "{\"do\":\"face\",\"name\":\"a\\u0000b\"}",
        "{\"do\":\"face\",\"name\":\"01234567890123456789012345678901\"}",
        "{\"do\":\"face\",\"name\":\"x\",\"consent\":true}",
        "{\"do\":\"status\"} {\"do\":\"stop\"}",
        "{\"do\":\"status\"",
        "\xff\xfe{\"do\":\"status\"}",
    };
    for (size_t i = 0; i < BT_COUNT(wrong); i++) {
        struct bt_control_request request = {.verb = BT_CONTROL_PAUSE, .face = "untouched"};
        const char *why = NULL;
        bt_status status = bt_control_parse(bytes_of(wrong[i]), &request, &why);
        if (status != BT_E_FORMAT && status != BT_E_ARGUMENT) fail_msg("%s was taken", wrong[i]);
        assert_true(why && *why);
        assert_true(request.verb == BT_CONTROL_PAUSE && !strcmp(request.face, "untouched"));
    }
    char deep[BT_CONTROL_REQUEST_MOST - 1], many[BT_CONTROL_REQUEST_MOST + 1];
    struct bt_control_request request;
    const char *why;
    memset(deep, '[', sizeof deep);
    assert_int_equal(bt_control_parse((struct bt_bytes){(uint8_t *)deep, sizeof deep}, &request, &why), BT_E_FORMAT);
    memset(many, ' ', sizeof many);
    memcpy(many, "{\"do\":\"stop\"}", 13);
    assert_int_equal(bt_control_parse((struct bt_bytes){(uint8_t *)many, sizeof many}, &request, &why), BT_E_FORMAT);
    assert_int_equal(bt_control_parse((struct bt_bytes){(uint8_t *)many, 200}, &request, &why), BT_OK);
}

static struct bt_control_status some_status(void) {
    struct bt_control_status s = {.state = BT_CONTROL_CARD,
                                  .why = BT_E_NO_FACE,
                                  .session = "0123456789abcdef0123456789abcdef",
                                  .face = "colombina",
                                  .device = "a \"GPU\" with \\ (llvm)",
                                  .pid = 4711,
                                  .width_px = 1280,
                                  .height_px = 720,
                                  .uptime_s = 12.5,
                                  .fps = 29.97,
                                  .latency_p50_ms = 31.125,
                                  .latency_p99_ms = 62.375,
                                  .queue_age_ms = 33,
                                  .rss_bytes = 123456789,
                                  .gpu_bytes = 5e9,
                                  .frames = 1e9,
                                  .masked = 3,
                                  .held = 2,
                                  .placards = 1,
                                  .camera_dropped = 4,
                                  .output_dropped = 5,
                                  .stage_count = 2,
                                  .stage = {{"detect", 1.5}, {"mesh", 2.25}}};
    s.placards_by_status[BT_E_NO_FACE] = 7;
    return s;
}

static void test_status_there_and_back(void **state) {
    (void)state;
    struct bt_control_reply reply = {.has_now = true, .now = some_status()}, back;
    char line[BT_CONTROL_REPLY_MOST];
    size_t size = bt_control_reply_write(&reply, line, sizeof line);
    assert_true(size > 2 && line[size - 1] == '\n' && !memchr(line, '\n', size - 1));
    assert_int_equal(bt_control_reply_parse((struct bt_bytes){(uint8_t *)line, size - 1}, &back), BT_OK);
    assert_true(back.has_now);
    assert_memory_equal(&back.now, &reply.now, sizeof back.now);
    assert_int_equal(bt_control_reply_write(&reply, line, size - 1), 0);

    reply = (struct bt_control_reply){.status = BT_E_CONSENT, .why = "a person's face is agreed to at the terminal"};
    size = bt_control_reply_write(&reply, line, sizeof line);
    assert_int_equal(bt_control_reply_parse((struct bt_bytes){(uint8_t *)line, size - 1}, &back), BT_OK);
    assert_int_equal(back.status, BT_E_CONSENT);
    assert_string_equal(back.why, reply.why);
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) { /* every one is told from the others */
        reply.status = (bt_status)i;
        size = bt_control_reply_write(&reply, line, sizeof line);
        assert_int_equal(bt_control_reply_parse((struct bt_bytes){(uint8_t *)line, size - 1}, &back), BT_OK);
        assert_int_equal(back.status, i);
    }
    static const char *const wrong[] = {"",
                                        "{}",
                                        "{\"ok\":1}",
                                        "{\"ok\":false}",
                                        "{\"ok\":false,\"code\":\"odd\"}",
                                        "{\"ok\":true,\"status\":7}",
                                        "{\"ok\":true,\"status\":{\"state\":\"odd\",\"why\":\"ok\"}}",
                                        "{\"ok\":true,\"status\":{\"state\":\"live\",\"why\":\"ok\",\"fps\":\"many\"}}"};
    for (size_t i = 0; i < BT_COUNT(wrong); i++)
        assert_int_equal(bt_control_reply_parse(bytes_of(wrong[i]), &back), BT_E_FORMAT);
}

/* The largest that a status can be fits in a reply. */
static void test_the_largest_fits(void **state) {
    (void)state;
    struct bt_control_reply reply = {.has_now = true, .now = some_status()};
    struct bt_control_status *s = &reply.now;
    char line[BT_CONTROL_REPLY_MOST];
    memset(s->device, '"', sizeof s->device - 1);
    memset(s->face, '"', sizeof s->face - 1);
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) s->placards_by_status[i] = 9007199254740991.0;
    for (s->stage_count = 0; s->stage_count < BT_CONTROL_STAGES_MOST; s->stage_count++) {
        snprintf(s->stage[s->stage_count].name, BT_CONTROL_NAME_BYTES, "%02u%s", s->stage_count, "xxxxxxxxxxxxxxxxxxxxx");
        s->stage[s->stage_count].ms = -123456789.123;
    }
    double *const all[] = {&s->pid, &s->fps, &s->frames, &s->masked, &s->held, &s->placards, &s->gpu_bytes, &s->rss_bytes};
    for (size_t i = 0; i < BT_COUNT(all); i++) *all[i] = -9007199254740991.0;
    size_t size = bt_control_reply_write(&reply, line, sizeof line);
    assert_in_range(size, 1, sizeof line);
}

static void test_metrics(void **state) {
    (void)state;
    struct bt_control_status s = some_status();
    char *text = NULL;
    s.fps = 0.0 / (s.frames - 1e9); /* not a number: written as 0 */
    assert_int_equal(bt_control_status_metrics(&s, &text), BT_OK);
    static const char *const lines[] = {
        "bauta_session_info{version=\"" BAUTA_VERSION "\",size=\"1280x720\",face=\"colombina\","
        "device=\"a \\\"GPU\\\" with \\\\ (llvm)\"} 1\n",
        "\nbauta_session_state{state=\"card\"} 1\n",
        "\nbauta_session_state{state=\"live\"} 0\n",
        "\n# TYPE bauta_frames_total counter\nbauta_frames_total 1000000000\n",
        "\nbauta_frames_per_second 0\n",
        "\nbauta_latency_seconds{quantile=\"0.5\"} 0.031125\nbauta_latency_seconds{quantile=\"0.99\"} 0.062375\n",
        "\nbauta_placards_total{reason=\"no face in view\"} 7\n",
        "\nbauta_placards_total{reason=\"too dark to follow a face\"} 0\n",
        "\nbauta_stage_seconds{stage=\"mesh\"} 0.00225\n",
        "\nbauta_memory_bytes{kind=\"gpu\"} 5000000000\n",
    };
    for (size_t i = 0; i < BT_COUNT(lines); i++)
        if (!strstr(text, lines[i])) fail_msg("not there: %s\nin:\n%s", lines[i], text);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_requests), cmocka_unit_test(test_what_is_refused),
                                       cmocka_unit_test(test_status_there_and_back), cmocka_unit_test(test_the_largest_fits),
                                       cmocka_unit_test(test_metrics)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
