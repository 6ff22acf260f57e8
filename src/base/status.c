/* SPDX-License-Identifier: MIT */
#include "base/status.h"

static const char *const texts[] = {
    [BAUTA_OK] = "ok",
    [BAUTA_E_ARGUMENT] = "the request makes no sense",
    [BAUTA_E_MEMORY] = "out of memory",
    [BAUTA_E_IO] = "the system refused to open, read or write",
    [BAUTA_E_FORMAT] = "the data are not what they claim to be",
    [BAUTA_E_UNSUPPORTED] = "not supported by this build or device",
    [BAUTA_E_DEVICE] = "a Vulkan call failed",
    [BAUTA_E_DEVICE_LOST] = "the GPU was lost",
    [BAUTA_E_NOT_FOUND] = "not found",
    [BAUTA_E_BUSY] = "in use by somebody else",
    [BAUTA_E_END] = "no more frames",
    [BAUTA_E_TIMEOUT] = "nothing came in time",
    [BAUTA_E_INTERRUPTED] = "asked to stop",
    [BAUTA_E_CONSENT] = "no live consent",
    [BAUTA_E_NO_FACE] = "no face in view",
    [BAUTA_E_TWO_FACES] = "more than one face in view",
    [BAUTA_E_TOO_DARK] = "too dark to follow a face",
    [BAUTA_E_POSE] = "the head is turned too far",
    [BAUTA_E_OCCLUDED] = "something covers the face",
    [BAUTA_E_STALE] = "the handle is no longer valid",
    [BAUTA_E_PAUSED] = "paused",
    [BAUTA_E_CHANGING] = "the mask is being changed",
    [BAUTA_E_TOO_BRIGHT] = "the face is burnt out",
    [BAUTA_E_LOW_CONTRAST] = "too little contrast to follow a face",
    [BAUTA_E_NOISY] = "too noisy to follow a face",
    [BAUTA_E_BLURRED] = "too blurred to follow a face",
    [BAUTA_E_TOO_SMALL] = "the face is too small",
    [BAUTA_E_UNSTEADY] = "the face is not followed steadily",
    [BAUTA_E_STRANGER] = "somebody else is in the chair",
    [BAUTA_E_REFERRED] = "waiting for the wearer",
};
_Static_assert(BT_COUNT(texts) == BAUTA_STATUS_COUNT, "one text a status");

__attribute__((visibility("default"))) const char *bauta_status_text(bauta_status status) {
    if ((unsigned)status >= BT_COUNT(texts) || !texts[status]) return "unknown status";
    return texts[status];
}
