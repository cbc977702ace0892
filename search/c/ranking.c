/* The best of many. */

#include "matches.h"
#include <math.h>
#include <stdlib.h>

/* What a byte may be. */
#define BYTES 256
/* Matches that are looked at before any are left out. */
#define FIRST_LOOK 64

/* rank(docs, own, prior, ties, copies, scale, found) */

/* Count a match that is a copy of one before; tell whether there is the memory. A group's number is below the number of
 * articles; one that is not stands for itself. */
static int
count_copy(const Matches *matches, Best *best, uint64_t group)
{
    if (group > (uint64_t)matches->copies.count)
        return 1;
    if (!best->seen && !(best->seen = calloc(matches->copies.count / 8 + 1, 1))) {
        PyErr_NoMemory();
        return 0;
    }
    best->copies += best->seen[group / 8] >> group % 8 & 1;
    best->seen[group / 8] |= 1 << group % 8;
    return 1;
}

static void
keep_best(const Matches *matches, Best *best, double key, Py_ssize_t place)
{
    uint64_t tie = matches->ties.data ? at(&matches->ties, WIDE(matches->docs)[place]) : 0;
    offer(best->heap, &best->filled, best->room, (Ranked){rint(key * matches->scale) / matches->scale, tie, place});
    if (best->filled == best->room)
        best->least = best->heap[0].key - best->margin;
}

/* Tell whether an article may be a copy of others. */
static inline int
may_be_copied(const Matches *matches, uint64_t doc)
{
    return !matches->copied.data || ((const uint8_t *)matches->copied.data)[doc / 8] >> doc % 8 & 1;
}

/* Work out what words must give a match for it not to be left out, by what its article is worth at most. */
static void
set_limits(const Matches *matches, const Best *best, double *limits)
{
    for (int steps = 0; steps < BYTES; steps++) {
        double most = steps * matches->step;
        /* Rather less, for what floating point loses. */
        limits[steps] = !(best->least > 0) ? -INFINITY : most > 0 ? best->least / most * (1 - 1e-9) : INFINITY;
    }
}

/* Look at some matches; tell whether everything is known of them, and there is the memory. */
ALWAYS_INLINE int
look_at(const Matches *matches, Best *best, Py_ssize_t first, Py_ssize_t end, const double *limits, int has_prior,
        int has_own, Py_ssize_t copy_width)
{
    const uint8_t *ceilings = (const uint8_t *)matches->ceilings.data;
    const uint64_t *docs = WIDE(matches->docs);
    uint64_t known = matches->known;
    for (Py_ssize_t i = first; i < end; i++) {
        uint64_t doc = docs[i], group = 0;
        if (doc >= known)
            return 0;
        if (copy_width && may_be_copied(matches, doc) && (group = number(matches->copies.data, copy_width, doc)) &&
            !count_copy(matches, best, group))
            return 0;
        double own = has_own ? DOUBLES(matches->own)[i] : 1;
        if (limits && own < limits[ceilings[doc]])
            continue;
        double key = has_prior ? DOUBLES(matches->prior)[doc] : 1;
        key = has_own ? key * own : key;
        if (key >= best->least)
            keep_best(matches, best, key, i);
    }
    return 1;
}

/* Look at all matches, twice as many at a time: what may be left out is nearly known by half of them. */
ALWAYS_INLINE int
look_at_all(const Matches *matches, Best *best, int has_prior, int has_own, int has_ceilings, Py_ssize_t copy_width)
{
    double limits[BYTES];
    Py_ssize_t count = matches->docs.count, first = 0;
    for (Py_ssize_t end = FIRST_LOOK; first < count; first = end, end *= 2) {
        end = end < count ? end : count;
        if (has_ceilings)
            set_limits(matches, best, limits);
        if (!look_at(matches, best, first, end, has_ceilings ? limits : NULL, has_prior, has_own, copy_width))
            return 0;
    }
    return 1;
}

static int
look(const Matches *matches, Best *best)
{
    int has_prior = matches->prior.data != NULL, has_own = matches->own.data != NULL;
    int has_ceilings = matches->ceilings.data != NULL;
    Py_ssize_t width = matches->copies.data ? matches->copies.width : 0;
    if (has_prior && has_own && has_ceilings && (!width || width == 4))
        return width ? look_at_all(matches, best, 1, 1, 1, 4) : look_at_all(matches, best, 1, 1, 1, 0);
    return look_at_all(matches, best, has_prior, has_own, has_ceilings, width);
}

int
read_matches(Held *held, PyObject *const *args, Matches *matches)
{
    Array *wide[] = {&matches->own, &matches->prior}, *any[] = {&matches->ties, &matches->copies};
    matches->scale = PyFloat_AsDouble(args[5]);
    if (PyErr_Occurred() || !borrow_wide(held, args[0], &matches->docs, PyBUF_SIMPLE))
        return 0;
    for (int i = 0; i < 2; i++) {
        *wide[i] = *any[i] = (Array){0};
        if (args[1 + i] != Py_None && !borrow_wide(held, args[1 + i], wide[i], PyBUF_SIMPLE))
            return 0;
        if (args[3 + i] != Py_None && !borrow(held, args[3 + i], any[i]))
            return 0;
    }
    matches->ceilings = matches->copied = (Array){0};
    const Array *of[] = {&matches->prior, &matches->ties, &matches->copies};
    matches->known = UINT64_MAX;
    for (int i = 0; i < 3; i++)
        if (of[i]->data && (uint64_t)of[i]->count < matches->known)
            matches->known = of[i]->count;
    return !matches->own.data || matches->own.count == matches->docs.count;
}

int
find_best(const Matches *matches, Py_ssize_t count, Best *best)
{
    /* Where nothing is wanted but copies to be counted, no key is high enough. */
    *best = (Best){.room = count, .least = count ? -INFINITY : NAN, .margin = 1 / matches->scale};
    best->heap = malloc((count + 1) * sizeof(Ranked));
    if (!best->heap) {
        PyErr_NoMemory();
        return 0;
    }
    if (!look(matches, best))
        return 0;
    qsort(best->heap, best->filled, sizeof(Ranked), compare_ranked);
    return 1;
}

PyObject *
rank(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Matches matches;
    Array found;
    if (!read_matches(&held, args, &matches) || !borrow_wide(&held, args[6], &found, PyBUF_WRITABLE) ||
        found.count > matches.docs.count)
        return let_go(&held, NULL);
    Best best;
    PyObject *copies = NULL;
    if (find_best(&matches, found.count, &best)) {
        for (Py_ssize_t i = 0; i < found.count; i++)
            WIDE(found)[i] = i < best.filled ? best.heap[i].place : 0;
        copies = PyLong_FromSsize_t(best.copies);
    }
    free(best.heap);
    free(best.seen);
    return let_go(&held, copies);
}
