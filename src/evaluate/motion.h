/* SPDX-License-Identifier: MIT */
/* What moves, and whether two pictures of it move alike. Pure functions. */
#ifndef BT_EVALUATE_MOTION_H
#define BT_EVALUATE_MOTION_H

#include "base/geom.h"
#include <stdint.h>

/* Degrees of the one turn that takes rotation a to b (row-major 3 x 3): acos((trace(a' b) - 1) / 2), the geodesic distance of
   SO(3) (Huynh 2009, "Metrics for 3D rotations", phi 6). */
double bt_evaluate_turn_deg(const float a[9], const float b[9]);

/* Where an eye looks, in the plane of the face: the iris's centre off the middle of the eye's corners, over the distance of
   those. Degrees between the two lines of sight. An eyeball's radius is .4 of the distance of the corners: 12 mm (Bekerman and
   others 2014: 24.2 mm across) to 30 mm. What looks past the eyeball's edge is taken as at the edge. */
double bt_evaluate_gaze_deg(struct bt_vec2 a, struct bt_vec2 b);

/* Root mean square over points of their acceleration, |p - 2 q + r| of three frames one after the other, over `scale`: what
   moves evenly has none, what trembles has much. */
double bt_evaluate_jitter(const struct bt_vec3 *p, const struct bt_vec3 *q, const struct bt_vec3 *r, uint32_t count,
                          double scale);

/* Mean |now - before| of the same points of a surface in two frames, of those that are finite in both: the warping error of
   Lai and others 2018 ("Learning blind video temporal consistency"), as a mean of absolutes, and with the tracked mesh for
   optical flow. NAN: there are none. */
double bt_evaluate_warp_change(const float *now, const float *before, uint32_t count);

/* Of values sorted here, those that are not finite left out: by linear interpolation between the two nearest (as numpy's
   default). part: 0 … 1. NAN: there are none. */
double bt_evaluate_quantile(double *values, uint32_t count, double part);

#endif
