/* The articles of one half that have any of many stems, and how often, weighed. */

#include "blocks.h"
#include "windows.h"
#include <stdlib.h>

/* expand(stems, given, bounds, halves, half, docs, codes, table, size, living, base, among, found, frequencies) */

typedef struct {
    Array stems, bounds, docs, codes, table, living, among, found, frequencies;
    /* Articles that are given something beside, and what; of which so many are behind. */
    Array given, numbers;
    Py_ssize_t taken;
    uint64_t halves, half, size, base;
    /* The postings of each stem that are left. */
    Run *runs;
    /* Articles that are given something; those written out; and how many of *among* are behind. */
    Py_ssize_t seen, count, passed;
    double sums[WINDOW];
    uint8_t marks[WINDOW];
} Expansion;

/* Find where the postings of all stems are; tell whether they are within the arrays. */
static int
find_runs(Expansion *all)
{
    for (Py_ssize_t i = 0; i < all->stems.count; i++) {
        uint64_t stem = WIDE(all->stems)[i], first = stem * all->halves + all->half;
        if (stem >= (uint64_t)all->bounds.count || !HAS(all->bounds, first + 1))
            return 0;
        Run run = {HALVES(all->docs), at(&all->bounds, first), at(&all->bounds, first + 1)};
        if (run.place > run.end || run.end > (uint64_t)all->docs.count || run.end > (uint64_t)all->codes.count)
            return 0;
        all->runs[i] = run;
    }
    return 1;
}

/* Add the postings of a stem that are of articles of the window; tell whether what they give is known. */
ALWAYS_INLINE int
add_run(Expansion *all, Run *run, Py_ssize_t width, uint32_t low)
{
    const double *table = DOUBLES(all->table);
    uint64_t place = run->place, end = run->end;
    for (; place < end && run->docs[place] < low + WINDOW; place++) {
        uint64_t code = number(all->codes.data, width, place);
        if (!HAS(all->table, code) || !give(all->sums, all->marks, run->docs[place] - (uint64_t)low, table[code]))
            return 0;
    }
    run->place = place;
    return 1;
}

/* Add what is given beside. */
static int
add_given(Expansion *all, uint32_t low)
{
    uint64_t first = (all->half << HALF) + low;
    for (; all->taken < all->given.count && WIDE(all->given)[all->taken] < first + WINDOW; all->taken++)
        if (!give(all->sums, all->marks, WIDE(all->given)[all->taken] - first, DOUBLES(all->numbers)[all->taken]))
            return 0;
    return 1;
}

/* Tell whether an article is among those that matter. */
static int
is_wanted(Expansion *all, uint64_t doc)
{
    if (!all->among.data)
        return 1;
    while (all->passed < all->among.count && WIDE(all->among)[all->passed] - all->base < doc)
        all->passed++;
    return all->passed < all->among.count && WIDE(all->among)[all->passed] - all->base == doc;
}

/* Write out an article, unless it is given nothing; tell whether there is room for it. */
static int
put_frequency(Expansion *all, uint64_t doc, double sum)
{
    if (sum <= 0)
        return 1;
    if (!HAS(all->found, all->count) || !HAS(all->frequencies, all->count))
        return 0;
    WIDE(all->found)[all->count] = doc;
    DOUBLES(all->frequencies)[all->count++] = sum;
    return 1;
}

/* Write out an article of the window, if it matters; tell whether there is room for it. */
static int
put_article(Expansion *all, uint64_t doc, double sum)
{
    if (doc >= all->size || (all->living.data && !HAS(all->living, doc)))
        return 0;
    if (all->living.data && !at(&all->living, doc))
        return 1;
    all->seen++;
    return !is_wanted(all, doc) || put_frequency(all, doc, sum);
}

static int
put_window(Expansion *all, uint32_t low)
{
    for (int first = 0; first < WINDOW; first += GROUP) {
        uint64_t bits = bits_of(all->marks + first);
        if (bits)
            memset(all->marks + first, 0, GROUP);
        for (; bits; bits &= bits - 1) {
            int place = first + lowest_bit(bits);
            if (!put_article(all, (all->half << HALF) + low + place, all->sums[place]))
                return 0;
            all->sums[place] = 0;
        }
    }
    return 1;
}

static inline int
count_marks(const uint8_t *marks, uint64_t count)
{
    int sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += marks[i];
    return sum;
}

/* Do the same where all articles are there and some of them matter: the others are but counted. */
static int
put_wanted(Expansion *all, uint32_t low)
{
    uint64_t first = (all->half << HALF) + low;
    for (; all->passed < all->among.count && WIDE(all->among)[all->passed] - all->base < first + WINDOW; all->passed++) {
        uint64_t doc = WIDE(all->among)[all->passed] - all->base;
        if (doc >= first && all->marks[doc - first] &&
            !put_frequency(all, doc, all->sums[doc - first]))
            return 0;
    }
    uint64_t known = all->size - first < WINDOW ? all->size - first : WINDOW;
    if (count_marks(all->marks + known, WINDOW - known))
        return 0;
    all->seen += count_marks(all->marks, WINDOW);
    memset(all->marks, 0, sizeof all->marks);
    memset(all->sums, 0, sizeof all->sums);
    return 1;
}

/* Add up window by window; tell whether all of that is to be had. */
static int
expand_half(Expansion *all)
{
    Py_ssize_t width = all->codes.width;
    int is_counted = all->among.data && !all->living.data;
    if (!find_runs(all))
        return 0;
    for (uint32_t low = 0; low < 1 << HALF && (all->half << HALF) + low < all->size; low += WINDOW) {
        for (Py_ssize_t i = 0; i < all->stems.count; i++)
            if (!(width == 2 ? add_run(all, &all->runs[i], 2, low) : add_run(all, &all->runs[i], width, low)))
                return 0;
        if (!add_given(all, low) || !(is_counted ? put_wanted(all, low) : put_window(all, low)))
            return 0;
    }
    return 1;
}

/* Read what is given beside; what is of articles before the half was taken already. */
static int
read_given(Held *held, PyObject *pair, Expansion *all)
{
    PyObject *docs = PyTuple_GetItem(pair, 0), *numbers = docs ? PyTuple_GetItem(pair, 1) : NULL;
    if (!numbers || !borrow_wide(held, docs, &all->given, PyBUF_SIMPLE) ||
        !borrow_wide(held, numbers, &all->numbers, PyBUF_SIMPLE))
        return 0;
    all->taken = bisect(&all->given, 0, all->given.count, all->half << HALF);
    return all->given.count == all->numbers.count;
}

static int
read_arrays(Held *held, PyObject *const *args, Expansion *all)
{
    all->halves = PyLong_AsUnsignedLongLong(args[3]);
    all->half = PyLong_AsUnsignedLongLong(args[4]);
    all->size = PyLong_AsUnsignedLongLong(args[8]);
    all->base = PyLong_AsUnsignedLongLong(args[10]);
    if (PyErr_Occurred() || all->half >= all->halves || all->halves > UINT32_MAX)
        return 0;
    return read_given(held, args[1], all) && borrow_wide(held, args[0], &all->stems, PyBUF_SIMPLE) &&
           borrow(held, args[2], &all->bounds) &&
           borrow(held, args[5], &all->docs) && all->docs.width == 2 && borrow(held, args[6], &all->codes) &&
           borrow_wide(held, args[7], &all->table, PyBUF_SIMPLE) &&
           (args[9] == Py_None || borrow(held, args[9], &all->living)) &&
           (args[11] == Py_None || borrow_wide(held, args[11], &all->among, PyBUF_SIMPLE)) &&
           borrow_wide(held, args[12], &all->found, PyBUF_WRITABLE) &&
           borrow_wide(held, args[13], &all->frequencies, PyBUF_WRITABLE);
}

PyObject *
expand(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    PyObject *found = NULL;
    Expansion *all = calloc(1, sizeof(Expansion));
    if (!all)
        return PyErr_NoMemory();
    if (read_arrays(&held, args, all)) {
        all->runs = malloc((all->stems.count + 1) * sizeof(Run));
        if (!all->runs)
            PyErr_NoMemory();
        else if (expand_half(all))
            found = Py_BuildValue("(nn)", all->count, all->seen);
    }
    free(all->runs);
    free(all);
    return let_go(&held, found);
}
