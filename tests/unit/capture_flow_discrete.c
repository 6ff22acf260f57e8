/* SPDX-License-Identifier: MIT */
/* The tests of capture_flow, on a device whose memory the host cannot see: pictures are copied over before they are unpacked.
 */
#include "unit/capture_flow.c"
