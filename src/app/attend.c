/* SPDX-License-Identifier: MIT */
#include "app/attend.h"

#include "app/picture.h"
#include "app/referral.h"
#include "app/terminal.h"
#include "base/log.h"
#include "pipeline/gate/gate.h"
#include "trust/consent/notice.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LINE_BYTES = 64, TEXT_BYTES = 512 };
static const char BY[] = "the wearer, at the terminal";

struct bt_attend {
    struct bt_attend_params p;
    struct bt_picture_rgb picture;
    atomic_bool ending;
    int end; /* readable for good once it is to end */
    pthread_t thread;
};

static bool is_word(const char *line, const char *english, const char *chinese) {
    return !strcmp(line, english) || !strcmp(line, chinese);
}

/* The question as it stands now: given up when there is other news. */
static bt_status ask(struct bt_attend *a, const char *prompt, char line[LINE_BYTES]) {
    return bt_terminal_line_until(prompt, line, LINE_BYTES, bt_referral_news(a->p.referral));
}

static void end_session(struct bt_attend *a) {
    bt_log_info(a->p.log, "the wearer ends the session");
    a->p.stop(a->p.user);
    atomic_store(&a->ending, true);
}

static void answer(struct bt_attend *a, bt_status why, enum bt_answer given) {
    if (bt_referral_answer(a->p.referral, why, given, BY))
        bt_log_info(a->p.log, "%s", a->p.chinese ? "情况已经变化" : "that is no longer what is asked");
}

/* The masked picture, which nobody else has seen yet. BT_E_INTERRUPTED: something else came up. */
static bt_status approve(struct bt_attend *a) {
    char line[LINE_BYTES];
    for (;;) {
        bt_status status = bt_referral_take_picture(a->p.referral, &a->picture);
        if (!status) bt_picture_show(&a->picture, a->picture.width_px);
        status =
            ask(a,
                a->p.chinese ? "别人将看到这样的画面。输入“同意”开始直播;按回车键看新的画面;输入“停止”结束:"
                             : "This is what others will see. Type yes to go live; Return shows a newer picture; stop ends: ",
                line);
        if (status) return status;
        if (bt_notice_agrees(line)) {
            answer(a, BT_E_REFERRED, BT_ANSWER_GO_ON);
            return BT_OK;
        }
        if (is_word(line, "stop", "停止")) {
            end_session(a);
            return BT_OK;
        }
    }
}

/* Somebody else sits there, and reads what the first wearer read. */
static bt_status ask_consent(struct bt_attend *a, bool *out_agreed) {
    char line[LINE_BYTES];
    bt_terminal_say("\n", 0);
    bt_status status = ask(a, a->p.notice, line);
    *out_agreed = !status && bt_notice_agrees(line);
    if (*out_agreed)
        answer(a, BT_E_STRANGER, BT_ANSWER_AGREED);
    else if (!status)
        bt_log_info(a->p.log, "%s", a->p.chinese ? "未同意:面具仍然关闭" : "not agreed to: the mask stays off");
    return status;
}

static void write_question(const struct bt_attend *a, bt_status why, char out[TEXT_BYTES]) {
    const bool stranger = why == BT_E_STRANGER, other = stranger && bt_referral_may_agree(a->p.referral);
    if (a->p.chinese)
        snprintf(out, TEXT_BYTES, "\n面具已关闭:%s。摄像头已关闭。\n输入“同意”%s%s;输入“停止”结束:", bt_gate_hint(why, true),
                 stranger ? "(您本人已回到座位)继续" : "(已改善)继续",
                 other ? ";如果现在坐着的是另一个愿意佩戴面具的人,输入“换人”" : "");
    else
        snprintf(out, TEXT_BYTES,
                 "\nThe mask is off: %s. The camera is closed.\nType yes %s%s; stop ends: ", bt_gate_hint(why, false),
                 stranger ? "when you are back in the chair" : "when that is mended",
                 other ? "; new, if somebody else sits there now and wants to wear the mask" : "");
}

static bt_status refer(struct bt_attend *a, bt_status why) {
    char line[LINE_BYTES], question[TEXT_BYTES];
    write_question(a, why, question);
    for (;;) {
        bt_status status = ask(a, question, line);
        if (!status && bt_notice_agrees(line)) {
            answer(a, why, BT_ANSWER_GO_ON);
            return BT_OK;
        }
        if (!status && is_word(line, "stop", "停止")) {
            end_session(a);
            return BT_OK;
        }
        if (!status && why == BT_E_STRANGER && is_word(line, "new", "换人") && bt_referral_may_agree(a->p.referral)) {
            bool agreed = false;
            status = ask_consent(a, &agreed);
            if (agreed) return BT_OK;
        }
        if (status) return status;
    }
}

static void *attend(void *user) {
    struct bt_attend *a = user;
    const int news = bt_referral_news(a->p.referral);
    while (!atomic_load(&a->ending)) {
        struct pollfd fds[2] = {{news, POLLIN, 0}, {a->end, POLLIN, 0}};
        eventfd_t count;
        if (poll(fds, 2, -1) < 0 && errno != EINTR) return NULL;
        if (fds[1].revents) return NULL;
        if (!fds[0].revents || eventfd_read(news, &count)) continue;
        const bt_status why = bt_referral_why(a->p.referral);
        if (!why) continue;
        const bt_status status = why == BT_E_REFERRED ? approve(a) : refer(a, why);
        if (status && status != BT_E_INTERRUPTED) { /* the end of input: nobody decides here any more */
            bt_log_warning(a->p.log, "nobody can be asked at this terminal any more: bauta ctl approve, or stop");
            return NULL;
        }
        if (status) fputc('\n', stderr);
    }
    return NULL;
}

bt_status bt_attend_create(const struct bt_attend_params *params, struct bt_attend **out_attend) {
    struct bt_attend *a = calloc(1, sizeof *a);
    if (!a) return BT_E_MEMORY;
    a->p = *params;
    atomic_init(&a->ending, false);
    a->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bt_status status = a->end < 0 ? BT_E_IO : BT_OK;
    if (!status) status = bt_picture_create(BT_REFERRAL_PICTURE_W, BT_REFERRAL_PICTURE_MOST_H, &a->picture);
    if (!status && pthread_create(&a->thread, NULL, attend, a)) status = BT_E_MEMORY;
    if (status) {
        if (a->end >= 0) close(a->end);
        bt_picture_finish(&a->picture);
        free(a);
    } else {
        *out_attend = a;
    }
    return status;
}

void bt_attend_destroy(struct bt_attend **attend_) {
    struct bt_attend *a = *attend_;
    if (!a) return;
    atomic_store(&a->ending, true);
    /* The first ends a wait, the second a question. */
    if (eventfd_write(a->end, 1) || eventfd_write(bt_referral_news(a->p.referral), 1))
        bt_log_debug(a->p.log, "the terminal's thread ends by itself");
    pthread_join(a->thread, NULL);
    close(a->end);
    bt_picture_finish(&a->picture);
    free(a);
    *attend_ = NULL;
}
