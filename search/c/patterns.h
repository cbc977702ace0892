/* Terms that patterns stand for, by their numbers. */

#ifndef LEDE_PATTERNS_H
#define LEDE_PATTERNS_H

#include "marks.h"

/* As many as are taken in one call. */
#define MAX_PATTERNS 16

typedef struct {
    Array numbers;
    long field;
} Pattern;

/* What is known of the terms of a segment, and of their stems, of which each has as many bounds as there are halves. */
typedef struct {
    Pattern patterns[MAX_PATTERNS];
    Py_ssize_t count;
    Array stems, tags_of_terms, bounds, tag_starts, tags, mixed_starts;
    uint64_t halves;
} Patterns;

/* Read patterns, and what is known of terms, and tell whether they fit. */
int
read_patterns(Held *held, PyObject *from, const Array *of, Patterns *patterns);
/* Mark the terms of all patterns in the texts of an article; tell whether all of that is to be had. */
int
mark_patterns(const Patterns *patterns, const Array *of, Texts *texts);

#endif
