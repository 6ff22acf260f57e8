/* SPDX-License-Identifier: MIT */
#include "trust/consent/notice.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A file may be named so as to rewrite the terminal: keep printable bytes and UTF-8 only. */
static void clean(char *out, size_t bytes, const char *name) {
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)(name ? name : "?"); *c && n + 1 < bytes; c++)
        out[n++] = *c < 0x20 || *c == 0x7f ? '?' : (char)*c;
    out[n] = 0;
}

static const char *const english =
    "Before the picture is opened, please read this.\n"
    "\n"
    "%s"
    "  What is captured   %s: pictures with your face, from now until you stop.\n"
    "  What is done       Your face is found and followed on this computer, and repainted as the mask \"%s\".\n"
    "%s"
    "                     Nothing is sent anywhere except to the outputs that you named.\n"
    "%s"
    "  What is stored     %s%s\n"
    "                     The session log keeps one line: when, which mask, that you agreed; a signed manifest, times "
    "and counts of frames. No picture, no name.\n"
    "  What others see    Every frame says \"AI生成 · AI MODIFIED\", and carries the session's number invisibly. Nothing "
    "turns either off.\n"
    "  How to stop        Press Ctrl-C at any time. A still card is shown whenever your face cannot be masked.\n"
    "\n"
    "%s\n"
    "Type yes to agree, anything else to leave: ";

static const char *const chinese =
    "打开画面之前,请先阅读。\n"
    "\n"
    "%s"
    "  采集什么   %s:从现在起直到您停止,采集包含您面部的画面。\n"
    "  如何处理   只在本机上寻找并跟踪您的面部,并重绘为面具“%s”。\n"
    "%s"
    "             除您指定的输出外,不发送到任何地方。\n"
    "%s"
    "  保存什么   %s%s\n"
    "             会话日志只记一行:时间、面具、您已同意。另存一份签名清单:起止时间与帧数。"
    "不含画面,不含姓名。\n"
    "  他人所见   每一帧都标有“AI生成 · AI MODIFIED”,并以隐形标记带有本次会话的编号。两者都无法关闭。\n"
    "  如何停止   随时按 Ctrl-C。面部无法遮盖时,只显示静止卡片。\n"
    "\n"
    "%s\n"
    "输入“同意”(或 yes)表示同意,其他任何输入即退出:";

/* Whose face, and on which terms; nothing for a mask that is nobody's. */
static void write_owner(const struct bt_consent_params *p, const char *face, char *out, size_t bytes) {
    const struct bt_receipt *own = p->owner.own ? &p->owner.own->last : NULL;
    const struct bt_pack_terms *lent = p->owner.lent ? &p->owner.lent->terms : NULL;
    char purposes[BT_RECEIPT_WORDS], until[16] = "", uses[64] = "";
    struct tm utc = {0};
    *out = 0;
    if (p->facts.owner != BT_OWNER_PERSON || (!own && !lent)) return;
    time_t end = (time_t)(own ? own->valid_until_s : lent->until_s);
    gmtime_r(&end, &utc);
    strftime(until, sizeof until, "%Y-%m-%d", &utc);
    bt_receipt_purposes(own ? own->purposes : lent->purposes, p->chinese, purposes);
    bool freeze = (own ? own->lost : lent->lost) == BT_LOST_FREEZE;
    if (lent && lent->uses_most)
        snprintf(uses, sizeof uses, p->chinese ? ",第 %u 次,共 %u 次" : ", session %u of %u", p->owner.lent->uses,
                 lent->uses_most);
    if (p->chinese)
        snprintf(out, bytes, "  谁的脸     “%s”,%s。其本人同意:%s%s,有效至 %s。\n             面部丢失时:%s。\n", face,
                 lent ? "由他人出借" : "在本机登记", purposes, uses, until, freeze ? "最多定格 5 秒,然后显示卡片" : "显示卡片");
    else
        snprintf(out, bytes,
                 "  Whose face         \"%s\", %s. Its owner agreed to: %s%s, until %s.\n"
                 "                     While the face is lost: %s.\n",
                 face, lent ? "lent to you" : "enrolled here", purposes, uses, until,
                 freeze ? "held still for at most 5 s, then the card" : "the card");
}

/* Who is taken for the wearer, and how often that goes wrong. */
static void write_match(const struct bt_consent_params *p, char *out, size_t bytes) {
    const struct bt_consent_match *m = p->match;
    *out = 0;
    if (!m) return;
    if (p->chinese)
        snprintf(out, bytes,
                 "  认出您     只遮盖您本人:运行中会比对您的面部。每 10,000 个其他人中约有 %.1f 人会被误认为您"
                 "(95%% 区间 %.1f 至 %.1f;%u 人的 %llu 次比对,%s)。"
                 "比对用的数值只在内存中,结束时抹除;会话日志另记何时、为何显示卡片,以及您的决定。\n",
                 1e4 * m->fmr, 1e4 * m->fmr_95[0], 1e4 * m->fmr_95[1], m->people, (unsigned long long)m->comparisons, m->date);
    else
        snprintf(
            out, bytes,
            "  Who is masked      Only you: your face is compared while it runs. Of 10,000 other people about %.1f would pass "
            "for you (95 %%: %.1f to %.1f; %llu comparisons of %u people, %s). "
            "The numbers made of it for that stay in memory, and are wiped at the end; the session log also says when "
            "and why the card was shown, and what you decided.\n",
            1e4 * m->fmr, 1e4 * m->fmr_95[0], 1e4 * m->fmr_95[1], (unsigned long long)m->comparisons, m->people, m->date);
}

void bt_notice_write(const struct bt_consent_params *p, char *out_text, size_t bytes) {
    char source[256], face[128], record[512] = "", owner[768], match[768];
    bool file = p->facts.origin == BT_ORIGIN_FILE;
    clean(source, sizeof source, p->source_name);
    clean(face, sizeof face, p->face_name);
    write_owner(p, face, owner, sizeof owner);
    write_match(p, match, sizeof match);
    const bool nobodys = p->facts.owner == BT_OWNER_NOBODY;
    if (p->record_path) clean(record, sizeof record, p->record_path);
    if (p->chinese)
        snprintf(out_text, bytes, chinese, owner, source, face,
                 nobodys ? "             运行中您可以用 bauta ctl face 换成另一副同样不属于任何人的面具。\n" : "", match,
                 p->record_path ? "带标识的面具视频,按您的要求保存到 " : "不保存任何画面。", record,
                 file ? "同意即表示:文件中的人是您本人,或已取得其本人同意。" : "同意即表示:您本人愿意现在佩戴面具出镜。");
    else
        snprintf(
            out_text, bytes, english, owner, source, face,
            nobodys ? "                     While it runs you may change to another mask that is nobody's (bauta ctl face).\n"
                    : "",
            match, p->record_path ? "The masked and labelled video, because you asked for it: " : "No picture at all.", record,
            file ? "By agreeing you say that the person in the file is you, or agreed to this."
                 : "By agreeing you say that you want to wear the mask before the camera now.");
}

bool bt_notice_agrees(const char *answer) {
    static const char *const words[] = {"yes", "同意", "是", "是的"};
    static const char blank[] = " \t\r\n";
    size_t skip = strspn(answer, blank), size = strlen(answer + skip);
    while (size && strchr(blank, answer[skip + size - 1])) size--;
    for (size_t i = 0; i < BT_COUNT(words); i++)
        if (size == strlen(words[i]) && !strncasecmp(answer + skip, words[i], size)) return true;
    return false;
}
