/* Some articles at a time, and which of them a list of postings has, too. */

#ifndef LEDE_BLOCKS_H
#define LEDE_BLOCKS_H

#include "places.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Articles that are looked at in one go. */
#define SPAN 512
/* How many times more articles a list may have for looking at each of them to be quicker, or at several at once, than
 * leaping. */
#define NEAR 2
#define CLOSE 64
/* How many are looked at at once. */
#define STRIDE 16

/* Postings of one half of the articles that are left to be looked at. */
typedef struct {
    const uint16_t *docs;
    uint64_t place, end;
} Run;

#if defined(__SSE2__)

/* Return the first of STRIDE places whose number is not below *wanted*, STRIDE if all are. */
static inline int
glance(const uint16_t *docs, uint16_t wanted)
{
    __m128i own = _mm_set1_epi16((short)wanted), none = _mm_setzero_si128();
    /* The difference is nothing, too, where it would be less. */
    __m128i first = _mm_cmpeq_epi16(_mm_subs_epu16(own, _mm_loadu_si128((const __m128i *)docs)), none);
    __m128i second = _mm_cmpeq_epi16(_mm_subs_epu16(own, _mm_loadu_si128((const __m128i *)(docs + 8))), none);
    return lowest_bit((uint64_t)_mm_movemask_epi8(_mm_packs_epi16(first, second)) | (uint64_t)1 << STRIDE);
}

#else

static inline int
glance(const uint16_t *docs, uint16_t wanted)
{
    /* No shorter number: GCC 12 adds up comparisons of sixteen bits in one of sixteen bits to less than nothing. */
    int below = 0;
    for (int i = 0; i < STRIDE; i++)
        below += docs[i] < wanted;
    return below;
}

#endif

/* Return the first place from *place* to *end* whose number is not below *wanted*. */
static inline uint64_t
stride(const uint16_t *docs, uint64_t place, uint64_t end, uint16_t wanted)
{
    while (end - place >= STRIDE) {
        int below = glance(docs + place, wanted);
        place += below;
        if (below < STRIDE)
            return place;
    }
    while (place < end && docs[place] < wanted)
        place++;
    return place;
}

/* Find the articles of a block that a run has: which of the block, and its postings; return how many. */
ALWAYS_INLINE Py_ssize_t
leap_to(Run *run, const uint16_t *block, Py_ssize_t size, int is_close, uint16_t *kept, uint64_t *postings)
{
    uint64_t place = run->place;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        place = is_close ? stride(run->docs, place, run->end, block[i]) : gallop(run->docs, place, run->end, block[i]);
        if (place == run->end)
            break;
        kept[count] = (uint16_t)i;
        postings[count] = place;
        count += run->docs[place] == block[i];
    }
    run->place = place;
    return count;
}

/* The same for a run that has not many more articles: step by step, since no processor can guess where they meet. */
static inline Py_ssize_t
step_to(Run *run, const uint16_t *block, Py_ssize_t size, uint16_t *kept, uint64_t *postings)
{
    uint64_t place = run->place;
    Py_ssize_t count = 0, i = 0;
    while (i < size && place < run->end) {
        uint32_t wanted = block[i], doc = run->docs[place];
        kept[count] = (uint16_t)i;
        postings[count] = place;
        count += wanted == doc;
        i += wanted <= doc;
        place += doc <= wanted;
    }
    run->place = place;
    return count;
}

/* The same in the quicker way, where the block is of *left* articles that are still to come. */
static inline Py_ssize_t
meet(Run *run, const uint16_t *block, Py_ssize_t size, uint64_t left, uint16_t *kept, uint64_t *postings)
{
    uint64_t further = run->end - run->place;
    if (further < left * NEAR && (uint64_t)size * NEAR > SPAN)
        return step_to(run, block, size, kept, postings);
    /* Of a block that was narrowed before, the next articles are further away. */
    return further < left * CLOSE ? leap_to(run, block, size, 1, kept, postings)
                                  : leap_to(run, block, size, 0, kept, postings);
}

/* Keep of numbers those at places that ascend. */
static inline void
keep(uint64_t *numbers, const uint16_t *kept, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        numbers[i] = numbers[kept[i]];
}

#endif
