/* Distinct texts by number, in the order of their arrival. */

#ifndef LEDE_NAMES_H
#define LEDE_NAMES_H

#include "arrays.h"

typedef struct {
    uint64_t at;
    uint64_t size;
} Name;

typedef struct {
    /* Where each begins in the texts, and its bytes. */
    Buffer names;
    Buffer texts;
    /* A name's number plus one below, and half of its hash above; 0 where there is none. Their number is a power of
     * two. */
    uint64_t *slots;
    uint64_t mask;
    /* Where hashing begins, so that nobody can write names that all share one slot. */
    uint64_t seed;
} Names;

#define NAMES(names) COUNT((names)->names, Name)

/* Return the number of a text plus one; 0 where it was never seen. */
uint32_t
find_name(const Names *names, const char *text, size_t size);
/* The same, with a new number for one that was never seen; 0 where there is no memory. */
uint32_t
add_name(Names *names, const char *text, size_t size);
/* Return a text by its number. */
const char *
text_of(const Names *names, uint64_t number, size_t *size);
void
free_names(Names *names);

#endif
