/* Articles among the postings of a word. */

#include "places.h"

/* locate(docs, bounds, wanted, base, places, there) */

PyObject *
locate(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array docs, bounds, wanted, places, there;
    unsigned long long base = PyLong_AsUnsignedLongLong(args[3]);
    if (PyErr_Occurred() || !borrow(&held, args[0], &docs) || !borrow(&held, args[1], &bounds) ||
        !borrow_wide(&held, args[2], &wanted, PyBUF_SIMPLE) || !borrow_wide(&held, args[4], &places, PyBUF_WRITABLE) ||
        !hold(&held, args[5], &there, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (places.count != wanted.count || there.count != wanted.count || there.width != 1 || docs.width != 2 ||
        !are_bounds(&bounds, &docs))
        return let_go(&held, NULL);
    uint64_t start = at(&bounds, 0), place = start, end = start, half = UINT64_MAX, halves = bounds.count - 1, next = 0;
    for (Py_ssize_t i = 0; i < wanted.count; i++) {
        uint64_t doc = WIDE(wanted)[i] - base;
        int is_there = 0;
        if (doc >> HALF < halves) {
            if (doc >> HALF != half || doc < next) {
                half = doc >> HALF;
                place = at(&bounds, half);
                end = at(&bounds, half + 1);
            }
            next = doc;
            doc &= (1 << HALF) - 1;
            place = gallop(HALVES(docs), place, end, doc);
            is_there = place < end && HALVES(docs)[place] == doc;
        }
        WIDE(places)[i] = is_there ? place - start : 0;
        there.data[i] = is_there;
    }
    return let_go(&held, Py_NewRef(Py_None));
}
