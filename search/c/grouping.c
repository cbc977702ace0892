/* Occurrences to postings: sorted by stem, and counted. */

#include "arrays.h"

#include <stdlib.h>
#include <string.h>

/* As in frequencies.py: what one small number says of a posting, and what stands for all that it cannot say. */
#define FIELDS 4
#define MAX_FREQUENCY 16
#define MAX_LENGTH 256
#define OTHER 0xffffffffu
#define MAX_POSITION 0x1fffffff

/* group(found, words, lengths, firsts, occurrences, postings) */

enum { TERMS, DOCS, IN_FIELDS, POSITIONS, LENGTHS, FOUND };
enum { NUMBERS, STEMS, TAGS, WORDS };
enum { SORTED_TERMS, SORTED_FIELDS, SORTED_POSITIONS, POSTING_STEMS, POSTING_DOCS, POSTING_TAGS, COUNTS, CODES, MADE };

typedef struct {
    uint32_t term;
    uint32_t doc;
    /* The position, and below it two bits of the field. */
    uint32_t place;
} Occurrence;

typedef struct {
    Array found[FOUND];
    Array words[WORDS];
    Array firsts;
    Array made[MADE];
    Occurrence *sorted;
} Grouping;

#define U32(array) ((uint32_t *)(array).data)
#define U8(array) ((uint8_t *)(array).data)

static int
borrow_all(Held *held, PyObject *from, Array *arrays, int count, int flags)
{
    if (!PyTuple_Check(from) || PyTuple_Size(from) != count)
        return 0;
    for (int i = 0; i < count; i++)
        if (!hold(held, PyTuple_GetItem(from, i), arrays + i, flags))
            return 0;
    return 1;
}

static int
are_wide(const Array *arrays, int count, const char *wanted)
{
    for (int i = 0; i < count; i++)
        if (arrays[i].width != wanted[i] - '0')
            return 0;
    return 1;
}

static int
is_fit(const Grouping *grouping)
{
    const Array *found = grouping->found;
    Py_ssize_t count = found[TERMS].count;
    if (!are_wide(found, FOUND, "44144") || !are_wide(grouping->words, WORDS, "441") || grouping->firsts.width != 4 ||
        !are_wide(grouping->made, MADE, "41444144"))
        return 0;
    for (int i = DOCS; i <= POSITIONS; i++)
        if (found[i].count != count)
            return 0;
    for (int i = 0; i < MADE; i++)
        if (grouping->made[i].count < count)
            return 0;
    return grouping->words[STEMS].count == grouping->words[NUMBERS].count && count < OTHER;
}

/* Count the occurrences of each stem, and turn that to where they begin; return whether all are what they may be. */
static int
count_stems(Grouping *grouping)
{
    const Array *found = grouping->found, *words = grouping->words;
    uint32_t *firsts = U32(grouping->firsts), total = 0;
    memset(firsts, 0, (size_t)grouping->firsts.count * 4);
    for (Py_ssize_t i = 0; i < found[TERMS].count; i++) {
        uint32_t term = U32(found[TERMS])[i];
        if (!HAS(words[STEMS], term) || !HAS(grouping->firsts, U32(words[STEMS])[term]) ||
            !HAS(words[TAGS], U32(words[NUMBERS])[term]) ||
            U8(found[IN_FIELDS])[i] >= FIELDS || U32(found[POSITIONS])[i] > MAX_POSITION ||
            !HAS(found[LENGTHS], FIELDS * (uint64_t)U32(found[DOCS])[i] + FIELDS - 1))
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

/* Put every occurrence where its stem's are; *firsts* are then where they end. */
static void
sort_by_stem(Grouping *grouping)
{
    const Array *found = grouping->found, *words = grouping->words;
    const uint32_t *terms = U32(found[TERMS]), *docs = U32(found[DOCS]), *positions = U32(found[POSITIONS]);
    const uint32_t *numbers = U32(words[NUMBERS]), *stems = U32(words[STEMS]);
    const uint8_t *fields = U8(found[IN_FIELDS]);
    uint32_t *next = U32(grouping->firsts);
    for (Py_ssize_t i = 0; i < found[TERMS].count; i++)
        grouping->sorted[next[stems[terms[i]]]++] =
            (Occurrence){numbers[terms[i]], docs[i], positions[i] << 2 | fields[i]};
}

/* Return the number that says in which field a posting is, how often, and how long the field is. */
static uint32_t
code_of(const Grouping *grouping, const Occurrence *first, uint32_t count)
{
    uint32_t field = first->place & 3;
    uint32_t length = U32(grouping->found[LENGTHS])[FIELDS * (uint64_t)first->doc + field];
    for (uint32_t i = 1; i < count; i++)
        if ((first[i].place & 3) != field)
            return OTHER;
    if (count > MAX_FREQUENCY || length > MAX_LENGTH || !length)
        return OTHER;
    return (field * MAX_FREQUENCY + count - 1) * MAX_LENGTH + length - 1;
}

/* Make the postings of the occurrences of one stem; return how many there are then. */
static uint64_t
make_postings(Grouping *grouping, uint32_t stem, uint32_t first, uint32_t end, uint64_t made)
{
    const Array *into = grouping->made;
    const Occurrence *sorted = grouping->sorted;
    const uint8_t *tags = U8(grouping->words[TAGS]);
    for (uint32_t at = first; at < end; made++) {
        uint32_t doc = sorted[at].doc, begun = at;
        uint8_t tag = tags[sorted[at].term];
        for (; at < end && sorted[at].doc == doc; at++) {
            U32(into[SORTED_TERMS])[at] = sorted[at].term;
            U8(into[SORTED_FIELDS])[at] = sorted[at].place & 3;
            U32(into[SORTED_POSITIONS])[at] = sorted[at].place >> 2;
            tag = tags[sorted[at].term] == tag ? tag : MIXED;
        }
        U32(into[POSTING_STEMS])[made] = stem;
        U32(into[POSTING_DOCS])[made] = doc;
        U8(into[POSTING_TAGS])[made] = tag;
        U32(into[COUNTS])[made] = at - begun;
        U32(into[CODES])[made] = code_of(grouping, sorted + begun, at - begun);
    }
    return made;
}

static uint64_t
make_all(Grouping *grouping)
{
    uint64_t made = 0;
    uint32_t first = 0;
    sort_by_stem(grouping);
    for (Py_ssize_t stem = 0; stem < grouping->firsts.count; stem++) {
        uint32_t end = U32(grouping->firsts)[stem];
        made = make_postings(grouping, (uint32_t)stem, first, end, made);
        first = end;
    }
    return made;
}

PyObject *
group(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Grouping grouping;
    if (!borrow_all(&held, args[0], grouping.found, FOUND, PyBUF_SIMPLE) ||
        !borrow_all(&held, args[1], grouping.words, WORDS, PyBUF_SIMPLE) ||
        !hold(&held, args[2], &grouping.firsts, PyBUF_WRITABLE) ||
        !borrow_all(&held, args[3], grouping.made, MADE, PyBUF_WRITABLE) || !is_fit(&grouping))
        return let_go(&held, NULL);
    uint64_t made = 0;
    int is_right;
    PyThreadState *thread = PyEval_SaveThread();
    grouping.sorted = malloc(((size_t)grouping.found[TERMS].count + 1) * sizeof(Occurrence));
    is_right = grouping.sorted && count_stems(&grouping);
    if (is_right)
        made = make_all(&grouping);
    free(grouping.sorted);
    PyEval_RestoreThread(thread);
    return let_go(&held, is_right ? PyLong_FromUnsignedLongLong(made) : NULL);
}
