/* Where the words of a query are in the titles and excerpts of hits. */

#include "marks.h"
#include "patterns.h"
#include <stdlib.h>

/* As many as are taken in one call; more are looked for in NumPy. */
#define MAX_WORDS 64
#define MAX_TERMS 64
/* Bits of a span that are the size of its term. */
#define SIZE_BITS 5

/* All forms of a stem, in both texts or in one. */
typedef struct {
    Array bounds;
    long field;
} Word;

/* Terms that follow one another, with so many others in between. */
typedef struct {
    Array row;
    Term *terms;
    uint64_t count, slop;
    long field;
} Row;

typedef struct {
    Word words[MAX_WORDS];
    Row rows[MAX_WORDS];
    Term terms[MAX_TERMS];
    Patterns patterns;
    Py_ssize_t word_count, row_count, term_count;
    Array of[OF_SEGMENT], lengths, starts, spans;
    Py_ssize_t fields;
} Sought;

static int
no_memory(void)
{
    PyErr_NoMemory();
    return 0;
}

static int
mark_word(const Sought *sought, const Word *word, Texts *texts)
{
    Term all = {.array = &sought->of[POSITIONS]};
    uint64_t posting = posting_of(&sought->of[DOCS], &word->bounds, texts->doc);
    if (posting == UINT64_MAX)
        return 1;
    if (!find_positions(sought->of, posting, &all.cursor, &all.place, &all.count))
        return 0;
    mark_places(&all, word->field, texts);
    return 1;
}

/* Go back from the last term's position to the nearest of each before; return the first's, or UINT64_MAX. */
static uint64_t
nearest_first(const Row *row, uint64_t position, uint64_t least)
{
    for (Py_ssize_t step = row->row.count - 2; step >= 0; step--) {
        const Term *term = &row->terms[at(&row->row, step)];
        uint64_t place = bisect(term->array, term->place, term->place + term->count, position);
        if (place == term->place || at(term->array, place - 1) < least)
            return UINT64_MAX;
        position = at(term->array, place - 1);
    }
    return position;
}

static int
mark_row(const Sought *sought, Row *row, Texts *texts)
{
    for (uint64_t i = 0; i < row->count; i++) {
        Term *term = &row->terms[i];
        term->posting = posting_of(&sought->of[DOCS], &term->bounds, texts->doc);
        int found = term->posting == UINT64_MAX ? 0 : find_places(term, sought->of);
        if (found < 1)
            return found == 0;
    }
    const Term *last = &row->terms[at(&row->row, row->row.count - 1)];
    for (uint64_t i = last->place; i < last->place + last->count; i++) {
        uint64_t position = at(last->array, i), end = term_at(texts, position, row->field);
        if (end == NOWHERE)
            continue;
        uint64_t least = end < texts->firsts[1] ? 0 : texts->firsts[1] + 1;
        uint64_t first = nearest_first(row, position, least);
        if (first != UINT64_MAX && position - first <= row->slop + row->row.count - 1)
            add_run(texts, end - (position - first), end);
    }
    return 1;
}

/* Work out where the terms end; tell whether their spans say so. */
static int
find_ends(const Sought *sought, Texts *texts)
{
    uint64_t end = 0;
    for (uint64_t term = 0; term < texts->firsts[2]; term++) {
        uint64_t span = number(texts->spans, sought->spans.width, term);
        if (!span)
            return 0;
        end = (term == texts->firsts[1] ? 0 : end) + (span >> SIZE_BITS) + (span & ((1 << SIZE_BITS) - 1));
        texts->ends[term] = (uint32_t)end;
    }
    return 1;
}

/* Write the spans of a text's runs; those that touch or overlap are one. Return how many there are, -1 without memory.
 */
static int64_t
write_spans(const Sought *sought, const Texts *texts, int text, Buffer *spans)
{
    int64_t count = 0;
    uint32_t open[2] = {0, 0};
    for (uint64_t term = texts->firsts[text]; term < texts->firsts[text + 1]; term++) {
        if (texts->until[term] == NOWHERE)
            continue;
        uint32_t size = number(texts->spans, sought->spans.width, term) & ((1 << SIZE_BITS) - 1);
        uint32_t start = texts->ends[term] - size, end = texts->ends[texts->until[term]];
        if (count && start <= open[1]) {
            open[1] = end > open[1] ? end : open[1];
            continue;
        }
        if (count++ && !PUSH(spans, open))
            return -1;
        open[0] = start;
        open[1] = end;
    }
    return count && !PUSH(spans, open) ? -1 : count;
}

/* Find the texts of an article; tell whether they are within the arrays. */
static int
find_texts(const Sought *sought, uint64_t doc, Texts *texts)
{
    if (doc >= (uint64_t)(sought->lengths.count / sought->fields) || !HAS(sought->starts, doc))
        return 0;
    uint64_t start = at(&sought->starts, doc), room = sought->spans.count;
    texts->doc = doc;
    texts->firsts[0] = 0;
    texts->firsts[1] = at(&sought->lengths, doc * sought->fields);
    texts->firsts[2] = texts->firsts[1] + at(&sought->lengths, doc * sought->fields + 1);
    if (start > room || texts->firsts[1] > room || texts->firsts[2] > room - start || texts->firsts[2] >= NOWHERE)
        return 0;
    texts->spans = sought->spans.data + start * sought->spans.width;
    return 1;
}

/* Mark one article: put its spans, and how many each text has, behind the others; 0 where that fails. */
static int
mark_doc(Sought *sought, uint64_t doc, Buffer *scratch, Buffer *counts, Buffer *spans)
{
    Texts texts;
    if (!find_texts(sought, doc, &texts))
        return 0;
    uint64_t size = texts.firsts[2];
    scratch->size = 0;
    if (!make_room(scratch, (2 * size + 1) * sizeof(uint32_t)))
        return no_memory();
    texts.ends = ITEMS(*scratch, uint32_t);
    texts.until = texts.ends + size;
    memset(texts.until, 0xFF, size * sizeof(uint32_t));
    uint32_t found[2] = {NOWHERE, NOWHERE};
    if (find_ends(sought, &texts)) {
        for (Py_ssize_t i = 0; i < sought->word_count; i++)
            if (!mark_word(sought, &sought->words[i], &texts))
                return 0;
        for (Py_ssize_t i = 0; i < sought->row_count; i++)
            if (!mark_row(sought, &sought->rows[i], &texts))
                return 0;
        if (!mark_patterns(&sought->patterns, sought->of, &texts))
            return 0;
        for (int text = 0; text < 2; text++) {
            int64_t count = write_spans(sought, &texts, text, spans);
            if (count < 0)
                return no_memory();
            found[text] = (uint32_t)count;
        }
    }
    return PUSH(counts, found) || no_memory();
}

static int
read_words(PyObject *from, Sought *sought)
{
    sought->word_count = PyList_Size(from);
    if (sought->word_count < 0 || sought->word_count > MAX_WORDS)
        return 0;
    for (Py_ssize_t i = 0; i < sought->word_count; i++) {
        PyObject *pair = PyList_GetItem(from, i), *stem = PyTuple_GetItem(pair, 0);
        PyObject *field = stem ? PyTuple_GetItem(pair, 1) : NULL;
        uint64_t number = field ? PyLong_AsUnsignedLongLong(stem) : 0;
        if (PyErr_Occurred() || !find_bounds(sought->of, number, &sought->words[i].bounds))
            return 0;
        sought->words[i].field = PyLong_AsLong(field);
    }
    return !PyErr_Occurred();
}

static int
read_row_of(Held *held, PyObject *from, Sought *sought, Row *row)
{
    PyObject *parts[4];
    for (int i = 0; i < 4; i++)
        if (!(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    Py_ssize_t count = PyList_Size(parts[0]);
    row->slop = PyLong_AsUnsignedLong(parts[2]);
    row->field = PyLong_AsLong(parts[3]);
    if (PyErr_Occurred() || count > MAX_TERMS - sought->term_count || !borrow(held, parts[1], &row->row) ||
        !row->row.count)
        return 0;
    row->count = count;
    row->terms = &sought->terms[sought->term_count];
    sought->term_count += count;
    for (Py_ssize_t i = 0; i < count; i++)
        if (!read_term(sought->of, PyList_GetItem(parts[0], i), &row->terms[i]))
            return 0;
    for (Py_ssize_t i = 0; i < row->row.count; i++)
        if (at(&row->row, i) >= (uint64_t)count)
            return 0;
    return 1;
}

static int
read_sought(Held *held, PyObject *const *args, Sought *sought)
{
    sought->term_count = 0;
    if (!read_segment(held, args[3], sought->of) || !read_words(args[0], sought) ||
        !read_patterns(held, args[2], &sought->patterns))
        return 0;
    sought->row_count = PyList_Size(args[1]);
    if (sought->row_count < 0 || sought->row_count > MAX_WORDS)
        return 0;
    for (Py_ssize_t i = 0; i < sought->row_count; i++)
        if (!read_row_of(held, PyList_GetItem(args[1], i), sought, &sought->rows[i]))
            return 0;
    PyObject *parts[4];
    for (int i = 0; i < 4; i++)
        if (!(parts[i] = PyTuple_GetItem(args[4], i)))
            return 0;
    sought->fields = PyLong_AsSsize_t(parts[3]);
    return !PyErr_Occurred() && sought->fields > 1 && borrow(held, parts[0], &sought->lengths) &&
           borrow(held, parts[1], &sought->starts) && borrow(held, parts[2], &sought->spans);
}

static int
mark_docs(Sought *sought, const Array *docs, Buffer *counts, Buffer *spans)
{
    Buffer scratch = {0};
    int is_good = 1;
    for (Py_ssize_t i = 0; is_good && i < docs->count; i++)
        is_good = mark_doc(sought, WIDE(*docs)[i], &scratch, counts, spans);
    free(scratch.data);
    return is_good;
}

PyObject *
mark(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Sought *sought = malloc(sizeof(Sought));
    if (!sought)
        return PyErr_NoMemory();
    Array docs;
    Buffer counts = {0}, spans = {0};
    PyObject *found = NULL;
    if (read_sought(&held, args, sought) && borrow_wide(&held, args[5], &docs, PyBUF_SIMPLE) &&
        mark_docs(sought, &docs, &counts, &spans))
        found = Py_BuildValue("(y#y#)", counts.data ? counts.data : "", (Py_ssize_t)counts.size,
                              spans.data ? spans.data : "", (Py_ssize_t)spans.size);
    free(counts.data);
    free(spans.data);
    free(sought);
    return let_go(&held, found);
}
