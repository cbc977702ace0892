/* Lines of JSON to the records of articles, for lines that hold nothing unusual: the short way of search/lines.py.
 *
 * A record is the list of an article's fields as JSON, as records.py writes it. A line is left to Python unless all of
 * it is understood here: its keys are there once, its texts need no more than simple cleaning, its URLs no second look,
 * and what is not read is JSON. Nothing here is the last word on what is wrong with a line. */

#include "articles.h"
#include "kept.h"

#include <stdlib.h>

/* As in files.py; what is longer is left to Python, which refuses it. */
#define MAX_LINE (1 << 20)

typedef struct {
    Kept kept;
    /* Of each seed its line, the place of its article, how many it is related to, and 0: it takes nothing away; the
     * places of these. */
    Buffer seeds;
    Buffer related;
    /* The same as search/packs.py writes it: in JSON, line and place counted from those of the seed before. */
    Buffer rows;
    uint32_t last_line;
    uint32_t last_place;
    /* The keys of seeds that are not read, with an end of a line behind each. */
    Buffer unread;
    /* The number of each line that is left, where it begins and ends. */
    Buffer others;
} Lines;

/* Write the records of all that a seed is related to; return how many, -1 where one cannot be written. */
static int64_t
add_related(Lines *lines, Span list)
{
    Span item, values[KEYS];
    Unread unread;
    int64_t count = 0;
    int is_more = 0;
    while (!is_null(&list) && (is_more = take_item(&list, &item)) > 0) {
        if (is_null(&item))
            continue;
        if (!take_object(&item, keys, KEYS, values, &unread, MAX_UNREAD_DEPTH) || values[RELATED].at ||
            values[REMOVED].at)
            return -1;
        int64_t place = add_record(&lines->kept, values, 0);
        if (place < 0)
            return -1;
        uint32_t number = (uint32_t)place;
        if (!PUSH(&lines->related, number)) {
            lines->kept.is_full = 1;
            return -1;
        }
        count++;
    }
    return is_more == 0 ? count : -1;
}

static void
put_difference(Buffer *out, int64_t difference)
{
    if (difference < 0)
        PUT(out, "-");
    put_number(out, difference < 0 ? -difference : difference);
}

/* Write the row of a seed, which is related to the last so many. */
static int
add_row(Lines *lines, const uint32_t *seed)
{
    Buffer *rows = &lines->rows;
    const uint32_t *related = ITEMS(lines->related, uint32_t) + COUNT(lines->related, uint32_t) - seed[2];
    if (!make_room(rows, 64 + 12 * (size_t)seed[2]))
        return 0;
    if (rows->size)
        PUT(rows, ",");
    PUT(rows, "[");
    put_difference(rows, (int64_t)seed[0] - lines->last_line);
    PUT(rows, ",");
    put_difference(rows, (int64_t)seed[1] - lines->last_place);
    for (uint32_t i = 0; i < seed[2]; i++) {
        put(rows, i ? "," : ",[", i ? 1 : 2);
        put_number(rows, related[i]);
    }
    if (seed[2])
        PUT(rows, "],false");
    PUT(rows, "]");
    lines->last_line = seed[0];
    lines->last_place = seed[1];
    return 1;
}

static int
add_unread(Lines *lines, const Unread *unread)
{
    for (int i = 0; i < unread->count; i++) {
        size_t size = unread->keys[i].end - unread->keys[i].at;
        if (!make_room(&lines->unread, size + 1))
            return 0;
        put(&lines->unread, unread->keys[i].at, size);
        PUT(&lines->unread, "\n");
    }
    return 1;
}

/* Write what is in a line; return whether that could be done here. */
static int
add_seed(Lines *lines, Span line, uint32_t number)
{
    Span values[KEYS];
    Unread unread;
    if (!take_object(&line, keys, KEYS, values, &unread, MAX_UNREAD_DEPTH))
        return 0;
    skip_blanks(&line);
    if (line.at != line.end || !(is_null(&values[REMOVED]) || is_text(&values[REMOVED], "false")))
        return 0;
    int64_t own = add_record(&lines->kept, values, 1), related = own < 0 ? -1 : add_related(lines, values[RELATED]);
    if (related < 0)
        return 0;
    uint32_t seed[4] = {number, (uint32_t)own, (uint32_t)related, 0};
    lines->kept.is_full |= !PUSH(&lines->seeds, seed) || !add_row(lines, seed) || !add_unread(lines, &unread);
    return 1;
}

static int
is_blank(Span line)
{
    skip_blanks(&line);
    return line.at == line.end;
}

/* Read a line, or note that it is left; return whether there was memory for it. */
static int
read_line(Lines *lines, Span line, uint32_t number, const char *content)
{
    size_t size = line.end - line.at;
    Lines before = *lines;
    begin_line(&lines->kept);
    /* A record takes its article's text, its host once more, and fewer bytes besides than no article can do without. */
    if (!make_room(&lines->kept.records, 4 * size + 512))
        return 0;
    if (size <= MAX_LINE && add_seed(lines, line, number))
        return !lines->kept.is_full;
    uint32_t other[3] = {number, (uint32_t)(line.at - content), (uint32_t)(line.end - content)};
    lines->related.size = before.related.size;
    return take_back(&lines->kept, &before.kept) && !lines->kept.is_full && PUSH(&lines->others, other);
}

static int
read_all(Lines *lines, const char *content, size_t size)
{
    const char *end = content + size;
    uint32_t number = 0;
    for (Span line = {content, NULL}; line.at < end; line.at = line.end + 1) {
        line.end = memchr(line.at, '\n', end - line.at);
        line.end = line.end ? line.end : end;
        number++;
        if (!is_blank(line) && !read_line(lines, line, number, content))
            return 0;
    }
    return 1;
}

static PyObject *
bytes_of(const Buffer *out)
{
    return PyBytes_FromStringAndSize(out->data, (Py_ssize_t)out->size);
}

PyObject *
read_lines(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    char *content;
    Py_ssize_t size;
    Lines lines = {0};
    PyObject *result = NULL;
    if (PyBytes_AsStringAndSize(args[0], &content, &size) < 0)
        return NULL;
    if (size >= UINT32_MAX / 8)
        return PyErr_Format(PyExc_ValueError, "too much content");
    PyThreadState *thread = PyEval_SaveThread();
    int is_read = read_all(&lines, content, (size_t)size);
    PyEval_RestoreThread(thread);
    const Kept *kept = &lines.kept;
    if (is_read)
        result = Py_BuildValue("(NNNNNNNNNN)", bytes_of(&kept->records), bytes_of(&kept->starts), bytes_of(&kept->ids),
                               bytes_of(&kept->ages), bytes_of(&kept->marks), bytes_of(&lines.rows),
                               bytes_of(&lines.seeds), bytes_of(&lines.related), bytes_of(&lines.others),
                               bytes_of(&lines.unread));
    else
        PyErr_NoMemory();
    Buffer *const all[] = {&lines.seeds, &lines.related, &lines.rows, &lines.others, &lines.unread};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->data);
    free_kept(&lines.kept);
    return result;
}

