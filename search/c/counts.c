/* Facets: how many articles have each value. */

#include "values.h"
#include <stdlib.h>

/* Counts of combinations, and the values that are in each: those between its bounds, or the one at its place. */
typedef struct {
    Array counts, codes, bounds;
} Spread;

static int
read_spread(Held *held, PyObject *counts, PyObject *codes, PyObject *bounds, Spread *from)
{
    from->bounds = (Array){0};
    if (!borrow_wide(held, counts, &from->counts, PyBUF_SIMPLE) || !borrow(held, codes, &from->codes) ||
        (bounds != Py_None && !borrow(held, bounds, &from->bounds)))
        return 0;
    return from->bounds.data ? from->bounds.count == from->counts.count + 1 : from->codes.count == from->counts.count;
}

/* Add each count to the sums of its values; tell whether all of them have one. */
static int
add_counts(const Spread *from, uint64_t *sums, uint64_t size)
{
    for (Py_ssize_t i = 0; i < from->counts.count; i++) {
        uint64_t count = WIDE(from->counts)[i], first = i, end = first + 1;
        if (!count)
            continue;
        if (from->bounds.data) {
            first = at(&from->bounds, i);
            end = at(&from->bounds, i + 1);
        }
        for (; first < end; first++) {
            if (!HAS(from->codes, first) || at(&from->codes, first) >= size)
                return 0;
            sums[at(&from->codes, first)] += count;
        }
    }
    return 1;
}

/* spread(counts, codes, bounds, sums) */

PyObject *
spread(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Spread from;
    Array sums;
    if (!read_spread(&held, args[0], args[1], args[2], &from) || !borrow_wide(&held, args[3], &sums, PyBUF_WRITABLE) ||
        !add_counts(&from, WIDE(sums), sums.count))
        return let_go(&held, NULL);
    return let_go(&held, Py_NewRef(Py_None));
}

/* A count and its place in one number, of which the higher comes first: the count is higher, or the place lower. */
#define RANKED(count, place) ((count) << 32 | (UINT32_MAX - (uint64_t)(place)))
#define COUNT_OF(ranked) ((ranked) >> 32)
#define PLACE_OF(ranked) (UINT32_MAX - ((ranked) & UINT32_MAX))

/* Let a number of a heap, in which the lowest comes first, sink to its place. */
static void
sink(uint64_t *heap, Py_ssize_t size, Py_ssize_t index)
{
    uint64_t moved = heap[index];
    Py_ssize_t child;
    while ((child = 2 * index + 1) < size) {
        child += child + 1 < size && heap[child + 1] < heap[child];
        if (heap[child] >= moved)
            break;
        heap[index] = heap[child];
        index = child;
    }
    heap[index] = moved;
}

static void
make_heap(uint64_t *heap, Py_ssize_t size)
{
    for (Py_ssize_t top = size / 2 - 1; top >= 0; top--)
        sink(heap, size, top);
}

/* Put a heap in order, the highest first. */
static void
sort_heap(uint64_t *heap, Py_ssize_t size)
{
    for (Py_ssize_t end = size - 1; end > 0; end--) {
        uint64_t lowest = heap[0];
        heap[0] = heap[end];
        heap[end] = lowest;
        sink(heap, end, 0);
    }
}

/* Keep the highest counts, and none of 0, in order; return how many those are, -1 where one has more than 32 bits. */
static Py_ssize_t
select_highest(const uint64_t *counts, Py_ssize_t size, uint64_t *heap, Py_ssize_t most)
{
    Py_ssize_t filled = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        if (!counts[i])
            continue;
        if (counts[i] > UINT32_MAX || i >= UINT32_MAX)
            return -1;
        if (filled < most) {
            heap[filled++] = RANKED(counts[i], i);
            if (filled == most)
                make_heap(heap, filled);
        }
        else if (RANKED(counts[i], i) > heap[0]) {
            heap[0] = RANKED(counts[i], i);
            sink(heap, filled, 0);
        }
    }
    if (filled < most)
        make_heap(heap, filled);
    sort_heap(heap, filled);
    return filled;
}

/* More bytes than anything but a text takes in a value. */
#define ROOM 64
/* Values of a facet at most; as many as anybody looks at. */
#define MAX_VALUES 1000

static int
put_text_of(Buffer *out, PyObject *text)
{
    char *data;
    Py_ssize_t size;
    if (!text || PyBytes_AsStringAndSize(text, &data, &size) < 0)
        return 0;
    if (!make_room(out, size + ROOM)) {
        PyErr_NoMemory();
        return 0;
    }
    put(out, data, size);
    return 1;
}

static int
put_values(Buffer *out, PyObject *texts, const uint64_t *heap, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        put(out, ",{\"value\":" + (i == 0), 10 - (i == 0));
        if (!put_text_of(out, PyList_GetItem(texts, PLACE_OF(heap[i]))))
            return 0;
        PUT(out, ",\"count\":");
        put_number(out, COUNT_OF(heap[i]));
        PUT(out, ",\"selected\":false}");
    }
    return 1;
}

/* Find the most frequent of a facet's values, of which there are *size*, and their counts, in order; return how many
 * those are, -1 where that goes wrong. The parts are counts, codes and bounds. */
static Py_ssize_t
find_values(Held *held, PyObject *const *parts, Py_ssize_t size, uint64_t *heap, Py_ssize_t most)
{
    Spread from;
    int is_counted = parts[1] == Py_None;
    if (size < 0 || !read_spread(held, parts[0], is_counted ? parts[0] : parts[1], parts[2], &from) ||
        (is_counted && from.counts.count < size))
        return -1;
    if (is_counted)
        return select_highest(WIDE(from.counts), size, heap, most);
    /* The number after the last stands for none. */
    uint64_t *sums = calloc(size + 1, sizeof(uint64_t));
    if (!sums) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t count = add_counts(&from, sums, size + 1) ? select_highest(sums, size, heap, most) : -1;
    free(sums);
    return count;
}

static int
take_parts(PyObject *from, PyObject **parts, int count)
{
    for (int i = 0; i < count; i++)
        if (!from || !(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    return 1;
}

/* Return a list of the places, or of the counts, of values. */
static PyObject *
list_of(const uint64_t *heap, Py_ssize_t count, int is_places)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list && i < count; i++) {
        PyObject *number = PyLong_FromUnsignedLongLong(is_places ? PLACE_OF(heap[i]) : COUNT_OF(heap[i]));
        if (!number || PyList_SetItem(list, i, number) < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* list_facets(facets, most) */

static PyObject *
list_values(PyObject *facet, Py_ssize_t most)
{
    Held held;
    held.count = 0;
    PyObject *parts[4], *found = NULL;
    uint64_t *heap = malloc(most * sizeof(uint64_t));
    if (!heap)
        return PyErr_NoMemory();
    if (take_parts(facet, parts, 4)) {
        Py_ssize_t size = PyLong_AsSsize_t(parts[3]);
        Py_ssize_t count = PyErr_Occurred() ? -1 : find_values(&held, parts, size, heap, most);
        if (count >= 0)
            found = Py_BuildValue("(NN)", list_of(heap, count, 1), list_of(heap, count, 0));
    }
    free(heap);
    return let_go(&held, found);
}

PyObject *
list_facets(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Py_ssize_t most = PyLong_AsSsize_t(args[1]), size = PyList_Size(args[0]);
    if (PyErr_Occurred())
        return NULL;
    if (most < 1 || most > MAX_VALUES)
        return outside();
    PyObject *list = PyList_New(size);
    for (Py_ssize_t i = 0; list && i < size; i++) {
        PyObject *values = list_values(PyList_GetItem(args[0], i), most);
        if (!values || PyList_SetItem(list, i, values) < 0)
            Py_CLEAR(list);
    }
    return list;
}

/* write_facets(facets, most) */

/* Write the most frequent of a facet's values. */
static int
put_facet(Held *held, Buffer *out, PyObject *const *parts, Py_ssize_t most)
{
    uint64_t *heap = malloc(most * sizeof(uint64_t));
    if (!heap) {
        PyErr_NoMemory();
        return 0;
    }
    Py_ssize_t count = find_values(held, parts + 1, PyList_Size(parts[4]), heap, most);
    int is_good = count >= 0 && put_values(out, parts[4], heap, count);
    free(heap);
    return is_good;
}

static int
put_facets(Held *held, Buffer *out, PyObject *facets, Py_ssize_t most)
{
    PUT(out, "{");
    for (Py_ssize_t i = 0; i < PyList_Size(facets); i++) {
        PyObject *parts[5];
        if (!take_parts(PyList_GetItem(facets, i), parts, 5))
            return 0;
        put(out, ",", i ? 1 : 0);
        if (!put_text_of(out, parts[0]))
            return 0;
        PUT(out, ":[");
        if (!put_facet(held, out, parts, most))
            return 0;
        PUT(out, "]");
    }
    PUT(out, "}");
    return 1;
}

PyObject *
write_facets(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Buffer out = {0};
    PyObject *written = NULL;
    Py_ssize_t most = PyLong_AsSsize_t(args[1]);
    if (PyErr_Occurred() || most < 1 || most > MAX_VALUES || PyList_Size(args[0]) < 0)
        return let_go(&held, NULL);
    if (!make_room(&out, ROOM))
        PyErr_NoMemory();
    else if (put_facets(&held, &out, args[0], most))
        written = PyBytes_FromStringAndSize(out.data, out.size);
    free(out.data);
    return let_go(&held, written);
}
