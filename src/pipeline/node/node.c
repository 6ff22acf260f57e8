/* SPDX-License-Identifier: MIT */
#include "pipeline/node/node.h"
#include "base/log.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int bt_node_ioctl(int fd, unsigned long request, void *argument) {
    int result;
    do result = ioctl(fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

uint32_t bt_node_caps(const struct v4l2_capability *cap) {
    return cap->capabilities & V4L2_CAP_DEVICE_CAPS ? cap->device_caps : cap->capabilities;
}

bool bt_node_is_loopback(const struct v4l2_capability *cap) {
    return !strncmp((const char *)cap->driver, "v4l2 loopback", sizeof cap->driver);
}

enum bt_node_label bt_node_label_of(const char *card) {
    static const char *const plain[] = {"virtual", "loopback", "dummy", "v4l2", "obs"};
    if (strcasestr(card, "bauta")) return BT_NODE_LABEL_GOOD;
    for (const char *at = card; (at = strstr(at, "AI")); at += 2)
        if ((at == card || !isalnum((unsigned char)at[-1])) && !isalnum((unsigned char)at[2])) return BT_NODE_LABEL_GOOD;
    for (size_t i = 0; i < BT_COUNT(plain); i++)
        if (strcasestr(card, plain[i])) return BT_NODE_LABEL_PLAIN;
    return BT_NODE_LABEL_POSES;
}

/* The bytes of the UTF-8 character at `c` (RFC 3629), or 0 when it is none, or a control character. */
static size_t character(const uint8_t *c, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t length = c[0] < 0x80             ? 1
                          : (c[0] & 0xe0) == 0xc0 ? 2
                          : (c[0] & 0xf0) == 0xe0 ? 3
                          : (c[0] & 0xf8) == 0xf0 ? 4
                                                  : 0;
    if (!length || length > left || (length == 1 && (c[0] < 0x20 || c[0] == 0x7f))) return 0;
    uint32_t code = length == 1 ? c[0] : c[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((c[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    const bool bad =
        code < least[length] || (code >= 0x80 && code < 0xa0) || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
    return bad ? 0 : length;
}

void bt_node_text(char *out_text, size_t bytes, const uint8_t *name, size_t most) {
    size_t length = 0;
    for (size_t i = 0; i < most && name[i];) {
        const size_t n = character(name + i, most - i), take = n ? n : 1;
        if (length + take + 1 > bytes) break;
        if (n)
            memcpy(out_text + length, name + i, n);
        else
            out_text[length] = '?';
        length += take;
        i += take;
    }
    out_text[length] = 0;
}

bt_status bt_node_camera_verdict(const struct v4l2_capability *cap, const char **out_why) {
    const uint32_t caps = bt_node_caps(cap);
    static const struct {
        uint32_t any;
        const char *why;
    } wrong[] = {
        {V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE, "is a hardware codec, not a camera"},
        {V4L2_CAP_META_CAPTURE, "gives a camera's metadata, no pictures: take the node with the number before it"},
        {V4L2_CAP_VIDEO_CAPTURE_MPLANE,
         "is a multi-planar camera, which bauta cannot read: run it through libcamera's V4L2 compatibility layer"},
        {V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_OUTPUT_MPLANE, "is an output: pictures go in there, none come out"},
        {V4L2_CAP_VBI_CAPTURE | V4L2_CAP_SLICED_VBI_CAPTURE | V4L2_CAP_RADIO | V4L2_CAP_SDR_CAPTURE,
         "is a radio or teletext device"},
    };
    if (caps & V4L2_CAP_VIDEO_CAPTURE) {
        if (caps & V4L2_CAP_STREAMING) return BT_OK;
        *out_why = "is a camera without streaming, which bauta cannot read";
        return BT_E_UNSUPPORTED;
    }
    if (bt_node_is_loopback(cap)) {
        *out_why = "is a loopback that nobody writes to now: name a real camera";
        return BT_E_UNSUPPORTED;
    }
    for (size_t i = 0; i < BT_COUNT(wrong); i++)
        if (caps & wrong[i].any) {
            *out_why = wrong[i].why;
            return BT_E_UNSUPPORTED;
        }
    *out_why = "is not a camera";
    return BT_E_UNSUPPORTED;
}

bt_status bt_node_open(struct bt_log *log, const char *path, int *out_fd, struct v4l2_capability *out_cap) {
    const int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        switch (errno) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            bt_log_error(log, "%s: there is no such device: `bauta devices` lists what there is", path);
            return BT_E_NOT_FOUND;
        case EACCES:
        case EPERM:
            bt_log_error(log, "%s: not permitted: is the user in the group that owns it (mostly `video`)?", path);
            return BT_E_IO;
        case EBUSY:
            bt_log_error(log, "%s: in use by somebody else", path);
            return BT_E_BUSY;
        default:
            bt_log_error(log, "%s: %s", path, strerror(errno));
            return BT_E_IO;
        }
    }
    struct stat status;
    struct v4l2_capability cap;
    memset(&cap, 0, sizeof cap);
    if (fstat(fd, &status) || !S_ISCHR(status.st_mode) || bt_node_ioctl(fd, VIDIOC_QUERYCAP, &cap)) {
        bt_log_error(log, "%s: is not a video device", path);
        close(fd);
        return BT_E_UNSUPPORTED;
    }
    *out_fd = fd;
    *out_cap = cap;
    return BT_OK;
}

static bool is_number(const char *text) {
    return *text && text[strspn(text, "0123456789")] == 0;
}

/* Whether process `pid` has the device open. */
static bool holds(const char *pid, dev_t number) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    DIR *fds = opendir(path);
    if (!fds) return false; /* another user's process: not ours to see */
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(fds));) {
        struct stat status;
        if (!is_number(entry->d_name)) continue;
        found = !fstatat(dirfd(fds), entry->d_name, &status, 0) && S_ISCHR(status.st_mode) && status.st_rdev == number;
    }
    closedir(fds);
    return found;
}

bool bt_node_holder(dev_t number, char *out_text, size_t bytes) {
    DIR *processes = opendir("/proc");
    size_t length = 0;
    if (bytes) out_text[0] = 0;
    if (!processes) return false;
    for (const struct dirent *entry; (entry = readdir(processes));) {
        if (!is_number(entry->d_name) || atol(entry->d_name) == (long)getpid() || !holds(entry->d_name, number)) continue;
        char path[64], name[32] = "?";
        snprintf(path, sizeof path, "/proc/%.20s/comm", entry->d_name);
        FILE *comm = fopen(path, "re");
        if (comm) {
            if (fgets(name, sizeof name, comm)) name[strcspn(name, "\n")] = 0;
            fclose(comm);
        }
        const int wrote = snprintf(out_text + length, bytes - length, "%s%s (%.20s)", length ? ", " : "", name, entry->d_name);
        if (wrote < 0 || (size_t)wrote >= bytes - length) break;
        length += (size_t)wrote;
    }
    closedir(processes);
    return length > 0;
}

void bt_node_fourcc(uint32_t fourcc, char out_name[5]) {
    for (int i = 0; i < 4; i++) {
        const char c = (char)((fourcc >> (8 * i)) & 127);
        out_name[i] = c >= 32 && c < 127 ? c : '?';
    }
    out_name[4] = 0;
}
