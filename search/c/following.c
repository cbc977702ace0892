/* Bits that follow one another. */

#include "arrays.h"

#define MAX_MASKS 64
/* Articles that are looked at in one go, and the bits of each. */
#define SPAN 512
#define BITS 64

/* follow(masks, row, found) */

/* Follow the masks of a row from one to the next for some articles, the first bit behind the last one. */
static void
follow_span(const Array *masks, const Array *row, Py_ssize_t first, Py_ssize_t size, uint64_t *reached)
{
    memcpy(reached, WIDE(masks[at(row, 0)]) + first, size * sizeof(uint64_t));
    for (Py_ssize_t step = 1; step < row->count; step++) {
        const uint64_t *mask = WIDE(masks[at(row, step)]) + first;
        for (Py_ssize_t i = 0; i < size; i++)
            reached[i] = (reached[i] << 1 | reached[i] >> (BITS - 1)) & mask[i];
    }
}

static int
read_masks(Held *held, PyObject *from, Array *masks, const Array *row)
{
    Py_ssize_t count = PyList_Size(from);
    if (count < 1 || count > MAX_MASKS || !row->count)
        return 0;
    for (Py_ssize_t i = 0; i < count; i++)
        if (!borrow_wide(held, PyList_GetItem(from, i), &masks[i], PyBUF_SIMPLE) || masks[i].count != masks[0].count)
            return 0;
    for (Py_ssize_t i = 0; i < row->count; i++)
        if (at(row, i) >= (uint64_t)count)
            return 0;
    return 1;
}

PyObject *
follow(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array masks[MAX_MASKS], row, found;
    uint64_t reached[SPAN];
    Py_ssize_t count = 0;
    if (!borrow(&held, args[1], &row) || !read_masks(&held, args[0], masks, &row) ||
        !borrow_wide(&held, args[2], &found, PyBUF_WRITABLE) || found.count < masks[0].count)
        return let_go(&held, NULL);
    for (Py_ssize_t first = 0; first < masks[0].count; first += SPAN) {
        Py_ssize_t size = masks[0].count - first < SPAN ? masks[0].count - first : SPAN;
        follow_span(masks, &row, first, size, reached);
        for (Py_ssize_t i = 0; i < size; i++) {
            WIDE(found)[count] = first + i;
            count += reached[i] != 0;
        }
    }
    return let_go(&held, PyLong_FromSsize_t(count));
}
