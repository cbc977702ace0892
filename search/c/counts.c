/* Facets: how many articles have each value. */

#include "arrays.h"

/* spread(counts, codes, bounds, sums) */

PyObject *
spread(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array counts, codes, bounds = {NULL, 0, 0}, sums;
    if (!borrow_wide(&held, args[0], &counts, PyBUF_SIMPLE) || !borrow(&held, args[1], &codes) ||
        (args[2] != Py_None && !borrow(&held, args[2], &bounds)) || !borrow_wide(&held, args[3], &sums, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (bounds.data ? bounds.count != counts.count + 1 : codes.count != counts.count)
        return let_go(&held, NULL);
    for (Py_ssize_t i = 0; i < counts.count; i++) {
        uint64_t first = bounds.data ? at(&bounds, i) : (uint64_t)i;
        uint64_t end = bounds.data ? at(&bounds, i + 1) : (uint64_t)i + 1;
        for (; first < end; first++) {
            if (!HAS(codes, first) || !HAS(sums, at(&codes, first)))
                return let_go(&held, NULL);
            WIDE(sums)[at(&codes, first)] += WIDE(counts)[i];
        }
    }
    return let_go(&held, Py_NewRef(Py_None));
}

/* tally(docs, codes, others, counts, first) */

PyObject *
tally(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array docs, codes, others, counts;
    Py_ssize_t first = PyLong_AsSsize_t(args[4]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &docs, PyBUF_SIMPLE) || !borrow(&held, args[1], &codes) ||
        !borrow(&held, args[2], &others) || !borrow_wide(&held, args[3], &counts, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    for (Py_ssize_t i = 0; i < docs.count; i++) {
        uint64_t doc = WIDE(docs)[i];
        if (!HAS(codes, doc) || !HAS(others, doc))
            return let_go(&held, NULL);
        uint64_t one = at(&codes, doc), other = first + at(&others, doc);
        if (!HAS(counts, one) || !HAS(counts, other))
            return let_go(&held, NULL);
        WIDE(counts)[one]++;
        WIDE(counts)[other]++;
    }
    return let_go(&held, Py_NewRef(Py_None));
}
