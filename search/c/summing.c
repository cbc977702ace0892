/* The articles that have any of some words, or are in any of some lists, and what those give them. */

#include "listed.h"
#include "windows.h"
#include <stdlib.h>

/* match_any(sources, living, size, found, scores) */

/* What gives something to articles: a word, or a list of articles and what they are given. */
typedef struct {
    Listed listed;
    Array scores;
    Py_ssize_t half;
    int is_word;
} Source;

typedef struct {
    Source *sources;
    Py_ssize_t count;
    Array living, found, scores;
    /* The first article of the window, and the first behind it. */
    uint64_t low, high;
    double sums[WINDOW];
    /* Whether anything was given to each: bytes, since bits would wait for their neighbours. */
    uint8_t marks[WINDOW];
} Sums;

static int
add_list(Sums *sums, Source *source)
{
    const uint64_t *docs = WIDE(source->listed.docs);
    uint64_t place = source->listed.run.place, end = source->listed.run.end, low = sums->low, high = sums->high;
    for (; place < end && docs[place] < high; place++)
        if (!give(sums->sums, sums->marks, docs[place] - low, DOUBLES(source->scores)[place]))
            return 0;
    source->listed.run.place = place;
    return 1;
}

/* Add the postings of one half that are of articles below *limit*; in the window they are *offset* further. */
ALWAYS_INLINE int
add_postings(Sums *sums, Listed *listed, Py_ssize_t width, int is_tagged, uint64_t offset, uint64_t limit)
{
    /* Of its own: what is written byte by byte might be any of it, as far as the compiler knows. */
    WordOf word = listed->word;
    Run run = listed->run;
    double weight = listed->weight;
    uint64_t start = listed->start;
    for (; run.place < run.end && run.docs[run.place] < limit; run.place++)
        if (!give(sums->sums, sums->marks, offset + run.docs[run.place],
                  weight * score(&word, width, is_tagged, run.place - start)))
            return 0;
    listed->word.mixed_place = word.mixed_place;
    listed->run.place = run.place;
    return 1;
}

static int
add_word(Sums *sums, Source *source)
{
    Listed *listed = &source->listed;
    for (;;) {
        uint64_t base = listed->base + ((uint64_t)source->half << HALF);
        if (base >= sums->high)
            return 1;
        Py_ssize_t width = listed->word.codes.width;
        uint64_t limit = sums->high - base, offset = base - sums->low;
        int is_good = width != 2                ? add_postings(sums, listed, width, listed->word.tags.data != NULL, offset, limit)
                      : listed->word.tags.data ? add_postings(sums, listed, 2, 1, offset, limit)
                                                : add_postings(sums, listed, 2, 0, offset, limit);
        if (!is_good)
            return 0;
        if (listed->run.place < listed->run.end || source->half + 2 >= listed->bounds.count)
            return 1;
        begin_half(listed, ++source->half);
    }
}

/* Write out the articles of a group that have a bit, and forget them; there must be room. Return how many there are now.
 */
static inline Py_ssize_t
put_given(Sums *sums, int first, uint64_t bits, Py_ssize_t count)
{
    uint64_t *found = WIDE(sums->found), low = sums->low + first;
    double *scores = DOUBLES(sums->scores), *own = sums->sums + first;
    if (bits == UINT64_MAX) {
        for (int bit = 0; bit < GROUP; bit++)
            found[count + bit] = low + bit;
        memcpy(scores + count, own, GROUP * sizeof(double));
        memset(own, 0, GROUP * sizeof(double));
        return count + GROUP;
    }
    for (; bits; bits &= bits - 1, count++) {
        int bit = lowest_bit(bits);
        found[count] = low + bit;
        scores[count] = own[bit];
        own[bit] = 0;
    }
    return count;
}

/* Return the bits of the articles that are there, and forget the others; nobody knows those behind the last one. */
static uint64_t
living_of(Sums *sums, int first, uint64_t bits)
{
    uint64_t living = 0;
    for (uint64_t rest = bits; rest; rest &= rest - 1) {
        int bit = lowest_bit(rest);
        uint64_t doc = sums->low + first + bit;
        if (HAS(sums->living, doc) && at(&sums->living, doc))
            living |= (uint64_t)1 << bit;
        else
            sums->sums[first + bit] = 0;
    }
    return living;
}

/* Write out the articles of the window that something was given; return how many there are now, -1 without room. */
static Py_ssize_t
gather(Sums *sums, Py_ssize_t count)
{
    Py_ssize_t room = sums->found.count < sums->scores.count ? sums->found.count : sums->scores.count;
    for (int first = 0; first < WINDOW; first += GROUP) {
        uint64_t bits = bits_of(sums->marks + first);
        if (!bits)
            continue;
        uint64_t living = sums->living.data ? living_of(sums, first, bits) : bits;
        if (room - count < GROUP && room - count < count_bits(living))
            return -1;
        count = put_given(sums, first, living, count);
        memset(sums->marks + first, 0, GROUP);
    }
    return count;
}

static int
read_source(Held *held, PyObject *from, Inverted *inverted, Source *source)
{
    Listed *listed = &source->listed;
    source->is_word = PyTuple_Size(from) != 2;
    source->half = 0;
    if (source->is_word) {
        if (!read_listed(held, from, inverted, listed))
            return 0;
        begin_half(listed, 0);
        return 1;
    }
    PyObject *docs = PyTuple_GetItem(from, 0), *scores = docs ? PyTuple_GetItem(from, 1) : NULL;
    if (!scores || !borrow_wide(held, docs, &listed->docs, PyBUF_SIMPLE) ||
        !borrow_wide(held, scores, &source->scores, PyBUF_SIMPLE))
        return 0;
    listed->run = (Run){NULL, 0, listed->docs.count};
    return listed->docs.count == source->scores.count;
}

static int
read_sums(Held *held, PyObject *const *args, Sums *sums)
{
    Inverted inverted = {0};
    sums->count = PyList_Size(args[0]);
    if (sums->count < 0 || sums->count > MAX_WORDS || (args[1] != Py_None && !borrow(held, args[1], &sums->living)) ||
        !borrow_wide(held, args[3], &sums->found, PyBUF_WRITABLE) ||
        !borrow_wide(held, args[4], &sums->scores, PyBUF_WRITABLE))
        return 0;
    for (Py_ssize_t i = 0; i < sums->count; i++)
        if (!read_source(held, PyList_GetItem(args[0], i), &inverted, &sums->sources[i]))
            return 0;
    return 1;
}

/* Add up window by window; return how many articles there are, -1 where something is outside of everything. */
static Py_ssize_t
sum_up(Sums *sums, uint64_t size)
{
    Py_ssize_t count = 0;
    for (sums->low = 0; count >= 0 && sums->low < size; sums->low = sums->high) {
        sums->high = size - sums->low > WINDOW ? sums->low + WINDOW : size;
        for (Py_ssize_t i = 0; i < sums->count; i++) {
            Source *source = &sums->sources[i];
            if (!(source->is_word ? add_word(sums, source) : add_list(sums, source)))
                return -1;
        }
        count = gather(sums, count);
    }
    for (Py_ssize_t i = 0; i < sums->count; i++)
        if (sums->sources[i].listed.run.place < sums->sources[i].listed.run.end)
            return -1;
    return count;
}

PyObject *
match_any(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    uint64_t size = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred())
        return NULL;
    Sums *sums = calloc(1, sizeof(Sums));
    Source *sources = malloc(MAX_WORDS * sizeof(Source));
    PyObject *found = NULL;
    if (!sums || !sources)
        PyErr_NoMemory();
    else {
        sums->sources = sources;
        Py_ssize_t count = read_sums(&held, args, sums) ? sum_up(sums, size) : -1;
        found = count < 0 ? NULL : PyLong_FromSsize_t(count);
    }
    free(sources);
    free(sums);
    return let_go(&held, found);
}
