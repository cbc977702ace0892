#ifndef LEDE_BLAKE2B_H
#define LEDE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

/* Return the hash of some bytes; its own eight bytes are those of the number, the lowest first. */
uint64_t
blake2b(const char *data, size_t size);

#endif
