/* Borrowing arrays, and giving them back; bytes that grow. */

#include "arrays.h"

#include <stdlib.h>

int
make_room(Buffer *buffer, size_t more)
{
    size_t wanted = buffer->size + more;
    if (wanted < buffer->room)
        return 1;
    size_t room = wanted + wanted / 2 + 64;
    char *data = realloc(buffer->data, room);
    if (!data)
        return 0;
    buffer->data = data;
    buffer->room = room;
    return 1;
}

int
hold(Held *held, PyObject *from, Array *array, int flags)
{
    if (held->count == MAX_HELD) {
        PyErr_SetString(PyExc_ValueError, "too many arrays");
        return 0;
    }
    Py_buffer *view = &held->views[held->count];
    if (PyObject_GetBuffer(from, view, flags) < 0)
        return 0;
    held->count++;
    array->data = view->buf;
    array->width = view->itemsize;
    array->count = view->itemsize ? view->len / view->itemsize : 0;
    if (array->width == 1 || array->width == 2 || array->width == 4 || array->width == 8)
        return 1;
    PyErr_SetString(PyExc_TypeError, "an array must be of numbers of one, two, four or eight bytes");
    return 0;
}

int
borrow(Held *held, PyObject *from, Array *array)
{
    return hold(held, from, array, PyBUF_SIMPLE);
}

int
borrow_wide(Held *held, PyObject *from, Array *array, int flags)
{
    if (!hold(held, from, array, flags))
        return 0;
    if (array->width != 8) {
        PyErr_SetString(PyExc_TypeError, "an array must be of numbers of eight bytes");
        return 0;
    }
    return 1;
}

void
release(Held *held)
{
    while (held->count)
        PyBuffer_Release(&held->views[--held->count]);
}

PyObject *
outside(void)
{
    PyErr_SetString(PyExc_IndexError, "a place outside of an array");
    return NULL;
}

PyObject *
let_go(Held *held, PyObject *result)
{
    release(held);
    return result || PyErr_Occurred() ? result : outside();
}
