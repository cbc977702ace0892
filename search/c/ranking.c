/* The best of many, and which of them a page shows first. */

#include "arrays.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* best(keys, ties, scale, found) */

typedef struct {
    double key;
    uint64_t tie;
    Py_ssize_t place;
} Ranked;

static int
is_before(const Ranked *a, const Ranked *b)
{
    if (a->key != b->key)
        return a->key > b->key;
    return a->tie != b->tie ? a->tie < b->tie : a->place < b->place;
}

static int
compare(const void *a, const void *b)
{
    return is_before(a, b) ? -1 : 1;
}

/* Let the first of a heap, in which the last of the best comes first, sink to its place. */
static void
sink(Ranked *heap, Py_ssize_t size)
{
    Ranked moved = heap[0];
    Py_ssize_t index = 0, child;
    while ((child = 2 * index + 1) < size) {
        if (child + 1 < size && is_before(&heap[child], &heap[child + 1]))
            child++;
        if (!is_before(&moved, &heap[child]))
            break;
        heap[index] = heap[child];
        index = child;
    }
    heap[index] = moved;
}

static void
rise(Ranked *heap, Py_ssize_t index)
{
    Ranked moved = heap[index];
    while (index && is_before(&heap[(index - 1) / 2], &moved)) {
        heap[index] = heap[(index - 1) / 2];
        index = (index - 1) / 2;
    }
    heap[index] = moved;
}

/* Put one into a heap of the best, of which there are so many at most. */
static inline void
offer(Ranked *heap, Py_ssize_t *filled, Py_ssize_t count, Ranked one)
{
    if (*filled < count) {
        heap[*filled] = one;
        rise(heap, (*filled)++);
    }
    else if (is_before(&one, &heap[0])) {
        heap[0] = one;
        sink(heap, count);
    }
}

static void
select_best(const double *keys, Py_ssize_t size, const Array *ties, double scale, Ranked *heap, Py_ssize_t count)
{
    Py_ssize_t filled = 0;
    double least = -INFINITY, margin = 1 / scale;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (keys[i] < least)
            continue;
        offer(heap, &filled, count, (Ranked){rint(keys[i] * scale) / scale, ties->data ? at(ties, i) : 0, i});
        if (filled == count)
            least = heap[0].key - margin;
    }
    qsort(heap, filled, sizeof(Ranked), compare);
}

PyObject *
best(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array keys, ties = {0}, found;
    double scale = PyFloat_AsDouble(args[2]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &keys, PyBUF_SIMPLE) ||
        (args[1] != Py_None && !borrow(&held, args[1], &ties)) || !borrow_wide(&held, args[3], &found, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if ((ties.data && ties.count != keys.count) || found.count > keys.count)
        return let_go(&held, NULL);
    Ranked *heap = malloc((found.count + 1) * sizeof(Ranked));
    if (!heap)
        return let_go(&held, PyErr_NoMemory());
    if (found.count)
        select_best(DOUBLES(keys), keys.count, &ties, scale, heap, found.count);
    for (Py_ssize_t i = 0; i < found.count; i++)
        WIDE(found)[i] = heap[i].place;
    free(heap);
    return let_go(&held, Py_NewRef(Py_None));
}

/* highest(counts, found) */

PyObject *
highest(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array counts, found;
    if (!borrow_wide(&held, args[0], &counts, PyBUF_SIMPLE) || !borrow_wide(&held, args[1], &found, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    Ranked *heap = malloc((found.count + 1) * sizeof(Ranked));
    if (!heap)
        return let_go(&held, PyErr_NoMemory());
    Py_ssize_t filled = 0;
    for (Py_ssize_t i = 0; found.count && i < counts.count; i++)
        if (WIDE(counts)[i])
            offer(heap, &filled, found.count, (Ranked){(double)WIDE(counts)[i], 0, i});
    qsort(heap, filled, sizeof(Ranked), compare);
    for (Py_ssize_t i = 0; i < filled; i++)
        WIDE(found)[i] = heap[i].place;
    free(heap);
    return let_go(&held, PyLong_FromSsize_t(filled));
}

/* pick(ranked, docs, codes, most, picks, more) */

static Py_ssize_t
pick_places(const Array *ranked, const Array *docs, const Array *codes, uint64_t most, const Array *picks,
            uint64_t *more)
{
    uint64_t picked[64];
    Py_ssize_t count = 0, room = picks->count < 64 ? picks->count : 64;
    for (Py_ssize_t i = 0; i < ranked->count && count < room; i++) {
        uint64_t place = WIDE(*ranked)[i], doc = HAS(*docs, place) ? WIDE(*docs)[place] : UINT64_MAX, before = 0;
        if (!HAS(*codes, doc))
            return -1;
        uint64_t code = at(codes, doc);
        Py_ssize_t last = -1;
        for (Py_ssize_t other = 0; other < count; other++) {
            if (picked[other] == code) {
                before++;
                last = other;
            }
        }
        if (before < most) {
            more[count] = 0;
            picked[count] = code;
            WIDE(*picks)[count++] = place;
        }
        else if (last >= 0)
            more[last]++;
    }
    if (count < picks->count)
        memset(more, 0, count * sizeof(uint64_t));
    return count;
}

PyObject *
pick(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array ranked, docs, codes, picks, more;
    unsigned long long most = PyLong_AsUnsignedLongLong(args[3]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &ranked, PyBUF_SIMPLE) ||
        !borrow_wide(&held, args[1], &docs, PyBUF_SIMPLE) || !borrow(&held, args[2], &codes) ||
        !borrow_wide(&held, args[4], &picks, PyBUF_WRITABLE) || !borrow_wide(&held, args[5], &more, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (more.count != picks.count)
        return let_go(&held, NULL);
    Py_ssize_t count = pick_places(&ranked, &docs, &codes, most, &picks, WIDE(more));
    return let_go(&held, count < 0 ? outside() : PyLong_FromSsize_t(count));
}
