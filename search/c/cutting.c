/* Texts to the terms in them: their chunks are looked up; those that are new are asked for in Python, together; then the
 * terms of all are written down. Others may have the interpreter before and after that. */

#include "chunks.h"
#include "records.h"

#include <stdlib.h>

#define MULTIPLIER 0x9E3779B97F4A7C15u
#define MAX_GAP 7
#define MAX_LENGTH 31
/* Bytes of text that count as much as a chunk when it is said how much is remembered. */
#define COSTLY 64
#define FIELDS 4
/* The fields whose terms have spans: title and excerpt. */
#define SPANNED 2
#define MAX_POSITION 0x7fffffff

enum { TERM, POSITION, SPAN, LENGTHS, TITLE, SINKS };
static const Py_ssize_t widths[SINKS] = {4, 4, 1, 4 * FIELDS, 8};

/* An array that what is found goes to, with room for all of it. */
typedef struct {
    PyObject *array;
    Py_ssize_t size;
    char *data;
} Sink;

typedef struct {
    Sink sinks[SINKS];
    uint64_t room;
    uint64_t terms;
    uint64_t spans;
    uint64_t position;
} Found;

static uint8_t
span_of(uint64_t start, uint64_t length, uint64_t end)
{
    return start >= end && start - end <= MAX_GAP && length <= MAX_LENGTH ? (uint8_t)((start - end) << 5 | length) : 0;
}

/* What is being written down: of which field, how many characters come before, where the last term ended, and the hash
 * of all terms. */
typedef struct {
    int field;
    uint64_t at;
    uint64_t end;
    uint64_t power;
    uint64_t hash;
} Text;

#define AT(found, sink, type) ((type *)(found)->sinks[sink].data)

/* Put the terms of a chunk behind the others. */
static void
write_chunk(const Chunks *chunks, const Chunk *chunk, Found *found, Text *text)
{
    const Token *token = TOKENS(chunks) + chunk->first;
    for (uint32_t i = 0; i < chunk->count; i++, token++) {
        uint64_t start = text->at + token->start, place = found->terms++;
        AT(found, TERM, uint32_t)[place] = token->term;
        AT(found, POSITION, uint32_t)[place] = (uint32_t)found->position++;
        if (text->field < SPANNED)
            AT(found, SPAN, uint8_t)[found->spans++] = span_of(start, token->length, text->end);
        text->end = start + token->length;
        text->power *= MULTIPLIER;
        text->hash += token->hash * text->power;
    }
    text->at += chunk->characters;
}

/* The same for all chunks of a text; return where the numbers of the next one begin, NULL where there is no room. */
static const uint32_t *
write_text(const Chunks *chunks, Found *found, const uint32_t *number, uint32_t count, Text *text)
{
    for (; count; count--, number++, text->at++) {
        if (!*number)
            continue;
        const Chunk *chunk = CHUNKS(chunks) + (*number - 1);
        if (found->terms + chunk->count > found->room)
            return NULL;
        write_chunk(chunks, chunk, found, text);
    }
    return number;
}

/* The texts of some articles, those of topics last. */
typedef struct {
    /* What has escapes in the records, without them. */
    Buffer plain;
    Buffer spans;
    /* Texts of each article. */
    Buffer counts;
    /* Chunks of each text, once they are looked up. */
    Buffer chunks;
} Texts;

static void
free_texts(Texts *texts)
{
    free(texts->plain.data);
    free(texts->spans.data);
    free(texts->counts.data);
    free(texts->chunks.data);
}

static int
add_text(Texts *texts, Span value)
{
    Span text = plain_text(value, &texts->plain);
    return text.at && PUSH(&texts->spans, text);
}

static int
take_texts(Texts *texts, Span records)
{
    Record record;
    int is_more;
    if (!make_room(&texts->plain, records.end - records.at))
        return 0;
    while ((is_more = take_record(&records, &record)) > 0) {
        size_t before = COUNT(texts->spans, Span);
        Span topic, *topics = &record.parts[SUBJECTS];
        if (!add_text(texts, record.parts[HEADLINE]) || !add_text(texts, record.parts[SUMMARY]) ||
            !add_text(texts, record.publisher[PUBLISHER_NAME]))
            return 0;
        while ((is_more = take_item(topics, &topic)) > 0)
            if (!add_text(texts, topic))
                return 0;
        uint32_t count = (uint32_t)(COUNT(texts->spans, Span) - before);
        if (is_more < 0 || !PUSH(&texts->counts, count))
            return 0;
    }
    return is_more == 0;
}

static int
look_up_all(Chunks *chunks, Texts *texts, Buffer *numbers)
{
    const Span *text = ITEMS(texts->spans, Span), *end = text + COUNT(texts->spans, Span);
    for (; text < end; text++) {
        uint64_t before = COUNT(*numbers, uint32_t);
        if (!look_up(chunks, text->at, text->end - text->at, numbers))
            return 0;
        uint32_t count = (uint32_t)(COUNT(*numbers, uint32_t) - before);
        if (!PUSH(&texts->chunks, count))
            return 0;
    }
    return 1;
}

static int
write_all(const Chunks *chunks, const Texts *texts, Found *found, const uint32_t *number)
{
    const uint32_t *counts = ITEMS(texts->chunks, uint32_t);
    for (size_t i = 0; i < COUNT(texts->counts, uint32_t); i++) {
        uint32_t *lengths = AT(found, LENGTHS, uint32_t) + FIELDS * i, of_article = ITEMS(texts->counts, uint32_t)[i];
        memset(lengths, 0, FIELDS * sizeof *lengths);
        AT(found, TITLE, uint64_t)[i] = found->position = 0;
        for (uint32_t j = 0; j < of_article; j++) {
            Text text = {.field = j < FIELDS - 1 ? (int)j : FIELDS - 1, .power = 1};
            uint64_t before = found->terms;
            if (!(number = write_text(chunks, found, number, *counts++, &text)) || found->position >= MAX_POSITION)
                return 0;
            lengths[text.field] += (uint32_t)(found->terms - before);
            AT(found, TITLE, uint64_t)[i] += text.field ? 0 : text.hash;
            found->position++;
        }
    }
    return 1;
}

/* Make room at the end of every sink, or take away what was left of it. */
static int
resize(Found *found, const uint64_t *counts)
{
    for (int i = 0; i < SINKS; i++) {
        Sink *sink = &found->sinks[i];
        if (PyByteArray_Resize(sink->array, sink->size + (Py_ssize_t)counts[i] * widths[i]) < 0)
            return 0;
        sink->data = PyByteArray_AsString(sink->array) + sink->size;
    }
    return 1;
}

static int
take_sinks(Found *found, PyObject *sinks)
{
    if (!PyTuple_Check(sinks) || PyTuple_Size(sinks) != SINKS)
        return 0;
    for (int i = 0; i < SINKS; i++) {
        PyObject *array = PyTuple_GetItem(sinks, i);
        if (!PyByteArray_Check(array))
            return 0;
        found->sinks[i].array = array;
        found->sinks[i].size = PyByteArray_Size(array);
    }
    return 1;
}

/* Look up the texts of records, and learn what is new in them. */
static int
prepare(Chunks *chunks, Texts *texts, Span records, Buffer *numbers, PyObject *learn, PyObject *analyse)
{
    uint64_t begun = COUNT(chunks->chunks, Chunk);
    PyThreadState *thread = PyEval_SaveThread();
    int is_right = make_room(numbers, 1) && take_texts(texts, records) &&
                   look_up_all(chunks, texts, numbers);
    PyEval_RestoreThread(thread);
    return is_right && resolve(chunks, begun, learn, analyse);
}

/* Write down all terms of the texts, for which room is made first. */
static int
write_down(const Chunks *chunks, const Texts *texts, const Buffer *numbers, Found *found, uint64_t bytes)
{
    uint64_t articles = COUNT(texts->counts, uint32_t), wanted[SINKS] = {bytes, bytes, bytes, articles, articles};
    if (!resize(found, wanted))
        return 0;
    found->room = bytes;
    PyThreadState *thread = PyEval_SaveThread();
    int is_right = write_all(chunks, texts, found, ITEMS(*numbers, uint32_t));
    PyEval_RestoreThread(thread);
    uint64_t used[SINKS] = {found->terms, found->terms, found->spans, articles, articles};
    return resize(found, used) && is_right;
}

PyObject *
cut(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Chunks *chunks = chunks_of(args[0]);
    Found found = {0};
    Texts texts = {0};
    Buffer numbers = {0};
    char *content;
    Py_ssize_t size;
    if (!chunks || PyBytes_AsStringAndSize(args[1], &content, &size) < 0)
        return NULL;
    if (!take_sinks(&found, args[4]) || chunks->is_busy)
        return PyErr_Format(PyExc_TypeError, "cut() takes free chunks and a tuple of bytearrays");
    chunks->is_busy = 1;
    int is_cut = prepare(chunks, &texts, (Span){content, content + size}, &numbers, args[2], args[3]) &&
                 write_down(chunks, &texts, &numbers, &found, (uint64_t)size);
    chunks->is_busy = !is_cut;
    free_texts(&texts);
    free(numbers.data);
    if (!is_cut && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "no records, too much text for one article, or too little memory");
    return is_cut ? PyLong_FromSize_t(COUNT(chunks->chunks, Chunk) + chunks->names.texts.size / COSTLY) : NULL;
}
