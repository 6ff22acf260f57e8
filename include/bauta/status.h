/* SPDX-License-Identifier: MIT */
/* What can go wrong, in one list: every fallible function of bauta returns one of these. */
#ifndef BAUTA_STATUS_H
#define BAUTA_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bauta_status {
    BAUTA_OK = 0,
    BAUTA_E_ARGUMENT,    /* the caller asked for something that makes no sense */
    BAUTA_E_MEMORY,      /* no host or device memory left */
    BAUTA_E_IO,          /* the system refused to open, read, write or map */
    BAUTA_E_FORMAT,      /* bytes from outside are not what they claim to be */
    BAUTA_E_UNSUPPORTED, /* well formed, but not something this build or device can do */
    BAUTA_E_DEVICE,      /* a Vulkan call failed */
    BAUTA_E_DEVICE_LOST, /* the GPU went away; nothing on it can be used again */
    BAUTA_E_NOT_FOUND,   /* no such file, device, face or model */
    BAUTA_E_BUSY,        /* somebody else holds it */
    BAUTA_E_END,         /* the source has no more frames: not a fault */
    BAUTA_E_TIMEOUT,     /* nothing came in time */
    BAUTA_E_INTERRUPTED, /* asked to stop */
    BAUTA_E_CONSENT,     /* no live consent covers this */
    BAUTA_E_NO_FACE,     /* no face that may be masked is in view: a placard is shown */
    BAUTA_E_TWO_FACES,   /* somebody besides the wearer is in view */
    BAUTA_E_TOO_DARK,    /* too little light to follow a face */
    BAUTA_E_POSE,        /* the head is turned further than the mask holds up */
    BAUTA_E_OCCLUDED,    /* something is held before the face */
    BAUTA_E_STALE,       /* the handle is older than what it names */
    BAUTA_E_PAUSED,      /* paused: the camera is closed, a placard is shown */
    BAUTA_E_CHANGING,    /* another mask is being put on: a placard is shown */
    BAUTA_E_TOO_BRIGHT,   /* the face is burnt out */
    BAUTA_E_LOW_CONTRAST, /* haze, or a lamp behind the face: too little of it stands out */
    BAUTA_E_NOISY,        /* the camera's noise drowns the face */
    BAUTA_E_BLURRED,      /* out of focus, or smeared by motion */
    BAUTA_E_TOO_SMALL,    /* the face is too far away */
    BAUTA_E_UNSTEADY,     /* the face is followed, but what is seen of it jumps */
    BAUTA_E_STRANGER,     /* who sits there is not the person who is to wear the mask: a placard is shown */
    BAUTA_E_REFERRED,     /* waits for the wearer to decide: a placard is shown */
    BAUTA_STATUS_COUNT
} bauta_status;

/* The status in plain English, lower case, no full stop; never NULL. */
const char *bauta_status_text(bauta_status status);

#ifdef __cplusplus
}
#endif
#endif
