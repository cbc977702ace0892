/* The best of many, and which of them a page shows first. */

#include "ranked.h"
#include <math.h>
#include <stdlib.h>

/* rank(docs, own, prior, ties, copies, scale, found) */

/* Matches, and what they are put in order by; of everything but *own*, there is a number for each article. */
typedef struct {
    Array docs, own, prior, ties, copies;
    double scale;
} Matches;

/* Tell whether everything is known of all articles that match. */
static int
are_known(const Matches *matches)
{
    const Array *of[] = {&matches->prior, &matches->ties, &matches->copies};
    uint64_t last = 0;
    for (Py_ssize_t i = 0; i < matches->docs.count; i++)
        last = WIDE(matches->docs)[i] > last ? WIDE(matches->docs)[i] : last;
    for (int i = 0; matches->docs.count && i < 3; i++)
        if (of[i]->data && !HAS(*of[i], last))
            return 0;
    return !matches->own.data || matches->own.count == matches->docs.count;
}

ALWAYS_INLINE double
key_of(const Matches *matches, Py_ssize_t place, int has_prior, int has_own)
{
    double key = has_prior ? DOUBLES(matches->prior)[WIDE(matches->docs)[place]] : 1;
    return has_own ? key * DOUBLES(matches->own)[place] : key;
}

/* Keep the best of the matches in a heap; return how many those are. */
ALWAYS_INLINE Py_ssize_t
select_best(const Matches *matches, Ranked *heap, Py_ssize_t count, int has_prior, int has_own)
{
    Py_ssize_t filled = 0;
    double least = -INFINITY, margin = 1 / matches->scale, scale = matches->scale;
    for (Py_ssize_t i = 0; i < matches->docs.count; i++) {
        double key = key_of(matches, i, has_prior, has_own);
        if (key < least)
            continue;
        uint64_t tie = matches->ties.data ? at(&matches->ties, WIDE(matches->docs)[i]) : 0;
        offer(heap, &filled, count, (Ranked){rint(key * scale) / scale, tie, i});
        if (filled == count)
            least = heap[0].key - margin;
    }
    return filled;
}

/* Count the matches that are copies of one before; return -1 without memory. A group's number is below the number of
 * articles; one that is not stands for itself. */
static Py_ssize_t
count_copies(const Matches *matches)
{
    uint8_t *seen = NULL;
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < matches->docs.count; i++) {
        uint64_t group = at(&matches->copies, WIDE(matches->docs)[i]);
        if (!group || group > (uint64_t)matches->copies.count)
            continue;
        if (!seen && !(seen = calloc(matches->copies.count / 8 + 1, 1)))
            return -1;
        count += seen[group / 8] >> group % 8 & 1;
        seen[group / 8] |= 1 << group % 8;
    }
    free(seen);
    return count;
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
    return are_known(matches);
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
    Ranked *heap = malloc((found.count + 1) * sizeof(Ranked));
    Py_ssize_t copies = heap && matches.copies.data ? count_copies(&matches) : 0, filled = 0;
    if (!heap || copies < 0) {
        free(heap);
        return let_go(&held, PyErr_NoMemory());
    }
    if (found.count && matches.prior.data && matches.own.data)
        filled = select_best(&matches, heap, found.count, 1, 1);
    else if (found.count)
        filled = select_best(&matches, heap, found.count, matches.prior.data != NULL, matches.own.data != NULL);
    qsort(heap, filled, sizeof(Ranked), compare_ranked);
    for (Py_ssize_t i = 0; i < found.count; i++)
        WIDE(found)[i] = i < filled ? heap[i].place : 0;
    free(heap);
    return let_go(&held, PyLong_FromSsize_t(copies));
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
