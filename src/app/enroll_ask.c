/* SPDX-License-Identifier: MIT */
/* What a person reads, says and chooses before a camera is opened. */
#include "app/enroll.h"

#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "enroll/notice.h"
#include "trust/consent/notice.h"
#include "trust/vault/digest.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 256, TRIES = 3, MONTHS_DEFAULT = 6, MONTHS_MOST = 12 };
static const int64_t second_ns = 1000000000, month_s = INT64_C(30) * 86400;

/* One line for each purpose, in the order of their bits. */
static const char *const purpose_english[] = {"wear it live, before a camera", "record it", "lend it to others",
                                              "start with nobody to ask"};
static const char *const purpose_chinese[] = {"在摄像头前实时佩戴", "录制", "出借给他人", "无人应答时自动启动"};
enum { PURPOSES = BT_COUNT(purpose_english) };

static bt_status digest(const char *text, char out_hex[BT_RECEIPT_DIGEST]) {
    return bt_vault_sha256_hex(text, strlen(text), out_hex);
}

/* Asks until `take` understands the answer, three times at most. */
static bt_status ask(struct bt_enrolment *e, const char *prompt, bool (*take)(struct bt_enrolment *e, const char *answer)) {
    for (int i = 0; i < TRIES; i++) {
        char line[LINE_BYTES];
        bt_status status = bt_terminal_line(prompt, line, sizeof line);
        if (status) return status;
        if (take(e, line)) return BT_OK;
        fputs(e->chinese ? "  没有看懂这个回答。\n" : "  That was not understood.\n", stderr);
    }
    return BT_E_CONSENT;
}

static bool take_statement(struct bt_enrolment *e, const char *answer) {
    return bt_enroll_agrees(answer, e->chinese);
}

/* Only digits and what stands between them; a bare return is 1. */
static bool take_purposes(struct bt_enrolment *e, const char *answer) {
    uint32_t bits = 0;
    for (const char *c = answer; *c; c++) {
        if (*c == ' ' || *c == ',') continue;
        if (*c < '1' || *c >= '1' + PURPOSES) return false;
        bits |= 1u << (*c - '1');
    }
    e->receipt.purposes = bits ? bits : BT_PURPOSE_WEAR_LIVE;
    return true;
}

static bool take_months(struct bt_enrolment *e, const char *answer) {
    uint64_t months = MONTHS_DEFAULT;
    if (*answer && (!bt_app_number(answer, &months) || !months || months > MONTHS_MOST)) return false;
    e->receipt.valid_until_s = bt_clock_wall_ns() / second_ns + (int64_t)months * month_s;
    return true;
}

static bool take_lost(struct bt_enrolment *e, const char *answer) {
    if (*answer && strcmp(answer, "1") != 0 && strcmp(answer, "2") != 0) return false;
    e->receipt.lost = strcmp(answer, "2") ? BT_LOST_PLACARD : BT_LOST_FREEZE;
    return true;
}

static bt_status ask_statement(struct bt_enrolment *e) {
    char prompt[512];
    bt_terminal_say("\n", 0);
    bt_status status = bt_terminal_read_out(bt_enroll_notice(e->chinese));
    if (status) return status;
    bt_terminal_say("\n", 0);
    snprintf(prompt, sizeof prompt,
             e->chinese ? "若同意,请准确输入下面这句话;其他任何输入即退出。\n  %s\n> "
                        : "If you agree, type this sentence exactly; anything else leaves.\n  %s\n> ",
             bt_enroll_statement(e->chinese));
    char line[LINE_BYTES];
    status = bt_terminal_line(prompt, line, sizeof line);
    if (!status && !take_statement(e, line)) status = BT_E_CONSENT;
    return status;
}

static bt_status ask_age(struct bt_enrolment *e) {
    char line[LINE_BYTES];
    bt_status status = bt_terminal_line(
        e->chinese ? "您是否已年满 18 岁?请输入“是”或“否”:" : "Are you 18 or over? yes or no: ", line, sizeof line);
    if (status) return status;
    e->receipt.adult = bt_notice_agrees(line);
    if (e->receipt.adult) return BT_OK;
    bt_log_error(e->log, "%s", e->chinese ? "只有年满 18 岁的人才能登记面部" : "only who is 18 or over can enrol a face");
    return BT_E_CONSENT;
}

static bt_status ask_purposes(struct bt_enrolment *e) {
    char prompt[1024];
    size_t size = (size_t)snprintf(prompt, sizeof prompt, "%s\n", e->chinese ? "可以用来做什么?" : "What may it be used for?");
    for (uint32_t i = 0; i < PURPOSES; i++)
        size += (size_t)snprintf(prompt + size, sizeof prompt - size, "  %u  %s\n", i + 1,
                                 e->chinese ? purpose_chinese[i] : purpose_english[i]);
    snprintf(prompt + size, sizeof prompt - size, "%s",
             e->chinese ? "请输入编号,例如 1 3(直接回车:1):" : "The numbers, such as 1 3 (return: 1): ");
    return ask(e, prompt, take_purposes);
}

bt_status bt_enroll_ask(struct bt_enrolment *e) {
    struct bt_receipt *r = &e->receipt;
    r->event = BT_RECEIPT_REQUESTED;
    r->role = BT_SUBJECT_SELF;
    r->chinese = e->chinese;
    r->notice_version = BT_ENROLL_NOTICE_VERSION;
    bt_status status = digest(bt_enroll_notice(e->chinese), r->notice_sha256);
    if (!status) status = digest(bt_enroll_statement(e->chinese), r->statement_sha256);
    if (!status) status = ask_statement(e);
    if (!status) status = ask_age(e);
    if (!status) status = ask_purposes(e);
    if (!status)
        status =
            ask(e, e->chinese ? "有效几个月,1 到 12(直接回车:6):" : "For how many months, 1 to 12 (return: 6): ", take_months);
    if (!status)
        status =
            ask(e,
                e->chinese
                    ? "找不到面部时显示什么?\n  1  静止卡片\n  2  最后一幅带标识的面具画面,最长 5 秒,然后是卡片\n"
                      "请输入编号(直接回车:1):"
                    : "What is shown while the face is lost?\n  1  the still card\n  2  the last masked, labelled picture for "
                      "5 seconds at most, then the card\nThe number (return: 1): ",
                take_lost);
    return status;
}
