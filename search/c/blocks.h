/* Some articles at a time, and which of them a list of postings has, too. */

#ifndef LEDE_BLOCKS_H
#define LEDE_BLOCKS_H

#include "places.h"

/* Articles that are looked at in one go. */
#define SPAN 512
/* How many times more articles a list may have for looking at each of them to be quicker than leaping. */
#define NEAR 8

/* Postings of one half of the articles that are left to be looked at. */
typedef struct {
    const uint16_t *docs;
    uint64_t place, end;
} Run;

/* Find the articles of a block that a run has: which of the block, and its postings; return how many. */
static inline Py_ssize_t
leap_to(Run *run, const uint16_t *block, Py_ssize_t size, uint16_t *kept, uint64_t *postings)
{
    uint64_t place = run->place;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        place = gallop(run->docs, place, run->end, block[i]);
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
    int is_near = run->end - run->place < left * NEAR && (uint64_t)size * NEAR > SPAN;
    return is_near ? step_to(run, block, size, kept, postings) : leap_to(run, block, size, kept, postings);
}

/* Keep of numbers those at places that ascend. */
static inline void
keep(uint64_t *numbers, const uint16_t *kept, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++)
        numbers[i] = numbers[kept[i]];
}

#endif
