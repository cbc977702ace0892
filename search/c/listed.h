/* Words as the passes take them that find articles by them. */

#ifndef LEDE_LISTED_H
#define LEDE_LISTED_H

#include "blocks.h"
#include "scoring.h"

/* As many as there are buffers for. */
#define MAX_WORDS 64

/* A word's postings, and what it weighs. */
typedef struct {
    WordOf word;
    Array docs, bounds;
    uint64_t start, base;
    double weight;
    Run run;
} Listed;

/* Begin with the postings of one half of the articles. */
static inline void
begin_half(Listed *listed, Py_ssize_t half)
{
    listed->run = (Run){HALVES(listed->docs), at(&listed->bounds, half), at(&listed->bounds, half + 1)};
}

/* Read a word as read_word() does, and tell whether its postings are within the arrays. */
int
read_listed(Held *held, PyObject *list, Inverted *inverted, Listed *listed);

#endif
