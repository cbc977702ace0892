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

typedef struct {
    Pattern patterns[MAX_PATTERNS];
    Py_ssize_t count;
} Patterns;

/* Read patterns, and tell whether they fit. */
int
read_patterns(Held *held, PyObject *from, Patterns *patterns);
/* Mark the terms of all patterns in the texts of an article; tell whether all of that is to be had. */
int
mark_patterns(const Patterns *patterns, const Array *of, Texts *texts);

#endif
