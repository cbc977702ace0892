/* Chunks, which are what lies between blanks: each distinct one, and the terms in it. */

#ifndef LEDE_CHUNKS_H
#define LEDE_CHUNKS_H

#include "names.h"

typedef struct {
    uint64_t hash;
    uint32_t term;
    uint32_t start;
    uint32_t length;
} Token;

typedef struct {
    uint64_t first;
    uint32_t count;
    uint32_t characters;
    /* Where it is one plain word, maybe in another case or beside a mark: the chunk of the word plus one, which may be
     * itself, and what comes before; else 0. */
    uint32_t plain;
    uint32_t before;
} Chunk;

typedef struct {
    /* The texts of the chunks, which have their numbers. */
    Names names;
    Buffer chunks;
    Buffer tokens;
    /* Set as long as somebody is at work, and for good where that failed. */
    int is_busy;
} Chunks;

#define CHUNKS(chunks) ITEMS((chunks)->chunks, Chunk)
#define TOKENS(chunks) ITEMS((chunks)->tokens, Token)

/* Return the chunks of a capsule, NULL with an exception where it has none. */
Chunks *
chunks_of(PyObject *capsule);
/* Write down the numbers of the chunks of a text, each plus one; 0 stands for nothing between two blanks. */
int
look_up(Chunks *chunks, const char *text, Py_ssize_t size, Buffer *numbers);
/* Find the tokens of all chunks from the one with this number on: plain words are learnt together, and others analysed
 * one by one. Return whether that could be done. */
int
resolve(Chunks *chunks, uint64_t begun, PyObject *learn, PyObject *analyse);

#endif
