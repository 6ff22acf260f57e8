/* SPDX-License-Identifier: MIT */
/* Every allocation and Vulkan call of everything that is made at set-up fails once: what is made says so, leaves its result
   alone, gives back all that it took, and never touches what was not made. setup [NAME...] sweeps only those. */
#include "base/clock.h"
#include "engine/net.h"
#include "footage/footage.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "rig/rig.h"
#include "support/faults.h"
#include "support/file_bytes.h"
#include "support/onnx_writer.h"
#include "support/test_gpu.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { W = 128, H = 120 }; /* near the least that has room for the label */

static struct {
    struct bt_gpu *gpu;
    struct bt_bytes geometry, model[3];
    struct bt_rig *rig;
    struct bt_mask *mask;
    struct bt_audit *audit;
    struct bt_grant *grant;
    struct bt_disclose *disclose;
    char folder[64], path[96];
} with;
static const char *const model_names[3] = {"face_detector", "face_mesh", "selfie_matte"};

static bt_status make_gpu(void *user, void **out) {
    (void)user;
    const struct bt_gpu_params params = {.threads = 1}; /* calls fail on this thread only */
    return bt_gpu_create(&params, (struct bt_gpu **)out);
}

static void drop_gpu(void **made) {
    bt_gpu_destroy((struct bt_gpu **)made);
}

static bt_status make_rig(void *user, void **out) {
    (void)user;
    return bt_rig_create(NULL, with.geometry, (struct bt_rig **)out);
}

static void drop_rig(void **made) {
    bt_rig_destroy((struct bt_rig **)made);
}

static bt_status make_mask(void *user, void **out) {
    (void)user;
    return bt_mask_builtin_grow(with.rig, 0, (struct bt_mask **)out);
}

static bt_status make_read_mask(void *user, void **out) {
    const struct bt_bytes bytes = {user, bt_mask_encoded_bytes()};
    return bt_mask_decode(NULL, bytes, (struct bt_mask **)out);
}

static void drop_mask(void **made) {
    bt_mask_destroy((struct bt_mask **)made);
}

static bt_status make_audit(void *user, void **out) {
    return bt_audit_open(NULL, user, NULL, (struct bt_audit **)out);
}

static void drop_audit(void **made) {
    bt_audit_close((struct bt_audit **)made);
}

static bt_status make_grant(void *user, void **out) {
    (void)user;
    const struct bt_consent_params params = {.audit = with.audit,
                                             .facts = {.origin = BT_ORIGIN_BUILTIN, .leaves_machine = true},
                                             .face_name = with.mask->name,
                                             .source_name = "the test"};
    return bt_consent_obtain(&params, (struct bt_grant **)out);
}

static void drop_grant(void **made) {
    bt_grant_destroy((struct bt_grant **)made);
}

static bt_status make_net(void *user, void **out) {
    const struct bt_net_params params = {.gpu = with.gpu, .onnx = *(struct bt_bytes *)user};
    return bt_net_create(&params, (struct bt_net **)out);
}

static void drop_net(void **made) {
    bt_net_destroy((struct bt_net **)made);
}

static bt_status make_track(void *user, void **out) {
    (void)user;
    const struct bt_track_params params = {.gpu = with.gpu,
                                           .rig = with.rig,
                                           .detector = with.model[0],
                                           .mesh = with.model[1],
                                           .matte = with.model[2],
                                           .width_px = W,
                                           .height_px = H};
    return bt_track_create(&params, (struct bt_track **)out);
}

static void drop_track(void **made) {
    bt_track_destroy((struct bt_track **)made);
}

static bt_status make_swap(void *user, void **out) {
    (void)user;
    const struct bt_swap_params params = {.gpu = with.gpu, .rig = with.rig, .mask = with.mask, .width_px = W, .height_px = H};
    return bt_swap_create(&params, with.grant, (struct bt_swap **)out);
}

static void drop_swap(void **made) {
    bt_swap_destroy((struct bt_swap **)made);
}

static bt_status make_disclose(void *user, void **out) {
    (void)user;
    const struct bt_disclose_params params = {.gpu = with.gpu, .width_px = W, .height_px = H, .egress = BT_EGRESS_I420};
    return bt_disclose_create(&params, (struct bt_disclose **)out);
}

static void drop_disclose(void **made) {
    bt_disclose_destroy((struct bt_disclose **)made);
}

static bt_status make_footage(void *user, void **out) {
    (void)user;
    const struct bt_footage_params params = {.geometry = with.geometry, .width_px = W, .height_px = H};
    return bt_footage_create(&params, (struct bt_source **)out);
}

static void drop_source(void **made) {
    bt_source_destroy((struct bt_source **)made);
}

/* The source is capture's own, also when it fails; it is the footage, so that its creation fails on the way too. */
static bt_status make_capture(void *user, void **out) {
    void *source = NULL;
    bt_status status = make_footage(user, &source);
    if (status) return status;
    if (user) ((struct bt_source *)source)->format.live = true;
    const struct bt_capture_params params = {.gpu = with.gpu, .source = source};
    return bt_capture_create(&params, (struct bt_capture **)out);
}

static void drop_capture(void **made) {
    bt_capture_destroy((struct bt_capture **)made);
}

static bt_status make_output(void *user, void **out) {
    const struct bt_output_params params = {.disclose = with.disclose,
                                            .width_px = W,
                                            .height_px = H,
                                            .rate_num = 25,
                                            .rate_den = 1,
                                            .record = user ? with.path : NULL,
                                            .hash = user ? NULL : "/dev/null",
                                            .paced = !user};
    return bt_output_create(&params, (struct bt_output **)out);
}

static void drop_output(void **made) {
    bt_output_destroy((struct bt_output **)made);
}

/* A convolution, an activation, a sum and a reshape: each step of the engine has something to do. */
static struct bt_bytes tiny_model(struct bt_writer *model) {
    struct bt_writer graph = {0}, attributes = {0};
    const int64_t input[] = {1, 3, 6, 5}, weight[] = {4, 3, 3, 3}, bias[] = {4}, shape[] = {1, 120}, one[] = {1, 1},
                  pads[] = {1, 1, 1, 1};
    float numbers[108];
    for (int i = 0; i < 108; i++) numbers[i] = (float)(i % 7) * .1f - .3f;
    bt_onnx_write_input(&graph, "x", 4, input);
    bt_onnx_write_floats(&graph, "w", 4, weight, numbers);
    bt_onnx_write_floats(&graph, "b", 1, bias, numbers);
    bt_onnx_write_ints(&graph, "s", 2, shape);
    bt_onnx_write_attr_ints(&attributes, "strides", 2, one);
    bt_onnx_write_attr_ints(&attributes, "pads", 4, pads);
    bt_onnx_write_node(&graph, "Conv", (const char *const[]){"x", "w", "b", NULL}, "c", &attributes);
    bt_onnx_write_node(&graph, "Relu", (const char *const[]){"c", NULL}, "r", NULL);
    bt_onnx_write_node(&graph, "Add", (const char *const[]){"r", "c", NULL}, "a", NULL);
    bt_onnx_write_node(&graph, "Reshape", (const char *const[]){"a", "s", NULL}, "y", NULL);
    bt_onnx_write_output(&graph, "y");
    bt_onnx_write_model(model, &graph);
    return bt_writer_view(model);
}

static int failures;

static void sweep(int argc, char **argv, const struct fault_job *job, unsigned classes, bool again) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], job->name)) argc = 1;
    if (argc > 1) return;
    const int64_t began = bt_clock_now_ns();
    const struct fault_tally tally = again ? fault_sweep_again(job, classes) : fault_sweep(job, classes);
    failures += tally.bad != 0 || tally.refused == 0;
    printf("%-28s %.1f s\n", "", (double)(bt_clock_now_ns() - began) * 1e-9);
    fflush(stdout);
}

static bool prepare(void) {
    const char *models = getenv("BAUTA_TEST_MODELS");
    char path[1024];
    snprintf(path, sizeof path, "%s/face_geometry.bin", models ? models : "models");
    with.geometry = bt_test_read(path);
    for (int i = 0; i < 3; i++) with.model[i] = bt_test_model(model_names[i]);
    if (!with.geometry.data || !with.model[0].data || !with.model[1].data || !with.model[2].data) return false;
    snprintf(with.folder, sizeof with.folder, "/tmp/bauta-fault-XXXXXX");
    if (!mkdtemp(with.folder)) return false;
    snprintf(with.path, sizeof with.path, "%s/out.mkv", with.folder);
    void *made[6] = {0};
    if (make_gpu(NULL, &made[0])) return false;
    with.gpu = made[0];
    if (make_rig(NULL, &made[1])) return false;
    with.rig = made[1];
    if (make_mask(NULL, &made[2])) return false;
    with.mask = made[2];
    if (make_audit(NULL, &made[3])) return false;
    with.audit = made[3];
    if (make_grant(NULL, &made[4])) return false;
    with.grant = made[4];
    if (make_disclose(NULL, &made[5])) return false;
    with.disclose = made[5];
    return true;
}

static void finish(void) {
    bt_disclose_destroy(&with.disclose);
    bt_grant_destroy(&with.grant);
    bt_audit_close(&with.audit);
    bt_mask_destroy(&with.mask);
    bt_rig_destroy(&with.rig);
    bt_gpu_destroy(&with.gpu);
    for (int i = 0; i < 3; i++) bt_test_free(&with.model[i]);
    bt_test_free(&with.geometry);
    unlink(with.path);
    rmdir(with.folder);
}

int main(int argc, char **argv) {
    /* No validation messages, and no times: neither is a reason to stop. */
    static const char *const no_messages[] = {"vkEnumerateInstanceExtensionProperties", NULL};
    static const char *const no_times[] = {"vkGetQueryPoolResults", NULL};
    const unsigned memory = 1 << FAULT_MEMORY, vulkan = 1 << FAULT_VULKAN;
    if (!prepare()) {
        fprintf(stderr, "nothing to sweep: models in BAUTA_TEST_MODELS, or a Vulkan device, are missing\n");
        return 1;
    }
    uint8_t *encoded = malloc(bt_mask_encoded_bytes());
    if (!encoded) return 1;
    bt_mask_encode(with.mask, encoded);
    struct bt_writer model = {0};
    struct bt_bytes tiny = tiny_model(&model);
    sweep(argc, argv, &(struct fault_job){"gpu", make_gpu, drop_gpu, NULL, no_messages, false}, memory | vulkan, true);
    const struct fault_job jobs[] = {
        {"rig", make_rig, drop_rig, NULL, NULL, false},
        {"mask", make_mask, drop_mask, NULL, NULL, false},
        {"mask file", make_read_mask, drop_mask, encoded, NULL, false},
        {"footage", make_footage, drop_source, NULL, NULL, false},
        {"audit", make_audit, drop_audit, NULL, NULL, false},
        {"consent", make_grant, drop_grant, NULL, NULL, false},
        {"disclose", make_disclose, drop_disclose, NULL, no_times, false},
        {"capture", make_capture, drop_capture, NULL, NULL, false},
        {"swap", make_swap, drop_swap, NULL, no_times, false},
        {"output, record", make_output, drop_output, with.path, NULL, false},
        {"net, tiny", make_net, drop_net, &tiny, NULL, false},
        {"net, selfie_matte", make_net, drop_net, &with.model[2], NULL, true},
        {"net, face_detector", make_net, drop_net, &with.model[0], NULL, true},
        {"net, face_mesh", make_net, drop_net, &with.model[1], NULL, true},
        {"track", make_track, drop_track, NULL, no_times, true},
    };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) sweep(argc, argv, &jobs[i], memory | vulkan, false);
    /* These start a thread, which a copy of the process would not have. */
    sweep(argc, argv, &(struct fault_job){"capture, live", make_capture, drop_capture, "live", NULL, false}, memory, true);
    sweep(argc, argv, &(struct fault_job){"output, paced", make_output, drop_output, NULL, NULL, false}, memory, true);
    bt_writer_free(&model);
    free(encoded);
    finish();
    return failures != 0;
}
