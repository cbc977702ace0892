/* Where terms stand in articles; shared by what looks for rows of them and what marks them in texts. */

#ifndef LEDE_PLACES_H
#define LEDE_PLACES_H

#include "arrays.h"

#define HALVES(array) ((const uint16_t *)(array).data)

/* Of postings, of those of several forms, of terms, and of stems, of which each has as many bounds as there are halves. */
enum {
    DOCS, CODES, TOTALS, BLOCKS, POSITIONS,
    MIXED_POSTINGS, MIXED_STARTS, MIXED_POSITIONS,
    STEMS, TAGS_OF_TERMS, MIXED_OF_TERMS,
    BOUNDS, TAG_STARTS, TAGS, OF_SEGMENT
};

/* A posting, and where its positions begin. */
typedef struct {
    uint64_t posting, place;
} Cursor;

/* One form of a stem: where its postings begin in each half of the articles, and how to tell them from other forms'. */
typedef struct {
    Array bounds, tags;
    uint64_t tag, mixed_first, mixed_end, posting;
    /* The posting behind the last one that was looked at: in most cases the next is near. */
    Cursor cursor;
    /* Of its posting: where its positions are. */
    const Array *array;
    uint64_t place, count;
} Term;

/* Return the first place from *low* to *end* whose number is not below *wanted*: in steps that double, then by halves.
 */
static inline uint64_t
gallop(const uint16_t *docs, uint64_t low, uint64_t end, uint64_t wanted)
{
    uint64_t high = low, step = 1;
    while (high < end && docs[high] < wanted) {
        low = high + 1;
        high += step;
        step *= 2;
    }
    high = high < end ? high : end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (docs[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Borrow the arrays of a segment; there is an exception where they cannot be. */
int
read_segment(Held *held, PyObject *from, Array *of);
/* Find where the postings of a stem begin in each half of the articles; tell whether there is such a stem. */
int
find_bounds(const Array *of, uint64_t stem, Array *bounds);
/* Find what is known of a term by its number; tell whether there is one. */
int
find_term(const Array *of, uint64_t number, Term *term);
/* The same by a number of Python's, which may be none, with an exception. */
int
read_term(const Array *of, PyObject *number, Term *term);
/* Find where a posting's positions are, of all forms of the stem, and move the cursor behind it; tell whether that is to
 * be had. */
int
find_positions(const Array *of, uint64_t posting, Cursor *cursor, uint64_t *place, uint64_t *count);
/* Find where a term stands in the article of its posting; 0 where only other forms do, -1 where that is not to be had.
 */
int
find_places(Term *term, const Array *of);

#endif
