/* SPDX-License-Identifier: MIT */
/* bauta report: what an installation can show of itself, without a passphrase and without personal data. Gathered as JSON; the
   page is drawn from that, so both say the same. */
#ifndef BT_APP_COMPLIANCE_H
#define BT_APP_COMPLIANCE_H

#include "app/app.h"

#include <stdio.h>

struct json_t;

/* Parts of the report, each an object or an array. What somebody should look at is added to `attention`, a sentence each. NULL:
   no memory. Nothing is changed, and what is damaged is said in the part itself. */
struct json_t *bt_compliance_policy(struct bt_app *app, struct json_t *attention);
struct json_t *bt_compliance_models(struct bt_app *app, struct json_t *attention);
struct json_t *bt_compliance_error_rates(void);
struct json_t *bt_compliance_retention(void);
/* The last two and the vault rest on the same paths and key. */
struct bt_compliance_trust;
BT_CHECKED bt_status bt_compliance_trust_open(struct bt_app *app, struct bt_compliance_trust **out_trust);
void bt_compliance_trust_close(struct bt_compliance_trust **trust);
struct json_t *bt_compliance_key(const struct bt_compliance_trust *trust);
struct json_t *bt_compliance_consents(const struct bt_compliance_trust *trust, struct json_t *attention);
struct json_t *bt_compliance_vault(const struct bt_compliance_trust *trust, struct json_t *attention);
struct json_t *bt_compliance_audit(const struct bt_compliance_trust *trust, struct json_t *attention);
struct json_t *bt_compliance_sessions(const struct bt_compliance_trust *trust, struct json_t *attention);

/* The whole as one page that stands alone. */
void bt_compliance_page(FILE *out, const struct json_t *report);

#endif
