#include "chunks.h"

#include <stdlib.h>

/* Characters of one term that are kept. */
#define MAX_TERM 64

/* For a chunk that is one plain word. */
#define ITSELF UINT32_MAX

#define CAPSULE "search._passes.chunks"

static uint32_t
count_characters(const char *text, size_t size)
{
    uint32_t count = 0;
    for (size_t i = 0; i < size; i++)
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
ask(Chunks *chunks, uint64_t number, PyObject *analyse)
{
    size_t size;
    const char *bytes = text_of(&chunks->names, number, &size);
    PyObject *text = PyUnicode_FromStringAndSize(bytes, (Py_ssize_t)size);
    PyObject *found = text ? PyObject_CallFunctionObjArgs(analyse, text, NULL) : NULL;
    Py_ssize_t count = found ? PyList_Size(found) : -1;
    int is_taken = count >= 0;
    Chunk *chunk = CHUNKS(chunks) + number;
    Token token;
    chunk->first = COUNT(chunks->tokens, Token);
    chunk->count = (uint32_t)count;
    for (Py_ssize_t i = 0; is_taken && i < count; i++)
        is_taken = take_token(PyList_GetItem(found, i), &token) && PUSH(&chunks->tokens, token);
    Py_XDECREF(found);
    Py_XDECREF(text);
    return is_taken;
}

/* Give new plain words their tokens, of which numbers and hashes are asked for together. */
static int
put_words(Chunks *chunks, const Buffer *words, PyObject *found)
{
    Py_ssize_t count = (Py_ssize_t)COUNT(*words, uint32_t);
    PyObject *terms = PyTuple_Check(found) && PyTuple_Size(found) == 2 ? PyTuple_GetItem(found, 0) : NULL;
    PyObject *hashes = terms ? PyTuple_GetItem(found, 1) : NULL;
    if (!terms || !PyBytes_Check(terms) || !PyBytes_Check(hashes) || PyBytes_Size(terms) != 4 * count ||
        PyBytes_Size(hashes) != 8 * count) {
        PyErr_SetString(PyExc_TypeError, "words must have numbers of four bytes and hashes of eight");
        return 0;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        size_t size;
        Token token = {.start = 0};
        Chunk *chunk = CHUNKS(chunks) + ITEMS(*words, uint32_t)[i];
        memcpy(&token.term, PyBytes_AsString(terms) + 4 * i, 4);
        memcpy(&token.hash, PyBytes_AsString(hashes) + 8 * i, 8);
        text_of(&chunks->names, ITEMS(*words, uint32_t)[i], &size);
        token.length = (uint32_t)size;
        chunk->first = COUNT(chunks->tokens, Token);
        chunk->count = 1;
        if (!PUSH(&chunks->tokens, token))
            return 0;
    }
    return 1;
}

/* Put the numbers and the texts of new plain words behind the others. */
static int
list_words(const Chunks *chunks, uint64_t begun, Buffer *words, PyObject *texts)
{
    for (; begun < COUNT(chunks->chunks, Chunk); begun++) {
        uint32_t number = (uint32_t)begun;
        if (CHUNKS(chunks)[number].plain != number + 1)
            continue;
        size_t size;
        const char *bytes = text_of(&chunks->names, number, &size);
        PyObject *text = PyUnicode_FromStringAndSize(bytes, (Py_ssize_t)size);
        int is_listed = text && PyList_Append(texts, text) == 0 && PUSH(words, number);
        Py_XDECREF(text);
        if (!is_listed)
            return 0;
    }
    return 1;
}

/* Find the tokens of new chunks that are plain words, all in one go. */
static int
resolve_words(Chunks *chunks, uint64_t begun, PyObject *learn)
{
    Buffer words = {0};
    PyObject *texts = PyList_New(0), *found = NULL;
    int is_right = texts && list_words(chunks, begun, &words, texts);
    if (is_right && words.size) {
        found = PyObject_CallFunctionObjArgs(learn, texts, NULL);
        is_right = found && put_words(chunks, &words, found);
    }
    Py_XDECREF(found);
    Py_XDECREF(texts);
    free(words.data);
    return is_right;
}

/* Find the tokens of another new chunk: mostly the one of a plain word, elsewhere in the text. */
static int
resolve_one(Chunks *chunks, uint64_t number, PyObject *analyse)
{
    Chunk *chunk = CHUNKS(chunks) + number;
    if (!chunk->plain)
        return ask(chunks, number, analyse);
    if (chunk->plain == number + 1)
        return 1;
    Token token = TOKENS(chunks)[CHUNKS(chunks)[chunk->plain - 1].first];
    token.start = chunk->before;
    chunk->first = COUNT(chunks->tokens, Token);
    chunk->count = 1;
    return PUSH(&chunks->tokens, token);
}

int
resolve(Chunks *chunks, uint64_t begun, PyObject *learn, PyObject *analyse)
{
    if (!resolve_words(chunks, begun, learn))
        return 0;
    for (; begun < COUNT(chunks->chunks, Chunk); begun++)
        if (!resolve_one(chunks, begun, analyse))
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
number_of(Chunks *chunks, const char *text, size_t size, uint32_t plain, uint32_t before)
{
    uint32_t number = add_name(&chunks->names, text, size);
    Chunk chunk = {.plain = plain == ITSELF ? number : plain, .before = before, .characters = count_characters(text, size)};
    if (number > COUNT(chunks->chunks, Chunk) && !PUSH(&chunks->chunks, chunk))
        return 0;
    return number;
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
    if (end - bare <= MAX_TERM && lower(bare, end - bare, word) && !(plain = number_of(chunks, word, end - bare, ITSELF, 0)))
        return 0;
    return number_of(chunks, text, size, plain, (uint32_t)(bare - text));
}

int
look_up(Chunks *chunks, const char *text, Py_ssize_t size, Buffer *numbers)
{
    for (const char *stop = text + size; text < stop;) {
        const char *blank = memchr(text, ' ', stop - text);
        Py_ssize_t length = (blank ? blank : stop) - text;
        uint32_t number = 0;
        if (length) {
            number = find_name(&chunks->names, text, length);
            if (!number && !(number = learn(chunks, text, length)))
                return 0;
        }
        if (!PUSH(numbers, number))
            return 0;
        text += length + 1;
    }
    return 1;
}

static void
free_chunks(PyObject *capsule)
{
    Chunks *chunks = PyCapsule_GetPointer(capsule, CAPSULE);
    free_names(&chunks->names);
    free(chunks->chunks.data);
    free(chunks->tokens.data);
    free(chunks);
}

Chunks *
chunks_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, CAPSULE);
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
    chunks->names.seed = seed;
    PyObject *capsule = PyCapsule_New(chunks, CAPSULE, free_chunks);
    if (!capsule)
        free(chunks);
    return capsule;
}
