/* How many articles have each of two codes. */

#include "arrays.h"

/* tally(docs, codes, others, counts, first) */

/* Counts that are few enough for two lanes of them: where most articles have the same value, each count would wait for
 * the one before. */
#define MAX_LANE 4096

typedef struct {
    Array docs, codes, others;
    /* Where the counts of *others* begin, how many there are of both, and of how many articles the codes are known. */
    uint64_t first, size, known;
} Tally;

/* Count both codes of an article; tell whether it has some. */
ALWAYS_INLINE int
count_codes(const Tally *from, Py_ssize_t place, Py_ssize_t width, Py_ssize_t other_width, uint64_t *lane)
{
    uint64_t doc = WIDE(from->docs)[place];
    if (doc >= from->known)
        return 0;
    uint64_t one = number(from->codes.data, width, doc);
    uint64_t other = number(from->others.data, other_width, doc) + from->first;
    if (one >= from->size || other >= from->size)
        return 0;
    lane[one]++;
    lane[other]++;
    return 1;
}

/* Count the codes of all articles, in two lanes, which may be the same. */
ALWAYS_INLINE int
count_all(const Tally *from, Py_ssize_t width, Py_ssize_t other_width, uint64_t *lane, uint64_t *lane2)
{
    Py_ssize_t i = 0;
    for (; i + 1 < from->docs.count; i += 2)
        if (!count_codes(from, i, width, other_width, lane) || !count_codes(from, i + 1, width, other_width, lane2))
            return 0;
    return i == from->docs.count || count_codes(from, i, width, other_width, lane);
}

static int
count_in_lanes(const Tally *from, uint64_t *counts)
{
    uint64_t lane[MAX_LANE];
    int is_worth_it = from->size <= MAX_LANE && (uint64_t)from->docs.count > from->size;
    uint64_t size = is_worth_it ? from->size : 0, *other = is_worth_it ? lane : counts;
    memset(lane, 0, size * sizeof(uint64_t));
    Py_ssize_t width = from->codes.width, other_width = from->others.width;
    int is_known = width == 2 && other_width == 1 ? count_all(from, 2, 1, counts, other)
                                                  : count_all(from, width, other_width, counts, other);
    for (uint64_t i = 0; i < size; i++)
        counts[i] += lane[i];
    return is_known;
}

PyObject *
tally(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Tally from;
    Array counts;
    from.first = PyLong_AsUnsignedLongLong(args[4]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[0], &from.docs, PyBUF_SIMPLE) ||
        !borrow(&held, args[1], &from.codes) || !borrow(&held, args[2], &from.others) ||
        !borrow_wide(&held, args[3], &counts, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    from.size = counts.count;
    from.known = from.codes.count < from.others.count ? from.codes.count : from.others.count;
    return let_go(&held, count_in_lanes(&from, WIDE(counts)) ? Py_NewRef(Py_None) : NULL);
}
