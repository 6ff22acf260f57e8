/* SPDX-License-Identifier: MIT */
#include "app/keyring.h"

#include "base/log.h"

#include <libsecret/secret.h>
#include <stdlib.h>
#include <string.h>

static const SecretSchema schema = {
    .name = "io.bauta.Vault",
    .flags = SECRET_SCHEMA_NONE,
    .attributes = {{"folder", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
};

/* Without a session bus there is no keyring, and asking would start one. */
static bool has_bus(void) {
    const char *bus = getenv("DBUS_SESSION_BUS_ADDRESS");
    return bus && *bus;
}

static bt_status refused(struct bt_log *log, const char *what, GError *error) {
    bt_log_debug(log, "the keyring cannot %s: %s", what, error ? error->message : "no reason given");
    g_clear_error(&error);
    return BT_E_NOT_FOUND;
}

bt_status bt_keyring_read(struct bt_log *log, const char *vault, struct bt_secret **out_passphrase) {
    GError *error = NULL;
    if (!has_bus()) return BT_E_NOT_FOUND;
    char *text = secret_password_lookup_nonpageable_sync(&schema, NULL, &error, "folder", vault, NULL);
    if (!text) return error ? refused(log, "be read", error) : BT_E_NOT_FOUND;
    struct bt_secret *passphrase = NULL;
    bt_status status = bt_secret_create(log, strlen(text), &passphrase);
    if (!status) {
        memcpy(bt_secret_data(passphrase), text, strlen(text));
        *out_passphrase = passphrase;
    }
    secret_password_free(text); /* wipes */
    return status;
}

bt_status bt_keyring_keep(struct bt_log *log, const char *vault, const struct bt_secret *passphrase) {
    GError *error = NULL;
    struct bt_secret *text = NULL; /* with a closing zero */
    size_t size = bt_secret_size(passphrase);
    if (!has_bus()) return BT_E_NOT_FOUND;
    bt_status status = bt_secret_create(log, size + 1, &text);
    if (status) return status;
    memcpy(bt_secret_data(text), bt_secret_bytes(passphrase).data, size);
    if (!secret_password_store_sync(&schema, SECRET_COLLECTION_DEFAULT, "bauta: passphrase of the vault",
                                    (const char *)bt_secret_data(text), NULL, &error, "folder", vault, NULL))
        status = refused(log, "keep the passphrase", error);
    bt_secret_destroy(&text);
    return status;
}

bt_status bt_keyring_forget(struct bt_log *log, const char *vault) {
    GError *error = NULL;
    if (!has_bus()) return BT_E_NOT_FOUND;
    if (secret_password_clear_sync(&schema, NULL, &error, "folder", vault, NULL)) return BT_OK;
    return error ? refused(log, "forget", error) : BT_E_NOT_FOUND;
}
