/* What a posting of a word gives an article. */

#ifndef LEDE_SCORING_H
#define LEDE_SCORING_H

#include "arrays.h"

/* What the words of a segment are looked up in, and the tuple that it was borrowed from. */
typedef struct {
    PyObject *from;
    Array codes, tags, mixed_postings, mixed_codes, table, weights, docs, bounds;
    uint64_t halves;
    double other_form, k1;
} Inverted;

/* A word of one segment: which codes its postings have, and what those give. */
typedef struct {
    Array codes, tags, table, mixed_postings, mixed_codes, weights;
    long tag;
    uint64_t stem, start;
    double other_form, k1;
    /* Where it was last looked for among the mixed postings. */
    uint64_t mixed_place;
} WordOf;

/* Read a word, and what it is looked up in unless that is what was read before; of nothing, that is all zeros. */
int
read_word(Held *held, PyObject *from, Inverted *inverted, WordOf *word);

/* Return the place of a mixed posting, or where it would be: near the one that was looked for before, in most cases. */
static inline uint64_t
find_mixed(WordOf *word, uint64_t wanted)
{
    uint64_t count = word->mixed_postings.count, place = word->mixed_place;
    if (place && at(&word->mixed_postings, place - 1) >= wanted)
        place = 0;
    for (int step = 0; step < 8; step++, place++)
        if (place == count || at(&word->mixed_postings, place) >= wanted)
            return word->mixed_place = place;
    return word->mixed_place = bisect(&word->mixed_postings, place, count, wanted);
}

/* Return what a posting gives that holds several forms of the stem; negative where that points outside. */
static inline double
mixed_score(WordOf *word, uint64_t posting, uint64_t code)
{
    uint64_t wanted = word->start + posting, place = find_mixed(word, wanted);
    if (place == (uint64_t)word->mixed_postings.count || at(&word->mixed_postings, place) != wanted)
        return HAS(word->table, 2 * code) ? DOUBLES(word->table)[2 * code] : -1;
    uint64_t exact = HAS(word->mixed_codes, place) ? at(&word->mixed_codes, place) : UINT64_MAX;
    if (!HAS(word->weights, code) || !HAS(word->weights, exact))
        return -1;
    double frequency = word->other_form * DOUBLES(word->weights)[code];
    frequency += (1 - word->other_form) * DOUBLES(word->weights)[exact];
    return frequency / (word->k1 + frequency);
}

/* Tell whether a word has the posting, counted from its first, and those before it. */
static inline int
has_posting(const WordOf *word, uint64_t posting)
{
    return HAS(word->codes, posting) && (!word->tags.data || HAS(word->tags, posting));
}

/* Return what a posting gives that the word has; negative where that points outside. */
ALWAYS_INLINE double
score(WordOf *word, Py_ssize_t width, int is_tagged, uint64_t posting)
{
    uint64_t code = number(word->codes.data, width, posting), place = 2 * code;
    if (is_tagged) {
        long tag = ((const uint8_t *)word->tags.data)[posting];
        if (tag == MIXED)
            return mixed_score(word, posting, code);
        place += tag == word->tag;
    }
    else
        place += word->tag >= 0;
    return HAS(word->table, place) ? DOUBLES(word->table)[place] : -1;
}

#endif
