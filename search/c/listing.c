/* Which of the best a page shows first. */

#include "matches.h"
#include <stdlib.h>

/* list_best(docs, own, prior, ties, copies, scale, count, codes, most, top, wanted, ceilings, copied) */

/* One of the best on its way to the list. */
typedef struct {
    Py_ssize_t place;
    uint64_t doc, group, code;
    double key;
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
        /* One that is none stands for itself. */
        group = group <= (uint64_t)matches->copies.count ? group : 0;
        double key = matches->prior.data ? DOUBLES(matches->prior)[doc] : 1;
        /* Not rounded, as it is where it is compared. */
        key = matches->own.data ? key * DOUBLES(matches->own)[best->heap[i].place] : key;
        entries[i] = (Entry){.place = best->heap[i].place, .doc = doc, .group = group, .key = key,
                             .code = at(&shares->codes, doc)};
        entries[i].is_copy = group && is_folded(entries, i);
        if (picked < shares->top && !entries[i].is_copy) {
            pick(entries, i, shares->most);
            picked += entries[i].is_picked;
        }
    }
    return picked;
}

/* Put a value behind the others of a list, and let it go; tell whether that could be done. */
static int
append(PyObject *list, PyObject *value)
{
    int is_good = value && !PyList_Append(list, value);
    Py_XDECREF(value);
    return is_good;
}

/* Put into lists the place of each entry that was picked, or of each that was not, what it was counted for, its article
 * and its key. */
static int
append_entries(const Entry *entries, Py_ssize_t count, int is_picked, int is_counted, PyObject *listed,
               Py_ssize_t wanted)
{
    PyObject *lists[4];
    for (int i = 0; i < 4; i++)
        lists[i] = PyTuple_GetItem(listed, i);
    for (const Entry *entry = entries; entry < entries + count && PyList_Size(lists[0]) < wanted; entry++) {
        if (entry->is_copy || entry->is_picked != is_picked)
            continue;
        if (!append(lists[0], PyLong_FromSsize_t(entry->place)) ||
            !append(lists[1], PyLong_FromSsize_t(is_counted ? entry->more : 0)) ||
            !append(lists[2], PyLong_FromUnsignedLongLong(entry->doc)) ||
            !append(lists[3], PyFloat_FromDouble(entry->key)))
            return 0;
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
    PyObject *listed = picked < 0 ? NULL : Py_BuildValue("[][][][]");
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
