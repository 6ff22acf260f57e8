/* SPDX-License-Identifier: MIT */
/* The gate's thresholds: enter, leave. */
#ifndef BT_PIPELINE_GATE_FITTED_H
#define BT_PIPELINE_GATE_FITTED_H

#define BT_GATE_FITTED_LIGHT      0.055f, 0.075f
#define BT_GATE_FITTED_BURNT      0.5f, 0.4f
#define BT_GATE_FITTED_CONTRAST   0.015f, 0.02f
#define BT_GATE_FITTED_SIZE       20, 24
#define BT_GATE_FITTED_SHARPNESS  0.02f, 0.03f
#define BT_GATE_FITTED_NOISE      0.2f, 0.18f
#define BT_GATE_FITTED_CONFIDENCE 0.5f, 0.6f
#define BT_GATE_FITTED_JITTER     0.2f, 0.15f

#endif
