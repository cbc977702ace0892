/* The texts of a hit, and which of their terms are marked. */

#ifndef LEDE_MARKS_H
#define LEDE_MARKS_H

#include "places.h"

#define NOWHERE UINT32_MAX

/* The texts of one article: where the terms of each begin and end, and of each of them its last character, and the last
 * term of the run that begins with it. */
typedef struct {
    uint64_t doc, firsts[3];
    const char *spans;
    uint32_t *ends, *until;
} Texts;

/* Return the term at a position of an article, which is in a text, or NOWHERE; all in others than *field*, too. */
static inline uint64_t
term_at(const Texts *texts, uint64_t position, long field)
{
    uint64_t title = texts->firsts[1];
    if (position < title)
        return field == 1 ? NOWHERE : position;
    /* Between two fields a position is left free. */
    return position > title && position <= texts->firsts[2] && field != 0 ? position - 1 : NOWHERE;
}

static inline void
add_run(Texts *texts, uint64_t first, uint64_t last)
{
    if (texts->until[first] == NOWHERE || texts->until[first] < last)
        texts->until[first] = (uint32_t)last;
}

/* Find the posting of an article; UINT64_MAX where there is none. */
static inline uint64_t
posting_of(const Array *docs, const Array *bounds, uint64_t doc)
{
    uint64_t half = doc >> HALF, wanted = doc & ((1 << HALF) - 1);
    if (half + 1 >= (uint64_t)bounds->count)
        return UINT64_MAX;
    uint64_t end = at(bounds, half + 1), posting = bisect(docs, at(bounds, half), end, wanted);
    return posting < end && at(docs, posting) == wanted ? posting : UINT64_MAX;
}

/* Mark the positions where a term is put, in both texts or in one. */
static inline void
mark_places(const Term *term, long field, Texts *texts)
{
    for (uint64_t i = term->place; i < term->place + term->count; i++) {
        uint64_t place = term_at(texts, at(term->array, i), field);
        if (place != NOWHERE)
            add_run(texts, place, place);
    }
}

#endif
