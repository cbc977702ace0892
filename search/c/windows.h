/* Sums of some articles at a time, and which of them were given something. */

#ifndef LEDE_WINDOWS_H
#define LEDE_WINDOWS_H

#include "arrays.h"

/* Articles that are added up in one go: few enough for their sums to stay beside the processor. */
#define WINDOW 4096
/* Of which so many are looked at at once, whether there are any. */
#define GROUP 64

/* Give something to an article of the window; tell whether it is one. */
static inline int
give(double *sums, uint8_t *marks, uint64_t place, double given)
{
    /* What is not in order is in no window. */
    if (place >= WINDOW || given < 0)
        return 0;
    sums[place] += given;
    marks[place] = 1;
    return 1;
}

static inline int
count_bits(uint64_t bits)
{
    int count = 0;
    for (; bits; bits &= bits - 1)
        count++;
    return count;
}

/* Return the marks of a group as bits. */
static inline uint64_t
bits_of(const uint8_t *marks)
{
    uint64_t bits = 0;
    for (int byte = 0; byte < GROUP; byte += 8) {
        uint64_t some;
        memcpy(&some, marks + byte, sizeof some);
        /* The product has the lowest bit of each byte side by side at its upper end. */
        bits |= (some * 0x0102040810204080 >> 56) << byte;
    }
    return bits;
}

#endif
