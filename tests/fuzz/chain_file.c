/* SPDX-License-Identifier: MIT */
/* The door of the session log and the receipts: any file at all. Lines that it takes are given to the receipts' own door too.
 */
#include "trust/chain/chain.h"
#include "trust/receipt/receipt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bt_status each(void *user, const char *line) {
    struct bt_receipt receipt;
    ++*(uint64_t *)user;
    (void)!bt_receipt_parse(NULL, line, strlen(line), &receipt);
    return BT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_chain_report report = {0};
    char path[48];
    uint64_t lines = 0;
    int file = memfd_create("chain", 0);
    if (file < 0 || (size && write(file, data, size) != (ssize_t)size)) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    bt_status status = bt_chain_walk(NULL, path, NULL, each, &lines, &report);
    if (status && status != BT_E_FORMAT && status != BT_E_MEMORY) abort();
    if (lines != report.lines || (status == BT_E_FORMAT) != (report.bad_line != 0)) abort();
    close(file);
    return 0;
}
