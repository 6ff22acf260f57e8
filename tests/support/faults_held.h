/* SPDX-License-Identifier: MIT */
/* Between the parts of faults.h: who decides whether a call fails, and who counts what is held. */
#ifndef BT_TESTS_SUPPORT_FAULTS_HELD_H
#define BT_TESTS_SUPPORT_FAULTS_HELD_H

#include "support/faults.h"
#include <stdint.h>

/* Asked by every swapped call, before anything is done. True: fail. */
bool fault_here(enum fault_class class, const char *name);
bool fault_splits(void); /* it makes copies of the process to fail in */

enum fault_kind { FAULT_IS_MEMORY, FAULT_IS_VULKAN, FAULT_IS_FILE, FAULT_KINDS };
/* Something is held, or given back; 0 is nothing. `known`: giving back what is not held is a fault of the program's. */
void fault_hold(enum fault_kind kind, uint64_t key);
bool fault_release(enum fault_kind kind, uint64_t key, bool known, const char *name);
void fault_misused(const char *name);

#endif
