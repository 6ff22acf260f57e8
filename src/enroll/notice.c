/* SPDX-License-Identifier: MIT */
#include "enroll/notice.h"

#include <string.h>

static const char *const english =
    "Making a mask of your face. Please read this first.\n"
    "\n"
    "  Purpose      A mask that looks like you, so that it can be worn before a camera, by you and by those whom you lend it "
    "to. "
    "You choose below what it may be used for.\n"
    "  Data         Pictures of your face from the camera, for a few minutes, in memory only. From them: the shape of your "
    "face, the colours of its skin, and two templates (numbers that tell your face from others): biometric "
    "data. Your pictures are not kept.\n"
    "  Liveness     You are asked to turn, look, smile and so on, at random, so that nobody can do this with a photograph "
    "of you. It does not stop every forgery.\n"
    "  Storage      On this computer only, in the vault, sealed with a passphrase. Nothing is sent anywhere.\n"
    "  Kept until   The date that you choose below, at most 12 months; or until you withdraw.\n"
    "  Records      A signed receipt of this consent stays as evidence: times, choices, digests and a pseudonym; no picture, "
    "no name, no template.\n"
    "  Recipients   Nobody, unless you lend your face; then those whom you name, each time, with limits that you set.\n"
    "  Others see   On every frame that shows your face as a mask: \"AI生成 · AI MODIFIED\". Nothing turns that off.\n"
    "  Withdraw     At any time, as easily as now: bauta consent withdraw. Your face's key is destroyed at once, and with it "
    "the face; whoever wears it sees a still card from the next frame on. Your right to see, correct and "
    "erase, and to complain to your data protection authority, stays yours.\n"
    "  You are free to say no. Nothing is opened or kept then.\n";

static const char *const chinese_text =
    "即将制作您的面部面具。请先阅读。\n"
    "\n"
    "  目的       制作外观像您的面具,供您本人或您出借的人在摄像头前佩戴。用途由您在下面选择。\n"
    "  数据       几分钟的摄像头面部画面,只在内存中处理。由此得到:面部形状、皮肤颜色,以及两个模板"
    "(用来区分人脸的数字),即生物识别信息。画面不保存。\n"
    "  活体检测   会随机请您转头、抬头、微笑等,使他人无法用您的照片冒充。它不能阻止所有伪造。\n"
    "  保存地点   仅在本机的保险库中,用密码短语加密。不向任何地方发送。\n"
    "  保存期限   到您在下面选择的日期,最长 12 个月;或到您撤回为止。\n"
    "  记录       同意的签名回执作为证据保留:时间、选择、摘要和假名;不含画面、姓名或模板。\n"
    "  接收方     无。除非您出借面部;届时仅限您每次指定的人,并受您设定的限制。\n"
    "  他人所见   显示您面部面具的每一帧都标有“AI生成 · AI MODIFIED”,无法关闭。\n"
    "  撤回       随时可以,与现在同意一样容易:bauta consent withdraw。面部的密钥立即销毁,面部随之销毁;"
    "正在佩戴者从下一帧起只显示静止卡片。您查阅、更正、删除以及向监管机构投诉的权利不受影响。\n"
    "  您可以自由拒绝。拒绝后不会打开或保存任何内容。\n";

const char *bt_enroll_notice(bool chinese) {
    return chinese ? chinese_text : english;
}

const char *bt_enroll_statement(bool chinese) {
    return chinese ? "我同意 bauta 制作我的面部面具" : "I agree that bauta makes a mask of my face";
}

bool bt_enroll_agrees(const char *line, bool chinese) {
    static const char blank[] = " \t\r\n";
    const char *statement = bt_enroll_statement(chinese);
    line += strspn(line, blank);
    size_t size = strlen(line);
    while (size && strchr(blank, line[size - 1])) size--;
    return size == strlen(statement) && !memcmp(line, statement, size);
}
