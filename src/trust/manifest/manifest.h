/* SPDX-License-Identifier: MIT */
/* A session's manifest: which session a mark in a picture speaks of, when it was, what was worn and what came of it, signed.
   Bytes in, bytes out.

   A JSON object. What is signed (Ed25519) are the bytes of the same object without its member "signature", canonicalised as
   RFC 8785 (JCS) says: keys sorted, no white space, UTF-8. All numbers are whole. White space and order of the file are free.
   The member "what" keeps it apart from all else that the same key signs. Unknown members are signed too, and passed over. */
#ifndef BT_TRUST_MANIFEST_H
#define BT_TRUST_MANIFEST_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/vault/seal.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    BT_MANIFEST_SCHEMA = 1,
    BT_MANIFEST_SESSION = 33,
    BT_MANIFEST_DIGEST = 65,
    BT_MANIFEST_FINGERPRINT = 17,
    BT_MANIFEST_WORDS = 64,
    BT_MANIFEST_MODELS = 8,
    BT_MANIFEST_PROFILES = 8,
    BT_MANIFEST_MOST_BYTES = 64 * 1024,
};

/* IPTC's term for a camera's picture with parts made by a model: https://cv.iptc.org/newscodes/digitalsourcetype/ */
#define BT_MANIFEST_SOURCE_TYPE "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

/* Stored by name. */
enum bt_manifest_state { BT_MANIFEST_RUNNING, BT_MANIFEST_ENDED, BT_MANIFEST_STATES };
enum bt_manifest_source { BT_MANIFEST_CAMERA, BT_MANIFEST_FILE, BT_MANIFEST_BUILTIN, BT_MANIFEST_SOURCES };
/* Whose face was worn: nobody's, one enrolled at the signing installation, or one lent to it. */
enum bt_manifest_role { BT_MANIFEST_SYNTHETIC, BT_MANIFEST_OWN, BT_MANIFEST_LENT, BT_MANIFEST_ROLES };
/* Whose key signs: the installation's, or one made for this session and forgotten: then it says only that nothing was changed.
 */
enum bt_manifest_origin { BT_MANIFEST_INSTALLATION, BT_MANIFEST_EPHEMERAL, BT_MANIFEST_ORIGINS };

struct bt_manifest_counts {
    uint64_t masked, held, pauses; /* pauses: how often masked frames gave way to cards */
    uint64_t placards[BAUTA_STATUS_COUNT];
};

struct bt_manifest {
    enum bt_manifest_state state;
    char session[BT_MANIFEST_SESSION];
    uint32_t mark_key;      /* key and version of the pattern, in one number */
    int64_t start_s, end_s; /* UTC; end while running: when this was written */
    bauta_status why;       /* it ended */
    char software[BT_MANIFEST_WORDS], version[BT_MANIFEST_WORDS], software_sha256[BT_MANIFEST_DIGEST];
    struct bt_manifest_model {
        char name[BT_MANIFEST_WORDS], sha256[BT_MANIFEST_DIGEST];
    } model[BT_MANIFEST_MODELS];
    uint32_t models;
    char profile[BT_MANIFEST_PROFILES][BT_MANIFEST_WORDS];
    uint32_t profiles;
    enum bt_manifest_source source;
    enum bt_manifest_role role;
    char pseudonym[BT_MANIFEST_WORDS]; /* the masks' names, or what the receipts call a person: never a person's name */
    struct bt_manifest_counts counts;
    uint64_t audit_lines;
    char audit_head[BT_MANIFEST_DIGEST];
    enum bt_manifest_origin origin;
    uint8_t key[BT_SEAL_PUBLIC_BYTES]; /* filled in by make from the signer */
};

/* What the mark carries: the session's first 8 hex digits. */
uint32_t bt_manifest_payload(const char session[BT_MANIFEST_SESSION]);
uint64_t bt_manifest_placards(const struct bt_manifest_counts *counts);
uint64_t bt_manifest_frames(const struct bt_manifest_counts *counts); /* masked, held and placards */
/* The first 16 hex digits of the SHA-256 of a public key. */
BT_CHECKED bt_status bt_manifest_fingerprint(const uint8_t key[BT_SEAL_PUBLIC_BYTES], char out_hex[BT_MANIFEST_FINGERPRINT]);

/* Signed; malloc'ed text, on one line when `compact` (for a container's metadata). BT_E_MEMORY: also when a text is no UTF-8.
 */
BT_CHECKED bt_status bt_manifest_make(const struct bt_manifest *manifest, const struct bt_signer *signer, bool compact,
                                      char **out_json);
/* A door. What comes out was signed by the key that it names; whose key that is, is for the caller to judge. BT_E_FORMAT: no
   manifest, or changed after it was signed; BT_E_UNSUPPORTED: of a later schema. Then *out_why says what, in static English. */
BT_CHECKED bt_status bt_manifest_read(struct bt_bytes json, struct bt_manifest *out_manifest, const char **out_why);

/* The metadata field AIGC of GB 45438-2025, appendix E, in its order; malloc'ed, one line. The producer has no registered code
   here, so its place holds the software's name; the propagator's fields are for who passes the file on. */
BT_CHECKED bt_status bt_manifest_aigc(const struct bt_manifest *manifest, char **out_json);

#endif
