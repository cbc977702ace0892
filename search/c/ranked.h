/* A heap of the best of many. */

#ifndef LEDE_RANKED_H
#define LEDE_RANKED_H

#include "arrays.h"

typedef struct {
    double key;
    uint64_t tie;
    Py_ssize_t place;
} Ranked;

static inline int
is_before(const Ranked *a, const Ranked *b)
{
    if (a->key != b->key)
        return a->key > b->key;
    return a->tie != b->tie ? a->tie < b->tie : a->place < b->place;
}

static inline int
compare_ranked(const void *a, const void *b)
{
    return is_before(a, b) ? -1 : 1;
}

/* Let the first of a heap, in which the last of the best comes first, sink to its place. */
static inline void
sink(Ranked *heap, Py_ssize_t size)
{
    Ranked moved = heap[0];
    Py_ssize_t index = 0, child;
    while ((child = 2 * index + 1) < size) {
        if (child + 1 < size && is_before(&heap[child], &heap[child + 1]))
            child++;
        if (!is_before(&moved, &heap[child]))
            break;
        heap[index] = heap[child];
        index = child;
    }
    heap[index] = moved;
}

static inline void
rise(Ranked *heap, Py_ssize_t index)
{
    Ranked moved = heap[index];
    while (index && is_before(&heap[(index - 1) / 2], &moved)) {
        heap[index] = heap[(index - 1) / 2];
        index = (index - 1) / 2;
    }
    heap[index] = moved;
}

/* Put one into a heap of the best, of which there are so many at most. */
static inline void
offer(Ranked *heap, Py_ssize_t *filled, Py_ssize_t count, Ranked one)
{
    if (*filled < count) {
        heap[*filled] = one;
        rise(heap, (*filled)++);
    }
    else if (is_before(&one, &heap[0])) {
        heap[0] = one;
        sink(heap, count);
    }
}

#endif
