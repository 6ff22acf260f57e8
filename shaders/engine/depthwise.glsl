/* SPDX-License-Identifier: MIT */
/* Statements, to be included inside of a main(): adds to sum[ROWS][PIXELS] the depthwise convolution with w[TAPS] of `group`,
   the outputs from x0, y0 on. Each input row is read once for all the output rows that need it. */
    [[unroll]] for (int iy = 0; iy < REACH_Y; iy++) {
        int yy = y0 * SY - pad_y + iy;
        int line = clamp(yy, 0, in_h - 1);
        float inside_y = yy == line ? 1.0 : 0.0;
        int row = (group * in_h + line) * in_w;
        BT_VEC v[REACH_X];
        [[unroll]] for (int k = 0; k < REACH_X; k++) {
            v[k] = BT_TO_VEC(BT_FETCH4(tensor_in, row + column[k]));
            const bool edge_x = k < PADDED || k >= REACH_X - PADDED, edge_y = iy < PADDED || iy >= REACH_Y - PADDED;
            if (edge_x && edge_y)
                v[k] *= BT_TO_REAL(inside[k] * inside_y);
            else if (edge_x)
                v[k] *= BT_TO_REAL(inside[k]);
            else if (edge_y)
                v[k] *= BT_TO_REAL(inside_y);
        }
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            const int tap = iy - r * SY;
            if (tap >= 0 && tap < KH * DILATION && tap % DILATION == 0) {
                [[unroll]] for (int kx = 0; kx < KW; kx++) {
                    [[unroll]] for (int p = 0; p < PIXELS; p++)
                        sum[r][p] += BT_FROM_VEC(w[tap / DILATION * KW + kx] * v[p * SX + kx * DILATION]);
                }
            }
        }
    }
