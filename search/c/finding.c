/* Articles in which terms stand in a row. */

#include "blocks.h"
#include "rows.h"
#include <stdlib.h>

/* find_row(terms, row, segment, lengths, factors, wanted, first, end, found, scores) */

/* Some articles that have the first terms of a row, and their postings of these. */
typedef struct {
    Row row;
    uint16_t block[SPAN];
    uint64_t postings[MAX_TERMS][SPAN];
    /* Where the positions of these begin, and how many they are. */
    uint64_t begins[MAX_TERMS][SPAN];
    uint32_t counts[MAX_TERMS][SPAN];
    uint64_t marks[MAX_TERMS][SPAN];
} Finder;

/* Keep those of a block's articles whose posting of a term may hold the term itself; return how many those are. */
static Py_ssize_t
keep_tagged(Finder *finder, Py_ssize_t which, Py_ssize_t size)
{
    const Term *term = &finder->row.terms[which];
    if (!term->tags.data)
        return size;
    uint16_t kept[SPAN];
    uint64_t start = at(&term->bounds, 0);
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t own = finder->postings[which][i] - start, tag = HAS(term->tags, own) ? at(&term->tags, own) : MIXED;
        kept[count] = (uint16_t)i;
        count += tag == term->tag || tag == MIXED;
    }
    for (Py_ssize_t i = 0; count < size && i < count; i++)
        finder->block[i] = finder->block[kept[i]];
    for (Py_ssize_t before = 0; count < size && before <= which; before++)
        keep(finder->postings[before], kept, count);
    return count;
}

/* Keep those of a block's articles that have all terms; return how many those are. */
static Py_ssize_t
narrow(Finder *finder, Run *runs, uint64_t left, Py_ssize_t size)
{
    uint16_t kept[SPAN];
    size = keep_tagged(finder, 0, size);
    for (Py_ssize_t which = 1; size && which < finder->row.count; which++) {
        Py_ssize_t count = meet(&runs[which], finder->block, size, left, kept, finder->postings[which]);
        for (Py_ssize_t i = 0; count < size && i < count; i++)
            finder->block[i] = finder->block[kept[i]];
        for (Py_ssize_t before = 0; count < size && before < which; before++)
            keep(finder->postings[before], kept, count);
        size = keep_tagged(finder, which, count);
    }
    return size;
}

/* Find where the positions of a block's postings of a term are; tell whether all of that is to be had. Where several
 * forms of its stem stand, which are apart, none is counted. */
ALWAYS_INLINE int
find_block(Finder *finder, Py_ssize_t which, Py_ssize_t size, Py_ssize_t code_width)
{
    const Array *of = finder->row.of;
    const Array *tags = &finder->row.terms[which].tags;
    uint64_t start = at(&finder->row.terms[which].bounds, 0);
    Cursor cursor = finder->row.terms[which].cursor;
    for (Py_ssize_t i = 0; i < size; i++) {
        uint64_t posting = finder->postings[which][i], block = posting / BLOCK, count = 0;
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
        finder->begins[which][i] = cursor.place - count;
        finder->counts[which][i] = is_mixed ? 0 : (uint32_t)count;
    }
    finder->row.terms[which].cursor = cursor;
    return 1;
}

/* Put a term where it stands in one of a block's articles; 0 where only other forms of the stem do, -1 where that is not
 * to be had. */
static inline int
place_term(Finder *finder, Py_ssize_t which, Py_ssize_t place)
{
    Term *term = &finder->row.terms[which];
    if (!finder->counts[which][place]) {
        term->posting = finder->postings[which][place];
        return find_places(term, finder->row.of);
    }
    term->array = &finder->row.of[POSITIONS];
    term->place = finder->begins[which][place];
    term->count = finder->counts[which][place];
    return 1;
}

/* Return how often, weighed, the terms follow one another in one of a block's articles; negative where that goes wrong.
 */
static double
weigh(Finder *finder, uint64_t doc, Py_ssize_t place)
{
    for (Py_ssize_t which = 0; which < finder->row.count; which++) {
        int found = place_term(finder, which, place);
        if (found < 1)
            return found;
    }
    return count_rows(&finder->row, doc);
}

/* Set a bit for each position of a block's postings of a term, in rounds of as many as there are bits. */
ALWAYS_INLINE void
mark_positions(Finder *finder, Py_ssize_t which, Py_ssize_t size, Py_ssize_t width)
{
    const char *positions = finder->row.of[POSITIONS].data;
    const uint64_t *begins = finder->begins[which];
    const uint32_t *counts = finder->counts[which];
    for (Py_ssize_t i = 0; i < size; i++) {
        /* Where those are that are not counted is not known yet. */
        uint64_t marks = counts[i] ? 0 : UINT64_MAX;
        for (uint64_t at = begins[i]; at < begins[i] + counts[i]; at++)
            marks |= (uint64_t)1 << number(positions, width, at) % BITS;
        finder->marks[which][i] = marks;
    }
}

/* Keep those of a block's articles in which the terms may follow one another; return how many those are. */
static Py_ssize_t
keep_near(Finder *finder, Py_ssize_t size)
{
    uint64_t reached[SPAN];
    uint16_t kept[SPAN];
    Py_ssize_t count = 0;
    memcpy(reached, finder->marks[at(&finder->row.row, 0)], size * sizeof(uint64_t));
    for (Py_ssize_t step = 1; step < finder->row.row.count; step++) {
        const uint64_t *marks = finder->marks[at(&finder->row.row, step)];
        for (Py_ssize_t i = 0; i < size; i++)
            reached[i] = (reached[i] << 1 | reached[i] >> (BITS - 1)) & marks[i];
    }
    for (Py_ssize_t i = 0; i < size; i++) {
        kept[count] = (uint16_t)i;
        count += reached[i] != 0;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        finder->block[i] = finder->block[kept[i]];
    for (Py_ssize_t which = 0; which < finder->row.count; which++) {
        keep(finder->postings[which], kept, count);
        keep(finder->begins[which], kept, count);
        for (Py_ssize_t i = 0; i < count; i++)
            finder->counts[which][i] = finder->counts[which][kept[i]];
    }
    return count;
}

/* Write out those of a block's articles in which the terms follow one another; return how many, -1 if that goes wrong. */
static Py_ssize_t
put_block(Finder *finder, uint64_t base, Py_ssize_t size, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t which = 0; which < finder->row.count; which++) {
        Py_ssize_t codes = finder->row.of[CODES].width, positions = finder->row.of[POSITIONS].width;
        if (!(codes == 2 ? find_block(finder, which, size, 2) : find_block(finder, which, size, codes)))
            return -1;
        if (positions == 1)
            mark_positions(finder, which, size, 1);
        else
            mark_positions(finder, which, size, positions);
    }
    size = keep_near(finder, size);
    for (Py_ssize_t i = 0; i < size; i++) {
        double frequency = weigh(finder, base + finder->block[i], i);
        if (frequency < 0)
            return -1;
        if (frequency > 0) {
            found[count] = base + finder->block[i];
            scores[count++] = frequency;
        }
    }
    return count;
}

static Py_ssize_t
find_in_half(Finder *finder, Py_ssize_t half, uint64_t first, uint64_t end, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    Run runs[MAX_TERMS];
    for (Py_ssize_t i = 0; i < finder->row.count; i++) {
        const Array *bounds = &finder->row.terms[i].bounds;
        runs[i] = (Run){HALVES(finder->row.of[DOCS]), at(bounds, half), at(bounds, half + 1)};
    }
    while (first < end) {
        Py_ssize_t size = 0;
        uint64_t left = end - first;
        for (; size < SPAN && first < end; size++, first++) {
            finder->block[size] = runs[0].docs[first];
            finder->postings[0][size] = first;
        }
        size = narrow(finder, runs, left, size);
        size = put_block(finder, (uint64_t)half << HALF, size, found + count, scores + count);
        if (size < 0)
            return -1;
        count += size;
    }
    return count;
}

/* Look at the postings of the first term from *first* to before *end*; return how many articles there are, or -1. */
static Py_ssize_t
find_in(Finder *finder, uint64_t first, uint64_t end, uint64_t *found, double *scores)
{
    Py_ssize_t count = 0;
    for (Py_ssize_t half = 0; count >= 0 && half + 1 < finder->row.terms[0].bounds.count; half++) {
        uint64_t low = at(&finder->row.terms[0].bounds, half), high = at(&finder->row.terms[0].bounds, half + 1);
        low = low > first ? low : first;
        high = high < end ? high : end;
        Py_ssize_t more = find_in_half(finder, half, low, high, found + count, scores + count);
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
    Finder *finder = malloc(sizeof(Finder));
    if (!finder)
        return let_go(&held, PyErr_NoMemory());
    Py_ssize_t count = read_row(&held, args, &finder->row) ? find_in(finder, first, end, WIDE(found), DOUBLES(scores)) : -1;
    free(finder);
    return let_go(&held, count < 0 ? NULL : PyLong_FromSsize_t(count));
}
