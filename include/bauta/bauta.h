/* SPDX-License-Identifier: MIT */
/* bauta inside another program: a person wears a mask, and every frame that leaves says that it is AI.
 *
 *     request -> bauta_grant_obtain -> bauta_session_open -> start -> (status) -> stop, wait -> destroy
 *
 * Consent comes first: there is no session without a grant, and a grant is made only by the same policy, the same notice and
 * the same session log as the command `bauta run`. Whoever calls this shows the notice to the person who is about to be filmed,
 * word for word, and hands back what that person typed; to answer in their stead is to film somebody who did not agree.
 *
 * Before a camera the person is known again while the session runs: somebody else in the chair is not masked (the card, and
 * BAUTA_E_STRANGER), and neither is a picture that stays too bad for long. The camera is then closed (BAUTA_E_REFERRED), and
 * looked through again after 30 s and ever more seldom; nobody is asked a second time, and the masked picture is not shown
 * beforehand: the session goes by the consent that stands.
 *
 * No picture is ever handed out. Masked and labelled frames go to a virtual camera, a recording, or digests; what a caller gets
 * is numbers. Strings are UTF-8, and are copied. Functions of one session are called from one thread at a time, but for those
 * that say otherwise. Link with -lbauta; what begins with BAUTA_1 in bauta.map stays as it is as long as the library is
 * libbauta.so.1.
 */
#ifndef BAUTA_H
#define BAUTA_H

#include "bauta/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bauta_grant;
struct bauta_session;

enum bauta_log_level { BAUTA_LOG_DEBUG, BAUTA_LOG_INFO, BAUTA_LOG_WARNING, BAUTA_LOG_ERROR };

/* Where facts and faults are said. Called with one line without its newline, from any thread, one call at a time. */
struct bauta_log {
    void (*line)(void *user, enum bauta_log_level level, const char *line); /* NULL: nobody wants to know */
    void *user;
    enum bauta_log_level least; /* lines below it are dropped */
};

/* How the person is asked. */
struct bauta_asker {
    /* Shows `notice` (several lines) to the person and waits for one line of theirs, which goes into `out_answer` with a 0 at
       its end. BAUTA_E_CONSENT: there is nobody to ask, or they closed it. NULL: nobody can be asked, and only what needs no
       answer, or a standing consent on record (`bauta consent standing`), allows the session. Called within bauta_grant_obtain.
     */
    bauta_status (*ask)(void *user, const char *notice, char *out_answer, uint32_t answer_bytes);
    void *user;
    bool chinese; /* the notice's language; else English */
};

enum bauta_source {
    BAUTA_SOURCE_CAMERA,  /* a V4L2 node */
    BAUTA_SOURCE_FILE,    /* somebody's recording */
    BAUTA_SOURCE_FOOTAGE, /* the built-in public-domain footage; masks that belong to nobody only */
};

/* What the session is to be. Zero is every field's default. */
struct bauta_request {
    size_t bytes; /* sizeof(struct bauta_request): later versions only append */
    struct bauta_log log;
    struct bauta_asker asker;
    enum bauta_source source;
    const char *source_path; /* the file; the camera's node, where NULL is the one that `bauta devices` stars */
    /* Where frames go; at least one of them. */
    const char *virtual_camera; /* a v4l2loopback node */
    const char *record;         /* .mkv or .mp4 */
    const char *hash;           /* a text file: one line a frame, "sequence placard|frame sha256" */
    /* A mask that belongs to nobody, by name (NULL: the first); or an enrolled or lent face, when the desktop's keyring opens
       the vault: a library asks for no passphrase. */
    const char *face;
    const char *profile; /* labelling rules besides the default, which they can only add to: `bauta policy list`; or NULL */
    const char *models;  /* their folder; NULL: where they are installed */
    const char *device;  /* part of a Vulkan device's name; NULL: the best */
    uint32_t width_px, height_px, rate; /* to ask the camera for, or of the footage; 0: 1280 x 720 at 30 (footage 640 x 480) */
    uint64_t frames;                    /* end after so many; 0: with the source */
    bool mirror;
};

/* Finds models, GPU and face, asks, and notes it in the session log. No camera is open before or after; it blocks as long as
   the person thinks. The caller owns the grant. BAUTA_E_ARGUMENT, BAUTA_E_NOT_FOUND, BAUTA_E_CONSENT (refused, not answered,
   nobody to ask, or its owner does not agree to the face); the log says which. */
bauta_status bauta_grant_obtain(const struct bauta_request *request, struct bauta_grant **out_grant);
void bauta_grant_destroy(struct bauta_grant **grant); /* accepts NULL */

/* Opens the source and all that the request names. Takes the grant over, also on failure: a grant is for one session. */
bauta_status bauta_session_open(struct bauta_grant **grant, struct bauta_session **out_session);
/* Runs on a thread of its own from here on. Once; BAUTA_E_ARGUMENT: it was started before. */
bauta_status bauta_session_start(struct bauta_session *session);
/* Withdraws the consent: no frame after this one is masked, a card is the last that leaves. Returns at once. Any thread, any
   time; a session that was stopped before its start ends at its start. */
void bauta_session_stop(struct bauta_session *session);
/* Until it has ended, and files are finished. BAUTA_OK: the source ended, the frames were made, or it was stopped. */
bauta_status bauta_session_wait(struct bauta_session *session);
void bauta_session_destroy(struct bauta_session **session); /* stops and waits first; accepts NULL */

enum bauta_state { BAUTA_STATE_READY, BAUTA_STATE_RUNNING, BAUTA_STATE_ENDED };

struct bauta_progress {
    size_t bytes; /* sizeof(struct bauta_progress), set by the caller */
    enum bauta_state state;
    bauta_status result; /* once ended */
    bauta_status why;    /* of the newest frame: BAUTA_OK, or why it shows a card */
    uint32_t width_px, height_px;
    uint64_t frames, masked, cards, held; /* frames = masked + cards + held; held: the last masked frame, shown again */
};
/* Any thread. BAUTA_E_ARGUMENT: `bytes` is of no version of this. */
bauta_status bauta_session_status(struct bauta_session *session, struct bauta_progress *out_progress);

const char *bauta_version(void); /* "0.1.0" */

#ifdef __cplusplus
}
#endif
#endif
