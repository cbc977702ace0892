#include "names.h"

#include <stdlib.h>

#define MULTIPLIER 0x9E3779B97F4A7C15u

static uint64_t
mix(uint64_t hash, uint64_t bits)
{
    hash = (hash ^ bits) * MULTIPLIER;
    return hash ^ hash >> 29;
}

static uint64_t
hash_of(const Names *names, const char *text, size_t size)
{
    uint64_t hash = names->seed, bits;
    size_t left = size;
    for (; left > 8; text += 8, left -= 8) {
        memcpy(&bits, text, 8);
        hash = mix(hash, bits);
    }
    bits = 0;
    memcpy(&bits, text, left);
    return mix(mix(hash, bits), size);
}

const char *
text_of(const Names *names, uint64_t number, size_t *size)
{
    const Name *name = ITEMS(names->names, Name) + number;
    *size = name->size;
    return names->texts.data + name->at;
}

/* Return the slot of a text, or the empty one that it may have. */
static uint64_t *
slot_of(const Names *names, const char *text, size_t size, uint64_t hash)
{
    for (uint64_t slot = hash;; slot++) {
        uint64_t *entry = &names->slots[slot & names->mask];
        if (!*entry)
            return entry;
        if (*entry >> 32 != hash >> 32)
            continue;
        size_t own;
        const char *known = text_of(names, (uint32_t)*entry - 1, &own);
        if (own == size && !memcmp(known, text, size))
            return entry;
    }
}

/* Make the slots more than twice as many as the names. */
static int
spread_names(Names *names)
{
    if (names->slots && 2 * (NAMES(names) + 1) <= names->mask)
        return 1;
    uint64_t count = names->slots ? 4 * (names->mask + 1) : 1 << 12;
    uint64_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return 0;
    free(names->slots);
    names->slots = slots;
    names->mask = count - 1;
    for (uint64_t number = 0; number < NAMES(names); number++) {
        size_t size;
        const char *text = text_of(names, number, &size);
        uint64_t hash = hash_of(names, text, size);
        *slot_of(names, text, size, hash) = hash >> 32 << 32 | (number + 1);
    }
    return 1;
}

uint32_t
find_name(const Names *names, const char *text, size_t size)
{
    return names->slots ? (uint32_t)*slot_of(names, text, size, hash_of(names, text, size)) : 0;
}

uint32_t
add_name(Names *names, const char *text, size_t size)
{
    uint32_t found = find_name(names, text, size);
    Name name = {names->texts.size, size};
    if (found)
        return found;
    if (NAMES(names) >= UINT32_MAX - 1 || !spread_names(names) || !make_room(&names->texts, size) ||
        !PUSH(&names->names, name))
        return 0;
    put(&names->texts, text, size);
    uint64_t hash = hash_of(names, text, size), number = NAMES(names);
    *slot_of(names, text, size, hash) = hash >> 32 << 32 | number;
    return (uint32_t)number;
}

void
free_names(Names *names)
{
    free(names->names.data);
    free(names->texts.data);
    free(names->slots);
}
