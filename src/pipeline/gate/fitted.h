/* SPDX-License-Identifier: MIT */
/* The gate's thresholds: enter, leave. Written by `bauta evaluate gate` on 2026-11-23, not by hand: the built-in footage made
   worse in steps, frames bad where the landmarks' mean error is above 0.05 of the eyes' distance. Beside each: the area
   under its ROC curve, and how many of the bad frames it stops. */
#ifndef BT_PIPELINE_GATE_FITTED_H
#define BT_PIPELINE_GATE_FITTED_H

// clang-format off
#define BT_GATE_FITTED_LIGHT 0.0550000f, 0.0605000f /* 0.943, 100 % of 15; what the mask's light needs */
#define BT_GATE_FITTED_BURNT 0.939900f, 0.846000f /* 0.948, 100 % of 7 */
#define BT_GATE_FITTED_CONTRAST 0.00224000f, 0.00349000f /* 0.947, 100 % of 11 */
#define BT_GATE_FITTED_SIZE 15.6000f, 17.2000f /* 0.948, 80 % of 5 */
#define BT_GATE_FITTED_SHARPNESS 0.0944000f, 0.123000f /* 0.899, 95 % of 21 */
#define BT_GATE_FITTED_NOISE 0.749000f, 0.674000f /* 0.914, 100 % of 15 */
#define BT_GATE_FITTED_CONFIDENCE 0.900000f, 0.950000f /* 0.929, 16 % of 96; held back for its false stops */
#define BT_GATE_FITTED_JITTER 0.0179000f, 0.0150000f /* 0.585, 0 % of 96; says too little: beyond all that was tried */
// clang-format on

#endif
