#include "chunks.h"

#include <stdlib.h>

#define MULTIPLIER 0x9E3779B97F4A7C15u
/* Characters of one term that are kept. */
#define MAX_TERM 64

#define NAME "search._passes.chunks"

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
    const Chunk *known = CHUNKS(chunks);
    for (uint64_t slot = hash & chunks->mask;; slot = (slot + 1) & chunks->mask) {
        uint64_t entry = chunks->slots[slot];
        if (!entry)
            return slot;
        const Chunk *chunk = known + ((uint32_t)entry - 1);
        if (entry >> 32 == hash >> 32 && chunk->size == (uint32_t)size &&
            !memcmp(chunks->texts.data + chunk->text, text, size))
            return slot;
    }
}

int
spread_chunks(Chunks *chunks)
{
    if (chunks->slots && 2 * (COUNT(chunks->chunks, Chunk) + 1) <= chunks->mask)
        return 1;
    uint64_t count = chunks->slots ? 4 * (chunks->mask + 1) : 1 << 12;
    uint64_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return 0;
    free(chunks->slots);
    chunks->slots = slots;
    chunks->mask = count - 1;
    const Chunk *known = CHUNKS(chunks);
    for (uint64_t number = 0; number < COUNT(chunks->chunks, Chunk); number++) {
        const char *text = chunks->texts.data + known[number].text;
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
    PyObject *text = PyUnicode_FromStringAndSize(chunks->texts.data + chunk->text, chunk->size);
    PyObject *found = text ? PyObject_CallFunctionObjArgs(analyse, text, NULL) : NULL;
    Py_ssize_t count = found ? PyList_Size(found) : -1;
    int is_taken = count >= 0;
    Token token;
    chunk->first = COUNT(chunks->tokens, Token);
    chunk->count = (uint32_t)count;
    for (Py_ssize_t i = 0; is_taken && i < count; i++)
        is_taken = take_token(PyList_GetItem(found, i), &token) && PUSH(&chunks->tokens, token);
    Py_XDECREF(found);
    Py_XDECREF(text);
    return is_taken;
}

/* Find the tokens of a new chunk: mostly the one of a plain word, elsewhere in the text. */
static int
resolve_one(Chunks *chunks, Chunk *chunk, PyObject *analyse)
{
    const Chunk *plain = chunk->plain ? CHUNKS(chunks) + (chunk->plain - 1) : NULL;
    if (!plain || plain->count != 1)
        return ask(chunks, chunk, analyse);
    Token token = TOKENS(chunks)[plain->first];
    token.start = chunk->before;
    chunk->first = COUNT(chunks->tokens, Token);
    chunk->count = 1;
    return PUSH(&chunks->tokens, token);
}

int
resolve(Chunks *chunks, uint64_t begun, PyObject *analyse)
{
    for (; begun < COUNT(chunks->chunks, Chunk); begun++)
        if (!resolve_one(chunks, CHUNKS(chunks) + begun, analyse))
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
    Chunk chunk = {.text = chunks->texts.size, .size = (uint32_t)size, .plain = plain, .before = before,
                   .characters = count_characters(text, size)};
    if (!make_room(&chunks->texts, (size_t)size))
        return 0;
    put(&chunks->texts, text, (size_t)size);
    if (!PUSH(&chunks->chunks, chunk) || !spread_chunks(chunks))
        return 0;
    uint64_t number = COUNT(chunks->chunks, Chunk);
    chunks->slots[slot_of(chunks, text, size, hash)] = hash >> 32 << 32 | number;
    return (uint32_t)number;
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

int
look_up(Chunks *chunks, const char *text, Py_ssize_t size, Buffer *numbers)
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
        if (!PUSH(numbers, number))
            return 0;
        text += length + 1;
    }
    return 1;
}

static void
free_chunks(PyObject *capsule)
{
    Chunks *chunks = PyCapsule_GetPointer(capsule, NAME);
    free(chunks->chunks.data);
    free(chunks->tokens.data);
    free(chunks->texts.data);
    free(chunks->slots);
    free(chunks);
}

Chunks *
chunks_of(PyObject *capsule)
{
    return PyCapsule_GetPointer(capsule, NAME);
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
    PyObject *capsule = PyCapsule_New(chunks, NAME, free_chunks);
    if (!capsule)
        free(chunks);
    return capsule;
}
