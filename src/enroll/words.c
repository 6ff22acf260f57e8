/* SPDX-License-Identifier: MIT */
#include "enroll/challenge.h"
#include "enroll/quality.h"
#include "enroll/task.h"

#include "base/status.h"

struct words {
    const char *english, *chinese;
};

static const char *pick(const struct words *words, bool chinese) {
    return chinese ? words->chinese : words->english;
}

static const struct words instructions[BT_TASK_COUNT + 1] = {
    [BT_TASK_LEFT] = {"Turn your head to your left", "请向您的左边转头"},
    [BT_TASK_RIGHT] = {"Turn your head to your right", "请向您的右边转头"},
    [BT_TASK_UP] = {"Look up a little", "请稍微抬头"},
    [BT_TASK_DOWN] = {"Look down a little", "请稍微低头"},
    [BT_TASK_SMILE] = {"Smile broadly", "请露出大大的微笑"},
    [BT_TASK_MOUTH] = {"Open your mouth", "请张开嘴巴"},
    [BT_TASK_BROWS] = {"Raise your eyebrows", "请扬起眉毛"},
    [BT_TASK_EYES] = {"Close both eyes for a moment", "请闭上双眼片刻"},
    [BT_TASK_COUNT] = {"Look straight at the camera, relaxed", "请放松,正视摄像头"},
};

/* The placards' own words, as the gate's hints. */
#define BT_STRING(name, text)
#define BT_CARD(status, what_en, what_zh, help_en, help_zh) [status] = {what_en ". " help_en, what_zh "。" help_zh},
static const struct words cards[BAUTA_STATUS_COUNT] = {
#include "pipeline/disclose/strings.def"
};
#undef BT_CARD
#undef BT_STRING

static const struct words none = {"", ""};
/* What only enrolment minds. */
static const struct words clipped = {"Your face is cut off. Move to the middle of the picture", "面部不完整。请移到画面中央"};
static const struct words near = {"Too near. Move back a little", "距离太近。请后退一些"};
static const struct words *const hints[BT_TROUBLE_COUNT] = {
    [BT_TROUBLE_NONE] = &none,
    [BT_TROUBLE_NOBODY] = &cards[BT_E_NO_FACE],
    [BT_TROUBLE_TWO] = &cards[BT_E_TWO_FACES],
    [BT_TROUBLE_DARK] = &cards[BT_E_TOO_DARK],
    [BT_TROUBLE_BRIGHT] = &cards[BT_E_TOO_BRIGHT],
    [BT_TROUBLE_BLUR] = &cards[BT_E_BLURRED],
    [BT_TROUBLE_CLIPPED] = &clipped,
    [BT_TROUBLE_FAR] = &cards[BT_E_TOO_SMALL],
    [BT_TROUBLE_NEAR] = &near,
};

static const struct words failures[BT_FAILURE_COUNT] = {
    [BT_FAILURE_NONE] = {"", ""},
    [BT_FAILURE_EARLY] = {"You moved before you were asked to.", "尚未提示您就已动作。"},
    [BT_FAILURE_LATE] = {"It took too long.", "时间过长。"},
    [BT_FAILURE_WRONG] = {"That was something else than was asked.", "动作与提示不符。"},
    [BT_FAILURE_JUMP] = {"The picture jumped, as no head moves.", "画面跳动,不像真人头部的运动。"},
    [BT_FAILURE_FLAT] = {"The face turns like a flat picture.", "面部像平面图片一样转动。"},
    [BT_FAILURE_LOST] = {"Your face was lost.", "看不到您的脸了。"},
    [BT_FAILURE_TWO] = {"A second person came into the picture.", "画面中出现了第二个人。"},
    [BT_FAILURE_MASKED] = {"The pictures carry this program's own mark: a mask is no person's face.",
                           "画面带有本程序的隐形标记:那是面具,不是真人的脸。"},
    [BT_FAILURE_EXPIRED] = {"The time for this is over.", "已超过有效时间。"},
};

const char *bt_enroll_instruction(enum bt_enroll_task task, bool chinese) {
    return pick(&instructions[task], chinese);
}

const char *bt_enroll_hint(enum bt_enroll_trouble trouble, bool chinese) {
    return pick(hints[trouble], chinese);
}

const char *bt_enroll_failure_text(enum bt_enroll_failure failure, bool chinese) {
    return pick(&failures[failure], chinese);
}
