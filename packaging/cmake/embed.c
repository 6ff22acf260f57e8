/* SPDX-License-Identifier: MIT */
/* Build-time tool: turns a file into a C array. bt_embed --bytes|--words SYMBOL IN OUT.c OUT.h */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: bt_embed --bytes|--words SYMBOL IN OUT.c OUT.h\n");
        return 2;
    }
    int words = !strcmp(argv[1], "--words");
    const char *type = words ? "uint32_t" : "uint8_t";
    FILE *in = fopen(argv[3], "rb");
    FILE *c = in ? fopen(argv[4], "w") : NULL;
    FILE *h = c ? fopen(argv[5], "w") : NULL;
    if (!h) {
        perror(in ? argv[4] : argv[3]);
        return 1;
    }
    fprintf(c, "#include <stddef.h>\n#include <stdint.h>\nextern const %s %s[];\nextern const size_t %s_bytes;\nconst %s %s[] = {\n", type,
            argv[2], argv[2], type, argv[2]);
    size_t total = 0;
    for (uint32_t word = 0;;) {
        word = 0;
        size_t n = fread(&word, 1, words ? 4 : 1, in);
        if (!n) break;
        fprintf(c, "%" PRIu32 ",%s", word, total / 4 % 16 == 15 ? "\n" : "");
        total += n;
    }
    fprintf(c, "};\nconst size_t %s_bytes = %zu;\n", argv[2], total);
    fprintf(h, "#pragma once\n#include <stddef.h>\n#include <stdint.h>\nextern const %s %s[];\nextern const size_t %s_bytes;\n", type, argv[2],
            argv[2]);
    int bad = ferror(in) || fclose(c) || fclose(h);
    fclose(in);
    if (bad || !total) fprintf(stderr, "%s: could not embed\n", argv[3]);
    return bad || !total;
}
