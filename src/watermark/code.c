/* SPDX-License-Identifier: MIT */
#include "watermark/code.h"
#include "base/status.h"

/* Rate 1/4, constraint length 9, free distance 24: the best known (K. J. Larsen, IEEE Trans. Inf. Theory 19(3), 1973; the table
   is also in Proakis, Digital Communications). Tail-biting: the register starts with the message's own end, so that no cells
   are spent on a tail (H. H. Ma, J. K. Wolf, IEEE Trans. Commun. 34(2), 1986). */
enum { MEMORY = 8, STATES = 1 << MEMORY };
static const uint32_t generator[BT_WATERMARK_RATE] = {0463, 0535, 0733, 0745};

/* CRC-16/CCITT of key and session. */
static uint16_t checksum(uint32_t session, uint16_t key) {
    uint64_t bits = (uint64_t)key << 32 | session;
    uint16_t crc = 0xffff;
    for (int i = 47; i >= 0; i--) {
        bool top = (crc >> 15 ^ (bits >> i & 1)) & 1;
        crc = (uint16_t)((uint16_t)(crc << 1) ^ (top ? 0x1021 : 0));
    }
    return crc;
}

static uint32_t parity(uint32_t x) {
    return (uint32_t)__builtin_parity(x);
}

/* The register holds the newest bit at the top. */
static uint32_t output(uint32_t bit, uint32_t state) {
    uint32_t window = bit << MEMORY | state, out = 0;
    for (uint32_t k = 0; k < BT_WATERMARK_RATE; k++) out |= parity(window & generator[k]) << k;
    return out;
}

static uint32_t next(uint32_t bit, uint32_t state) {
    return bit << (MEMORY - 1) | state >> 1;
}

void bt_watermark_code(uint32_t session, uint16_t key, int8_t *out_coded) {
    uint64_t message = (uint64_t)session << 16 | checksum(session, key);
    uint32_t state = 0;
    for (uint32_t i = BT_WATERMARK_BITS - MEMORY; i < BT_WATERMARK_BITS; i++) state = next(message >> i & 1, state);
    for (uint32_t i = 0; i < BT_WATERMARK_BITS; i++) {
        uint32_t bit = message >> i & 1, out = output(bit, state);
        for (uint32_t k = 0; k < BT_WATERMARK_RATE; k++) out_coded[BT_WATERMARK_RATE * i + k] = out >> k & 1 ? 1 : -1;
        state = next(bit, state);
    }
}

/* Viterbi's algorithm three times around the circle, from all states alike; the middle turn is taken: by then neither where it
   began nor where it ends counts any more (Ma and Wolf, as above; the register forgets within some 5 times its length). */
bool bt_watermark_decode(const float *soft, uint16_t key, uint32_t *out_session) {
    enum { TURNS = 3, STEPS = TURNS * BT_WATERMARK_BITS };
    uint8_t from[STEPS][STATES]; /* the bit that was shifted out on the way here */
    float metric[2][STATES] = {{0}}, gain[1 << BT_WATERMARK_RATE];
    uint8_t out[2][STATES];
    for (uint32_t s = 0; s < STATES; s++)
        for (uint32_t bit = 0; bit < 2; bit++) out[bit][s] = (uint8_t)output(bit, s);
    for (uint32_t t = 0; t < STEPS; t++) {
        const float *at = soft + BT_WATERMARK_RATE * (t % BT_WATERMARK_BITS), *old = metric[t & 1];
        for (uint32_t o = 0; o < BT_COUNT(gain); o++) {
            gain[o] = 0.0f;
            for (uint32_t k = 0; k < BT_WATERMARK_RATE; k++) gain[o] += o >> k & 1 ? at[k] : -at[k];
        }
        for (uint32_t s = 0; s < STATES; s++) {
            uint32_t bit = s >> (MEMORY - 1), a = (s << 1) & (STATES - 1), b = a | 1;
            float via_a = old[a] + gain[out[bit][a]], via_b = old[b] + gain[out[bit][b]];
            from[t][s] = via_b > via_a;
            metric[~t & 1][s] = via_b > via_a ? via_b : via_a;
        }
    }
    uint32_t state = 0;
    for (uint32_t s = 1; s < STATES; s++)
        if (metric[STEPS & 1][s] > metric[STEPS & 1][state]) state = s;
    uint64_t message = 0;
    for (uint32_t t = STEPS; t-- > BT_WATERMARK_BITS;) {
        if (t < 2 * BT_WATERMARK_BITS) message |= (uint64_t)(state >> (MEMORY - 1)) << (t - BT_WATERMARK_BITS);
        state = ((state << 1) & (STATES - 1)) | from[t][state];
    }
    *out_session = (uint32_t)(message >> 16);
    return checksum(*out_session, key) == (uint16_t)message;
}
