/* What words give articles: saturated frequencies, and their sums. */

#include "scoring.h"
#include <stdlib.h>

#define WORD 64

/* saturate(word, postings, weight, is_added, scores) */

static int
read_inverted(Held *held, PyObject *from, Inverted *inverted)
{
    PyObject *parts[11];
    for (int i = 0; i < 11; i++)
        if (!(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    inverted->from = from;
    inverted->halves = PyLong_AsUnsignedLongLong(parts[8]);
    inverted->other_form = PyFloat_AsDouble(parts[9]);
    inverted->k1 = PyFloat_AsDouble(parts[10]);
    return !PyErr_Occurred() && inverted->halves && inverted->halves < 1 << HALF &&
           borrow(held, parts[0], &inverted->codes) && borrow(held, parts[1], &inverted->tags) &&
           inverted->tags.width == 1 && borrow(held, parts[2], &inverted->mixed_postings) &&
           borrow(held, parts[3], &inverted->mixed_codes) &&
           borrow_wide(held, parts[4], &inverted->table, PyBUF_SIMPLE) &&
           borrow_wide(held, parts[5], &inverted->weights, PyBUF_SIMPLE) &&
           borrow(held, parts[6], &inverted->docs) && borrow(held, parts[7], &inverted->bounds);
}

int
read_word(Held *held, PyObject *from, Inverted *inverted, WordOf *word)
{
    PyObject *arrays = PyTuple_GetItem(from, 0), *place = arrays ? PyTuple_GetItem(from, 1) : NULL;
    if (!place || (arrays != inverted->from && !read_inverted(held, arrays, inverted)))
        return 0;
    /* Of the stem its number, its postings, from and to, and their tags; of the term its number, its tag, and its mixed
     * postings. */
    int64_t at_[9];
    for (int i = 0; i < 9; i++) {
        PyObject *number = PyTuple_GetItem(place, i);
        at_[i] = number ? PyLong_AsLongLong(number) : 0;
    }
    if (PyErr_Occurred())
        return 0;
    *word = (WordOf){.stem = at_[0], .start = at_[1], .table = inverted->table, .weights = inverted->weights,
                     .other_form = inverted->other_form, .k1 = inverted->k1};
    int is_tagged = at_[4] > at_[3];
    /* No posting has the tag of a form that stands beside others only, nor of one that is nowhere. */
    word->tag = at_[5] < 0 || (is_tagged && at_[6] == MIXED) ? -1 : (long)at_[6];
    return cut_out(&inverted->codes, at_[1], at_[2], &word->codes) &&
           (!is_tagged || cut_out(&inverted->tags, at_[3], at_[4], &word->tags)) &&
           cut_out(&inverted->mixed_postings, at_[7], at_[8], &word->mixed_postings) &&
           cut_out(&inverted->mixed_codes, at_[7], at_[8], &word->mixed_codes);
}

ALWAYS_INLINE int
add_scores_at(WordOf *word, Py_ssize_t width, int is_tagged, const Array *postings, double weight, int is_added,
              const Array *scores)
{
    const uint64_t *chosen = WIDE(*postings);
    double *to = DOUBLES(*scores);
    for (Py_ssize_t i = 0; i < scores->count; i++) {
        uint64_t posting = chosen ? chosen[i] : (uint64_t)i;
        double given = has_posting(word, posting) ? score(word, width, is_tagged, posting) : -1;
        if (given < 0)
            return 0;
        to[i] = is_added ? to[i] + weight * given : weight * given;
    }
    return 1;
}

PyObject *
saturate(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    WordOf word;
    Inverted inverted = {0};
    Array postings = {0}, scores;
    double weight = PyFloat_AsDouble(args[2]);
    int is_added = args[3] == Py_True;
    if (PyErr_Occurred() || !read_word(&held, args[0], &inverted, &word) ||
        (args[1] != Py_None && !borrow_wide(&held, args[1], &postings, PyBUF_SIMPLE)) ||
        !borrow_wide(&held, args[4], &scores, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (scores.count != (postings.data ? postings.count : word.codes.count))
        return let_go(&held, NULL);
    int is_good;
    if (word.codes.width == 2 && word.tags.data)
        is_good = add_scores_at(&word, 2, 1, &postings, weight, is_added, &scores);
    else if (word.codes.width == 2)
        is_good = add_scores_at(&word, 2, 0, &postings, weight, is_added, &scores);
    else
        is_good = add_scores_at(&word, word.codes.width, word.tags.data != NULL, &postings, weight, is_added, &scores);
    return let_go(&held, is_good ? Py_NewRef(Py_None) : NULL);
}

/* add_up(lists, sums, found, scores) */

/* Borrow an array and the number, or the array, that stands beside it in a pair. */
static PyObject *
borrow_pair(Held *held, PyObject *pair, Array *array)
{
    PyObject *first = PyTuple_GetItem(pair, 0), *second = first ? PyTuple_GetItem(pair, 1) : NULL;
    return second && borrow_wide(held, first, array, PyBUF_SIMPLE) ? second : NULL;
}

/* Add to the sum of one article, which is none yet where it has no mark. */
static inline void
add_one(const Array *sums, uint64_t *marks, uint64_t doc, double given)
{
    uint64_t bit = (uint64_t)1 << doc % WORD;
    double known = marks[doc / WORD] & bit ? DOUBLES(*sums)[doc] : 0;
    marks[doc / WORD] |= bit;
    DOUBLES(*sums)[doc] = known + given;
}

static int
add_scores(Held *held, PyObject *list, const Array *sums, uint64_t *marks)
{
    Array docs, scores;
    PyObject *second = borrow_pair(held, list, &docs);
    if (!second || !borrow_wide(held, second, &scores, PyBUF_SIMPLE) || docs.count != scores.count)
        return 0;
    for (Py_ssize_t i = 0; i < docs.count; i++) {
        if (!HAS(*sums, WIDE(docs)[i]))
            return 0;
        add_one(sums, marks, WIDE(docs)[i], DOUBLES(scores)[i]);
    }
    return 1;
}

static int
add_list(PyObject *list, const Array *sums, uint64_t *marks)
{
    Held held;
    held.count = 0;
    int is_good = add_scores(&held, list, sums, marks);
    release(&held);
    return is_good;
}

static Py_ssize_t
gather_marked(const uint64_t *marks, const Array *sums, Array *found, Array *scores)
{
    Py_ssize_t count = 0, limit = found->count < scores->count ? found->count : scores->count;
    for (Py_ssize_t i = 0; i * WORD < sums->count; i++) {
        for (uint64_t word = marks[i]; word && count < limit; word &= word - 1) {
            uint64_t doc = i * WORD + lowest_bit(word);
            WIDE(*found)[count] = doc;
            DOUBLES(*scores)[count++] = DOUBLES(*sums)[doc];
        }
    }
    return count;
}

PyObject *
add_up(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array sums, found, scores;
    if (!borrow_wide(&held, args[1], &sums, PyBUF_WRITABLE) || !borrow_wide(&held, args[2], &found, PyBUF_WRITABLE) ||
        !borrow_wide(&held, args[3], &scores, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    uint64_t *marks = calloc(sums.count / WORD + 1, sizeof(uint64_t));
    if (!marks)
        return let_go(&held, PyErr_NoMemory());
    int is_good = 1;
    for (Py_ssize_t i = 0; is_good && i < PyList_Size(args[0]); i++)
        is_good = add_list(PyList_GetItem(args[0], i), &sums, marks);
    Py_ssize_t count = is_good ? gather_marked(marks, &sums, &found, &scores) : 0;
    free(marks);
    return let_go(&held, is_good ? PyLong_FromSsize_t(count) : NULL);
}
