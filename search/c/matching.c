/* The articles that have all words, or any, and what those give them. */

#include "blocks.h"
#include "scoring.h"
#include <stdlib.h>

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

static int
read_listed(Held *held, PyObject *list, Listed *listed)
{
    PyObject *parts[5];
    for (int i = 0; i < 5; i++)
        if (!(parts[i] = PyTuple_GetItem(list, i)))
            return 0;
    listed->base = PyLong_AsUnsignedLongLong(parts[3]);
    listed->weight = PyFloat_AsDouble(parts[4]);
    if (PyErr_Occurred() || !read_word(held, parts[0], &listed->word) || !borrow(held, parts[1], &listed->docs) ||
        !borrow(held, parts[2], &listed->bounds) || !are_bounds(&listed->bounds, &listed->docs))
        return 0;
    listed->start = at(&listed->bounds, 0);
    return listed->docs.width == 2;
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
    wanted->count = PyList_Size(args[0]);
    wanted->living = (Array){0};
    if (wanted->count < 1 || wanted->count > MAX_WORDS || (args[1] != Py_None && !borrow(held, args[1], &wanted->living)) ||
        !borrow_wide(held, args[2], &wanted->found, PyBUF_WRITABLE) ||
        !borrow_wide(held, args[3], &wanted->scores, PyBUF_WRITABLE))
        return 0;
    for (Py_ssize_t i = 0; i < wanted->count; i++) {
        Listed *listed = &wanted->words[i];
        if (!read_listed(held, PyList_GetItem(args[0], i), listed) ||
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

/* match_any(sources, living, size, found, scores) */

/* Articles that are added up in one go: few enough for their sums to stay beside the processor. */
#define WINDOW 4096
/* Of which so many are looked at at once, whether there are any. */
#define GROUP 8

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

/* Give something to an article of the window; tell whether it is one. */
static inline int
give(double *sums, uint8_t *marks, uint64_t place, double given)
{
    /* What is not in order is in no window. */
    if (place >= WINDOW || given < 0)
        return 0;
    sums[place] += given;
    marks[place] = 1;
    return 1;
}

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

static inline int
lowest_bit(unsigned bits)
{
#if defined(__GNUC__)
    return __builtin_ctz(bits);
#else
    int bit = 0;
    while (!(bits >> bit & 1))
        bit++;
    return bit;
#endif
}

/* Write out an article that something was given; return how many there are now, -1 without room. */
static inline Py_ssize_t
put_given(Sums *sums, int place, Py_ssize_t count)
{
    uint64_t doc = sums->low + place;
    double sum = sums->sums[place];
    sums->sums[place] = 0;
    if (sums->living.data && !(HAS(sums->living, doc) && at(&sums->living, doc)))
        return count;
    if (!HAS(sums->found, count) || !HAS(sums->scores, count))
        return -1;
    WIDE(sums->found)[count] = doc;
    DOUBLES(sums->scores)[count] = sum;
    return count + 1;
}

/* The same for the whole window. */
static Py_ssize_t
gather(Sums *sums, Py_ssize_t count)
{
    for (int first = 0; first < WINDOW; first += GROUP) {
        uint64_t marks;
        memcpy(&marks, sums->marks + first, GROUP);
        if (!marks)
            continue;
        memset(sums->marks + first, 0, GROUP);
        /* The product has the lowest bit of each byte side by side at its upper end. */
        unsigned bits = (unsigned)(marks * 0x0102040810204080 >> 56);
        for (; bits && count >= 0; bits &= bits - 1)
            count = put_given(sums, first + lowest_bit(bits), count);
        if (count < 0)
            return -1;
    }
    return count;
}

static int
read_source(Held *held, PyObject *from, Source *source)
{
    Listed *listed = &source->listed;
    source->is_word = PyTuple_Size(from) != 2;
    source->half = 0;
    if (source->is_word) {
        if (!read_listed(held, from, listed))
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
    sums->count = PyList_Size(args[0]);
    if (sums->count < 0 || sums->count > MAX_WORDS || (args[1] != Py_None && !borrow(held, args[1], &sums->living)) ||
        !borrow_wide(held, args[3], &sums->found, PyBUF_WRITABLE) ||
        !borrow_wide(held, args[4], &sums->scores, PyBUF_WRITABLE))
        return 0;
    for (Py_ssize_t i = 0; i < sums->count; i++)
        if (!read_source(held, PyList_GetItem(args[0], i), &sums->sources[i]))
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
