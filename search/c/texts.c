/* Texts of a vocabulary: sorted, one behind the other, and with their first eight bytes apart as a number. */

#include "arrays.h"

#include <string.h>

#define KEY_BYTES 8

/* Stand for a text that is not there, and for arrays that do not fit one another. */
#define ABSENT (-1)
#define UNFIT (-2)

typedef struct {
    Array bytes, starts, keys;
} Texts;

static int
read_texts(Held *held, PyObject *bytes, PyObject *starts, PyObject *keys, Texts *texts)
{
    return bytes && starts && keys && borrow(held, bytes, &texts->bytes) && borrow(held, starts, &texts->starts) &&
           borrow_wide(held, keys, &texts->keys, PyBUF_SIMPLE);
}

static uint64_t
key_of(const unsigned char *text, Py_ssize_t size)
{
    uint64_t key = 0;
    for (Py_ssize_t i = 0; i < KEY_BYTES; i++)
        key = key << 8 | (i < size ? text[i] : 0);
    return key;
}

/* Return the number of a text. */
static int64_t
number_of(const Texts *texts, const Array *wanted)
{
    uint64_t count = texts->keys.count, key = key_of((const unsigned char *)wanted->data, wanted->count);
    if ((uint64_t)texts->starts.count < count + 1)
        return UNFIT;
    for (uint64_t place = bisect(&texts->keys, 0, count, key); place < count && at(&texts->keys, place) == key; place++) {
        uint64_t first = at(&texts->starts, place), end = at(&texts->starts, place + 1);
        if (first > end || end > (uint64_t)texts->bytes.count)
            return UNFIT;
        if (end - first == (uint64_t)wanted->count && !memcmp(texts->bytes.data + first, wanted->data, wanted->count))
            return place;
    }
    return ABSENT;
}

/* find_text(bytes, starts, keys, wanted) */

PyObject *
find_text(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Texts texts;
    Array wanted;
    if (!read_texts(&held, args[0], args[1], args[2], &texts) || !borrow(&held, args[3], &wanted))
        return let_go(&held, NULL);
    int64_t found = number_of(&texts, &wanted);
    return let_go(&held, found == UNFIT ? NULL : PyLong_FromLongLong(found));
}

/* find_word(term, stem, terms, stems, arrays) */

/* What is known of stems, and of terms, by number. */
typedef struct {
    Array bounds, tag_bounds, tags, mixed;
    uint64_t halves;
} Known;

static int
read_known(Held *held, PyObject *from, Known *known)
{
    PyObject *parts[5];
    for (int i = 0; i < 5; i++)
        if (!(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    known->halves = PyLong_AsUnsignedLongLong(parts[4]);
    return !PyErr_Occurred() && known->halves < 1 << HALF && borrow(held, parts[0], &known->bounds) &&
           borrow(held, parts[1], &known->tag_bounds) && borrow(held, parts[2], &known->tags) &&
           borrow(held, parts[3], &known->mixed);
}

/* Return what is known of a stem, and of a term; NULL where that is outside of the arrays. */
static PyObject *
tell(const Known *known, uint64_t stem, int64_t term)
{
    uint64_t first = stem * known->halves, end = first + known->halves;
    if (!HAS(known->bounds, end) || !HAS(known->tag_bounds, stem + 1))
        return NULL;
    uint64_t numbers[] = {at(&known->bounds, first), at(&known->bounds, end), at(&known->tag_bounds, stem),
                          at(&known->tag_bounds, stem + 1), 0, 0, 0};
    if (term >= 0) {
        if (!HAS(known->tags, term) || !HAS(known->mixed, term + 1))
            return NULL;
        numbers[4] = at(&known->tags, term);
        numbers[5] = at(&known->mixed, term);
        numbers[6] = at(&known->mixed, term + 1);
    }
    return Py_BuildValue("KKKKKLKKK", stem, numbers[0], numbers[1], numbers[2], numbers[3], (long long)term, numbers[4],
                         numbers[5], numbers[6]);
}

static int
read_vocabulary(Held *held, PyObject *from, Texts *texts)
{
    return read_texts(held, PyTuple_GetItem(from, 0), PyTuple_GetItem(from, 1), PyTuple_GetItem(from, 2), texts);
}

PyObject *
find_word(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Texts terms, stems;
    Known known;
    Array term, stem;
    if (!borrow(&held, args[0], &term) || !borrow(&held, args[1], &stem) || !read_vocabulary(&held, args[2], &terms) ||
        !read_vocabulary(&held, args[3], &stems) || !read_known(&held, args[4], &known))
        return let_go(&held, NULL);
    int64_t number = number_of(&stems, &stem);
    if (number == ABSENT)
        return let_go(&held, Py_NewRef(Py_None));
    int64_t form = number == UNFIT ? UNFIT : number_of(&terms, &term);
    return let_go(&held, form == UNFIT ? NULL : tell(&known, number, form));
}
