/* Matches, and the best of them. */

#ifndef LEDE_MATCHES_H
#define LEDE_MATCHES_H

#include "ranked.h"

/* Matches, and what they are put in order by; of everything but *own*, there is a number for each article.
 *
 * There may be bytes that, *step* times, are no less than *prior*, and bits of articles that are copies of others: most
 * matches are left out by these, which take an eighth of the memory, and less. */
typedef struct {
    Array docs, own, prior, ties, copies, ceilings, copied;
    double scale, step;
    /* Of how many articles those numbers are known. */
    uint64_t known;
} Matches;

/* The best of them that are looked at so far, and the groups of copies that were seen, of which one is in each. */
typedef struct {
    Ranked *heap;
    Py_ssize_t room, filled;
    double least, margin;
    uint8_t *seen;
    Py_ssize_t copies;
} Best;

/* Read docs, own, prior, ties, copies and scale; tell whether they fit. */
int
read_matches(Held *held, PyObject *const *args, Matches *matches);
/* Find the best, so many at most, the best first; tell whether that could be done. The caller frees the heap, and what
 * was seen. */
int
find_best(const Matches *matches, Py_ssize_t count, Best *best);

#endif
