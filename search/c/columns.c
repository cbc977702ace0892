/* Records to columns, and to articles as they are stored. */

#include "names.h"
#include "records.h"
#include "values.h"

#include <stdlib.h>

#define CAPSULE "search._passes.columns"
#define UNKNOWN (-1)
/* Bits of the flags, as in attributes.py. */
#define PUBLISHED 1
#define NOT_PUBLISHED 2
#define IMAGE 4

enum { PROVIDER, DOMAIN, CATEGORY, TYPE, CODED };
enum { IDS, AGES, QUALITIES, HEATS, FLAGS, CODES, COUNTS = CODES + CODED, TOPICS, COLUMNS };

typedef struct {
    Buffer columns[COLUMNS];
    /* Of the coded columns, and of topics. */
    Names names[CODED + 1];
    /* Room for a text without its escapes. */
    Buffer plain;
    int is_busy;
} Columns;

/* Read a whole number, which records have none of below 0. */
static int
read_mark(Span value, int32_t *mark)
{
    int64_t number;
    if (!read_number(&value, &number))
        return 0;
    *mark = number < 0 ? UNKNOWN : (int32_t)number;
    return 1;
}

static uint8_t
flags_of(const Record *record)
{
    const Span *published = &record->parts[IS_PUBLISHED];
    return (is_text(published, "true") ? PUBLISHED : is_text(published, "false") ? NOT_PUBLISHED : 0) |
           (is_text(&record->parts[PICTURE], "null") ? 0 : IMAGE);
}

/* Put the number of a text plus one behind the others, 0 for null. */
static int
add_code(Columns *columns, int names, Buffer *column, Span value)
{
    uint32_t code = 0;
    columns->plain.size = 0;
    if (!is_text(&value, "null")) {
        Span text = {NULL, NULL};
        if (make_room(&columns->plain, value.end - value.at))
            text = plain_text(value, &columns->plain);
        code = text.at ? add_name(&columns->names[names], text.at, text.end - text.at) : 0;
        if (!code)
            return 0;
    }
    return PUSH(column, code);
}

static int
add_topics(Columns *columns, Span list)
{
    Span topic;
    uint32_t count = 0;
    int is_more;
    for (; (is_more = take_item(&list, &topic)) > 0; count++)
        if (!add_code(columns, CODED, &columns->columns[TOPICS], topic))
            return 0;
    return is_more == 0 && PUSH(&columns->columns[COUNTS], count);
}

static int
add_record(Columns *columns, const Record *record)
{
    Buffer *column = columns->columns;
    const Span *parts = record->parts;
    uint64_t id;
    int64_t age;
    int32_t quality, heat;
    uint8_t flags = flags_of(record);
    return read_id(parts[ID], &id) && read_age(parts[MOMENT], &age) && read_mark(parts[MARK_OF_QUALITY], &quality) &&
           read_mark(parts[MARK_OF_HEAT], &heat) && PUSH(&column[IDS], id) && PUSH(&column[AGES], age) &&
           PUSH(&column[QUALITIES], quality) && PUSH(&column[HEATS], heat) && PUSH(&column[FLAGS], flags) &&
           add_code(columns, PROVIDER, &column[CODES + PROVIDER], record->publisher[PUBLISHER_NAME]) &&
           add_code(columns, DOMAIN, &column[CODES + DOMAIN], record->publisher[PUBLISHER_DOMAIN]) &&
           add_code(columns, CATEGORY, &column[CODES + CATEGORY], parts[SECTION]) &&
           add_code(columns, TYPE, &column[CODES + TYPE], parts[KIND]) && add_topics(columns, parts[SUBJECTS]);
}

/* Add all records; write the articles, and of each where it begins and how many bytes it has. */
static int
add_all(Columns *columns, Span list, Buffer *articles, Buffer *segments)
{
    Record record;
    int is_more;
    while ((is_more = take_record(&list, &record)) > 0) {
        uint64_t segment[2] = {articles->size, 0};
        if (!add_record(columns, &record) || !put_article(articles, &record))
            return 0;
        segment[1] = articles->size - segment[0];
        if (!PUSH(segments, segment))
            return 0;
    }
    return is_more == 0;
}

static PyObject *
bytes_of(const Buffer *buffer)
{
    return PyBytes_FromStringAndSize(buffer->data, (Py_ssize_t)buffer->size);
}

PyObject *
add_records(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Columns *columns = PyCapsule_GetPointer(args[0], CAPSULE);
    char *content;
    Py_ssize_t size;
    Buffer articles = {0}, segments = {0};
    PyObject *result = NULL;
    if (!columns || PyBytes_AsStringAndSize(args[1], &content, &size) < 0)
        return NULL;
    if (columns->is_busy)
        return PyErr_Format(PyExc_TypeError, "add_records() takes free columns");
    columns->is_busy = 1;
    PyThreadState *thread = PyEval_SaveThread();
    int is_added = add_all(columns, (Span){content, content + size}, &articles, &segments);
    PyEval_RestoreThread(thread);
    columns->is_busy = !is_added;
    if (is_added)
        result = Py_BuildValue("(NN)", bytes_of(&articles), bytes_of(&segments));
    else
        PyErr_SetString(PyExc_ValueError, "these are no records, or too many");
    free(articles.data);
    free(segments.data);
    return result;
}

/* Return the texts of names, in the order of their numbers. */
static PyObject *
list_names(const Names *names)
{
    PyObject *list = PyList_New(0);
    for (uint64_t number = 0; list && number < NAMES(names); number++) {
        size_t size;
        const char *text = text_of(names, number, &size);
        PyObject *name = PyUnicode_FromStringAndSize(text, (Py_ssize_t)size);
        if (!name || PyList_Append(list, name) < 0)
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

PyObject *
take_columns(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Columns *columns = PyCapsule_GetPointer(args[0], CAPSULE);
    if (!columns)
        return NULL;
    if (columns->is_busy)
        return PyErr_Format(PyExc_TypeError, "take_columns() takes free columns");
    PyObject *all = PyList_New(0), *one = NULL;
    for (int i = 0; all && i <= COLUMNS + CODED; i++) {
        one = i < COLUMNS ? bytes_of(&columns->columns[i]) : list_names(&columns->names[i - COLUMNS]);
        if (!one || PyList_Append(all, one) < 0)
            Py_CLEAR(all);
        Py_XDECREF(one);
    }
    return all;
}

static void
free_columns(PyObject *capsule)
{
    Columns *columns = PyCapsule_GetPointer(capsule, CAPSULE);
    for (int i = 0; i < COLUMNS; i++)
        free(columns->columns[i].data);
    for (int i = 0; i <= CODED; i++)
        free_names(&columns->names[i]);
    free(columns->plain.data);
    free(columns);
}

PyObject *
make_columns(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    unsigned long long seed = PyLong_AsUnsignedLongLong(args[0]);
    if (PyErr_Occurred())
        return NULL;
    Columns *columns = calloc(1, sizeof *columns);
    if (!columns)
        return PyErr_NoMemory();
    for (int i = 0; i <= CODED; i++)
        columns->names[i].seed = seed;
    PyObject *capsule = PyCapsule_New(columns, CAPSULE, free_columns);
    if (!capsule)
        free(columns);
    return capsule;
}
