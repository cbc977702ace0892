/* BLAKE2b as in RFC 7693, of 8 bytes and without a key; as hashlib.blake2b(data, digest_size=8) has it. */

#include "blake2b.h"
#include "arrays.h"

#include <string.h>

#define BLOCK_BYTES 128

static const uint64_t initial[8] = {0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu,
                                    0xa54ff53a5f1d36f1u, 0x510e527fade682d1u, 0x9b05688c2b3e6c1fu,
                                    0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u};

/* The last two rounds have the first two orders once more. */
static const uint8_t orders[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

ALWAYS_INLINE uint64_t
turned(uint64_t word, int bits)
{
    return word >> bits | word << (64 - bits);
}

ALWAYS_INLINE void
mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = turned(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = turned(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 63);
}

/* One after the other, so that the compiler knows every place. */
#define MIX(round, i, a, b, c, d) mix(v, a, b, c, d, words[orders[round][2 * (i)]], words[orders[round][2 * (i) + 1]]);
#define ROUND(round)                                                                                                   \
    MIX(round, 0, 0, 4, 8, 12)                                                                                         \
    MIX(round, 1, 1, 5, 9, 13)                                                                                         \
    MIX(round, 2, 2, 6, 10, 14)                                                                                        \
    MIX(round, 3, 3, 7, 11, 15)                                                                                        \
    MIX(round, 4, 0, 5, 10, 15)                                                                                        \
    MIX(round, 5, 1, 6, 11, 12)                                                                                        \
    MIX(round, 6, 2, 7, 8, 13)                                                                                         \
    MIX(round, 7, 3, 4, 9, 14)

static void
compress(uint64_t *state, const char *block, uint64_t bytes, int is_last)
{
    uint64_t v[16], words[16];
    memcpy(words, block, sizeof words);
    memcpy(v, state, 8 * sizeof *v);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= bytes;
    v[14] = is_last ? ~v[14] : v[14];
    ROUND(0)
    ROUND(1)
    ROUND(2)
    ROUND(3)
    ROUND(4)
    ROUND(5)
    ROUND(6)
    ROUND(7)
    ROUND(8)
    ROUND(9)
    ROUND(0)
    ROUND(1)
    for (int i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[8 + i];
}

uint64_t
blake2b(const char *data, size_t size)
{
    uint64_t state[8], bytes = 0;
    char block[BLOCK_BYTES] = {0};
    memcpy(state, initial, sizeof state);
    /* One way through the tree, no key, and the size of the digest. */
    state[0] ^= 0x01010000 ^ 8;
    for (; size - bytes > BLOCK_BYTES; bytes += BLOCK_BYTES)
        compress(state, data + bytes, bytes + BLOCK_BYTES, 0);
    memcpy(block, data + bytes, size - bytes);
    compress(state, block, size, 1);
    return state[0];
}
