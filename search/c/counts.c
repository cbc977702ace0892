/* Facets: how many articles have each value. */

#include "ranked.h"
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

/* Keep the highest counts, and none of 0, in order; return how many those are. */
static Py_ssize_t
select_highest(const uint64_t *counts, Py_ssize_t size, Ranked *heap, Py_ssize_t most)
{
    Py_ssize_t filled = 0;
    for (Py_ssize_t i = 0; most && i < size; i++)
        if (counts[i])
            offer(heap, &filled, most, (Ranked){(double)counts[i], 0, i});
    qsort(heap, filled, sizeof(Ranked), compare_ranked);
    return filled;
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
    Py_ssize_t filled = select_highest(WIDE(counts), counts.count, heap, found.count);
    for (Py_ssize_t i = 0; i < filled; i++)
        WIDE(found)[i] = heap[i].place;
    free(heap);
    return let_go(&held, PyLong_FromSsize_t(filled));
}

/* write_facets(facets, most) */

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
put_values(Buffer *out, PyObject *texts, const Ranked *heap, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        put(out, ",{\"value\":" + (i == 0), 10 - (i == 0));
        if (!put_text_of(out, PyList_GetItem(texts, heap[i].place)))
            return 0;
        PUT(out, ",\"count\":");
        put_number(out, (uint64_t)heap[i].key);
        PUT(out, ",\"selected\":false}");
    }
    return 1;
}

/* Write the most frequent of a facet's values. */
static int
put_facet(Held *held, Buffer *out, PyObject *const *parts, Py_ssize_t most)
{
    Spread from;
    Py_ssize_t size = PyList_Size(parts[4]);
    if (size < 0 || !read_spread(held, parts[1], parts[2] == Py_None ? parts[1] : parts[2], parts[3], &from))
        return 0;
    int is_counted = parts[2] == Py_None;
    if (is_counted && from.counts.count < size)
        return 0;
    /* The number after the last stands for none. */
    uint64_t *sums = is_counted ? WIDE(from.counts) : calloc(size + 1, sizeof(uint64_t));
    Ranked *heap = malloc(most * sizeof(Ranked));
    int is_good = 0;
    if (!sums || !heap)
        PyErr_NoMemory();
    else if (is_counted || add_counts(&from, sums, size + 1))
        is_good = put_values(out, parts[4], heap, select_highest(sums, size, heap, most));
    free(heap);
    if (!is_counted)
        free(sums);
    return is_good;
}

static int
put_facets(Held *held, Buffer *out, PyObject *facets, Py_ssize_t most)
{
    PUT(out, "{");
    for (Py_ssize_t i = 0; i < PyList_Size(facets); i++) {
        PyObject *facet = PyList_GetItem(facets, i), *parts[5];
        for (int part = 0; part < 5; part++)
            if (!(parts[part] = PyTuple_GetItem(facet, part)))
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
