/* Texts to the terms in them: their chunks are looked up; those that are new are asked for in Python, together; then the
 * terms of all are written down. Others may have the interpreter before and after that. */

#include "chunks.h"

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
write_text(const Chunks *chunks, Found *found, const uint32_t *number, Py_ssize_t count, Text *text)
{
    for (; count > 0; count--, number++, text->at++) {
        if (!*number)
            continue;
        const Chunk *chunk = CHUNKS(chunks) + (*number - 1);
        if (found->terms + chunk->count > found->room)
            return NULL;
        write_chunk(chunks, chunk, found, text);
    }
    return number;
}

/* The texts of some articles, in UTF-8. */
typedef struct {
    PyObject **texts;
    const char **data;
    Py_ssize_t *sizes;
    /* Of its chunks, once they are looked up. */
    Py_ssize_t *chunks;
    Py_ssize_t *counts;
    Py_ssize_t articles;
    Py_ssize_t count;
    uint64_t bytes;
} Texts;

static void
free_texts(Texts *texts)
{
    for (Py_ssize_t i = 0; i < texts->count; i++)
        Py_DECREF(texts->texts[i]);
    free(texts->texts);
    free(texts->data);
    free(texts->sizes);
    free(texts->chunks);
    free(texts->counts);
}

static int
count_texts(Texts *texts, PyObject *articles)
{
    Py_ssize_t count = 0;
    texts->articles = PyList_Size(articles);
    texts->counts = calloc(texts->articles + 1, sizeof *texts->counts);
    for (Py_ssize_t i = 0; texts->counts && i < texts->articles; i++) {
        texts->counts[i] = PyTuple_Size(PyList_GetItem(articles, i));
        if (texts->counts[i] < 0)
            return 0;
        count += texts->counts[i];
    }
    texts->texts = calloc(count + 1, sizeof *texts->texts);
    texts->data = calloc(count + 1, sizeof *texts->data);
    texts->sizes = calloc(count + 1, sizeof *texts->sizes);
    texts->chunks = calloc(count + 1, sizeof *texts->chunks);
    if (!texts->counts || !texts->texts || !texts->data || !texts->sizes || !texts->chunks)
        PyErr_NoMemory();
    return !PyErr_Occurred();
}

static int
take_texts(Texts *texts, PyObject *articles)
{
    if (!count_texts(texts, articles))
        return 0;
    for (Py_ssize_t i = 0; i < texts->articles; i++)
        for (Py_ssize_t j = 0; j < texts->counts[i]; j++) {
            PyObject *text = PyTuple_GetItem(PyList_GetItem(articles, i), j);
            text = text ? PyUnicode_AsUTF8String(text) : NULL;
            if (!text)
                return 0;
            texts->texts[texts->count] = text;
            texts->data[texts->count] = PyBytes_AsString(text);
            texts->sizes[texts->count] = PyBytes_Size(text);
            texts->bytes += PyBytes_Size(text);
            texts->count++;
        }
    return 1;
}

static int
look_up_all(Chunks *chunks, const Texts *texts, Buffer *numbers)
{
    for (Py_ssize_t i = 0; i < texts->count; i++) {
        uint64_t before = COUNT(*numbers, uint32_t);
        if (!look_up(chunks, texts->data[i], texts->sizes[i], numbers))
            return 0;
        texts->chunks[i] = (Py_ssize_t)(COUNT(*numbers, uint32_t) - before);
    }
    return 1;
}

static int
write_all(const Chunks *chunks, const Texts *texts, Found *found, const uint32_t *number)
{
    Py_ssize_t next = 0;
    for (Py_ssize_t i = 0; i < texts->articles; i++) {
        uint32_t *lengths = AT(found, LENGTHS, uint32_t) + FIELDS * i;
        memset(lengths, 0, FIELDS * sizeof *lengths);
        AT(found, TITLE, uint64_t)[i] = found->position = 0;
        for (Py_ssize_t j = 0; j < texts->counts[i]; j++, next++) {
            Text text = {.field = j < FIELDS - 1 ? (int)j : FIELDS - 1, .power = 1};
            uint64_t before = found->terms;
            if (!(number = write_text(chunks, found, number, texts->chunks[next], &text)) ||
                found->position >= MAX_POSITION)
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

/* Do all of it, once the texts are there. */
static int
cut_texts(Chunks *chunks, const Texts *texts, PyObject *analyse, Found *found)
{
    Buffer numbers = {0};
    uint64_t begun = COUNT(chunks->chunks, Chunk);
    PyThreadState *thread = PyEval_SaveThread();
    int is_right = spread_chunks(chunks) && make_room(&numbers, 1) && look_up_all(chunks, texts, &numbers);
    PyEval_RestoreThread(thread);
    is_right = is_right && resolve(chunks, begun, analyse);
    thread = PyEval_SaveThread();
    is_right = is_right && write_all(chunks, texts, found, ITEMS(numbers, uint32_t));
    PyEval_RestoreThread(thread);
    free(numbers.data);
    return is_right;
}

static int
cut_all(Chunks *chunks, PyObject *articles, PyObject *analyse, Found *found)
{
    Texts texts = {0};
    int is_cut = 0;
    if (take_texts(&texts, articles)) {
        uint64_t many = found->room = texts.bytes, count = (uint64_t)texts.articles;
        uint64_t wanted[SINKS] = {many, many, many, count, count};
        if (resize(found, wanted)) {
            chunks->is_busy = 1;
            is_cut = cut_texts(chunks, &texts, analyse, found);
            chunks->is_busy = !is_cut;
            many = found->terms;
            uint64_t used[SINKS] = {many, many, found->spans, count, count};
            is_cut = resize(found, used) && is_cut;
        }
    }
    free_texts(&texts);
    if (!is_cut && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "too much text for one article, or too little memory");
    return is_cut;
}

PyObject *
cut(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Chunks *chunks = chunks_of(args[0]);
    Found found = {0};
    if (!chunks)
        return NULL;
    if (!PyList_Check(args[1]) || !take_sinks(&found, args[3]) || chunks->is_busy)
        return PyErr_Format(PyExc_TypeError, "cut() takes free chunks, a list and a tuple of bytearrays");
    int is_cut = cut_all(chunks, args[1], args[2], &found);
    return is_cut ? PyLong_FromSize_t(COUNT(chunks->chunks, Chunk) + chunks->texts.size / COSTLY) : NULL;
}
