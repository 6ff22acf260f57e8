/* SPDX-License-Identifier: MIT */
/* libbauta in a page: masks the built-in footage, or whoever sits before a camera, and writes a digest of each frame that
 * leaves.
 *
 *     cc footage.c $(pkg-config --cflags --libs bauta) -o footage
 *     ./footage digests.txt 100                      the built-in footage: nobody needs to be asked
 *     ./footage digests.txt 100 /dev/video0          asks first, at the terminal
 */
#include <bauta/bauta.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(void *user, enum bauta_log_level level, const char *line) {
    (void)user;
    fprintf(stderr, "%s%s\n", level >= BAUTA_LOG_ERROR ? "error: " : "", line);
}

/* The person reads the notice, and types. Nothing else may answer. */
static bauta_status ask(void *user, const char *notice, char *out_answer, uint32_t answer_bytes) {
    (void)user;
    printf("\n%s", notice);
    fflush(stdout);
    if (!fgets(out_answer, (int)answer_bytes, stdin)) return BAUTA_E_CONSENT;
    out_answer[strcspn(out_answer, "\n")] = 0;
    return BAUTA_OK;
}

int main(int argc, char **argv) {
    struct bauta_request request;
    struct bauta_progress progress;
    struct bauta_grant *grant = NULL;
    struct bauta_session *session = NULL;
    if (argc < 3) {
        fprintf(stderr, "usage: footage DIGESTS FRAMES [CAMERA]\n");
        return 2;
    }
    memset(&request, 0, sizeof request);
    request.bytes = sizeof request;
    request.log.line = say;
    request.log.least = BAUTA_LOG_WARNING;
    request.asker.ask = ask;
    request.source = argc > 3 ? BAUTA_SOURCE_CAMERA : BAUTA_SOURCE_FOOTAGE;
    request.source_path = argc > 3 ? argv[3] : NULL;
    request.hash = argv[1];
    request.frames = strtoull(argv[2], NULL, 10);
    request.models = getenv("BAUTA_MODELS"); /* NULL: where they are installed */

    bauta_status status = bauta_grant_obtain(&request, &grant);
    if (!status) status = bauta_session_open(&grant, &session);
    if (!status) status = bauta_session_start(session);
    if (!status) status = bauta_session_wait(session);
    memset(&progress, 0, sizeof progress);
    progress.bytes = sizeof progress;
    if (!status) status = bauta_session_status(session, &progress);
    bauta_session_destroy(&session);
    bauta_grant_destroy(&grant);
    if (status) {
        fprintf(stderr, "%s\n", bauta_status_text(status));
        return 1;
    }
    printf("bauta %s: %" PRIu64 " frames, %" PRIu64 " masked, %" PRIu64 " cards\n", bauta_version(), progress.frames,
           progress.masked, progress.cards);
    return 0;
}
