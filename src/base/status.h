/* SPDX-License-Identifier: MIT */
/* The status every internal function returns. The list itself is public: include/bauta/status.h. */
#ifndef BT_BASE_STATUS_H
#define BT_BASE_STATUS_H

#include "bauta/status.h"

typedef bauta_status bt_status;

#define BT_OK            BAUTA_OK
#define BT_E_ARGUMENT    BAUTA_E_ARGUMENT
#define BT_E_MEMORY      BAUTA_E_MEMORY
#define BT_E_IO          BAUTA_E_IO
#define BT_E_FORMAT      BAUTA_E_FORMAT
#define BT_E_UNSUPPORTED BAUTA_E_UNSUPPORTED
#define BT_E_DEVICE      BAUTA_E_DEVICE
#define BT_E_DEVICE_LOST BAUTA_E_DEVICE_LOST
#define BT_E_NOT_FOUND   BAUTA_E_NOT_FOUND
#define BT_E_BUSY        BAUTA_E_BUSY
#define BT_E_END         BAUTA_E_END
#define BT_E_TIMEOUT     BAUTA_E_TIMEOUT
#define BT_E_INTERRUPTED BAUTA_E_INTERRUPTED
#define BT_E_CONSENT     BAUTA_E_CONSENT
#define BT_E_NO_FACE     BAUTA_E_NO_FACE
#define BT_E_TWO_FACES   BAUTA_E_TWO_FACES
#define BT_E_TOO_DARK    BAUTA_E_TOO_DARK
#define BT_E_POSE        BAUTA_E_POSE
#define BT_E_OCCLUDED    BAUTA_E_OCCLUDED
#define BT_E_STALE       BAUTA_E_STALE
#define BT_E_PAUSED      BAUTA_E_PAUSED
#define BT_E_CHANGING    BAUTA_E_CHANGING

#define BT_E_TOO_BRIGHT   BAUTA_E_TOO_BRIGHT
#define BT_E_LOW_CONTRAST BAUTA_E_LOW_CONTRAST
#define BT_E_NOISY        BAUTA_E_NOISY
#define BT_E_BLURRED      BAUTA_E_BLURRED
#define BT_E_TOO_SMALL    BAUTA_E_TOO_SMALL
#define BT_E_UNSTEADY     BAUTA_E_UNSTEADY
#define BT_E_STRANGER     BAUTA_E_STRANGER
#define BT_E_REFERRED     BAUTA_E_REFERRED

/* A result that may not be dropped. */
#define BT_CHECKED __attribute__((warn_unused_result))

#define BT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
