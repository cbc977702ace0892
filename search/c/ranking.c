/* The best of many, and which of them a page shows first. */

#include "ranked.h"
#include <math.h>
#include <stdlib.h>

/* rank(docs, own, prior, ties, copies, scale, found) */

/* Matches, and what they are put in order by; of everything but *own*, there is a number for each article.
 *
 * There may be bytes that, *step* times, are no less than *prior*, and bits of articles that are copies of others: most
 * matches are left out by these, which take an eighth of the memory, and less. */
typedef struct {
    Array docs, own, prior, ties, copies, ceilings, copied;
    double scale, step;
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

/* Tell whether an article may be a copy of others. */
static inline int
may_be_copied(const Matches *matches, uint64_t doc)
{
    return !matches->copied.data || ((const uint8_t *)matches->copied.data)[doc / 8] >> doc % 8 & 1;
}

/* Look at all matches; tell whether everything is known of them, and there is the memory. */
ALWAYS_INLINE int
look_at_all(const Matches *matches, Best *best, int has_prior, int has_own, int has_ceilings, Py_ssize_t copy_width)
{
    const uint8_t *ceilings = (const uint8_t *)matches->ceilings.data;
    const uint64_t *docs = WIDE(matches->docs);
    uint64_t known = matches->known;
    double step = matches->step;
    for (Py_ssize_t i = 0; i < matches->docs.count; i++) {
        uint64_t doc = docs[i], group = 0;
        if (doc >= known)
            return 0;
        if (copy_width && may_be_copied(matches, doc) && (group = number(matches->copies.data, copy_width, doc)) &&
            !count_copy(matches, best, group))
            return 0;
        double own = has_own ? DOUBLES(matches->own)[i] : 1;
        if (has_ceilings && ceilings[doc] * step * own < best->least)
            continue;
        double key = has_prior ? DOUBLES(matches->prior)[doc] : 1;
        key = has_own ? key * own : key;
        if (key >= best->least)
            keep_best(matches, best, key, i);
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
    matches->ceilings = matches->copied = (Array){0};
    const Array *of[] = {&matches->prior, &matches->ties, &matches->copies};
    matches->known = UINT64_MAX;
    for (int i = 0; i < 3; i++)
        if (of[i]->data && (uint64_t)of[i]->count < matches->known)
            matches->known = of[i]->count;
    return !matches->own.data || matches->own.count == matches->docs.count;
}

/* Find the best, so many at most, the best first; tell whether that could be done. The caller frees. */
static int
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

/* list_best(docs, own, prior, ties, copies, scale, count, codes, most, top, wanted, ceilings, copied) */

/* One of the best on its way to the list. */
typedef struct {
    Py_ssize_t place;
    uint64_t group, code;
    Py_ssize_t more;
    int is_picked, is_copy;
} Entry;

/* How the first places of the list are shared: no more than *most* of them to a code. */
typedef struct {
    Array codes;
    uint64_t most;
    Py_ssize_t top, wanted;
} Shares;

/* Tell whether another of the group comes before. */
static int
is_folded(const Entry *entries, Py_ssize_t place)
{
    for (Py_ssize_t i = 0; i < place; i++)
        if (entries[i].group == entries[place].group)
            return 1;
    return 0;
}

/* Pick an entry, unless its code has its share: then count it at the last one that was picked. */
static void
pick(Entry *entries, Py_ssize_t place, uint64_t most)
{
    uint64_t before = 0;
    Entry *last = NULL, *own = &entries[place];
    for (Entry *other = entries; other < own; other++)
        if (other->is_picked && other->code == own->code) {
            before++;
            last = other;
        }
    if (before < most)
        own->is_picked = 1;
    else if (last)
        last->more++;
}

/* Make entries of the best; return how many were picked, -1 where something is outside of the arrays. */
static Py_ssize_t
make_entries(const Matches *matches, const Best *best, const Shares *shares, Entry *entries)
{
    Py_ssize_t picked = 0;
    for (Py_ssize_t i = 0; i < best->filled; i++) {
        uint64_t doc = WIDE(matches->docs)[best->heap[i].place];
        if (!HAS(shares->codes, doc))
            return -1;
        uint64_t group = matches->copies.data ? at(&matches->copies, doc) : 0;
        entries[i] = (Entry){.place = best->heap[i].place, .group = group, .code = at(&shares->codes, doc)};
        entries[i].is_copy = group && is_folded(entries, i);
        if (picked < shares->top && !entries[i].is_copy) {
            pick(entries, i, shares->most);
            picked += entries[i].is_picked;
        }
    }
    return picked;
}

/* Put into two lists the place of each entry that was picked, or of each that was not, and what it was counted for. */
static int
append_entries(const Entry *entries, Py_ssize_t count, int is_picked, int is_counted, PyObject *listed,
               Py_ssize_t wanted)
{
    PyObject *lists[] = {PyTuple_GetItem(listed, 0), PyTuple_GetItem(listed, 1)};
    for (Py_ssize_t i = 0; i < count && PyList_Size(lists[0]) < wanted; i++) {
        if (entries[i].is_copy || entries[i].is_picked != is_picked)
            continue;
        Py_ssize_t numbers[] = {entries[i].place, is_counted ? entries[i].more : 0};
        for (int side = 0; side < 2; side++) {
            PyObject *number = PyLong_FromSsize_t(numbers[side]);
            int is_good = number && !PyList_Append(lists[side], number);
            Py_XDECREF(number);
            if (!is_good)
                return 0;
        }
    }
    return 1;
}

/* Return how many are copies, how many were picked, and the lists. */
static PyObject *
list_entries(const Matches *matches, const Best *best, const Shares *shares)
{
    Entry *entries = malloc((best->filled + 1) * sizeof(Entry));
    if (!entries)
        return PyErr_NoMemory();
    Py_ssize_t picked = make_entries(matches, best, shares, entries);
    PyObject *listed = picked < 0 ? NULL : Py_BuildValue("[][]");
    int is_full = picked == shares->top;
    if (listed && !(append_entries(entries, best->filled, 1, is_full, listed, shares->wanted) &&
                    append_entries(entries, best->filled, 0, 0, listed, shares->wanted)))
        Py_CLEAR(listed);
    free(entries);
    return listed ? Py_BuildValue("nnN", best->copies, picked, listed) : NULL;
}

/* Read what matches may be left out by. */
static int
read_ceilings(Held *held, PyObject *ceilings, PyObject *copied, Matches *matches)
{
    if (ceilings != Py_None) {
        PyObject *coarse = PyTuple_GetItem(ceilings, 0), *step = coarse ? PyTuple_GetItem(ceilings, 1) : NULL;
        if (!step || !borrow(held, coarse, &matches->ceilings) || matches->ceilings.width != 1)
            return 0;
        matches->step = PyFloat_AsDouble(step);
        if ((uint64_t)matches->ceilings.count < matches->known)
            matches->known = matches->ceilings.count;
    }
    if (copied == Py_None || PyErr_Occurred())
        return !PyErr_Occurred();
    if (!borrow(held, copied, &matches->copied) || matches->copied.width != 1)
        return 0;
    if ((uint64_t)matches->copied.count < matches->known / 8 + 1)
        matches->known = 8 * (uint64_t)matches->copied.count;
    return 1;
}

PyObject *
list_best(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Matches matches;
    Shares shares;
    Py_ssize_t count = PyLong_AsSsize_t(args[6]);
    shares.most = PyLong_AsUnsignedLongLong(args[8]);
    shares.top = PyLong_AsSsize_t(args[9]);
    shares.wanted = PyLong_AsSsize_t(args[10]);
    if (PyErr_Occurred() || !read_matches(&held, args, &matches) || !borrow(&held, args[7], &shares.codes) ||
        !read_ceilings(&held, args[11], args[12], &matches) || count < 0 || count > matches.docs.count)
        return let_go(&held, NULL);
    Best best;
    PyObject *found = find_best(&matches, count, &best) ? list_entries(&matches, &best, &shares) : NULL;
    free(best.heap);
    free(best.seen);
    return let_go(&held, found);
}
