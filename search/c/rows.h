/* Terms that follow one another: what is looked for, and what an occurrence is worth. */

#ifndef LEDE_ROWS_H
#define LEDE_ROWS_H

#include "places.h"

#define MAX_TERMS 32
/* Positions that are told apart before they are compared. */
#define BITS 64

/* What is looked for, in which segment, and what it counts for in which field. */
typedef struct {
    Array row, of[OF_SEGMENT], lengths, factors;
    Term terms[MAX_TERMS];
    Py_ssize_t count, fields, wanted;
} Row;

/* Read terms, a row of them, a segment, lengths, factors and the field that is wanted, and tell whether they fit. */
int
read_row(Held *held, PyObject *const *args, Row *row);
/* Return what an occurrence that ends at a position of an article is worth; the article's lengths must be known. */
double
worth(const Row *row, uint64_t doc, uint64_t position);
/* Return how often, weighed, the terms follow one another in an article in which each is put where it stands; negative
 * where that is not to be had. */
double
count_rows(const Row *row, uint64_t doc);

static inline int
has_lengths(const Row *row, uint64_t doc)
{
    return (doc + 1) * row->fields <= (uint64_t)row->lengths.count;
}

#endif
