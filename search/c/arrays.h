/* What the passes share: arrays that are borrowed for the time of a call, and how a number of theirs is read.
 *
 * Whatever a file of the index holds, nothing outside of the arrays is read or written: every number that is a place is
 * compared with the length of what it is a place in.
 */

#ifndef LEDE_ARRAYS_H
#define LEDE_ARRAYS_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE static inline
#endif

#define MAX_HELD 640
/* As in the modules of Python: the tag of mixed postings, postings in a block, and the bits of a half's articles. */
#define MIXED 255
#define BLOCK 16
#define HALF 16

/* Unsigned integers of any width, or double-precision numbers. */
typedef struct {
    char *data;
    Py_ssize_t count;
    Py_ssize_t width;
} Array;

/* The buffers that a call has borrowed. */
typedef struct {
    Py_buffer views[MAX_HELD];
    int count;
} Held;

/* Bytes that grow. */
typedef struct {
    char *data;
    size_t size;
    size_t room;
} Buffer;

/* Make sure that so many bytes more have room, and that there is a buffer even for none; return whether there is the
 * memory. */
int
make_room(Buffer *buffer, size_t more);

/* Put bytes behind the others; there must be room for them. */
static inline void
put(Buffer *buffer, const void *bytes, size_t size)
{
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

/* Make room for a value, and put it behind the others; tell whether that could be done. */
#define PUSH(buffer, value) (make_room(buffer, sizeof(value)) && (put(buffer, &(value), sizeof(value)), 1))
#define ITEMS(buffer, type) ((type *)(buffer).data)
#define COUNT(buffer, type) ((buffer).size / sizeof(type))

int
hold(Held *held, PyObject *from, Array *array, int flags);
int
borrow(Held *held, PyObject *from, Array *array);
int
borrow_wide(Held *held, PyObject *from, Array *array, int flags);
void
release(Held *held);
PyObject *
outside(void);
/* Return the result, and give back what was borrowed; without a result there is an exception. */
PyObject *
let_go(Held *held, PyObject *result);

/* Where the width is a constant, the compiler makes a loop of its own for it. */
ALWAYS_INLINE uint64_t
number(const char *data, Py_ssize_t width, uint64_t place)
{
    switch (width) {
    case 1:
        return ((const uint8_t *)data)[place];
    case 2:
        return ((const uint16_t *)data)[place];
    case 4:
        return ((const uint32_t *)data)[place];
    default:
        return ((const uint64_t *)data)[place];
    }
}

static inline uint64_t
at(const Array *array, uint64_t place)
{
    return number(array->data, array->width, place);
}

#define DOUBLES(array) ((double *)(array).data)
#define WIDE(array) ((uint64_t *)(array).data)
#define HAS(array, place) ((uint64_t)(place) < (uint64_t)(array).count)

/* Return which is the lowest bit that is set; one must be. */
static inline int
lowest_bit(uint64_t bits)
{
#if defined(__GNUC__)
    return __builtin_ctzll(bits);
#else
    int bit = 0;
    while (!(bits >> bit & 1))
        bit++;
    return bit;
#endif
}

/* Return the first place from *low* to *high* whose number is not below *wanted*. */
static inline uint64_t
bisect(const Array *array, uint64_t low, uint64_t high, uint64_t wanted)
{
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (at(array, middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Make an array of a part of another; tell whether it has that. */
static inline int
cut_out(const Array *of, uint64_t first, uint64_t end, Array *part)
{
    if (first > end || end > (uint64_t)of->count)
        return 0;
    *part = (Array){of->data + first * of->width, end - first, of->width};
    return 1;
}

/* Tell whether the bounds of postings are ascending, and within them. */
static inline int
are_bounds(const Array *bounds, const Array *docs)
{
    for (Py_ssize_t i = 0; i < bounds->count; i++) {
        uint64_t bound = at(bounds, i);
        if (bound > (uint64_t)docs->count || (i && bound < at(bounds, i - 1)))
            return 0;
    }
    return bounds->count > 1;
}

/* A pass: a function of the module, with as many arguments as module.c says. */
#define PASS(name) PyObject *name(PyObject *module, PyObject *const *args, Py_ssize_t nargs)

PASS(rank);
PASS(list_best);
PASS(spread);
PASS(list_facets);
PASS(write_facets);
PASS(tally);
PASS(find_dated);
PASS(count_intervals);
PASS(saturate);
PASS(locate);
PASS(add_up);
PASS(match_all);
PASS(match_any);
PASS(expand);
PASS(find_text);
PASS(find_word);
PASS(find_row);
PASS(lay_bits);
PASS(follow);
PASS(take_stored);
PASS(name_articles);
PASS(mark);
PASS(write_hits);
PASS(make_chunks);
PASS(cut);
PASS(group);
PASS(read_lines);
PASS(make_columns);
PASS(add_records);
PASS(take_columns);

#endif
