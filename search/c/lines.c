/* Lines of JSON to the records of articles, for lines that hold nothing unusual: the short way of search/lines.py.
 *
 * A record is the list of an article's fields as JSON, as records.py writes it. A line is left to Python unless all of
 * it is understood here: its keys are known and there once, its texts need no cleaning, its URLs no second look. Nothing
 * here is the last word on what is wrong with a line. */

#include "articles.h"
#include "blake2b.h"
#include "records.h"

#include <stdlib.h>

/* As in files.py; what is longer is left to Python, which refuses it. */
#define MAX_LINE (1 << 20)
#define MARK 8
/* Of an article's id, with its quotation marks. */
#define ID_SIZE 18

typedef struct {
    /* The records, with commas between them, where each begins, their ids and ages as numbers, and fingerprints. */
    Buffer records;
    Buffer starts;
    Buffer ids;
    Buffer ages;
    Buffer marks;
    /* Of each seed its line, the place of its article, how many it is related to, and 0: it takes nothing away; the
     * places of these. */
    Buffer seeds;
    Buffer related;
    /* The same as search/packs.py writes it: in JSON, line and place counted from those of the seed before. */
    Buffer rows;
    uint32_t last_line;
    uint32_t last_place;
    /* The number of each line that is left, where it begins and ends. */
    Buffer others;
    /* The place of each record plus one, by its fingerprint; their number is a power of two. */
    uint32_t *places;
    size_t slots;
    /* Slots that the records of the line got, to be taken back if it is left after all; they are of no use any more
     * where all were given anew meanwhile. */
    Buffer given;
    int is_given_anew;
    /* Something was not written for want of memory; what is there does not fit together any more. */
    int is_full;
} Lines;

#define RECORDS(lines) ((uint32_t)((lines)->marks.size / MARK))

/* Return where a record begins, or would if it were the next. */
static size_t
start_of(const Lines *lines, uint32_t place)
{
    uint32_t start;
    if (place == RECORDS(lines))
        return lines->records.size + (place ? 1 : 0);
    memcpy(&start, lines->starts.data + sizeof start * place, sizeof start);
    return start;
}

/* Give all records new slots. */
static int
give_slots(Lines *lines, size_t slots)
{
    uint32_t count = RECORDS(lines);
    uint32_t *places = calloc(slots, sizeof *places);
    if (!places)
        return 0;
    free(lines->places);
    lines->places = places;
    lines->slots = slots;
    for (uint32_t place = 0; place < count; place++) {
        uint64_t mark;
        memcpy(&mark, lines->marks.data + MARK * (size_t)place, MARK);
        size_t slot = mark & (slots - 1);
        while (places[slot])
            slot = (slot + 1) & (slots - 1);
        places[slot] = place + 1;
    }
    lines->is_given_anew = 1;
    return 1;
}

/* Make the slots more than twice as many as the records. */
static int
spread_out(Lines *lines)
{
    if (lines->slots > 2 * ((size_t)RECORDS(lines) + 1))
        return 1;
    return give_slots(lines, lines->slots ? 4 * lines->slots : 1 << 12);
}

/* Return the place of a record that was just written behind the others: of one that is the same, or its own. */
static uint32_t
place_of(Lines *lines, size_t start, size_t size, uint64_t mark)
{
    uint32_t count = RECORDS(lines);
    size_t slot = mark & (lines->slots - 1);
    for (; lines->places[slot]; slot = (slot + 1) & (lines->slots - 1)) {
        uint32_t place = lines->places[slot] - 1;
        size_t other = start_of(lines, place), end = start_of(lines, place + 1) - 1;
        if (place + 1 == count)
            end = start - 1;
        if (end - other == size && !memcmp(lines->records.data + other, lines->records.data + start, size))
            return place;
    }
    lines->places[slot] = count + 1;
    lines->is_full |= !PUSH(&lines->given, slot);
    return count;
}

/* Note what is known of the last record, which is new. */
static int
add_known(Lines *lines, size_t start, Span moment, uint64_t mark)
{
    static const char none[] = "null";
    const char *id_at = lines->records.data + start + 1;
    uint32_t first = (uint32_t)start;
    uint64_t id;
    int64_t age;
    if (!moment.at)
        moment = (Span){none, none + sizeof none - 1};
    return read_id((Span){id_at, id_at + ID_SIZE}, &id) && read_age(moment, &age) && PUSH(&lines->marks, mark) &&
           PUSH(&lines->starts, first) && PUSH(&lines->ids, id) && PUSH(&lines->ages, age);
}

/* Write the record of an article, if there is none like it; return its place, -1 where it cannot be written. */
static int64_t
add_record(Lines *lines, const Span *values, int is_own)
{
    size_t begun = lines->records.size, start = start_of(lines, RECORDS(lines));
    if (!spread_out(lines)) {
        lines->is_full = 1;
        return -1;
    }
    if (begun)
        PUT(&lines->records, ",");
    if (!put_record(&lines->records, values, is_own)) {
        lines->records.size = begun;
        return -1;
    }
    size_t size = lines->records.size - start;
    uint64_t mark = blake2b(lines->records.data + start, size);
    uint32_t place = place_of(lines, start, size, mark);
    if (place < RECORDS(lines))
        lines->records.size = begun;
    else
        lines->is_full |= !add_known(lines, start, values[PUBLISHED_AT], mark);
    return lines->is_full ? -1 : (int64_t)place;
}

/* The same for all that a seed is related to; return how many, -1 where one cannot be written. */
static int64_t
add_related(Lines *lines, Span list)
{
    Span item, values[KEYS];
    int64_t count = 0;
    int is_more = 0;
    while (!is_null(&list) && (is_more = take_item(&list, &item)) > 0) {
        if (is_null(&item))
            continue;
        if (!take_object(&item, keys, KEYS, values) || values[RELATED].at || values[REMOVED].at)
            return -1;
        int64_t place = add_record(lines, values, 0);
        if (place < 0)
            return -1;
        uint32_t number = (uint32_t)place;
        if (!PUSH(&lines->related, number)) {
            lines->is_full = 1;
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

/* Write what is in a line; return whether that could be done here. */
static int
add_seed(Lines *lines, Span line, uint32_t number)
{
    Span values[KEYS];
    if (!take_object(&line, keys, KEYS, values))
        return 0;
    skip_blanks(&line);
    if (line.at != line.end || !(is_null(&values[REMOVED]) || is_text(&values[REMOVED], "false")))
        return 0;
    int64_t own = add_record(lines, values, 1), related = own < 0 ? -1 : add_related(lines, values[RELATED]);
    if (related < 0)
        return 0;
    uint32_t seed[4] = {number, (uint32_t)own, (uint32_t)related, 0};
    lines->is_full |= !PUSH(&lines->seeds, seed) || !add_row(lines, seed);
    return 1;
}

static int
is_blank(Span line)
{
    skip_blanks(&line);
    return line.at == line.end;
}

/* Forget the records of a line that is left after all. */
static int
take_back(Lines *lines, const Lines *before)
{
    const size_t *given = ITEMS(lines->given, size_t);
    lines->records.size = before->records.size;
    lines->starts.size = before->starts.size;
    lines->ids.size = before->ids.size;
    lines->ages.size = before->ages.size;
    lines->marks.size = before->marks.size;
    lines->related.size = before->related.size;
    if (lines->is_given_anew)
        return give_slots(lines, lines->slots);
    for (size_t i = COUNT(lines->given, size_t); i > 0; i--)
        lines->places[given[i - 1]] = 0;
    return 1;
}

/* Read a line, or note that it is left; return whether there was memory for it. */
static int
read_line(Lines *lines, Span line, uint32_t number, const char *content)
{
    size_t size = line.end - line.at;
    Lines before = *lines;
    lines->given.size = 0;
    lines->is_given_anew = 0;
    /* A record takes its article's text, its host once more, and fewer bytes besides than no article can do without. */
    if (!make_room(&lines->records, 4 * size + 512))
        return 0;
    if (size <= MAX_LINE && add_seed(lines, line, number))
        return !lines->is_full;
    uint32_t other[3] = {number, (uint32_t)(line.at - content), (uint32_t)(line.end - content)};
    return take_back(lines, &before) && !lines->is_full && PUSH(&lines->others, other);
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
    if (is_read)
        result = Py_BuildValue("(NNNNNNNNN)", bytes_of(&lines.records), bytes_of(&lines.starts), bytes_of(&lines.ids),
                               bytes_of(&lines.ages), bytes_of(&lines.marks), bytes_of(&lines.rows),
                               bytes_of(&lines.seeds), bytes_of(&lines.related), bytes_of(&lines.others));
    else
        PyErr_NoMemory();
    Buffer *const all[] = {&lines.records, &lines.starts,  &lines.ids,  &lines.ages,   &lines.marks,
                           &lines.seeds,   &lines.related, &lines.rows, &lines.others, &lines.given};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->data);
    free(lines.places);
    return result;
}

