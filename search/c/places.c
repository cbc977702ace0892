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
    return of[DOCS].width == 2 && of[TAGS].width == 1 && of[CODES].count >= of[DOCS].count;
}

int
find_bounds(const Array *of, uint64_t stem, Array *bounds)
{
    uint64_t stems = of[TAG_STARTS].count ? of[TAG_STARTS].count - 1 : 0;
    if (stem >= stems || !of[BOUNDS].count)
        return 0;
    /* As many for each stem as there are halves, and one at the end. */
    uint64_t halves = (of[BOUNDS].count - 1) / stems;
    return cut_out(&of[BOUNDS], stem * halves, (stem + 1) * halves + 1, bounds) && are_bounds(bounds, &of[DOCS]);
}

int
find_term(const Array *of, uint64_t number, Term *term)
{
    *term = (Term){0};
    if (!HAS(of[STEMS], number) || !HAS(of[TAGS_OF_TERMS], number) || number + 1 >= (uint64_t)of[MIXED_OF_TERMS].count)
        return 0;
    uint64_t stem = at(&of[STEMS], number);
    if (!find_bounds(of, stem, &term->bounds) ||
        !cut_out(&of[TAGS], at(&of[TAG_STARTS], stem), at(&of[TAG_STARTS], stem + 1), &term->tags))
        return 0;
    if (!term->tags.count)
        term->tags.data = NULL;
    term->tag = at(&of[TAGS_OF_TERMS], number);
    term->mixed_first = at(&of[MIXED_OF_TERMS], number);
    term->mixed_end = at(&of[MIXED_OF_TERMS], number + 1);
    return term->mixed_first <= term->mixed_end && term->mixed_end <= (uint64_t)of[MIXED_POSTINGS].count &&
           term->mixed_end < (uint64_t)of[MIXED_STARTS].count;
}

int
read_term(const Array *of, PyObject *number, Term *term)
{
    uint64_t own = number ? PyLong_AsUnsignedLongLong(number) : 0;
    return !PyErr_Occurred() && find_term(of, own, term);
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
