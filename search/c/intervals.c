/* Articles by time: they are numbered from the newest to the oldest, so that each interval is a range of numbers. */

#include "arrays.h"

/* find_dated(docs, base, dated, ages) */

PyObject *
find_dated(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array docs, ages;
    uint64_t base = PyLong_AsUnsignedLongLong(args[1]), dated = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &docs, PyBUF_SIMPLE) ||
        !borrow_wide(&held, args[3], &ages, PyBUF_SIMPLE))
        return let_go(&held, NULL);
    uint64_t first = bisect(&docs, 0, docs.count, base), end = bisect(&docs, first, docs.count, base + dated);
    if (first == end)
        return let_go(&held, Py_BuildValue("KKLL", first, end, 0LL, 0LL));
    uint64_t newest = WIDE(docs)[first] - base, oldest = WIDE(docs)[end - 1] - base;
    if (!HAS(ages, newest) || !HAS(ages, oldest))
        return let_go(&held, NULL);
    const int64_t *known = (const int64_t *)ages.data;
    return let_go(&held, Py_BuildValue("KKLL", first, end, (long long)known[newest], (long long)known[oldest]));
}

/* count_intervals(docs, first, end, ends) */

/* Put into a list how many articles each interval has; those of a later one come before. */
static int
put_counts(const Array *docs, uint64_t first, uint64_t end, const Array *ends, PyObject *counts)
{
    uint64_t before = first;
    for (Py_ssize_t i = ends->count; i--;) {
        uint64_t own = bisect(docs, before, end, WIDE(*ends)[i]);
        PyObject *count = PyLong_FromUnsignedLongLong(own - before);
        if (!count || PyList_SetItem(counts, i, count))
            return 0;
        before = own;
    }
    return 1;
}

PyObject *
count_intervals(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array docs, ends;
    uint64_t first = PyLong_AsUnsignedLongLong(args[1]), end = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &docs, PyBUF_SIMPLE) ||
        !borrow_wide(&held, args[3], &ends, PyBUF_SIMPLE) || first > end || end > (uint64_t)docs.count)
        return let_go(&held, NULL);
    PyObject *counts = PyList_New(ends.count);
    if (counts && !put_counts(&docs, first, end, &ends, counts))
        Py_CLEAR(counts);
    return let_go(&held, counts);
}
