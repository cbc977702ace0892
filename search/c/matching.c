/* The articles that have all words, and what those give them. */

#include "listed.h"
#include <stdlib.h>

int
read_listed(Held *held, PyObject *list, Inverted *inverted, Listed *listed)
{
    PyObject *base = PyTuple_GetItem(list, 2), *weight = base ? PyTuple_GetItem(list, 3) : NULL;
    if (!weight)
        return 0;
    listed->base = PyLong_AsUnsignedLongLong(base);
    listed->weight = PyFloat_AsDouble(weight);
    if (PyErr_Occurred() || !read_word(held, list, inverted, &listed->word))
        return 0;
    uint64_t first = listed->word.stem * inverted->halves;
    listed->docs = inverted->docs;
    if (listed->word.stem > (uint64_t)inverted->bounds.count || listed->docs.width != 2 ||
        !cut_out(&inverted->bounds, first, first + inverted->halves + 1, &listed->bounds) ||
        !are_bounds(&listed->bounds, &listed->docs))
        return 0;
    listed->start = at(&listed->bounds, 0);
    uint64_t size = at(&listed->bounds, inverted->halves) - listed->start;
    return listed->start == listed->word.start && (!size || has_posting(&listed->word, size - 1));
}

/* match_all(words, living, found, scores) */

typedef struct {
    Listed words[MAX_WORDS];
    /* The words, the rarest first; and of each word its place among these. */
    Listed *order[MAX_WORDS];
    Py_ssize_t places[MAX_WORDS];
    Py_ssize_t count;
    Array living, found, scores;
    /* Some articles, and their postings of the words, in the order of the words' rarity. */
    uint16_t block[SPAN];
    uint64_t postings[MAX_WORDS][SPAN];
} Wanted;

static uint64_t
size_of(const Listed *listed)
{
    return at(&listed->bounds, listed->bounds.count - 1) - listed->start;
}

static int
read_wanted(Held *held, PyObject *const *args, Wanted *wanted)
{
    Inverted inverted = {0};
    wanted->count = PyList_Size(args[0]);
    wanted->living = (Array){0};
    if (wanted->count < 1 || wanted->count > MAX_WORDS || (args[1] != Py_None && !borrow(held, args[1], &wanted->living)) ||
        !borrow_wide(held, args[2], &wanted->found, PyBUF_WRITABLE) ||
        !borrow_wide(held, args[3], &wanted->scores, PyBUF_WRITABLE))
        return 0;
    for (Py_ssize_t i = 0; i < wanted->count; i++) {
        Listed *listed = &wanted->words[i];
        if (!read_listed(held, PyList_GetItem(args[0], i), &inverted, listed) ||
            listed->bounds.count != wanted->words[0].bounds.count)
            return 0;
        Py_ssize_t place = i;
        for (; place && size_of(wanted->order[place - 1]) > size_of(listed); place--)
            wanted->order[place] = wanted->order[place - 1];
        wanted->order[place] = listed;
    }
    for (Py_ssize_t i = 0; i < wanted->count; i++)
        wanted->places[wanted->order[i] - wanted->words] = i;
    uint64_t most = size_of(wanted->order[0]);
    return most <= (uint64_t)wanted->found.count && most <= (uint64_t)wanted->scores.count;
}

/* Keep the articles of a block that the words have which come after the first; return how many those are. */
static Py_ssize_t
narrow(Wanted *wanted, Py_ssize_t size)
{
    uint16_t kept[SPAN];
    uint64_t left = wanted->order[0]->run.end - wanted->order[0]->run.place + size;
    for (Py_ssize_t i = 1; size && i < wanted->count; i++) {
        Py_ssize_t count = meet(&wanted->order[i]->run, wanted->block, size, left, kept, wanted->postings[i]);
        for (Py_ssize_t k = 0; count < size && k < count; k++)
            wanted->block[k] = wanted->block[kept[k]];
        for (Py_ssize_t before = 0; count < size && before < i; before++)
            keep(wanted->postings[before], kept, count);
        size = count;
    }
    return size;
}

/* Add what a word gives to the sums of a block; tell whether all of that is within its arrays. */
ALWAYS_INLINE int
add_given(Listed *listed, Py_ssize_t width, int is_tagged, const uint64_t *postings, Py_ssize_t size, double *sums)
{
    for (Py_ssize_t k = 0; k < size; k++) {
        double given = score(&listed->word, width, is_tagged, postings[k] - listed->start);
        if (given < 0)
            return 0;
        sums[k] += listed->weight * given;
    }
    return 1;
}

/* Take some of the articles of the rarest word, at most a block; return how many those are, -1 where one is outside. */
static Py_ssize_t
take_block(Wanted *wanted, uint64_t base)
{
    Run *run = &wanted->order[0]->run;
    Py_ssize_t size = 0;
    for (; run->place < run->end && size < SPAN; run->place++) {
        uint64_t doc = run->docs[run->place];
        if (wanted->living.data && !HAS(wanted->living, base + doc))
            return -1;
        wanted->block[size] = (uint16_t)doc;
        wanted->postings[0][size] = run->place;
        size += !wanted->living.data || at(&wanted->living, base + doc);
    }
    return size;
}

/* Write out the articles of a block, and what all words give them, in the order of the query. */
static int
put_block(Wanted *wanted, uint64_t base, Py_ssize_t size, Py_ssize_t count)
{
    double *sums = DOUBLES(wanted->scores) + count;
    for (Py_ssize_t k = 0; k < size; k++) {
        WIDE(wanted->found)[count + k] = base + wanted->block[k];
        sums[k] = 0;
    }
    for (Py_ssize_t i = 0; i < wanted->count; i++) {
        Listed *listed = &wanted->words[i];
        const uint64_t *postings = wanted->postings[wanted->places[i]];
        int is_tagged = listed->word.tags.data != NULL;
        Py_ssize_t width = listed->word.codes.width;
        if (!(width != 2   ? add_given(listed, width, is_tagged, postings, size, sums)
              : is_tagged ? add_given(listed, 2, 1, postings, size, sums)
                          : add_given(listed, 2, 0, postings, size, sums)))
            return 0;
    }
    return 1;
}

static Py_ssize_t
match_half(Wanted *wanted, Py_ssize_t half, Py_ssize_t count)
{
    Listed *rarest = wanted->order[0];
    for (Py_ssize_t i = 0; i < wanted->count; i++)
        begin_half(&wanted->words[i], half);
    uint64_t base = (uint64_t)half << HALF;
    while (rarest->run.place < rarest->run.end) {
        Py_ssize_t size = take_block(wanted, base);
        size = size < 0 ? size : narrow(wanted, size);
        if (size < 0 || !put_block(wanted, rarest->base + base, size, count))
            return -1;
        count += size;
    }
    return count;
}

/* Write out the articles of a word that stands alone; return how many those are, -1 where one points outside. */
ALWAYS_INLINE Py_ssize_t
match_one(Wanted *wanted, Py_ssize_t width, int is_tagged)
{
    Listed *listed = &wanted->words[0];
    const uint16_t *docs = HALVES(listed->docs) + listed->start;
    uint64_t *found = WIDE(wanted->found);
    double *scores = DOUBLES(wanted->scores);
    Py_ssize_t size = size_of(listed);
    for (Py_ssize_t half = 0; half + 1 < listed->bounds.count; half++) {
        uint64_t first = at(&listed->bounds, half) - listed->start, end = at(&listed->bounds, half + 1) - listed->start;
        uint64_t base = listed->base + ((uint64_t)half << HALF);
        for (uint64_t i = first; i < end; i++)
            found[i] = base + docs[i];
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        double given = score(&listed->word, width, is_tagged, i);
        if (given < 0)
            return -1;
        scores[i] = listed->weight * given;
    }
    return size;
}

/* The same, whatever its codes are. */
static Py_ssize_t
match_alone(Wanted *wanted)
{
    const WordOf *word = &wanted->words[0].word;
    if (word->codes.width != 2)
        return match_one(wanted, word->codes.width, word->tags.data != NULL);
    return word->tags.data ? match_one(wanted, 2, 1) : match_one(wanted, 2, 0);
}

static Py_ssize_t
match(Wanted *wanted)
{
    Py_ssize_t count = 0;
    if (wanted->count == 1 && !wanted->living.data)
        return match_alone(wanted);
    for (Py_ssize_t half = 0; count >= 0 && half + 1 < wanted->words[0].bounds.count; half++)
        count = match_half(wanted, half, count);
    return count;
}

PyObject *
match_all(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Wanted *wanted = malloc(sizeof(Wanted));
    if (!wanted)
        return PyErr_NoMemory();
    Py_ssize_t count = read_wanted(&held, args, wanted) ? match(wanted) : -1;
    free(wanted);
    return let_go(&held, count < 0 ? NULL : PyLong_FromSsize_t(count));
}
