/* Where terms that patterns stand for are in the texts of hits. */

#include "patterns.h"

/* Return some of an array; there must be as much. */
static Array
some_of(const Array *array, uint64_t first, uint64_t count)
{
    return (Array){array->data + first * array->width, (Py_ssize_t)count, array->width};
}

/* Find what is known of a term; tell whether it is within the arrays. */
static int
find_term(const Patterns *all, const Array *of, uint64_t number, Term *term)
{
    if (!HAS(all->stems, number) || !HAS(all->tags_of_terms, number) || !HAS(all->mixed_starts, number + 1))
        return 0;
    uint64_t stem = at(&all->stems, number);
    if (!HAS(all->tag_starts, stem + 1) || stem >= (all->bounds.count - 1) / all->halves)
        return 0;
    uint64_t tags = at(&all->tag_starts, stem), end = at(&all->tag_starts, stem + 1);
    if (tags > end || end > (uint64_t)all->tags.count)
        return 0;
    *term = (Term){.bounds = some_of(&all->bounds, stem * all->halves, all->halves + 1),
                   .tags = end > tags ? some_of(&all->tags, tags, end - tags) : (Array){0},
                   .tag = at(&all->tags_of_terms, number),
                   .mixed_first = at(&all->mixed_starts, number),
                   .mixed_end = at(&all->mixed_starts, number + 1)};
    return is_term(term, of);
}

static int
mark_pattern(const Patterns *all, const Pattern *pattern, const Array *of, Texts *texts)
{
    Term term;
    for (Py_ssize_t i = 0; i < pattern->numbers.count; i++) {
        if (!find_term(all, of, WIDE(pattern->numbers)[i], &term))
            return 0;
        term.posting = posting_of(&of[DOCS], &term.bounds, texts->doc);
        int found = term.posting == UINT64_MAX ? 0 : find_places(&term, of);
        if (found < 0)
            return 0;
        if (found)
            mark_places(&term, pattern->field, texts);
    }
    return 1;
}

int
mark_patterns(const Patterns *patterns, const Array *of, Texts *texts)
{
    for (Py_ssize_t i = 0; i < patterns->count; i++)
        if (!mark_pattern(patterns, &patterns->patterns[i], of, texts))
            return 0;
    return 1;
}

static int
read_pattern(Held *held, PyObject *from, Pattern *pattern)
{
    PyObject *numbers = PyTuple_GetItem(from, 0), *field = numbers ? PyTuple_GetItem(from, 1) : NULL;
    if (!field || !borrow_wide(held, numbers, &pattern->numbers, PyBUF_SIMPLE))
        return 0;
    pattern->field = PyLong_AsLong(field);
    return !PyErr_Occurred();
}

int
read_patterns(Held *held, PyObject *from, const Array *of, Patterns *all)
{
    PyObject *parts[8];
    Array *arrays[] = {&all->stems, &all->tags_of_terms, &all->bounds, &all->tag_starts, &all->tags, &all->mixed_starts};
    all->count = 0;
    if (from == Py_None)
        return 1;
    for (int i = 0; i < 8; i++)
        if (!(parts[i] = PyTuple_GetItem(from, i)))
            return 0;
    for (int i = 0; i < 6; i++)
        if (!borrow(held, parts[1 + i], arrays[i]))
            return 0;
    all->halves = PyLong_AsUnsignedLongLong(parts[7]);
    Py_ssize_t count = PyList_Size(parts[0]);
    if (PyErr_Occurred() || count < 0 || count > MAX_PATTERNS || !all->halves || !all->bounds.count || all->tags.width != 1)
        return 0;
    for (; all->count < count; all->count++)
        if (!read_pattern(held, PyList_GetItem(parts[0], all->count), &all->patterns[all->count]))
            return 0;
    return 1;
}
