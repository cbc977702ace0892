/* The hits of a page as the API sends them. */

#include "values.h"
#include <limits.h>
#include <stdlib.h>

#define DAY 86400
#define MICROSECONDS 1000000
/* More bytes than anything but texts and lists takes in a hit. */
#define ROOM 512

enum { IDS, AGES, STORY, STORY_IDS, STORY_SIZES, STORY_OUTLETS, OF_ARTICLES };

typedef struct {
    PyObject *contents, *more, *also, *explanations;
    Array docs, of[OF_ARTICLES], counts, spans;
    /* What is left of the scores and of the spans. */
    const char *scores;
    uint64_t span;
} Page;

static void
put_id(Buffer *out, uint64_t id)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        put(out, &"0123456789abcdef"[id >> shift & 15], 1);
}

static void
put_digits(Buffer *out, int64_t number, int digits, char behind)
{
    char text[8];
    for (int i = digits; i-- > 0; number /= 10)
        text[i] = (char)('0' + number % 10);
    text[digits] = behind;
    put(out, text, digits + 1);
}

/* Write when an article of this age was published, to the second; tell whether it is of our calendar.
 *
 * Hinnant (2013), "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
 */
static int
put_date(Buffer *out, int64_t age)
{
    if (age == INT64_MAX) {
        PUT(out, "null");
        return 1;
    }
    int64_t micros = ~age, seconds = micros / MICROSECONDS - (micros % MICROSECONDS < 0);
    int64_t days = seconds / DAY - (seconds % DAY < 0), second = seconds - days * DAY;
    /* Counted from the first of March of the year 0, in eras of 400 years. */
    days += 719468;
    int64_t era = days / 146097 - (days % 146097 < 0), day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    year += era * 400 + (month > 9);
    if (year < 0 || year > 9999)
        return 0;
    PUT(out, "\"");
    put_digits(out, year, 4, '-');
    put_digits(out, month > 9 ? month - 9 : month + 3, 2, '-');
    put_digits(out, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
    put_digits(out, second / 3600, 2, ':');
    put_digits(out, second / 60 % 60, 2, ':');
    put_digits(out, second % 60, 2, 'Z');
    PUT(out, "\"");
    return 1;
}

/* Write some bytes, from *skipped* on and without the last *left*. */
static int
put_bytes(Buffer *out, PyObject *from, Py_ssize_t skipped, Py_ssize_t left)
{
    char *data;
    Py_ssize_t size;
    if (!from || PyBytes_AsStringAndSize(from, &data, &size) < 0)
        return 0;
    if (size < skipped + left) {
        PyErr_SetString(PyExc_ValueError, "no JSON");
        return 0;
    }
    if (!make_room(out, size + ROOM)) {
        PyErr_NoMemory();
        return 0;
    }
    put(out, data + skipped, size - skipped - left);
    return 1;
}

static int
put_article(Buffer *out, const Page *page, Py_ssize_t place, uint64_t doc)
{
    PUT(out, "{\"id\":\"");
    put_id(out, at(&page->of[IDS], doc));
    PUT(out, "\",\"published_at\":");
    if (!put_date(out, (int64_t)at(&page->of[AGES], doc)))
        return 0;
    PUT(out, ",");
    return put_bytes(out, PyList_GetItem(page->contents, place), 1, 1);
}

/* Write the next of the scores, which are a list of JSON. */
static int
put_score(Buffer *out, Page *page)
{
    if (*page->scores != '[' && *page->scores != ',')
        return 0;
    size_t size = strcspn(page->scores + 1, ",]");
    if (size > ROOM / 4)
        return 0;
    put(out, page->scores + 1, size);
    page->scores += size + 1;
    return 1;
}

static int
put_marks(Buffer *out, Page *page, uint64_t count)
{
    if (count > ((uint64_t)page->spans.count - page->span) / 2)
        return 0;
    /* Two numbers and what is around them. */
    if (!make_room(out, count * 48 + ROOM)) {
        PyErr_NoMemory();
        return 0;
    }
    PUT(out, "[");
    for (uint64_t i = 0; i < count; i++) {
        put(out, ",[", i ? 2 : 0);
        put(out, "[", i ? 0 : 1);
        put_number(out, at(&page->spans, page->span++));
        PUT(out, ",");
        put_number(out, at(&page->spans, page->span++));
        PUT(out, "]");
    }
    PUT(out, "]");
    return 1;
}

/* Write what is known of an article's story; one without others is a story of its own. */
static void
put_story(Buffer *out, const Page *page, uint64_t doc)
{
    uint64_t story = at(&page->of[STORY], doc), id = at(&page->of[IDS], doc), size = 1, outlets = 1;
    if (HAS(page->of[STORY_IDS], story) && HAS(page->of[STORY_SIZES], story) && HAS(page->of[STORY_OUTLETS], story)) {
        id = at(&page->of[STORY_IDS], story);
        size = at(&page->of[STORY_SIZES], story);
        outlets = at(&page->of[STORY_OUTLETS], story);
    }
    PUT(out, ",\"story\":{\"id\":\"");
    put_id(out, id);
    PUT(out, "\",\"articles\":");
    put_number(out, size);
    PUT(out, ",\"outlets\":");
    put_number(out, outlets);
}

static int
put_match(Buffer *out, Page *page, Py_ssize_t place, uint64_t doc)
{
    PUT(out, ",\"score\":");
    if (!put_score(out, page))
        return 0;
    PUT(out, ",\"highlights\":{\"title\":");
    if (!put_marks(out, page, at(&page->counts, 2 * place)))
        return 0;
    PUT(out, ",\"excerpt\":");
    if (!put_marks(out, page, at(&page->counts, 2 * place + 1)))
        return 0;
    PUT(out, "}");
    put_story(out, page, doc);
    PUT(out, "},\"also\":");
    if (page->also == Py_None)
        PUT(out, "[]");
    else if (!put_bytes(out, PyList_GetItem(page->also, place), 0, 0))
        return 0;
    PyObject *listed = PyList_GetItem(page->more, place);
    size_t more = listed ? PyLong_AsSize_t(listed) : 0;
    if (PyErr_Occurred())
        return 0;
    PUT(out, ",\"more_from_domain\":");
    put_number(out, more);
    if (page->explanations == Py_None)
        return 1;
    PUT(out, ",\"explanation\":");
    return put_bytes(out, PyList_GetItem(page->explanations, place), 0, 0);
}

static int
put_hits(Buffer *out, Page *page)
{
    PUT(out, "[");
    for (Py_ssize_t place = 0; place < page->docs.count; place++) {
        uint64_t doc = WIDE(page->docs)[place];
        for (int i = 0; i <= STORY; i++)
            if (!HAS(page->of[i], doc))
                return 0;
        put(out, ",", place ? 1 : 0);
        if (!put_article(out, page, place, doc) || !put_match(out, page, place, doc))
            return 0;
        PUT(out, "}");
    }
    PUT(out, "]");
    return 1;
}

static int
read_page(Held *held, PyObject *const *args, Page *page)
{
    page->contents = args[0];
    page->more = args[5];
    page->also = args[6];
    page->explanations = args[7];
    page->scores = PyBytes_AsString(args[3]);
    page->span = 0;
    PyObject *counts = PyTuple_GetItem(args[4], 0), *spans = counts ? PyTuple_GetItem(args[4], 1) : NULL;
    if (!page->scores || !spans || !borrow_wide(held, args[1], &page->docs, PyBUF_SIMPLE) ||
        !borrow(held, counts, &page->counts) || !borrow(held, spans, &page->spans))
        return 0;
    for (Py_ssize_t i = 0; i < OF_ARTICLES; i++) {
        PyObject *array = PyTuple_GetItem(args[2], i);
        if (!array || !borrow(held, array, &page->of[i]))
            return 0;
    }
    return page->of[IDS].width == 8 && page->of[AGES].width == 8 && page->counts.count / 2 >= page->docs.count;
}

PyObject *
write_hits(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Held held;
    held.count = 0;
    Page page;
    Buffer out = {0};
    PyObject *written = NULL;
    if (read_page(&held, args, &page)) {
        if (!make_room(&out, ROOM))
            PyErr_NoMemory();
        else if (put_hits(&out, &page))
            written = PyBytes_FromStringAndSize(out.data, out.size);
    }
    free(out.data);
    return let_go(&held, written);
}
