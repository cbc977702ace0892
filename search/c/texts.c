/* Texts of a vocabulary: sorted, one behind the other, and with their first eight bytes apart as a number. */

#include "arrays.h"

#include <string.h>

#define KEY_BYTES 8

/* find_text(bytes, starts, keys, wanted) */

static uint64_t
key_of(const unsigned char *text, Py_ssize_t size)
{
    uint64_t key = 0;
    for (Py_ssize_t i = 0; i < KEY_BYTES; i++)
        key = key << 8 | (i < size ? text[i] : 0);
    return key;
}

PyObject *
find_text(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array bytes, starts, keys, wanted;
    if (!borrow(&held, args[0], &bytes) || !borrow(&held, args[1], &starts) ||
        !borrow_wide(&held, args[2], &keys, PyBUF_SIMPLE) || !borrow(&held, args[3], &wanted))
        return let_go(&held, NULL);
    uint64_t count = keys.count, key = key_of((const unsigned char *)wanted.data, wanted.count);
    if ((uint64_t)starts.count < count + 1)
        return let_go(&held, NULL);
    for (uint64_t place = bisect(&keys, 0, count, key); place < count && at(&keys, place) == key; place++) {
        uint64_t first = at(&starts, place), end = at(&starts, place + 1);
        if (first > end || end > (uint64_t)bytes.count)
            return let_go(&held, NULL);
        if (end - first == (uint64_t)wanted.count && !memcmp(bytes.data + first, wanted.data, wanted.count))
            return let_go(&held, PyLong_FromUnsignedLongLong(place));
    }
    return let_go(&held, PyLong_FromLong(-1));
}
