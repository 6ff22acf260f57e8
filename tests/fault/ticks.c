/* SPDX-License-Identifier: MIT */
/* Every Vulkan call of a tick fails once, and every allocation and Vulkan call of the first ticks, which make what they meet
   for the first time; then the device is lost at each of them. Each frame that comes out is masked and labelled or the placard;
   after a failure the next frames are masked again; a tick that is not the first allocates nothing. */
#include "fault/show.h"
#include "support/faults.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 4, WARM = 12, QUIET = 10, PATIENCE = 60 };

/* A frame's figures do not matter; and swap asks, without waiting, whether the frame before is done, to read its figures. What
   comes out when the tick goes on is looked at below, where each call of a tick fails. */
static const char *const tolerated[] = {"vkGetQueryPoolResults", "vkWaitSemaphores", NULL};

enum step { FIRST_TICKS, WARMING, ALLOCATIONS, ARM, FAILED, RECOVERING, LOSE, LOST, DONE };

static struct {
    struct show *show;
    enum step step;
    uint64_t at, waited, frames, failures, wrong;
    bool device_lost, last_placard;
} t;

static void say(const char *what) {
    fprintf(stderr, "ticks: %s (call %llu, %s)\n", what, (unsigned long long)t.at, fault_name());
    t.wrong++;
}

static bt_status good(void *user, uint64_t index, uint8_t *data) {
    (void)user;
    if (t.step == FIRST_TICKS && !index) fault_split_begin(1 << FAULT_MEMORY | 1 << FAULT_VULKAN, tolerated);
    show_fill(t.show, data, 60);
    show_paint(t.show, data, 0, 1);
    return BT_OK;
}

static void arm(void) {
    fault_watch(FAULT_VULKAN, ++t.at);
    t.step = FAILED;
}

static bool all_good(const struct show_tally *tally) {
    return !tally->unlabelled && !tally->bare;
}

static void pause_counting(void) {
    fault_pause(true);
}

/* Between two ticks. */
static void frame(void *user, const struct bt_report *report, const struct bt_disclosed_view *view) {
    (void)user;
    const struct show_tally tally = show_tally(t.show);
    t.last_placard = view->placard;
    if (fault_is_copy()) { /* the first frame after the failure; with the device lost, the run's end is looked at too */
        if (!all_good(&tally)) fault_end_copy(false, "a frame without label, or a bare face");
        if (!t.device_lost) fault_end_copy(true, "");
        return;
    }
    if (!all_good(&tally)) t.wrong++;
    t.frames++;
    fault_pause(t.step == WARMING || t.step == RECOVERING);
    switch (t.step) {
    case FIRST_TICKS:
        if (t.frames < FIRST) return;
        {
            const struct fault_tally split = fault_split_end();
            printf("first %d ticks: %llu allocations, %llu Vulkan calls: %llu good, %llu went on, %llu bad\n", FIRST,
                   (unsigned long long)split.calls[FAULT_MEMORY], (unsigned long long)split.calls[FAULT_VULKAN],
                   (unsigned long long)split.refused, (unsigned long long)split.went_on, (unsigned long long)split.bad);
            t.wrong += split.bad;
        }
        t.step = WARMING;
        return;
    case WARMING:
        if (t.frames < FIRST + WARM) return;
        if (view->placard) say("the face is not masked");
        show_learn(t.show);
        t.frames = 0;
        t.step = ALLOCATIONS;
        fault_watch(FAULT_MEMORY, 0);
        return;
    case ALLOCATIONS:
        if (t.frames < QUIET) return;
        fault_rest();
        if (fault_calls(FAULT_MEMORY)) say("a tick allocates");
        printf("%d ticks: %llu allocations, %.1f Vulkan calls each\n", QUIET, (unsigned long long)fault_calls(FAULT_MEMORY),
               (double)fault_calls(FAULT_VULKAN) / QUIET);
        t.step = ARM;
        arm();
        return;
    case FAILED:
        if (!fault_rest()) { /* there are no more calls in a tick */
            printf("a tick of %llu Vulkan calls: each failed, %llu made a placard\n", (unsigned long long)t.at - 1,
                   (unsigned long long)t.failures);
            fault_vulkan_says(t.device_lost = true);
            fault_split_begin(1 << FAULT_VULKAN, tolerated);
            t.step = LOSE;
            return;
        }
        t.failures += report->why != BT_OK;
        t.waited = 0;
        t.step = RECOVERING;
        /* fall through */
    case RECOVERING:
        if (view->placard) {
            if (++t.waited == PATIENCE) {
                say("no mask again after the failure");
                t.step = DONE;
                bt_pipeline_stop(show_pipeline(t.show));
            }
            return;
        }
        arm();
        return;
    case LOSE: {
        const struct fault_tally split = fault_split_end();
        printf("the device lost at each of %llu calls: %llu good, %llu went on, %llu bad\n",
               (unsigned long long)split.calls[FAULT_VULKAN], (unsigned long long)split.refused,
               (unsigned long long)split.went_on, (unsigned long long)split.bad);
        t.wrong += split.bad;
        fault_watch(FAULT_VULKAN, 3);
        t.step = LOST;
        return;
    }
    default:
        return;
    }
}

int main(void) {
    const struct fault_held before = fault_held();
    t.show = show_open("/dev/null");
    if (!t.show) return 1;
    const struct show_acts acts = {.picture = good, .frame = frame, .look = pause_counting};
    bt_status status = BT_OK;
    while (t.step != DONE) {
        status = show_run(t.show, &acts, 0, 0);
        if (fault_is_copy())
            fault_end_copy(status == BT_E_DEVICE_LOST && t.last_placard, "a lost device must end the run with the placard");
        const enum step step = t.step;
        if (step == LOST) break;
        if (step != RECOVERING && step != FAILED) {
            say("the run ended");
            break;
        }
    }
    const bool fired = fault_rest();
    if (!fired || status != BT_E_DEVICE_LOST || !t.last_placard) say("a lost device must end the run with the placard");
    show_close(&t.show);
    const struct fault_held after = fault_held();
    if (after.memory != before.memory || after.vulkan != before.vulkan || after.files != before.files || after.misused) {
        fprintf(stderr, "left behind: %lld allocations, %lld Vulkan objects, %lld files\n",
                (long long)(after.memory - before.memory), (long long)(after.vulkan - before.vulkan),
                (long long)(after.files - before.files));
        t.wrong++;
    }
    printf("%llu wrong\n", (unsigned long long)t.wrong);
    return t.wrong != 0;
}
