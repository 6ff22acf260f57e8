/* SPDX-License-Identifier: MIT */
/* The words a person agrees to, in English and Chinese. Versioned: a change of meaning is a new version in the audit. */
#ifndef BT_TRUST_NOTICE_H
#define BT_TRUST_NOTICE_H

#include "trust/consent/consent.h"
#include <stddef.h>

enum { BT_NOTICE_VERSION = 4, BT_NOTICE_BYTES = 4096 };

/* Writes the notice for these facts. Untrusted names are cleaned of control characters first. */
void bt_notice_write(const struct bt_consent_params *params, char *out_text, size_t bytes);
/* Is this line the agreement that the notice asks for? White space around it and English case do not matter; nothing else
 * agrees. */
bool bt_notice_agrees(const char *answer);

#endif
