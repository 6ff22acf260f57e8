/* SPDX-License-Identifier: MIT */
/* Recorded work. A recording may be submitted many times; it is recorded anew only when the GPU is done with it. */
#ifndef BT_GPU_COMMAND_H
#define BT_GPU_COMMAND_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_gpu;
struct bt_buffer;
struct bt_image;
struct bt_kernel;
struct bt_bindings;
struct bt_commands;
struct bt_timers;

BT_CHECKED bt_status bt_commands_create(struct bt_gpu *gpu, struct bt_commands **out_commands);
void bt_commands_destroy(struct bt_commands **commands);

/* begin … end record; calls in between cannot fail by themselves: the first fault is kept and returned by end. */
BT_CHECKED bt_status bt_commands_begin(struct bt_commands *commands);
BT_CHECKED bt_status bt_commands_end(struct bt_commands *commands);

/* group counts, not invocations; 0 in any is no work. `push` is the kernel's push_bytes long, or NULL when that is 0. */
void bt_commands_dispatch(struct bt_commands *commands, struct bt_kernel *kernel, struct bt_bindings *bindings,
                          const void *push, uint32_t groups_x, uint32_t groups_y, uint32_t groups_z);
/* Everything before is finished and seen by everything after (and by the host, when the submission is done). */
void bt_commands_barrier(struct bt_commands *commands);
void bt_commands_copy(struct bt_commands *commands, struct bt_buffer *to, size_t to_offset, struct bt_buffer *from,
                      size_t from_offset, size_t size_bytes);
void bt_commands_copy_image(struct bt_commands *commands, struct bt_image *to,
                            struct bt_image *from); /* same size and format */
void bt_commands_upload_image(struct bt_commands *commands, struct bt_image *to, struct bt_buffer *from, size_t from_offset);
void bt_commands_download_image(struct bt_commands *commands, struct bt_buffer *to, size_t to_offset, struct bt_image *from);
void bt_commands_fill(struct bt_commands *commands, struct bt_buffer *buffer, size_t offset, size_t size_bytes, uint32_t word);

/* Timestamps. Index i is written when everything recorded before the stamp is done. */
BT_CHECKED bt_status bt_timers_create(struct bt_gpu *gpu, uint32_t count, struct bt_timers **out_timers);
void bt_timers_destroy(struct bt_timers **timers);
void bt_commands_stamp(struct bt_commands *commands, struct bt_timers *timers, uint32_t index);
/* Nanoseconds from an arbitrary origin; zeros where the device has no timestamps. After the submission is done. */
BT_CHECKED bt_status bt_timers_read(struct bt_timers *timers, uint64_t *out_ns);

#endif
