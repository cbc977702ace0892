/* Texts to the terms in them. What lies between blanks, a chunk, is looked up; those that are new are asked for in
 * Python, together; then the terms of all are written down. Others may have the interpreter before and after that. */

#include "arrays.h"

#include <stdlib.h>
#include <string.h>

#define MULTIPLIER 0x9E3779B97F4A7C15u
#define MAX_GAP 7
#define MAX_LENGTH 31
/* Characters of one term that are kept. */
#define MAX_TERM 64
/* Bytes of text that count as much as a chunk when it is said how much is remembered. */
#define COSTLY 64
#define FIELDS 4
/* The fields whose terms have spans: title and excerpt. */
#define SPANNED 2
#define SINKS 7
#define MAX_POSITION 0x7fffffff

typedef struct {
    uint64_t hash;
    uint32_t term;
    uint32_t start;
    uint32_t length;
} Token;

typedef struct {
    uint64_t text;
    uint64_t first;
    uint32_t size;
    uint32_t count;
    uint32_t characters;
    /* Where it is one word in another case, or beside a mark: the chunk of that plus one, and what comes before. */
    uint32_t plain;
    uint32_t before;
} Chunk;

/* Something that grows. */
typedef struct {
    void *data;
    uint64_t count;
    uint64_t room;
} List;

typedef struct {
    List chunks;
    List tokens;
    List texts;
    /* A chunk's number plus one below, and half of its hash above; 0 where there is none. Their number is a power of
     * two. */
    uint64_t *slots;
    uint64_t mask;
    uint64_t seed;
    /* Set as long as somebody is at work, and for good where that failed. */
    int is_busy;
} Chunks;

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

enum { TERM, DOC, FIELD, POSITION, SPAN, LENGTHS, TITLE };
static const Py_ssize_t widths[SINKS] = {4, 4, 1, 4, 1, 4 * FIELDS, 8};

#define CHUNKS "search._passes.chunks"

static int
grow(List *list, uint64_t more, size_t width)
{
    uint64_t wanted = list->count + more;
    if (wanted <= list->room)
        return 1;
    uint64_t room = 2 * wanted + 1024;
    void *data = realloc(list->data, room * width);
    if (!data)
        return 0;
    list->data = data;
    list->room = room;
    return 1;
}

static uint64_t
mix(uint64_t hash, uint64_t bits)
{
    hash = (hash ^ bits) * MULTIPLIER;
    return hash ^ hash >> 29;
}

static uint64_t
hash_of(const Chunks *chunks, const char *text, Py_ssize_t size)
{
    uint64_t hash = chunks->seed, bits;
    for (; size > 8; text += 8, size -= 8) {
        memcpy(&bits, text, 8);
        hash = mix(hash, bits);
    }
    bits = 0;
    memcpy(&bits, text, size);
    return mix(mix(hash, bits), (uint64_t)size);
}

/* Return the slot of a text, or the empty one that it may have. */
static uint64_t
slot_of(const Chunks *chunks, const char *text, Py_ssize_t size, uint64_t hash)
{
    const Chunk *known = chunks->chunks.data;
    for (uint64_t slot = hash & chunks->mask;; slot = (slot + 1) & chunks->mask) {
        uint64_t entry = chunks->slots[slot];
        if (!entry)
            return slot;
        const Chunk *chunk = known + ((uint32_t)entry - 1);
        if (entry >> 32 == hash >> 32 && chunk->size == (uint32_t)size &&
            !memcmp((char *)chunks->texts.data + chunk->text, text, size))
            return slot;
    }
}

/* Make the slots more than twice as many as the chunks. */
static int
spread_out(Chunks *chunks)
{
    if (chunks->slots && 2 * (chunks->chunks.count + 1) <= chunks->mask)
        return 1;
    uint64_t count = chunks->slots ? 4 * (chunks->mask + 1) : 1 << 12;
    uint64_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return 0;
    free(chunks->slots);
    chunks->slots = slots;
    chunks->mask = count - 1;
    const Chunk *known = chunks->chunks.data;
    for (uint64_t number = 0; number < chunks->chunks.count; number++) {
        const char *text = (char *)chunks->texts.data + known[number].text;
        uint64_t hash = hash_of(chunks, text, known[number].size);
        chunks->slots[slot_of(chunks, text, known[number].size, hash)] = hash >> 32 << 32 | (number + 1);
    }
    return 1;
}

static uint32_t
count_characters(const char *text, Py_ssize_t size)
{
    uint32_t count = 0;
    for (Py_ssize_t i = 0; i < size; i++)
        count += (text[i] & 0xC0) != 0x80;
    return count;
}

static int
take_token(PyObject *from, Token *token)
{
    if (!PyTuple_Check(from) || PyTuple_Size(from) != 4) {
        PyErr_SetString(PyExc_TypeError, "a token must be a tuple of four numbers");
        return 0;
    }
    token->term = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GetItem(from, 0));
    token->start = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GetItem(from, 1));
    token->length = (uint32_t)PyLong_AsUnsignedLong(PyTuple_GetItem(from, 2));
    token->hash = PyLong_AsUnsignedLongLong(PyTuple_GetItem(from, 3));
    return !PyErr_Occurred();
}

/* Put the tokens that Python finds in a chunk behind the others. */
static int
ask(Chunks *chunks, Chunk *chunk, PyObject *analyse)
{
    PyObject *text = PyUnicode_FromStringAndSize((char *)chunks->texts.data + chunk->text, chunk->size);
    PyObject *found = text ? PyObject_CallFunctionObjArgs(analyse, text, NULL) : NULL;
    Py_ssize_t count = found ? PyList_Size(found) : -1;
    int is_taken = count >= 0 && grow(&chunks->tokens, (uint64_t)count, sizeof(Token));
    Token *tokens = (Token *)chunks->tokens.data + chunks->tokens.count;
    for (Py_ssize_t i = 0; is_taken && i < count; i++)
        is_taken = take_token(PyList_GetItem(found, i), tokens + i);
    if (is_taken) {
        chunk->first = chunks->tokens.count;
        chunk->count = (uint32_t)count;
        chunks->tokens.count += (uint64_t)count;
    }
    Py_XDECREF(found);
    Py_XDECREF(text);
    return is_taken;
}

/* Find the tokens of a new chunk. */
static int
resolve(Chunks *chunks, Chunk *chunk, PyObject *analyse)
{
    const Chunk *plain = chunk->plain ? (Chunk *)chunks->chunks.data + (chunk->plain - 1) : NULL;
    if (!plain || plain->count != 1)
        return ask(chunks, chunk, analyse);
    if (!grow(&chunks->tokens, 1, sizeof(Token)))
        return 0;
    Token *tokens = chunks->tokens.data;
    chunk->first = chunks->tokens.count;
    chunk->count = 1;
    tokens[chunks->tokens.count] = tokens[plain->first];
    tokens[chunks->tokens.count++].start = chunk->before;
    return 1;
}

static int
resolve_new(Chunks *chunks, uint64_t begun, PyObject *analyse)
{
    for (; begun < chunks->chunks.count; begun++)
        if (!resolve(chunks, (Chunk *)chunks->chunks.data + begun, analyse))
            return 0;
    return 1;
}

/* Copy a word in lower case, if it is one of letters of ASCII, or of digits; return whether it is. */
static int
lower(const char *text, Py_ssize_t size, char *word)
{
    int letters = 0, digits = 0;
    for (Py_ssize_t i = 0; i < size; i++) {
        char letter = text[i] | 0x20;
        int is_letter = letter >= 'a' && letter <= 'z', is_digit = text[i] >= '0' && text[i] <= '9';
        letters |= is_letter;
        digits |= is_digit;
        if (!is_letter && !is_digit)
            return 0;
        word[i] = is_letter ? letter : text[i];
    }
    return letters + digits == 1;
}

static int
is_any(const char *marks, size_t count, char mark)
{
    return memchr(marks, mark, count) != NULL;
}

/* Return the number of a chunk plus one, a new one where it was never seen; 0 where there is no memory. */
static uint32_t
number_of(Chunks *chunks, const char *text, Py_ssize_t size, uint32_t plain, uint32_t before)
{
    uint64_t hash = hash_of(chunks, text, size), slot = slot_of(chunks, text, size, hash);
    if (chunks->slots[slot])
        return (uint32_t)chunks->slots[slot];
    if (!grow(&chunks->chunks, 1, sizeof(Chunk)) || !grow(&chunks->texts, (uint64_t)size, 1) || !spread_out(chunks))
        return 0;
    Chunk *chunk = (Chunk *)chunks->chunks.data + chunks->chunks.count;
    *chunk = (Chunk){.text = chunks->texts.count, .size = (uint32_t)size, .plain = plain, .before = before,
                     .characters = count_characters(text, size)};
    memcpy((char *)chunks->texts.data + chunks->texts.count, text, size);
    chunks->texts.count += size;
    chunks->slots[slot_of(chunks, text, size, hash)] = hash >> 32 << 32 | ++chunks->chunks.count;
    return (uint32_t)chunks->chunks.count;
}

/* The same for one that is new: mostly a known word in another case, or beside a mark. */
static uint32_t
learn(Chunks *chunks, const char *text, Py_ssize_t size)
{
    const char *bare = text, *end = text + size;
    char word[MAX_TERM];
    uint32_t plain = 0;
    while (bare < end && is_any("(\"", 2, *bare))
        bare++;
    while (end > bare && is_any(".,;:!?)\"", 8, end[-1]))
        end--;
    if (end - bare <= MAX_TERM && lower(bare, end - bare, word) && !(plain = number_of(chunks, word, end - bare, 0, 0)))
        return 0;
    return number_of(chunks, text, size, plain, (uint32_t)(bare - text));
}

/* Write down the numbers of the chunks of a text, each plus one; 0 stands for nothing between two blanks. */
static int
look_up(Chunks *chunks, const char *text, Py_ssize_t size, List *numbers)
{
    for (const char *stop = text + size; text < stop;) {
        const char *blank = memchr(text, ' ', stop - text);
        Py_ssize_t length = (blank ? blank : stop) - text;
        uint32_t number = 0;
        if (length) {
            number = (uint32_t)chunks->slots[slot_of(chunks, text, length, hash_of(chunks, text, length))];
            if (!number && !(number = learn(chunks, text, length)))
                return 0;
        }
        if (!grow(numbers, 1, sizeof number))
            return 0;
        ((uint32_t *)numbers->data)[numbers->count++] = number;
        text += length + 1;
    }
    return 1;
}

static uint8_t
span_of(uint64_t start, uint64_t length, uint64_t end)
{
    return start >= end && start - end <= MAX_GAP && length <= MAX_LENGTH ? (uint8_t)((start - end) << 5 | length) : 0;
}

/* What is being written down: of which article and field, how many characters come before, where the last term ended,
 * and the hash of all terms. */
typedef struct {
    uint32_t doc;
    uint8_t field;
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
    const Token *token = (Token *)chunks->tokens.data + chunk->first;
    for (uint32_t i = 0; i < chunk->count; i++, token++) {
        uint64_t start = text->at + token->start, place = found->terms++;
        AT(found, TERM, uint32_t)[place] = token->term;
        AT(found, DOC, uint32_t)[place] = text->doc;
        AT(found, FIELD, uint8_t)[place] = text->field;
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
        const Chunk *chunk = (Chunk *)chunks->chunks.data + (*number - 1);
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
look_up_all(Chunks *chunks, const Texts *texts, List *numbers)
{
    for (Py_ssize_t i = 0; i < texts->count; i++) {
        uint64_t before = numbers->count;
        if (!look_up(chunks, texts->data[i], texts->sizes[i], numbers))
            return 0;
        texts->chunks[i] = (Py_ssize_t)(numbers->count - before);
    }
    return 1;
}

static int
write_all(const Chunks *chunks, const Texts *texts, Found *found, const uint32_t *number, uint32_t first)
{
    Py_ssize_t next = 0;
    for (Py_ssize_t i = 0; i < texts->articles; i++) {
        uint32_t *lengths = AT(found, LENGTHS, uint32_t) + FIELDS * i;
        memset(lengths, 0, FIELDS * sizeof *lengths);
        AT(found, TITLE, uint64_t)[i] = found->position = 0;
        for (Py_ssize_t j = 0; j < texts->counts[i]; j++, next++) {
            Text text = {.doc = first + (uint32_t)i, .field = j < FIELDS - 1 ? (uint8_t)j : FIELDS - 1, .power = 1};
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
cut_texts(Chunks *chunks, const Texts *texts, PyObject *analyse, uint32_t first, Found *found)
{
    List numbers = {0};
    uint64_t begun = chunks->chunks.count;
    PyThreadState *thread = PyEval_SaveThread();
    int is_right = spread_out(chunks) && grow(&numbers, 1, sizeof(uint32_t)) && look_up_all(chunks, texts, &numbers);
    PyEval_RestoreThread(thread);
    is_right = is_right && resolve_new(chunks, begun, analyse);
    thread = PyEval_SaveThread();
    is_right = is_right && write_all(chunks, texts, found, numbers.data, first);
    PyEval_RestoreThread(thread);
    free(numbers.data);
    return is_right;
}

static int
cut_all(Chunks *chunks, PyObject *articles, PyObject *analyse, uint32_t first, Found *found)
{
    Texts texts = {0};
    int is_cut = 0;
    if (take_texts(&texts, articles)) {
        uint64_t many = found->room = texts.bytes, count = (uint64_t)texts.articles;
        uint64_t wanted[SINKS] = {many, many, many, many, many, count, count};
        if (resize(found, wanted)) {
            chunks->is_busy = 1;
            is_cut = cut_texts(chunks, &texts, analyse, first, found);
            chunks->is_busy = !is_cut;
            many = found->terms;
            uint64_t used[SINKS] = {many, many, many, many, found->spans, count, count};
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
    Chunks *chunks = PyCapsule_GetPointer(args[0], CHUNKS);
    unsigned long first = PyLong_AsUnsignedLong(args[2]);
    Found found = {0};
    if (PyErr_Occurred())
        return NULL;
    if (!PyList_Check(args[1]) || !take_sinks(&found, args[4]) || chunks->is_busy)
        return PyErr_Format(PyExc_TypeError, "cut() takes free chunks, a list and a tuple of bytearrays");
    int is_cut = cut_all(chunks, args[1], args[3], (uint32_t)first, &found);
    return is_cut ? PyLong_FromUnsignedLongLong(chunks->chunks.count + chunks->texts.count / COSTLY) : NULL;
}

static void
free_chunks(PyObject *capsule)
{
    Chunks *chunks = PyCapsule_GetPointer(capsule, CHUNKS);
    free(chunks->chunks.data);
    free(chunks->tokens.data);
    free(chunks->texts.data);
    free(chunks->slots);
    free(chunks);
}

PyObject *
make_chunks(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    unsigned long long seed = PyLong_AsUnsignedLongLong(args[0]);
    if (PyErr_Occurred())
        return NULL;
    Chunks *chunks = calloc(1, sizeof *chunks);
    if (!chunks)
        return PyErr_NoMemory();
    chunks->seed = seed;
    PyObject *capsule = PyCapsule_New(chunks, CHUNKS, free_chunks);
    if (!capsule)
        free(chunks);
    return capsule;
}
