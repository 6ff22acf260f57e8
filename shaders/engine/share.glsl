/* SPDX-License-Identifier: MIT */
/* Vectors that are the same for all lanes of a subgroup (weights). A CPU driver fetches for each lane, also the same vector
   eight times; so with BT_LANES each lane fetches another of them, and all get at it by a shuffle with a constant index, which
   is one instruction. All lanes must be active and agree on what is shared. SHARE is the subgroup's size, a power of
   two; 1: each lane reads for itself.

   Use: vec4 w[SHARED_FETCHES(n)]; w[f] = fetch(vector number shared_number(f, n)); then SHARED(w, k, c) is component c of
   number k, SHARED4(w, k) all of it. k and c are constants once loops are unrolled. */
#ifdef BT_LANES
#define SHARED_FETCHES(n) (((n) + SHARE - 1) / SHARE)
int shared_number(int f, int n) {
    return min(f * SHARE + (int(gl_SubgroupInvocationID) & (SHARE - 1)), n - 1);
}
float of_lane(float v, int lane) {
    if (SHARE == 1) return v;
    return subgroupShuffle(v, lane);
}
#define SHARED(w, k, c) of_lane(w[(k) / SHARE][c], (k) % SHARE)
#else
#define SHARED_FETCHES(n) (n)
int shared_number(int f, int n) {
    return f;
}
#define SHARED(w, k, c) w[k][c]
#endif
#define SHARED4(w, k) vec4(SHARED(w, k, 0), SHARED(w, k, 1), SHARED(w, k, 2), SHARED(w, k, 3))
