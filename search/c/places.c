/* Where terms stand in articles. */

#include "places.h"

int
read_segment(Held *held, PyObject *from, Array *of)
{
    for (Py_ssize_t i = 0; i < OF_SEGMENT; i++) {
        PyObject *array = PyTuple_GetItem(from, i);
        if (!array || !borrow(held, array, &of[i]))
            return 0;
    }
    return of[DOCS].width == 2 && of[CODES].count >= of[DOCS].count;
}

int
read_term(Held *held, PyObject *from, Term *term, const Array *of)
{
    PyObject *parts[5];
    for (int i = 0; i < 5; i++)
        if (!from || !(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    *term = (Term){.tag = PyLong_AsUnsignedLongLong(parts[2]),
                   .mixed_first = PyLong_AsUnsignedLongLong(parts[3]),
                   .mixed_end = PyLong_AsUnsignedLongLong(parts[4])};
    if (PyErr_Occurred() || !borrow(held, parts[0], &term->bounds) ||
        (parts[1] != Py_None && !(borrow(held, parts[1], &term->tags) && term->tags.width == 1)))
        return 0;
    return is_term(term, of);
}

int
is_term(const Term *term, const Array *of)
{
    return are_bounds(&term->bounds, &of[DOCS]) && term->mixed_first <= term->mixed_end &&
           term->mixed_end <= (uint64_t)of[MIXED_POSTINGS].count && term->mixed_end < (uint64_t)of[MIXED_STARTS].count;
}

int
find_positions(const Array *of, uint64_t posting, Cursor *cursor, uint64_t *place, uint64_t *count)
{
    uint64_t block = posting / BLOCK;
    if (!HAS(of[BLOCKS], block))
        return 0;
    if (cursor->posting <= block * BLOCK || cursor->posting > posting)
        *cursor = (Cursor){block * BLOCK, at(&of[BLOCKS], block)};
    *count = 0;
    for (; cursor->posting <= posting; cursor->posting++) {
        uint64_t code = at(&of[CODES], cursor->posting);
        if (!HAS(of[TOTALS], code))
            return 0;
        *count = at(&of[TOTALS], code);
        cursor->place += *count;
    }
    *place = cursor->place - *count;
    return cursor->place <= (uint64_t)of[POSITIONS].count && *count <= cursor->place;
}

int
find_places(Term *term, const Array *of)
{
    uint64_t posting = term->posting, own = posting - at(&term->bounds, 0), tag = term->tag;
    if (term->tags.data) {
        if (!HAS(term->tags, own))
            return -1;
        tag = at(&term->tags, own);
    }
    if (term->tags.data && tag == MIXED) {
        uint64_t place = bisect(&of[MIXED_POSTINGS], term->mixed_first, term->mixed_end, posting);
        if (place == term->mixed_end || at(&of[MIXED_POSTINGS], place) != posting)
            return 0;
        uint64_t end = at(&of[MIXED_STARTS], place + 1);
        term->array = &of[MIXED_POSITIONS];
        term->place = at(&of[MIXED_STARTS], place);
        term->count = end - term->place;
        return term->place <= end && end <= (uint64_t)term->array->count ? 1 : -1;
    }
    if (tag != term->tag)
        return 0;
    term->array = &of[POSITIONS];
    return find_positions(of, posting, &term->cursor, &term->place, &term->count) ? 1 : -1;
}
