/* Where terms that patterns stand for are in the texts of hits. */

#include "patterns.h"

static int
mark_pattern(const Pattern *pattern, const Array *of, Texts *texts)
{
    Term term;
    for (Py_ssize_t i = 0; i < pattern->numbers.count; i++) {
        if (!find_term(of, WIDE(pattern->numbers)[i], &term))
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
        if (!mark_pattern(&patterns->patterns[i], of, texts))
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
read_patterns(Held *held, PyObject *from, Patterns *all)
{
    Py_ssize_t count = PyList_Size(from);
    if (count < 0 || count > MAX_PATTERNS)
        return 0;
    for (all->count = 0; all->count < count; all->count++)
        if (!read_pattern(held, PyList_GetItem(from, all->count), &all->patterns[all->count]))
            return 0;
    return 1;
}
