/* Articles as they are stored, by their numbers, which lie all over the place: all are fetched before any is looked at. */

#include "arrays.h"

#if defined(__GNUC__)
#define FETCH(array, place) __builtin_prefetch((array).data + (place) * (array).width)
#else
#define FETCH(array, place)
#endif

/* Articles that are looked at in one go. */
#define SPAN 64

/* What is listed of some articles by two arrays; tells whether that could be done. */
typedef int List(const uint64_t *numbers, Py_ssize_t size, const Array *one, const Array *other, PyObject *listed,
                 Py_ssize_t first);

/* Return a list with something of each of the articles, whose numbers must be below *limit*; NULL if that goes wrong. */
static PyObject *
list_all(PyObject *wanted, uint64_t limit, List *list, const Array *one, const Array *other)
{
    uint64_t numbers[SPAN];
    Py_ssize_t count = PyList_Size(wanted);
    PyObject *listed = count < 0 ? NULL : PyList_New(count);
    for (Py_ssize_t first = 0; listed && first < count; first += SPAN) {
        Py_ssize_t size = count - first < SPAN ? count - first : SPAN;
        int is_good = 1;
        for (Py_ssize_t i = 0; is_good && i < size; i++) {
            PyObject *number = PyList_GetItem(wanted, first + i);
            numbers[i] = number ? PyLong_AsUnsignedLongLong(number) : limit;
            is_good = !PyErr_Occurred() && numbers[i] < limit;
        }
        if (!is_good || !list(numbers, size, one, other, listed, first))
            Py_CLEAR(listed);
    }
    return listed;
}

/* take_stored(numbers, stored, starts) */

static int
take_some(const uint64_t *numbers, Py_ssize_t size, const Array *stored, const Array *starts, PyObject *taken,
          Py_ssize_t first)
{
    for (Py_ssize_t i = 0; i < size; i++)
        FETCH(*starts, numbers[i]);
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t begin = at(starts, numbers[i]), end = at(starts, numbers[i] + 1);
        if (begin > end || end > (uint64_t)stored->count)
            return 0;
        for (uint64_t place = begin; place < end; place += 64)
            FETCH(*stored, place);
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t begin = at(starts, numbers[i]), end = at(starts, numbers[i] + 1);
        PyObject *bytes = PyBytes_FromStringAndSize(stored->data + begin, end - begin);
        if (!bytes || PyList_SetItem(taken, first + i, bytes))
            return 0;
    }
    return 1;
}

PyObject *
take_stored(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array stored, starts;
    if (!borrow(&held, args[1], &stored) || stored.width != 1 || !borrow(&held, args[2], &starts))
        return let_go(&held, NULL);
    return let_go(&held, list_all(args[0], starts.count ? starts.count - 1 : 0, take_some, &stored, &starts));
}

/* name_articles(numbers, ids, ages) */

static int
name_some(const uint64_t *numbers, Py_ssize_t size, const Array *ids, const Array *ages, PyObject *named,
          Py_ssize_t first)
{
    for (Py_ssize_t i = 0; i < size; i++) {
        FETCH(*ids, numbers[i]);
        FETCH(*ages, numbers[i]);
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        char digits[16];
        uint64_t id = WIDE(*ids)[numbers[i]];
        for (int digit = 0; digit < 16; digit++)
            digits[digit] = "0123456789abcdef"[id >> (60 - 4 * digit) & 15];
        long long age = ((const int64_t *)ages->data)[numbers[i]];
        PyObject *name = Py_BuildValue("s#L", digits, (Py_ssize_t)16, age);
        if (!name || PyList_SetItem(named, first + i, name))
            return 0;
    }
    return 1;
}

PyObject *
name_articles(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array ids, ages;
    if (!borrow_wide(&held, args[1], &ids, PyBUF_SIMPLE) || !borrow_wide(&held, args[2], &ages, PyBUF_SIMPLE))
        return let_go(&held, NULL);
    uint64_t limit = ids.count < ages.count ? ids.count : ages.count;
    return let_go(&held, list_all(args[0], limit, name_some, &ids, &ages));
}
