/* Where words are: articles among postings, and terms that stand in a row. */

#include "places.h"

#define MAX_TERMS 32
/* locate(docs, bounds, wanted, base, places, there) */

PyObject *
locate(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array docs, bounds, wanted, places, there;
    unsigned long long base = PyLong_AsUnsignedLongLong(args[3]);
    if (PyErr_Occurred() || !borrow(&held, args[0], &docs) || !borrow(&held, args[1], &bounds) ||
        !borrow_wide(&held, args[2], &wanted, PyBUF_SIMPLE) || !borrow_wide(&held, args[4], &places, PyBUF_WRITABLE) ||
        !hold(&held, args[5], &there, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (places.count != wanted.count || there.count != wanted.count || there.width != 1 || docs.width != 2 ||
        !are_bounds(&bounds, &docs))
        return let_go(&held, NULL);
    uint64_t start = at(&bounds, 0), place = start, end = start, half = UINT64_MAX, halves = bounds.count - 1, next = 0;
    for (Py_ssize_t i = 0; i < wanted.count; i++) {
        uint64_t doc = WIDE(wanted)[i] - base;
        int is_there = 0;
        if (doc >> HALF < halves) {
            if (doc >> HALF != half || doc < next) {
                half = doc >> HALF;
                place = at(&bounds, half);
                end = at(&bounds, half + 1);
            }
            next = doc;
            doc &= (1 << HALF) - 1;
            place = gallop(HALVES(docs), place, end, doc);
            is_there = place < end && HALVES(docs)[place] == doc;
        }
        WIDE(places)[i] = is_there ? place - start : 0;
        there.data[i] = is_there;
    }
    return let_go(&held, Py_NewRef(Py_None));
}

/* find_row(terms, row, segment, lengths, factors, wanted, first, end, found, scores) */

/* What is looked for, in which segment, and what it counts for in which field. */
typedef struct {
    Array row, of[OF_SEGMENT], lengths, factors;
    Term terms[MAX_TERMS];
    Py_ssize_t count, fields, wanted;
} Row;

static int
stands_at(const Term *term, uint64_t wanted)
{
    uint64_t end = term->place + term->count, place = bisect(term->array, term->place, end, wanted);
    return place < end && at(term->array, place) == wanted;
}

/* Return what an occurrence that ends at a position of an article is worth. */
static double
worth(const Row *row, uint64_t doc, uint64_t position)
{
    uint64_t behind = 0, length = 0;
    Py_ssize_t field = 0;
    for (; field < row->fields; field++) {
        length = at(&row->lengths, doc * row->fields + field);
        behind += length + 1;
        if (position < behind || field + 1 == row->fields)
            break;
    }
    if (row->wanted >= 0 && row->wanted != field)
        return 0;
    const double *weight = DOUBLES(row->factors), *share = weight + row->fields, *average = share + row->fields;
    return weight[field] / (1 - share[field] + share[field] * (length / average[field]));
}

/* Return how often, weighed, the terms follow one another in an article. */
static double
count_rows(const Row *row, uint64_t doc)
{
    const Term *first = &row->terms[at(&row->row, 0)];
    double frequency = 0;
    for (uint64_t i = 0; i < first->count; i++) {
        uint64_t position = at(first->array, first->place + i), step = 1, size = row->row.count;
        while (step < size && stands_at(&row->terms[at(&row->row, step)], position + step))
            step++;
        if (step == size)
            frequency += worth(row, doc, position + size - 1);
    }
    return frequency;
}

/* Move a term's posting on to that of an article, or to where it would be. */
static int
move_to(Term *term, const Array *docs, uint64_t end, uint64_t wanted)
{
    term->posting = gallop(HALVES(*docs), term->posting, end, wanted);
    return term->posting < end && HALVES(*docs)[term->posting] == wanted;
}

/* Tell whether all terms are in the article of the first one's posting, and where: 1, 0, or -1 where it goes wrong. */
static int
find_all(Row *row, Py_ssize_t half)
{
    Term *first = &row->terms[0];
    if (first->tags.data) {
        uint64_t own = first->posting - at(&first->bounds, 0),
                 tag = HAS(first->tags, own) ? at(&first->tags, own) : MIXED;
        if (tag != first->tag && tag != MIXED)
            return 0;
    }
    uint64_t low = at(&row->of[DOCS], first->posting);
    for (Py_ssize_t i = 1; i < row->count; i++)
        if (!move_to(&row->terms[i], &row->of[DOCS], at(&row->terms[i].bounds, half + 1), low))
            return 0;
    int found = 1;
    for (Py_ssize_t i = 0; found == 1 && i < row->count; i++)
        found = find_places(&row->terms[i], row->of);
    return found;
}

static Py_ssize_t
find_in_half(Row *row, Py_ssize_t half, uint64_t first, uint64_t end, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < row->count; i++)
        row->terms[i].posting = at(&row->terms[i].bounds, half);
    for (uint64_t posting = first; posting < end; posting++) {
        row->terms[0].posting = posting;
        uint64_t doc = ((uint64_t)half << HALF) + at(&row->of[DOCS], posting);
        int is_there = find_all(row, half);
        if (is_there < 0 || (doc + 1) * row->fields > (uint64_t)row->lengths.count)
            return -1;
        double frequency = is_there ? count_rows(row, doc) : 0;
        if (frequency > 0) {
            found[count] = doc;
            scores[count++] = frequency;
        }
    }
    return count;
}

static int
read_row(Held *held, PyObject *const *args, Row *row)
{
    row->count = PyList_Size(args[0]);
    row->wanted = PyLong_AsSsize_t(args[5]);
    if (PyErr_Occurred() || row->count < 1 || row->count > MAX_TERMS || !borrow(held, args[1], &row->row) ||
        !row->row.count || !borrow(held, args[3], &row->lengths) ||
        !borrow_wide(held, args[4], &row->factors, PyBUF_SIMPLE))
        return 0;
    row->fields = row->factors.count / 3;
    if (!read_segment(held, args[2], row->of))
        return 0;
    for (Py_ssize_t i = 0; i < row->count; i++)
        if (!read_term(held, PyList_GetItem(args[0], i), &row->terms[i], row->of) ||
            row->terms[i].bounds.count != row->terms[0].bounds.count)
            return 0;
    for (Py_ssize_t i = 0; i < row->row.count; i++)
        if (at(&row->row, i) >= (uint64_t)row->count)
            return 0;
    return row->fields > 0;
}

PyObject *
find_row(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Row row;
    Array found, scores;
    uint64_t first = PyLong_AsUnsignedLongLong(args[6]), end = PyLong_AsUnsignedLongLong(args[7]);
    if (PyErr_Occurred() || !read_row(&held, args, &row) || !borrow_wide(&held, args[8], &found, PyBUF_WRITABLE) ||
        !borrow_wide(&held, args[9], &scores, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    if (first > end || end - first > (uint64_t)found.count || found.count != scores.count)
        return let_go(&held, NULL);
    Py_ssize_t count = 0;
    for (Py_ssize_t half = 0; count >= 0 && half + 1 < row.terms[0].bounds.count; half++) {
        uint64_t low = at(&row.terms[0].bounds, half), high = at(&row.terms[0].bounds, half + 1);
        low = low > first ? low : first;
        high = high < end ? high : end;
        Py_ssize_t more = find_in_half(&row, half, low, high, WIDE(found) + count, DOUBLES(scores) + count);
        count = more < 0 ? -1 : count + more;
    }
    return let_go(&held, count < 0 ? outside() : PyLong_FromSsize_t(count));
}
