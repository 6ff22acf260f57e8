/* SPDX-License-Identifier: MIT */
#include "engine/emit/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const regions[BT_REGION_COUNT] = {"none", "arena", "constant", "input", "output"};

static const char *const codes[] = {[BT_CODE_STORAGE] = "storage", [BT_CODE_TEXELS] = "texels ", [BT_CODE_LANES] = "lanes  "};

static void print_dispatch(FILE *f, const struct bt_dispatch *d, uint32_t number) {
    const struct bt_emit_kernel_info *info = bt_emit_kernel_info(d->kernel);
    fprintf(f, "%s%4u %-9s %s", d->wait ? "---- wait\n" : "", number, info->name, codes[d->code]);
    if (d->half) fprintf(f, d->half == BT_HALF_STORAGE ? " half" : " half products");
    fprintf(f, " [");
    for (uint32_t i = 0; i < info->constant_count; i++) fprintf(f, "%s%d", i ? " " : "", (int32_t)d->constants[i]);
    fprintf(f, "] (");
    /* The first words say the shape in every kernel; floats among the rest are shown by their bits. */
    for (uint32_t i = 0; i < info->push_bytes / 4; i++) {
        int32_t word;
        memcpy(&word, d->push + i * 4, 4);
        bool small = word > -(1 << 24) && word < (1 << 24);
        fprintf(f, small ? "%s%d" : "%s#%08x", i ? " " : "", word);
    }
    fprintf(f, ") x %u", d->groups_x * d->groups_y);
    for (uint32_t i = 0; i < info->slot_count; i++)
        fprintf(f, " %s%s+%zu:%zu%s", info->slots[i] == 'o' ? "-> " : "", regions[d->operand[i].region],
                d->operand[i].offset_bytes, d->operand[i].size_bytes, d->operand[i].half ? "h" : "");
    fprintf(f, "  %s \"%s\"\n", d->op, d->name);
}

bt_status bt_emit_print(const struct bt_program *program, char **out_text) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return BT_E_MEMORY;
    for (uint32_t i = 0; i < program->dispatch_count; i++) print_dispatch(f, &program->dispatch[i], i);
    for (int r = BT_REGION_ARENA; r < BT_REGION_COUNT; r++) fprintf(f, "%s %zu bytes\n", regions[r], program->region_bytes[r]);
    if (fclose(f)) {
        free(text);
        return BT_E_MEMORY;
    }
    *out_text = text;
    return BT_OK;
}
