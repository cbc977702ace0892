/* Articles in which terms stand in a row, by tables of their positions as bits. */

#include "rows.h"
#include <stdlib.h>

/* Articles that are looked at in one go. */
#define SPAN 512

/* Stands for an article that is longer than twice as many positions as there are bits. */
#define FAR UINT32_MAX

/* lay_bits(term, segment, beyond, bits) */

/* The bits of a term in articles: in rounds of as many as there are; and behind those of all articles, of some that have
 * more positions, two numbers of bits without rounds. */
typedef struct {
    Array bits, beyond;
} Table;

/* Return where the two numbers of an article are, before the first of all where it has none. */
static inline uint64_t
place_beyond(const Array *beyond, uint64_t doc)
{
    return beyond->count + 2 * (at(beyond, doc) - 1);
}

/* Give an article the bits of a term where it is put; tell whether there is room for them. */
static int
lay_one(const Term *term, const Table *table, uint64_t doc)
{
    uint64_t own = 0, further[2] = {0, 0};
    for (uint64_t i = 0; i < term->count; i++) {
        uint64_t position = at(term->array, term->place + i);
        own |= (uint64_t)1 << position % BITS;
        further[position / BITS % 2] |= (uint64_t)1 << position % BITS;
    }
    if (!HAS(table->beyond, doc) || !HAS(table->bits, doc))
        return 0;
    WIDE(table->bits)[doc] = own;
    uint64_t rank = at(&table->beyond, doc), place = place_beyond(&table->beyond, doc);
    if (rank == 0 || rank == FAR)
        return 1;
    if (!HAS(table->bits, place + 1))
        return 0;
    memcpy(WIDE(table->bits) + place, further, sizeof further);
    return 1;
}

/* Give all articles the bits of a term's positions; tell whether they are to be had. */
static int
lay_all(Term *term, const Array *of, const Table *table)
{
    for (Py_ssize_t half = 0; half + 1 < term->bounds.count; half++) {
        uint64_t end = at(&term->bounds, half + 1);
        for (term->posting = at(&term->bounds, half); term->posting < end; term->posting++) {
            int found = find_places(term, of);
            if (found < 0 || (found && !lay_one(term, table, ((uint64_t)half << HALF) + HALVES(of[DOCS])[term->posting])))
                return 0;
        }
    }
    return 1;
}

PyObject *
lay_bits(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array of[OF_SEGMENT];
    Table table;
    Term term;
    if (!read_segment(&held, args[1], of) || !read_term(of, args[0], &term) ||
        !borrow(&held, args[2], &table.beyond) || table.beyond.width != 4 || !borrow_wide(&held, args[3], &table.bits, PyBUF_WRITABLE))
        return let_go(&held, NULL);
    return let_go(&held, lay_all(&term, of, &table) ? Py_NewRef(Py_None) : NULL);
}

/* follow(terms, row, segment, lengths, factors, wanted, masks, beyond, first, end, found, scores) */

typedef struct {
    Row row;
    Array masks[MAX_TERMS], beyond;
    /* Where each term was found last. */
    uint64_t places[MAX_TERMS];
} Follower;

/* Follow the masks of a row from one to the next for some articles, the first bit behind the last one. */
static void
follow_span(const Follower *follower, uint64_t first, Py_ssize_t size, uint64_t *reached)
{
    const Array *masks = follower->masks, *row = &follower->row.row;
    const uint64_t *before = WIDE(masks[at(row, 0)]) + first;
    if (row->count == 1)
        memcpy(reached, before, size * sizeof(uint64_t));
    for (Py_ssize_t step = 1; step < row->count; step++, before = reached) {
        const uint64_t *mask = WIDE(masks[at(row, step)]) + first;
        for (Py_ssize_t i = 0; i < size; i++)
            reached[i] = (before[i] << 1 | before[i] >> (BITS - 1)) & mask[i];
    }
}

/* Let the masks of the articles that come next be fetched while these are weighed. */
static void
fetch(const Follower *follower, uint64_t first, uint64_t end)
{
#if defined(__GNUC__)
    for (Py_ssize_t which = 0; which < follower->row.count && first + SPAN <= end; which++)
        for (uint64_t i = 0; i < SPAN; i += 8)
            __builtin_prefetch(WIDE(follower->masks[which]) + first + i);
#endif
}

/* Return what the occurrences are worth that end where bits are set, the first of which stands for a position. */
static double
worth_of_bits(const Row *row, uint64_t doc, uint64_t bits, uint64_t position)
{
    double frequency = 0;
    for (; bits; bits &= bits - 1)
        frequency += worth(row, doc, position + lowest_bit(bits));
    return frequency;
}

/* Return how often, weighed, the terms follow one another in an article of which every position has a bit. */
static double
weigh_bits(const Follower *follower, uint64_t doc)
{
    const Row *row = &follower->row;
    uint64_t bits = WIDE(follower->masks[at(&row->row, 0)])[doc];
    for (Py_ssize_t step = 1; step < row->row.count; step++)
        bits = bits << 1 & WIDE(follower->masks[at(&row->row, step)])[doc];
    return worth_of_bits(row, doc, bits, 0);
}

/* Return the same for one whose positions have bits in two numbers. */
static double
weigh_further(const Follower *follower, uint64_t doc)
{
    const Row *row = &follower->row;
    uint64_t place = place_beyond(&follower->beyond, doc), low = UINT64_MAX, high = UINT64_MAX;
    for (Py_ssize_t step = 0; step < row->row.count; step++) {
        const Array *mask = &follower->masks[at(&row->row, step)];
        if (!HAS(*mask, place + 1))
            return -1;
        high = (step ? high << 1 | low >> (BITS - 1) : high) & WIDE(*mask)[place + 1];
        low = (step ? low << 1 : low) & WIDE(*mask)[place];
    }
    return worth_of_bits(row, doc, low, 0) + worth_of_bits(row, doc, high, BITS);
}

/* Return the same for an article of which bits tell but where to look; negative where that is not to be had. */
static double
weigh_places(Follower *follower, uint64_t doc)
{
    Row *row = &follower->row;
    Py_ssize_t half = doc >> HALF;
    for (Py_ssize_t which = 0; which < row->count; which++) {
        Term *term = &row->terms[which];
        if (half + 1 >= term->bounds.count)
            return -1;
        uint64_t first = at(&term->bounds, half), end = at(&term->bounds, half + 1), wanted = doc & ((1 << HALF) - 1);
        first = first > follower->places[which] ? first : follower->places[which];
        term->posting = follower->places[which] = gallop(HALVES(row->of[DOCS]), first, end, wanted);
        if (term->posting >= end || HALVES(row->of[DOCS])[term->posting] != wanted)
            return -1;
        int found = find_places(term, row->of);
        if (found < 1)
            return found;
    }
    return count_rows(row, doc);
}

static inline double
weigh(Follower *follower, uint64_t doc)
{
    if (!has_lengths(&follower->row, doc))
        return -1;
    uint64_t rank = at(&follower->beyond, doc);
    if (rank == 0)
        return weigh_bits(follower, doc);
    return rank == FAR ? weigh_places(follower, doc) : weigh_further(follower, doc);
}

/* Look at articles from *first* to before *end*; return how many have the terms in a row, or -1. */
static Py_ssize_t
follow_all(Follower *follower, uint64_t first, uint64_t end, uint64_t *found, double *scores,
           Py_ssize_t room)
{
    uint64_t reached[SPAN];
    uint16_t near[SPAN];
    Py_ssize_t count = 0;
    for (; first < end; first += SPAN) {
        Py_ssize_t size = end - first < SPAN ? end - first : SPAN, kept = 0;
        follow_span(follower, first, size, reached);
        fetch(follower, first + SPAN, end);
        for (Py_ssize_t i = 0; i < size; i++) {
            near[kept] = (uint16_t)i;
            kept += reached[i] != 0;
        }
        for (Py_ssize_t i = 0; i < kept; i++) {
            uint64_t doc = first + near[i];
            double frequency = weigh(follower, doc);
            if (frequency < 0)
                return -1;
            if (frequency == 0)
                continue;
            if (count == room)
                return -1;
            found[count] = doc;
            scores[count++] = frequency;
        }
    }
    return count;
}

/* Read the masks of all terms, and tell whether they have all articles to before *end*. */
static int
read_masks(Held *held, PyObject *from, Follower *follower, uint64_t end)
{
    if (PyList_Size(from) != follower->row.count)
        return 0;
    for (Py_ssize_t i = 0; i < follower->row.count; i++) {
        follower->places[i] = 0;
        if (!borrow_wide(held, PyList_GetItem(from, i), &follower->masks[i], PyBUF_SIMPLE) ||
            (uint64_t)follower->masks[i].count < end)
            return 0;
    }
    return 1;
}

PyObject *
follow(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Array found, scores;
    uint64_t first = PyLong_AsUnsignedLongLong(args[8]), end = PyLong_AsUnsignedLongLong(args[9]);
    if (PyErr_Occurred() || !borrow_wide(&held, args[10], &found, PyBUF_WRITABLE) ||
        !borrow_wide(&held, args[11], &scores, PyBUF_WRITABLE) || found.count != scores.count)
        return let_go(&held, NULL);
    Follower *follower = malloc(sizeof(Follower));
    if (!follower)
        return let_go(&held, PyErr_NoMemory());
    int is_fit = read_row(&held, args, &follower->row) && read_masks(&held, args[6], follower, end) &&
                 borrow(&held, args[7], &follower->beyond) && follower->beyond.width == 4 &&
                 (uint64_t)follower->beyond.count >= end;
    Py_ssize_t count = is_fit ? follow_all(follower, first, end, WIDE(found), DOUBLES(scores), found.count) : -1;
    free(follower);
    return let_go(&held, count < 0 ? NULL : PyLong_FromSsize_t(count));
}
