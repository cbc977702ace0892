/* What words give articles: saturated frequencies, and their sums. */

#include "scoring.h"
#include <stdlib.h>

#define WORD 64

/* saturate(word, postings, weight, is_added, scores) */

int
read_word(Held *held, PyObject *from, WordOf *word)
{
    PyObject *parts[11];
    for (int i = 0; i < 11; i++)
        if (!(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    word->tags = (Array){NULL, 0, 0};
    word->mixed_place = 0;
    word->tag = PyLong_AsLong(parts[6]);
    word->mixed_tag = PyLong_AsLong(parts[7]);
    word->start = PyLong_AsUnsignedLongLong(parts[8]);
    word->other_form = PyFloat_AsDouble(parts[9]);
    word->k1 = PyFloat_AsDouble(parts[10]);
    return !PyErr_Occurred() && borrow(held, parts[0], &word->codes) &&
           (parts[1] == Py_None || (borrow(held, parts[1], &word->tags) && word->tags.width == 1)) &&
           borrow(held, parts[2], &word->mixed_postings) && borrow(held, parts[3], &word->mixed_codes) &&
           borrow_wide(held, parts[4], &word->table, PyBUF_SIMPLE) &&
           borrow_wide(held, parts[5], &word->weights, PyBUF_SIMPLE);
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
    Array postings = {0}, scores;
    double weight = PyFloat_AsDouble(args[2]);
    int is_added = args[3] == Py_True;
    if (PyErr_Occurred() || !read_word(&held, args[0], &word) ||
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
