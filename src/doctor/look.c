/* SPDX-License-Identifier: MIT */
#include "doctor/doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char module_name[] = "v4l2loopback", module_file[] = "v4l2loopback.ko";

__attribute__((format(printf, 3, 4))) static bool path_to(char out[PATH_MAX], const char *root, const char *format, ...) {
    char rest[PATH_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof rest) return false;
    n = snprintf(out, PATH_MAX, "%s%s", root, rest);
    return n > 0 && n < PATH_MAX;
}

/* The first line of a small file, without its end; "" when there is none. */
static bool line_of(const char *path, char *out, size_t bytes) {
    out[0] = 0;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    if (!fgets(out, (int)bytes, file)) out[0] = 0;
    fclose(file);
    out[strcspn(out, "\n")] = 0;
    return true;
}

static bool exists(const char *path) {
    struct stat st;
    return !stat(path, &st);
}

/* The last bytes of a file. */
static size_t tail_of(const char *path, char *out, size_t bytes) {
    size_t got = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return 0;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
        const off_t from = st.st_size > (off_t)bytes ? st.st_size - (off_t)bytes : 0;
        const ssize_t n = pread(fd, out, bytes, from);
        got = n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return got;
}

/* By the permission bits where somebody is imagined (tests); else as the kernel says, access lists included. */
static bool may_use(const struct bt_doctor_place *place, const char *path) {
    const struct bt_doctor_person *p = place->person;
    struct stat st;
    if (!p) return !access(path, R_OK | W_OK);
    if (stat(path, &st)) return false;
    if (st.st_uid == p->user) return (st.st_mode & 0600) == 0600;
    for (uint32_t i = 0; i < p->group_count; i++)
        if (p->groups[i] == st.st_gid) return (st.st_mode & 060) == 060;
    return (st.st_mode & 06) == 06;
}

/* modules.dep lists every module of a kernel, with its path: depmod(8). */
static bool has_module(const char *root, const char *kernel, char out_path[PATH_MAX]) {
    char path[PATH_MAX], line[4096];
    bool found = false;
    if (!path_to(path, root, "/lib/modules/%s/modules.dep", kernel)) return false;
    FILE *file = fopen(path, "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':'), *name = line;
        if (!colon) continue;
        *colon = 0;
        if (strrchr(line, '/')) name = strrchr(line, '/') + 1;
        if (strncmp(name, module_file, sizeof module_file - 1) != 0) continue;
        found = path_to(out_path, root, line[0] == '/' ? "%.0s%s" : "/lib/modules/%s/%s", kernel, line);
    }
    fclose(file);
    return found;
}

static void look_at_module(const char *root, struct bt_doctor_facts *f) {
    static const char mark[] = "~Module signature appended~\n"; /* the kernel's module-signing.rst */
    char path[PATH_MAX], number[32], end[sizeof mark - 1];
    if (path_to(path, root, "/proc/sys/kernel/osrelease")) line_of(path, f->kernel, sizeof f->kernel);
    f->loaded = path_to(path, root, "/sys/module/%s", module_name) && exists(path);
    if (path_to(path, root, "/sys/module/%s/version", module_name)) line_of(path, f->version, sizeof f->version);
    if (path_to(path, root, "/sys/module/%s/parameters/exclusive_caps", module_name))
        line_of(path, f->exclusive_caps, sizeof f->exclusive_caps);
    if (path_to(path, root, "/sys/module/%s/parameters/max_buffers", module_name) && line_of(path, number, sizeof number))
        f->max_buffers = strtol(number, NULL, 10);
    f->sources = path_to(path, root, "/var/lib/dkms/%s", module_name) && exists(path);
    f->headers = path_to(path, root, "/lib/modules/%s/build", f->kernel) && exists(path);
    f->built = has_module(root, f->kernel, path);
    const size_t length = f->built ? strlen(path) : 0;
    f->signature_known = length > 3 && !strcmp(path + length - 3, ".ko"); /* a compressed one hides its end */
    f->has_signature = f->signature_known && tail_of(path, end, sizeof end) == sizeof end && !memcmp(end, mark, sizeof end);
    DIR *kernels = path_to(path, root, "/lib/modules") ? opendir(path) : NULL;
    for (const struct dirent *e; kernels && (e = readdir(kernels));) {
        const size_t used = strlen(f->built_for);
        if (e->d_name[0] == '.' || !strcmp(e->d_name, f->kernel) || !has_module(root, e->d_name, path)) continue;
        snprintf(f->built_for + used, sizeof f->built_for - used, "%s%s", used ? ", " : "", e->d_name);
    }
    if (kernels) closedir(kernels);
}

/* An EFI variable is four bytes of attributes and its value: here one byte, 1 where Secure Boot is on (UEFI 2.10, 3.3). */
static bool secure_boot(const char *root) {
    char path[PATH_MAX];
    unsigned char value[5] = {0};
    if (!path_to(path, root, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")) return false;
    FILE *file = fopen(path, "re");
    const bool on = file && fread(value, 1, sizeof value, file) == sizeof value && value[4] == 1;
    if (file) fclose(file);
    return on;
}

/* Who has the node open, as far as /proc may be read: by name, so that a test's root may hold links instead of open files. */
static void find_holder(const char *root, struct bt_doctor_node *node) {
    char path[PATH_MAX];
    DIR *processes = path_to(path, root, "/proc") ? opendir(path) : NULL;
    for (const struct dirent *p; processes && !node->holder[0] && (p = readdir(processes));) {
        if (!isdigit((unsigned char)p->d_name[0]) || strtol(p->d_name, NULL, 10) == (long)getpid()) continue;
        DIR *files = path_to(path, root, "/proc/%s/fd", p->d_name) ? opendir(path) : NULL;
        for (const struct dirent *e; files && (e = readdir(files));) {
            char target[64];
            if (!path_to(path, root, "/proc/%s/fd/%s", p->d_name, e->d_name)) continue;
            const ssize_t n = readlink(path, target, sizeof target - 1);
            target[n > 0 ? n : 0] = 0;
            if (strcmp(target, node->path) != 0) continue;
            char name[32];
            if (path_to(path, root, "/proc/%s/comm", p->d_name)) line_of(path, name, sizeof name);
            snprintf(node->holder, sizeof node->holder, "%s (%.20s)", name[0] ? name : "?", p->d_name);
            break;
        }
        if (files) closedir(files);
    }
    if (processes) closedir(processes);
}

static void look_at_node(const struct bt_doctor_place *place, int number, struct bt_doctor_facts *f) {
    char path[PATH_MAX], index[16];
    struct bt_doctor_node *n = &f->node[f->node_count];
    if (path_to(path, place->root, "/sys/class/video4linux/video%d/index", number) && line_of(path, index, sizeof index) &&
        strtol(index, NULL, 10))
        return; /* a camera's second node has no pictures, but facts about them */
    *n = (struct bt_doctor_node){.allowed = true};
    snprintf(n->path, sizeof n->path, "/dev/video%d", number);
    if (path_to(path, place->root, "/sys/class/video4linux/video%d/name", number)) line_of(path, n->name, sizeof n->name);
    /* As bt_devices_pick_camera tells them: v4l2loopback alone has this. */
    n->loopback = path_to(path, place->root, "/sys/class/video4linux/video%d/max_openers", number) && exists(path);
    n->allowed = path_to(path, place->root, "%s", n->path) && may_use(place, path);
    find_holder(place->root, n);
    f->node_count++;
}

static int by_number(const void *a, const void *b) {
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void look_at_nodes(const struct bt_doctor_place *place, struct bt_doctor_facts *f) {
    char path[PATH_MAX], extra;
    int numbers[BT_DOCTOR_NODES_MOST], count = 0;
    DIR *nodes = path_to(path, place->root, "/sys/class/video4linux") ? opendir(path) : NULL;
    for (const struct dirent *e; nodes && count < BT_DOCTOR_NODES_MOST && (e = readdir(nodes));)
        if (sscanf(e->d_name, "video%d%c", &numbers[count], &extra) == 1) count++;
    if (nodes) closedir(nodes);
    qsort(numbers, (size_t)count, sizeof *numbers, by_number);
    for (int i = 0; i < count; i++) look_at_node(place, numbers[i], f);
    DIR *cards = path_to(path, place->root, "/dev/dri") ? opendir(path) : NULL;
    for (const struct dirent *e; cards && (e = readdir(cards));) {
        if (strncmp(e->d_name, "renderD", 7) != 0 || !path_to(path, place->root, "/dev/dri/%s", e->d_name)) continue;
        f->has_render_node = true;
        f->render_allowed = f->render_allowed || may_use(place, path);
    }
    if (cards) closedir(cards);
}

/* The newest line's "time", as trust/audit writes it; 0: there is none. */
static int64_t newest_log_s(const char *path) {
    char text[4097];
    struct tm utc = {0};
    text[tail_of(path, text, sizeof text - 1)] = 0;
    const char *last = NULL;
    for (const char *at = text; (at = strstr(at, "\"time\":\"")); at++) last = at;
    if (!last || sscanf(last, "\"time\":\"%d-%d-%dT%d:%d:%dZ", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour,
                        &utc.tm_min, &utc.tm_sec) != 6)
        return 0;
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    return (int64_t)timegm(&utc);
}

void bt_doctor_look(const struct bt_doctor_place *place, struct bt_doctor_facts *out_facts) {
    struct bt_doctor_facts *f = out_facts;
    const uid_t user = place->person ? place->person->user : geteuid();
    struct stat st;
    *f = (struct bt_doctor_facts){0};
    look_at_module(place->root, f);
    f->secure_boot = secure_boot(place->root);
    look_at_nodes(place, f);
    f->has_vault = place->vault && !stat(place->vault, &st);
    f->vault_mode = f->has_vault ? st.st_mode & 07777 : 0;
    f->vault_is_ours = f->has_vault && st.st_uid == user;
    f->newest_log_s = place->log ? newest_log_s(place->log) : 0;
    f->has_runtime = place->runtime && !stat(place->runtime, &st) && S_ISDIR(st.st_mode) && st.st_uid == user;
}
