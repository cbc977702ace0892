/* Articles in which terms stand in a row. */

#include "blocks.h"
#include <stdlib.h>

#define MAX_TERMS 32
/* Positions that are told apart before they are compared. */
#define BITS 64

/* find_row(terms, row, segment, lengths, factors, wanted, first, end, found, scores) */

/* What is looked for, in which segment, and what it counts for in which field. */
typedef struct {
    Array row, of[OF_SEGMENT], lengths, factors;
    Term terms[MAX_TERMS];
    Py_ssize_t count, fields, wanted;
    /* Some articles that have the first terms, and their postings of these. */
    uint16_t block[SPAN];
    uint64_t postings[MAX_TERMS][SPAN];
    /* Where the positions of these begin, and how many they are. */
    uint64_t begins[MAX_TERMS][SPAN];
    uint32_t counts[MAX_TERMS][SPAN];
    uint64_t marks[MAX_TERMS][SPAN];
} Row;

static inline int
stands_at(const Term *term, uint64_t wanted)
{
    if (term->count == 1)
        return at(term->array, term->place) == wanted;
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
    uint64_t size = row->row.count;
    const Term *first = &row->terms[at(&row->row, 0)], *second = &row->terms[at(&row->row, size > 1)];
    uint64_t following = second->place, end = second->place + second->count;
    double frequency = 0;
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

/* Keep those of a block's articles whose posting of a term may hold the term itself; return how many those are. */
static Py_ssize_t
keep_tagged(Row *row, Py_ssize_t which, Py_ssize_t size)
{
    const Term *term = &row->terms[which];
    if (!term->tags.data)
        return size;
    uint16_t kept[SPAN];
    uint64_t start = at(&term->bounds, 0);
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t own = row->postings[which][i] - start, tag = HAS(term->tags, own) ? at(&term->tags, own) : MIXED;
        kept[count] = (uint16_t)i;
        count += tag == term->tag || tag == MIXED;
    }
    for (Py_ssize_t i = 0; count < size && i < count; i++)
        row->block[i] = row->block[kept[i]];
    for (Py_ssize_t before = 0; count < size && before <= which; before++)
        keep(row->postings[before], kept, count);
    return count;
}

/* Keep those of a block's articles that have all terms; return how many those are. */
static Py_ssize_t
narrow(Row *row, Run *runs, uint64_t left, Py_ssize_t size)
{
    uint16_t kept[SPAN];
    size = keep_tagged(row, 0, size);
    for (Py_ssize_t which = 1; size && which < row->count; which++) {
        Py_ssize_t count = meet(&runs[which], row->block, size, left, kept, row->postings[which]);
        for (Py_ssize_t i = 0; count < size && i < count; i++)
            row->block[i] = row->block[kept[i]];
        for (Py_ssize_t before = 0; count < size && before < which; before++)
            keep(row->postings[before], kept, count);
        size = keep_tagged(row, which, count);
    }
    return size;
}

/* Find where the positions of a block's postings of a term are; tell whether all of that is to be had. Where several
 * forms of its stem stand, which are apart, none is counted. */
ALWAYS_INLINE int
find_block(Row *row, Py_ssize_t which, Py_ssize_t size, Py_ssize_t code_width)
{
    const Array *of = row->of;
    const Array *tags = &row->terms[which].tags;
    uint64_t start = at(&row->terms[which].bounds, 0);
    Cursor cursor = row->terms[which].cursor;
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t posting = row->postings[which][i], block = posting / BLOCK, count = 0;
        if (cursor.posting <= block * BLOCK || cursor.posting > posting) {
            if (!HAS(of[BLOCKS], block))
                return 0;
            cursor = (Cursor){block * BLOCK, at(&of[BLOCKS], block)};
        }
        for (; cursor.posting <= posting; cursor.posting++) {
            uint64_t code = number(of[CODES].data, code_width, cursor.posting);
            if (!HAS(of[TOTALS], code))
                return 0;
            count = ((const uint32_t *)of[TOTALS].data)[code];
            cursor.place += count;
        }
        if (cursor.place > (uint64_t)of[POSITIONS].count || count > cursor.place)
            return 0;
        uint64_t own = posting - start;
        int is_mixed = tags->data && (!HAS(*tags, own) || ((const uint8_t *)tags->data)[own] == MIXED);
        row->begins[which][i] = cursor.place - count;
        row->counts[which][i] = is_mixed ? 0 : (uint32_t)count;
    }
    row->terms[which].cursor = cursor;
    return 1;
}

/* Put a term where it stands in one of a block's articles; 0 where only other forms of the stem do, -1 where that is not
 * to be had. */
static inline int
place_term(Row *row, Py_ssize_t which, Py_ssize_t place)
{
    Term *term = &row->terms[which];
    if (!row->counts[which][place]) {
        term->posting = row->postings[which][place];
        return find_places(term, row->of);
    }
    term->array = &row->of[POSITIONS];
    term->place = row->begins[which][place];
    term->count = row->counts[which][place];
    return 1;
}

/* Return how often, weighed, the terms follow one another in one of a block's articles; negative where that goes wrong.
 */
static double
weigh(Row *row, uint64_t doc, Py_ssize_t place)
{
    for (Py_ssize_t which = 0; which < row->count; which++) {
        int found = place_term(row, which, place);
        if (found < 1)
            return found;
    }
    return (doc + 1) * row->fields > (uint64_t)row->lengths.count ? -1 : count_rows(row, doc);
}

/* Set a bit for each position of a block's postings of a term, in rounds of as many as there are bits. */
ALWAYS_INLINE void
mark_positions(Row *row, Py_ssize_t which, Py_ssize_t size, Py_ssize_t width)
{
    const char *positions = row->of[POSITIONS].data;
    const uint64_t *begins = row->begins[which];
    const uint32_t *counts = row->counts[which];
    for (Py_ssize_t i = 0; i < size; i++) {
        /* Where those are that are not counted is not known yet. */
        uint64_t marks = counts[i] ? 0 : UINT64_MAX;
        for (uint64_t at = begins[i]; at < begins[i] + counts[i]; at++)
            marks |= (uint64_t)1 << number(positions, width, at) % BITS;
        row->marks[which][i] = marks;
    }
}

/* Keep those of a block's articles in which the terms may follow one another; return how many those are. */
static Py_ssize_t
keep_near(Row *row, Py_ssize_t size)
{
    uint64_t reached[SPAN];
    uint16_t kept[SPAN];
    Py_ssize_t count = 0;
    memcpy(reached, row->marks[at(&row->row, 0)], size * sizeof(uint64_t));
    for (Py_ssize_t step = 1; step < row->row.count; step++) {
        const uint64_t *marks = row->marks[at(&row->row, step)];
        for (Py_ssize_t i = 0; i < size; i++)
            reached[i] = (reached[i] << 1 | reached[i] >> (BITS - 1)) & marks[i];
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        kept[count] = (uint16_t)i;
        count += reached[i] != 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        row->block[i] = row->block[kept[i]];
    for (Py_ssize_t which = 0; which < row->count; which++) {
        keep(row->postings[which], kept, count);
        keep(row->begins[which], kept, count);
        for (Py_ssize_t i = 0; i < count; i++)
            row->counts[which][i] = row->counts[which][kept[i]];
    }
    return count;
}

/* Write out those of a block's articles in which the terms follow one another; return how many, -1 if that goes wrong. */
static Py_ssize_t
put_block(Row *row, uint64_t base, Py_ssize_t size, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t which = 0; which < row->count; which++) {
        Py_ssize_t codes = row->of[CODES].width, positions = row->of[POSITIONS].width;
        if (!(codes == 2 ? find_block(row, which, size, 2) : find_block(row, which, size, codes)))
            return -1;
        if (positions == 1)
            mark_positions(row, which, size, 1);
        else
            mark_positions(row, which, size, positions);
    }
    size = keep_near(row, size);
    for (Py_ssize_t i = 0; i < size; i++) {
        double frequency = weigh(row, base + row->block[i], i);
        if (frequency < 0)
            return -1;
        if (frequency > 0) {
            found[count] = base + row->block[i];
            scores[count++] = frequency;
        }
    }
    return count;
}

static Py_ssize_t
find_in_half(Row *row, Py_ssize_t half, uint64_t first, uint64_t end, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    Run runs[MAX_TERMS];
    for (Py_ssize_t i = 0; i < row->count; i++) {
        const Array *bounds = &row->terms[i].bounds;
        runs[i] = (Run){HALVES(row->of[DOCS]), at(bounds, half), at(bounds, half + 1)};
    }
    while (first < end) {
        Py_ssize_t size = 0;
        uint64_t left = end - first;
        for (; size < SPAN && first < end; size++, first++) {
            row->block[size] = runs[0].docs[first];
            row->postings[0][size] = first;
        }
        size = narrow(row, runs, left, size);
        size = put_block(row, (uint64_t)half << HALF, size, found + count, scores + count);
        if (size < 0)
            return -1;
        count += size;
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
    if (!read_segment(held, args[2], row->of) || row->of[TOTALS].width != 4)
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

/* Look at the postings of the first term from *first* to before *end*; return how many articles there are, or -1. */
static Py_ssize_t
find_in(Row *row, uint64_t first, uint64_t end, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t half = 0; count >= 0 && half + 1 < row->terms[0].bounds.count; half++) {
        uint64_t low = at(&row->terms[0].bounds, half), high = at(&row->terms[0].bounds, half + 1);
        low = low > first ? low : first;
        high = high < end ? high : end;
        Py_ssize_t more = find_in_half(row, half, low, high, found + count, scores + count);
        count = more < 0 ? -1 : count + more;
    }
    return count;
}

PyObject *
find_row(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array found, scores;
    uint64_t first = PyLong_AsUnsignedLongLong(args[6]), end = PyLong_AsUnsignedLongLong(args[7]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[8], &found, PyBUF_WRITABLE) ||
        !borrow_wide(&held, args[9], &scores, PyBUF_WRITABLE) || first > end || end - first > (uint64_t)found.count ||
        found.count != scores.count)
        return let_go(&held, NULL);
    Row *row = malloc(sizeof(Row));
    if (!row)
        return let_go(&held, PyErr_NoMemory());
    Py_ssize_t count = read_row(&held, args, row) ? find_in(row, first, end, WIDE(found), DOUBLES(scores)) : -1;
    free(row);
    return let_go(&held, count < 0 ? NULL : PyLong_FromSsize_t(count));
}
