/* SPDX-License-Identifier: MIT */
#include "engine/tune/build.h"

#include "base/clock.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

/* A choice replaces the default only if it is faster by this much: less is noise, and every other kernel costs a compilation
   at the first start. */
enum { GAIN_PERCENT = 4 };

/* A distinct layer of the plans. */
struct task {
    struct bt_layer layer;
    const struct bt_plan *plan;
    uint32_t step, times;
    uint64_t macs;
};

struct tasks {
    struct task *task;
    uint32_t count;
};

static bt_status add_plan(struct tasks *t, const struct bt_tuning *tuning, const struct bt_tune_params *params,
                          const struct bt_plan *plan) {
    struct bt_program *program = NULL;
    bt_status st = bt_emit_create(plan, params->emit, params->log, &program);
    if (st) return st;
    struct task *grown = realloc(t->task, (t->count + program->dispatch_count + 1) * sizeof *grown);
    if (!grown) {
        bt_emit_destroy(&program);
        return BT_E_MEMORY;
    }
    t->task = grown;
    for (uint32_t i = 0; i < program->dispatch_count; i++) {
        const struct bt_dispatch *d = &program->dispatch[i];
        if (!d->chosen || (!params->again && bt_tune_find(tuning, &d->layer))) continue;
        uint32_t k = 0;
        while (k < t->count && memcmp(&t->task[k].layer, &d->layer, sizeof d->layer)) k++;
        if (k == t->count)
            t->task[t->count++] = (struct task){.layer = d->layer, .plan = plan, .step = d->step, .macs = d->macs};
        t->task[k].times++;
    }
    bt_emit_destroy(&program);
    return BT_OK;
}

static int by_macs(const void *a, const void *b) {
    const struct task *x = a, *y = b;
    uint64_t p = x->macs * x->times, q = y->macs * y->times;
    return (p < q) - (p > q);
}

static bt_status time_choices(const struct bt_tune_params *params, const struct task *task, const struct bt_choice *choice,
                              uint32_t count, int64_t deadline_ns, uint64_t *ns) {
    if (!params->rigged_ns) {
        return bt_tune_measure(params, task->plan, task->step, &task->layer, choice, count, deadline_ns, ns);
    }
    for (uint32_t i = 0; i < count; i++) ns[i] = params->rigged_ns(params->user, &task->layer, &choice[i]);
    return BT_OK;
}

/* Where choices' times are rigged, those that were asked for are all the time that passes. */
static int64_t now_ns(const struct bt_tune_params *params, int64_t rigged_ns) {
    return params->rigged_ns ? rigged_ns : bt_clock_now_ns();
}

static uint32_t pick(const uint64_t *ns, uint32_t count) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (ns[i] && (!ns[best] || ns[i] < ns[best])) best = i;
    }
    return ns[0] && ns[best] * 100 > ns[0] * (100 - GAIN_PERCENT) ? 0 : best;
}

bt_status bt_tune_layers(struct bt_tuning *tuning, const struct bt_tune_params *params, uint32_t *out_left) {
    int64_t rigged_ns = 0, deadline_ns = now_ns(params, 0) + params->budget_ns;
    struct tasks tasks = {0};
    uint32_t done = 0;
    bt_status st = BT_OK;
    for (uint32_t i = 0; i < params->plan_count && !st; i++) st = add_plan(&tasks, tuning, params, params->plan[i]);
    if (st) goto done;
    if (tasks.count) qsort(tasks.task, tasks.count, sizeof *tasks.task, by_macs);
    for (; done < tasks.count && now_ns(params, rigged_ns) < deadline_ns; done++) {
        const struct task *task = &tasks.task[done];
        struct bt_choice choice[BT_CHOICES_MAX];
        uint64_t ns[BT_CHOICES_MAX] = {0};
        uint32_t count = bt_emit_candidates(&task->layer, params->emit, choice);
        st = time_choices(params, task, choice, count, deadline_ns, ns);
        if (st) break;
        for (uint32_t i = 0; i < count; i++) rigged_ns += (int64_t)ns[i];
        uint32_t best = pick(ns, count);
        st = bt_tune_keep(tuning, &task->layer, &choice[best]);
        if (st) break;
        if (params->news) {
            params->news(params->user, &(struct bt_tune_news){.done = done + 1,
                                                              .total = tasks.count,
                                                              .layer = &task->layer,
                                                              .name = task->plan->step[task->step].name,
                                                              .times = task->times,
                                                              .macs = task->macs,
                                                              .choice_count = count,
                                                              .best = best,
                                                              .choice = choice,
                                                              .ns = ns});
        }
    }
    if (st == BT_E_TIMEOUT) st = BT_OK;
done:
    *out_left = tasks.count - done;
    free(tasks.task);
    return st;
}
