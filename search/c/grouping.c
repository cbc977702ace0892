/* Occurrences to postings: sorted by stem, and counted. */

#include "arrays.h"

#include <stdlib.h>

/* As in frequencies.py: what one small number says of a posting. All that it cannot say has a row of its own. */
#define FIELDS 4
#define MAX_FREQUENCY 16
#define MAX_LENGTH 256
#define SIMPLE (FIELDS * MAX_FREQUENCY * MAX_LENGTH)
#define ROW (2 * FIELDS)
#define MULTIPLIER 0x9E3779B97F4A7C15u
#define FIELD_BITS 2
#define MAX_PLACE (0xffffffffu >> FIELD_BITS)

/* group(occurrences, words, firsts, made, halves) */

enum { TERMS, POSITIONS, LENGTHS, FOUND };
enum { NUMBERS, STEMS, TAGS, FORMS, WORDS };
enum { BOUNDS, DOCS, CODES, TAG_BOUNDS, POSTING_TAGS, BLOCKS, PLACES, MADE };

typedef struct {
    uint32_t term;
    uint32_t doc;
    /* The position, and below it the field. */
    uint32_t place;
} Occurrence;

typedef struct {
    Array found[FOUND];
    Array words[WORDS];
    Array firsts;
    Array made[MADE];
    /* How many values the high half of an article's number has. */
    uint32_t halves;
    Occurrence *sorted;
    /* How many postings there are, and how many of them have tags. */
    uint32_t postings;
    uint32_t tagged;
    /* Distinct rows, and the place of each plus one by its hash; their number is a power of two. */
    Buffer rows;
    uint32_t *slots;
    uint64_t mask;
    int is_full;
    /* Of the occurrences of postings of several forms: term, posting, article, field and position. */
    Buffer mixed;
} Grouping;

#define U32(array) ((uint32_t *)(array).data)
#define U16(array) ((uint16_t *)(array).data)
#define U8(array) ((uint8_t *)(array).data)
#define FIELD(occurrence) ((occurrence)->place & ((1 << FIELD_BITS) - 1))

static int
borrow_all(Held *held, PyObject *from, Array *arrays, const char *widths, int flags)
{
    if (!PyTuple_Check(from) || (size_t)PyTuple_Size(from) != strlen(widths))
        return 0;
    for (int i = 0; widths[i]; i++)
        if (!hold(held, PyTuple_GetItem(from, i), arrays + i, flags) ||
            (widths[i] != '*' && arrays[i].width != widths[i] - '0'))
            return 0;
    return 1;
}

/* Tell whether there is room for all that may be made. */
static int
is_roomy(const Grouping *grouping)
{
    const Array *made = grouping->made;
    Py_ssize_t count = grouping->found[TERMS].count, stems = grouping->firsts.count;
    return grouping->halves <= 1 << HALF && grouping->found[POSITIONS].count == count && made[BOUNDS].count > stems * (Py_ssize_t)grouping->halves && made[DOCS].count >= count &&
           made[CODES].count >= count && made[TAG_BOUNDS].count > stems && made[POSTING_TAGS].count >= count &&
           made[BLOCKS].count >= count / BLOCK + 2 && made[PLACES].count >= count && made[PLACES].width <= 4 &&
           grouping->words[FORMS].count >= stems && count < UINT32_MAX / ROW &&
           grouping->words[STEMS].count == grouping->words[NUMBERS].count &&
           (uint64_t)grouping->found[LENGTHS].count <= (uint64_t)grouping->halves * FIELDS << HALF;
}

/* Count the occurrences of each stem, and turn that to where they begin; return whether all are what they may be. */
static int
count_stems(Grouping *grouping)
{
    const Array *found = grouping->found, *words = grouping->words;
    uint32_t *firsts = U32(grouping->firsts), total = 0, widest = 8 * (uint32_t)grouping->made[PLACES].width;
    memset(firsts, 0, (size_t)grouping->firsts.count * 4);
    for (Py_ssize_t i = 0; i < found[TERMS].count; i++) {
        uint32_t term = U32(found[TERMS])[i], position = U32(found[POSITIONS])[i];
        if (!HAS(words[STEMS], term) || !HAS(grouping->firsts, U32(words[STEMS])[term]) ||
            !HAS(words[TAGS], U32(words[NUMBERS])[term]) || position > MAX_PLACE || (uint64_t)position >> widest)
            return 0;
        firsts[U32(words[STEMS])[term]]++;
    }
    for (Py_ssize_t i = 0; i < grouping->firsts.count; i++) {
        uint32_t count = firsts[i];
        firsts[i] = total;
        total += count;
    }
    return 1;
}

/* Put every occurrence where its stem's are; *firsts* are then where they end. Return whether the lengths are theirs. */
static int
sort_by_stem(Grouping *grouping)
{
    const Array *found = grouping->found, *words = grouping->words;
    const uint32_t *terms = U32(found[TERMS]), *positions = U32(found[POSITIONS]), *lengths = U32(found[LENGTHS]);
    const uint32_t *numbers = U32(words[NUMBERS]), *stems = U32(words[STEMS]);
    uint32_t *next = U32(grouping->firsts);
    uint64_t at = 0;
    for (Py_ssize_t cell = 0; cell < found[LENGTHS].count; cell++) {
        if (lengths[cell] > (uint64_t)found[TERMS].count - at)
            return 0;
        for (uint64_t end = at + lengths[cell]; at < end; at++)
            grouping->sorted[next[stems[terms[at]]]++] = (Occurrence){
                numbers[terms[at]], (uint32_t)(cell / FIELDS), positions[at] << FIELD_BITS | (uint32_t)(cell % FIELDS)};
    }
    return at == (uint64_t)found[TERMS].count;
}

static uint64_t
hash_row(const uint32_t *row)
{
    uint64_t hash = 0;
    for (int i = 0; i < ROW; i++) {
        hash = (hash ^ row[i]) * MULTIPLIER;
        hash ^= hash >> 29;
    }
    return hash;
}

/* Return the slot of a row, or the empty one that it may have. */
static uint32_t *
slot_of(const Grouping *grouping, const uint32_t *row)
{
    for (uint64_t slot = hash_row(row);; slot++) {
        uint32_t *place = &grouping->slots[slot & grouping->mask];
        if (!*place || !memcmp(grouping->rows.data + ROW * 4 * (size_t)(*place - 1), row, ROW * 4))
            return place;
    }
}

/* Make the slots more than twice as many as the rows. */
static int
spread_rows(Grouping *grouping)
{
    uint64_t rows = grouping->rows.size / (ROW * 4);
    if (grouping->slots && 2 * (rows + 1) <= grouping->mask)
        return 1;
    free(grouping->slots);
    grouping->mask = (grouping->mask ? 4 * (grouping->mask + 1) : 1 << 14) - 1;
    grouping->slots = calloc(grouping->mask + 1, sizeof *grouping->slots);
    for (uint32_t i = 0; grouping->slots && i < rows; i++)
        *slot_of(grouping, ITEMS(grouping->rows, uint32_t) + ROW * (size_t)i) = i + 1;
    return grouping->slots != NULL;
}

/* Return the number of the row that says in which fields a posting is, how often, and how long they are. */
static uint32_t
number_of_row(Grouping *grouping, const Occurrence *first, uint32_t count)
{
    const uint32_t *lengths = U32(grouping->found[LENGTHS]) + FIELDS * (uint64_t)first->doc;
    uint32_t row[ROW] = {0};
    for (uint32_t i = 0; i < count; i++)
        row[FIELD(first + i)]++;
    for (int field = 0; field < FIELDS; field++)
        row[FIELDS + field] = row[field] ? lengths[field] : 0;
    if (!spread_rows(grouping)) {
        grouping->is_full = 1;
        return 0;
    }
    uint32_t *slot = slot_of(grouping, row);
    if (!*slot) {
        grouping->is_full |= !PUSH(&grouping->rows, row);
        *slot = (uint32_t)(grouping->rows.size / sizeof row);
    }
    return SIMPLE + *slot - 1;
}

/* Return the number that says all of a posting. */
static uint32_t
code_of(Grouping *grouping, const Occurrence *first, uint32_t count)
{
    uint32_t field = FIELD(first), is_simple = count <= MAX_FREQUENCY;
    uint32_t length = U32(grouping->found[LENGTHS])[FIELDS * (uint64_t)first->doc + field];
    for (uint32_t i = 1; i < count && is_simple; i++)
        is_simple = FIELD(first + i) == field;
    if (is_simple && length <= MAX_LENGTH)
        return (field * MAX_FREQUENCY + count - 1) * MAX_LENGTH + length - 1;
    return number_of_row(grouping, first, count);
}

static void
note_mixed(Grouping *grouping, const Occurrence *first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t mixed[5] = {first[i].term, grouping->postings, first[i].doc, FIELD(first + i),
                             first[i].place >> FIELD_BITS};
        grouping->is_full |= !PUSH(&grouping->mixed, mixed);
    }
}

/* Write down the positions of some occurrences; return the tag that they share. */
static uint8_t
write_positions(const Grouping *grouping, uint32_t at, uint32_t count)
{
    const Occurrence *first = grouping->sorted + at;
    const Array *places = &grouping->made[PLACES];
    const uint8_t *tags = U8(grouping->words[TAGS]);
    uint8_t tag = tags[first->term];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t position = first[i].place >> FIELD_BITS;
        tag = tags[first[i].term] == tag ? tag : MIXED;
        if (places->width == 1)
            U8(*places)[at + i] = (uint8_t)position;
        else if (places->width == 2)
            U16(*places)[at + i] = (uint16_t)position;
        else
            U32(*places)[at + i] = position;
    }
    return tag;
}

/* Make a posting of some occurrences of one stem, of which *at* come before. */
static void
make_posting(Grouping *grouping, uint32_t at, uint32_t count, int is_tagged)
{
    const Occurrence *first = grouping->sorted + at;
    Array *made = grouping->made;
    uint32_t posting = grouping->postings;
    uint8_t tag = write_positions(grouping, at, count);
    if (posting % BLOCK == 0)
        U32(made[BLOCKS])[posting / BLOCK] = at;
    U16(made[DOCS])[posting] = (uint16_t)first->doc;
    U32(made[CODES])[posting] = code_of(grouping, first, count);
    if (is_tagged)
        U8(made[POSTING_TAGS])[grouping->tagged++] = tag;
    if (tag == MIXED)
        note_mixed(grouping, first, count);
    grouping->postings++;
}

/* Make the postings of the occurrences of one stem. */
static void
make_postings(Grouping *grouping, uint32_t stem, uint32_t at, uint32_t end)
{
    const Occurrence *sorted = grouping->sorted;
    uint32_t *bounds = U32(grouping->made[BOUNDS]) + (uint64_t)stem * grouping->halves, half = 0;
    int is_tagged = U8(grouping->words[FORMS])[stem] != 0;
    U32(grouping->made[TAG_BOUNDS])[stem] = grouping->tagged;
    for (uint32_t next = at; at < end; at = next) {
        uint32_t doc = sorted[at].doc;
        while (half <= doc >> HALF)
            bounds[half++] = grouping->postings;
        while (next < end && sorted[next].doc == doc)
            next++;
        make_posting(grouping, at, next - at, is_tagged);
    }
    while (half < grouping->halves)
        bounds[half++] = grouping->postings;
}

static int
make_all(Grouping *grouping)
{
    uint32_t first = 0, stems = (uint32_t)grouping->firsts.count;
    if (!grouping->sorted || !count_stems(grouping) || !sort_by_stem(grouping))
        return 0;
    for (uint32_t stem = 0; stem < stems && !grouping->is_full; stem++) {
        uint32_t end = U32(grouping->firsts)[stem];
        make_postings(grouping, stem, first, end);
        first = end;
    }
    U32(grouping->made[BOUNDS])[(uint64_t)stems * grouping->halves] = grouping->postings;
    U32(grouping->made[TAG_BOUNDS])[stems] = grouping->tagged;
    U32(grouping->made[BLOCKS])[(grouping->postings + BLOCK - 1) / BLOCK] = first;
    return !grouping->is_full;
}

PyObject *
group(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Grouping grouping = {0};
    grouping.halves = (uint32_t)PyLong_AsUnsignedLong(args[4]);
    if (PyErr_Occurred() || !borrow_all(&held, args[0], grouping.found, "444", PyBUF_SIMPLE) ||
        !borrow_all(&held, args[1], grouping.words, "4411", PyBUF_SIMPLE) ||
        !hold(&held, args[2], &grouping.firsts, PyBUF_WRITABLE) || grouping.firsts.width != 4 ||
        !borrow_all(&held, args[3], grouping.made, "424414*", PyBUF_WRITABLE) || !is_roomy(&grouping))
        return let_go(&held, NULL);
    PyThreadState *thread = PyEval_SaveThread();
    grouping.sorted = malloc(((size_t)grouping.found[TERMS].count + 1) * sizeof(Occurrence));
    int is_made = make_all(&grouping), is_full = !grouping.sorted || grouping.is_full;
    free(grouping.sorted);
    free(grouping.slots);
    PyEval_RestoreThread(thread);
    PyObject *result = NULL;
    if (is_full)
        PyErr_NoMemory();
    else if (is_made)
        result = Py_BuildValue("(IINN)", grouping.postings, grouping.tagged,
                               PyBytes_FromStringAndSize(grouping.rows.data, (Py_ssize_t)grouping.rows.size),
                               PyBytes_FromStringAndSize(grouping.mixed.data, (Py_ssize_t)grouping.mixed.size));
    free(grouping.rows.data);
    free(grouping.mixed.data);
    return let_go(&held, result);
}
