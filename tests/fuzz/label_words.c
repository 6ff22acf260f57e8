/* SPDX-License-Identifier: MIT */
/* libFuzzer target for a profile's words: whatever they are, they are laid out and drawn, or refused. Build as
   tests/fuzz/onnx_import.c says. */
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/overlay.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bt_text *text;
    struct bt_overlay overlay;
    struct bt_layout plain;
    if (!text && bt_disclose_overlay_text(&text)) abort();
    char *words = malloc(size + 1);
    if (!words) return 0;
    memcpy(words, data, size);
    words[size] = 0;
    const struct bt_label_rules rules = {.extra = words};
    uint32_t lacks;
    bt_status known = bt_text_lacks(text, words, &lacks);
    bt_status drawn = bt_disclose_overlay_init(text, 640, 480, &rules, &overlay);
    if (bt_disclose_layout_of(text, 640, 480, NULL, &plain)) abort();
    if (!drawn) {
        if (known && strspn(words, " ") != strlen(words)) abort(); /* drawn with a hole */
        if (overlay.layout.label[0].cap_px < plain.label[0].cap_px || overlay.layout.label[0].h < plain.label[0].h) abort();
        bt_disclose_overlay_finish(&overlay);
    }
    free(words);
    return 0;
}
