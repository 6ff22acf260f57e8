/* SPDX-License-Identifier: MIT */
/* A receipt for people. */
#include "trust/receipt/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const events_zh[BT_RECEIPT_EVENTS] = {"已请求", "已同意", "已拒绝", "已续期", "已撤回", "已到期", "已失效"};

static void day(int64_t s, char out[24]) {
    time_t t = (time_t)s;
    struct tm utc = {0};
    gmtime_r(&t, &utc);
    strftime(out, 24, "%Y-%m-%d %H:%M UTC", &utc);
}

bt_status bt_receipt_text(const struct bt_receipt *r, bool chinese, char **out_text) {
    char when[24], until[24], purposes[BT_RECEIPT_WORDS], uses[48] = "";
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return BT_E_MEMORY;
    day(r->event_s, when);
    day(r->valid_until_s, until);
    bt_receipt_purposes(r->purposes, chinese, purposes);
    bool live = r->event == BT_RECEIPT_GIVEN || r->event == BT_RECEIPT_RENEWED;
    if (chinese) {
        if (r->uses_most) snprintf(uses, sizeof uses, ",最多 %u 次", r->uses_most);
        fprintf(f, "同意书 %s\n  状态    %s,%s\n", r->record_id, events_zh[r->event], when);
        fprintf(f, "  本人    %s(%s)%s\n", r->subject, r->role == BT_SUBJECT_SELF ? "自己" : "他人",
                r->adult ? ",已满 18 岁" : "");
        fprintf(f, "  用途    %s%s\n", *purposes ? purposes : "无", uses);
        if (live) fprintf(f, "  有效至  %s\n", until);
        fprintf(f, "  丢失时  %s\n", r->lost == BT_LOST_FREEZE ? "最多定格 5 秒,然后显示卡片" : "显示卡片");
        if (*r->recipient) fprintf(f, "  接收人  %s\n", r->recipient);
        fprintf(f, "  存储    仅本机,加密;声明第 %u 版,%.16s…\n", r->notice_version, r->notice_sha256);
        if (live && *r->match_claim) fprintf(f, "  比对    %s\n", r->match_claim);
        if (live) fprintf(f, "  撤回    bauta consent withdraw %.8s\n", r->record_id);
    } else {
        if (r->uses_most) snprintf(uses, sizeof uses, ", at most %u times", r->uses_most);
        fprintf(f, "consent %s\n  state       %s, %s\n", r->record_id, bt_receipt_event_word(r->event), when);
        fprintf(f, "  subject     %s (%s)%s\n", r->subject, r->role == BT_SUBJECT_SELF ? "yourself" : "somebody else",
                r->adult ? ", 18 or over" : "");
        fprintf(f, "  for         %s%s\n", *purposes ? purposes : "nothing", uses);
        if (live) fprintf(f, "  until       %s\n", until);
        fprintf(f, "  face lost   %s\n", r->lost == BT_LOST_FREEZE ? "held still for at most 5 s, then the card" : "the card");
        if (*r->recipient) fprintf(f, "  recipient   %s\n", r->recipient);
        fprintf(f, "  kept        on this machine only, encrypted; notice %u, %.16s…\n", r->notice_version, r->notice_sha256);
        if (live && *r->match_claim) fprintf(f, "  matched     %s\n", r->match_claim);
        if (live) fprintf(f, "  withdraw    bauta consent withdraw %.8s\n", r->record_id);
    }
    if (fclose(f)) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
