/* Terms that follow one another. */

#include "rows.h"

static inline int
stands_at(const Term *term, uint64_t wanted)
{
    if (term->count == 1)
        return at(term->array, term->place) == wanted;
    uint64_t end = term->place + term->count, place = bisect(term->array, term->place, end, wanted);
    return place < end && at(term->array, place) == wanted;
}

double
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

double
count_rows(const Row *row, uint64_t doc)
{
    uint64_t size = row->row.count;
    const Term *first = &row->terms[at(&row->row, 0)], *second = &row->terms[at(&row->row, size > 1)];
    uint64_t following = second->place, end = second->place + second->count;
    double frequency = 0;
    if (!has_lengths(row, doc))
        return -1;
    for (uint64_t i = 0; i < first->count; i++) {
        uint64_t position = at(first->array, first->place + i), step = 2;
        /* Both are in order, and short. */
        while (size > 1 && following < end && at(second->array, following) <= position)
            following++;
        if (size > 1 && (following == end || at(second->array, following) != position + 1))
            continue;
        while (step < size && stands_at(&row->terms[at(&row->row, step)], position + step))
            step++;
        if (step >= size)
            frequency += worth(row, doc, position + size - 1);
    }
    return frequency;
}

int
read_row(Held *held, PyObject *const *args, Row *row)
{
    row->count = PyList_Size(args[0]);
    row->wanted = PyLong_AsSsize_t(args[5]);
    if (PyErr_Occurred() || row->count < 1 || row->count > MAX_TERMS || !borrow(held, args[1], &row->row) ||
        !row->row.count || !borrow(held, args[3], &row->lengths) ||
        !borrow_wide(held, args[4], &row->factors, PyBUF_SIMPLE))
        return 0;
    row->fields = row->factors.count / 3;
    if (!read_segment(held, args[2], row->of) || row->of[TOTALS].width != 4)
        return 0;
    for (Py_ssize_t i = 0; i < row->count; i++)
        if (!read_term(row->of, PyList_GetItem(args[0], i), &row->terms[i]))
            return 0;
    for (Py_ssize_t i = 0; i < row->row.count; i++)
        if (at(&row->row, i) >= (uint64_t)row->count)
            return 0;
    return row->fields > 0;
}
