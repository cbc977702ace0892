/* The best of many, and which of them a page shows first. */

#include "ranked.h"
#include <math.h>
#include <stdlib.h>

/* rank(docs, own, prior, ties, copies, scale, found) */

/* Matches, and what they are put in order by; of everything but *own*, there is a number for each article. */
typedef struct {
    Array docs, own, prior, ties, copies;
    double scale;
    /* Of how many articles those numbers are known. */
    uint64_t known;
} Matches;

/* The best of them that are looked at so far, and the groups of copies that were seen, of which one is in each. */
typedef struct {
    Ranked *heap;
    Py_ssize_t room, filled;
    double least, margin;
    uint8_t *seen;
    Py_ssize_t copies;
} Best;

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

/* Look at all matches; tell whether everything is known of them, and there is the memory. */
ALWAYS_INLINE int
look_at_all(const Matches *matches, Best *best, int has_prior, int has_own, Py_ssize_t copy_width)
{
    for (Py_ssize_t i = 0; i < matches->docs.count; i++) {
        uint64_t doc = WIDE(matches->docs)[i], group = 0;
        if (doc >= matches->known)
            return 0;
        if (copy_width && (group = number(matches->copies.data, copy_width, doc)) && !count_copy(matches, best, group))
            return 0;
        double key = has_prior ? DOUBLES(matches->prior)[doc] : 1;
        key = has_own ? key * DOUBLES(matches->own)[i] : key;
        if (key >= best->least)
            keep_best(matches, best, key, i);
    }
    return 1;
}

static int
look(const Matches *matches, Best *best)
{
    int has_prior = matches->prior.data != NULL, has_own = matches->own.data != NULL;
    Py_ssize_t width = matches->copies.data ? matches->copies.width : 0;
    if (has_prior && has_own && width == 4)
        return look_at_all(matches, best, 1, 1, 4);
    return look_at_all(matches, best, has_prior, has_own, width);
}

static int
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
    const Array *of[] = {&matches->prior, &matches->ties, &matches->copies};
    matches->known = UINT64_MAX;
    for (int i = 0; i < 3; i++)
        if (of[i]->data && (uint64_t)of[i]->count < matches->known)
            matches->known = of[i]->count;
    return !matches->own.data || matches->own.count == matches->docs.count;
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
    /* Where nothing is wanted but copies to be counted, no key is high enough. */
    Best best = {.room = found.count, .least = found.count ? -INFINITY : NAN, .margin = 1 / matches.scale};
    best.heap = malloc((found.count + 1) * sizeof(Ranked));
    if (!best.heap)
        return let_go(&held, PyErr_NoMemory());
    PyObject *copies = NULL;
    if (look(&matches, &best)) {
        qsort(best.heap, best.filled, sizeof(Ranked), compare_ranked);
        for (Py_ssize_t i = 0; i < found.count; i++)
            WIDE(found)[i] = i < best.filled ? best.heap[i].place : 0;
        copies = PyLong_FromSsize_t(best.copies);
    }
    free(best.heap);
    free(best.seen);
    return let_go(&held, copies);
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
