/* SPDX-License-Identifier: MIT */
/* bauta model tune: every way of running each convolution, timed. */
#include "app/model.h"

#include "base/log.h"
#include "engine/tuning.h"
#include "gpu/device.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BUDGET_S = 60, MOST_BUDGET_S = 86400 };

/* What the measured layers take, unmeasured and chosen. */
struct sum {
    uint64_t first_ns, best_ns;
};

static void print_choice(const struct bt_choice *c) {
    static const char *const ways[BT_WAY_COUNT] = {
        [BT_WAY_DENSE] = "dense", [BT_WAY_DEPTHWISE] = "depthwise", [BT_WAY_TILED] = "tiled", [BT_WAY_SEPARABLE] = "separable"};
    printf("%s %s", ways[c->way], c->texels ? "texels" : "storage");
    const struct {
        const char *name;
        uint32_t value;
    } numbers[] = {{"pixels", c->pixels}, {"rows", c->rows}, {"groups", c->groups}, {"lanes", c->lanes}};
    for (size_t i = 0; i < BT_COUNT(numbers); i++)
        if (numbers[i].value) printf(" %s=%" PRIu32, numbers[i].name, numbers[i].value);
}

static void print_layer(void *user, const struct bt_tune_news *n) {
    struct sum *sum = user;
    const struct bt_layer *l = n->layer;
    printf("%" PRIu32 "/%" PRIu32 " \"%s\"", n->done, n->total, n->name);
    if (n->times > 1) printf(" and %" PRIu32 " more", n->times - 1);
    printf(": %" PRIu32 "x%" PRIu32 "x%" PRIu32 " -> %" PRIu32 "x%" PRIu32 "x%" PRIu32 ", kernel %" PRIu32 "x%" PRIu32
           ", stride %" PRIu32 ", group %" PRIu32 ", %.2f MMAC\n",
           l->in_channels, l->in_h, l->in_w, l->out_channels, l->out_h, l->out_w, l->kernel_h, l->kernel_w, l->stride_h,
           l->group, (double)n->macs * 1e-6);
    for (uint32_t i = 0; i < n->choice_count; i++) {
        if (n->ns[i])
            printf("  %c %9.1f us  ", i == n->best ? '*' : ' ', (double)n->ns[i] * 1e-3);
        else
            printf("    %9s     ", "cannot");
        print_choice(&n->choice[i]);
        if (i == n->best && n->ns[0] && n->ns[i]) printf("  x%.2f", (double)n->ns[0] / (double)n->ns[i]);
        putchar('\n');
    }
    fflush(stdout);
    if (!n->ns[0] || !n->ns[n->best]) return;
    sum->first_ns += n->ns[0] * n->times;
    sum->best_ns += n->ns[n->best] * n->times;
}

bt_status bt_model_tune(struct bt_model *model) {
    const char *text = model->options->budget;
    uint64_t seconds = BUDGET_S;
    struct sum sum = {0};
    uint32_t left = 0;
    if (text && (!bt_app_number(text, &seconds) || !seconds || seconds > MOST_BUDGET_S)) {
        bt_log_error(model->log, "--budget %s: expected a number of seconds from 1 to %d", text, MOST_BUDGET_S);
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_model_open_device(model);
    if (!status && !model->cache.tuning) status = BT_E_MEMORY;
    if (status) return status;
    printf("%s on %s; * is kept, and how much faster it is than the first, which is taken unmeasured\n", model->path,
           bt_gpu_caps(model->gpu)->name);
    const struct bt_net_tune_params params = {.gpu = model->gpu,
                                              .log = model->log,
                                              .onnx = &model->onnx,
                                              .count = 1,
                                              .again = true,
                                              .budget_ns = (int64_t)seconds * 1000000000,
                                              .news = print_layer,
                                              .user = &sum};
    status = bt_net_tune(model->cache.tuning, &params, &left);
    bt_cache_save(&model->cache, model->gpu); /* also what it had when it failed */
    if (status) return status;
    if (sum.best_ns)
        printf("convolutions: %.3f ms unmeasured, %.3f ms as measured: x%.2f\n", (double)sum.first_ns * 1e-6,
               (double)sum.best_ns * 1e-6, (double)sum.first_ns / (double)sum.best_ns);
    if (left) printf("%" PRIu32 " kinds of layer left when the time was over; --budget gives more\n", left);
    return BT_OK;
}
