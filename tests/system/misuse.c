/* SPDX-License-Identifier: MIT */
/* Work for a GPU that is wrong on purpose, to see that the validation layer is there and talks:
   misuse ordered | hazard | overlap. The last two must make it speak, the first must not. */
#include "base/log.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include <stdio.h>
#include <string.h>

enum { BYTES = 4096, WAIT_S = 60 };

static void print(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    if (level >= BT_LOG_WARNING) fprintf(stderr, "misuse: %s\n", line);
}

static void record(struct bt_commands *commands, struct bt_buffer *buffer, const char *what) {
    bt_commands_fill(commands, buffer, 0, BYTES, 1);
    if (strcmp(what, "hazard")) bt_commands_barrier(commands);
    if (!strcmp(what, "overlap"))
        bt_commands_copy(commands, buffer, 0, buffer, BYTES / 4, BYTES / 2); /* source and target overlap */
    else
        bt_commands_fill(commands, buffer, 0, BYTES, 2); /* nobody can tell which of the two comes last, but for a barrier */
}

int main(int argc, char **argv) {
    struct bt_log *log = bt_log_create(print, NULL, BT_LOG_WARNING);
    struct bt_gpu *gpu = NULL;
    struct bt_buffer *buffer = NULL;
    struct bt_commands *commands = NULL;
    uint64_t value = 0;
    if (argc != 2 || (strcmp(argv[1], "ordered") && strcmp(argv[1], "hazard") && strcmp(argv[1], "overlap"))) return 2;
    const struct bt_gpu_params params = {.log = log};
    bt_status st = bt_gpu_create(&params, &gpu);
    if (!st) st = bt_buffer_create(gpu, BYTES, BT_MEMORY_DEVICE, &buffer);
    if (!st) st = bt_commands_create(gpu, &commands);
    if (!st) st = bt_commands_begin(commands);
    if (!st) {
        record(commands, buffer, argv[1]);
        st = bt_commands_end(commands);
    }
    if (!st) st = bt_gpu_submit(gpu, &commands, 1, &value);
    if (!st) st = bt_gpu_wait(gpu, value, WAIT_S * INT64_C(1000000000));
    bt_commands_destroy(&commands);
    bt_buffer_destroy(&buffer);
    bt_gpu_destroy(&gpu);
    bt_log_destroy(&log);
    return st != BT_OK;
}
