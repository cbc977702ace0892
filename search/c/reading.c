/* Lines of JSON to the records of articles, for lines that hold nothing unusual: the short way of search/lines.py.
 *
 * A record is the list of an article's fields as JSON, as records.py writes it. A line is left to Python unless all of
 * it is understood here: its keys are known and there once, its texts need no cleaning, its URLs no second look. Nothing
 * here is the last word on what is wrong with a line. */

#include "arrays.h"
#include "blake2b.h"

#include <stdlib.h>
#include <string.h>

/* As in files.py; what is longer is left to Python, which refuses it. */
#define MAX_LINE (1 << 20)
#define MAX_URL 2048
#define MAX_TOPICS 16
#define MAX_DIGITS 9
#define MARK 8

typedef struct {
    const char *at;
    const char *end;
} Span;

typedef struct {
    const char *text;
    Py_ssize_t size;
} Name;

#define NAMED(text) {text, sizeof(text) - 1}

enum { TITLE, EXCERPT, PUBLISHED_AT, PROVIDER, TOPICS, TYPE, CATEGORY, QUALITY, HEAT, PUBLISHED, IMAGES, RELATED, REMOVED, AMP,
       CDN_AMP, WEBSITE, ORIGINAL, WEB, KEYS };
static const Name keys[KEYS] = {NAMED("title"),     NAMED("excerpt"),     NAMED("publishedDateTime"),
                                NAMED("provider"),  NAMED("topics"),      NAMED("type"),
                                NAMED("category"),  NAMED("quality"),     NAMED("heat"),
                                NAMED("published"), NAMED("images"),      NAMED("related"),
                                NAMED("removed"),   NAMED("ampWebUrl"),   NAMED("cdnAmpWebUrl"),
                                NAMED("website"),   NAMED("originalUrl"), NAMED("webUrl")};
enum { NAME, DOMAIN, PROVIDER_KEYS };
static const Name provider_keys[PROVIDER_KEYS] = {NAMED("name"), NAMED("domain")};
enum { URL, WIDTH, HEIGHT, IMAGE_KEYS };
static const Name image_keys[IMAGE_KEYS] = {NAMED("url"), NAMED("width"), NAMED("height")};

/* Reading. */

static void
skip_blanks(Span *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' || *text->at == '\r'))
        text->at++;
}

static int
take(Span *text, char wanted)
{
    skip_blanks(text);
    if (text->at == text->end || *text->at != wanted)
        return 0;
    text->at++;
    return 1;
}

/* Take a string, and return what is between its quotation marks; escapes stay as they are. */
static int
take_string(Span *text, Span *found)
{
    if (!take(text, '"'))
        return 0;
    found->at = text->at;
    for (;;) {
        const char *mark = memchr(text->at, '"', text->end - text->at), *before = mark;
        if (!mark)
            return 0;
        while (before > found->at && before[-1] == '\\')
            before--;
        text->at = mark + 1;
        if ((mark - before) % 2 == 0) {
            found->end = mark;
            return 1;
        }
    }
}

/* Take what is between a bracket and its other one; what it is will be seen when it is read. */
static int
take_nested(Span *text)
{
    int depth = 0;
    Span string;
    while (text->at < text->end) {
        char mark = *text->at;
        if (mark == '"') {
            if (!take_string(text, &string))
                return 0;
            continue;
        }
        text->at++;
        depth += (mark == '{' || mark == '[') - (mark == '}' || mark == ']');
        if (!depth)
            return 1;
    }
    return 0;
}

/* Take a value of whatever kind, quotation marks and brackets included. */
static int
take_value(Span *text, Span *found)
{
    Span string;
    skip_blanks(text);
    found->at = text->at;
    if (text->at == text->end)
        return 0;
    if (*text->at == '"') {
        if (!take_string(text, &string))
            return 0;
    } else if (*text->at == '{' || *text->at == '[') {
        if (!take_nested(text))
            return 0;
    } else
        while (text->at < text->end && !memchr(",}] \t\r", *text->at, 6))
            text->at++;
    found->end = text->at;
    return found->end > found->at;
}

static int
is_text_of(const Span *value, const char *wanted, Py_ssize_t size)
{
    return value->end - value->at == size && !memcmp(value->at, wanted, size);
}

#define is_text(value, wanted) is_text_of(value, wanted, sizeof(wanted) - 1)

static int
is_null(const Span *value)
{
    return !value->at || is_text(value, "null");
}

/* Take an object with some of these keys, each once at most, and no other; the values of those that are missing stay
 * empty. */
static int
take_object(Span *text, const Name *names, int count, Span *values)
{
    Span key, value;
    memset(values, 0, count * sizeof *values);
    if (!take(text, '{'))
        return 0;
    if (take(text, '}'))
        return 1;
    do {
        int which = 0;
        if (!take_string(text, &key) || !take(text, ':') || !take_value(text, &value))
            return 0;
        while (which < count && (key.end - key.at != names[which].size ||
                                 memcmp(key.at, names[which].text, names[which].size) != 0))
            which++;
        if (which == count || values[which].at)
            return 0;
        values[which] = value;
    } while (take(text, ','));
    return take(text, '}');
}

/* Take the next value of a list, which begins with its bracket; return 1, 0 at its end, and -1 where it is none. */
static int
take_item(Span *list, Span *item)
{
    int is_first = take(list, '[');
    if (take(list, ']'))
        return list->at == list->end ? 0 : -1;
    if (!is_first && !take(list, ','))
        return -1;
    return take_value(list, item) ? 1 : -1;
}

/* Writing; there is always room for what a line can give. */

#define PUT(out, text) put(out, text, sizeof(text) - 1)

/* Whether a character beyond ASCII is one that is printed, and no blank: some that surely are. */
static int
is_printed(uint32_t character)
{
    return (character >= 0xA1 && character <= 0x377 && character != 0xAD) ||
           (character >= 0x400 && character <= 0x52F) || (character >= 0x2010 && character <= 0x2027) ||
           (character >= 0x2030 && character <= 0x205E) || (character >= 0x3041 && character <= 0x3096) ||
           (character >= 0x30A0 && character <= 0x30FF) || (character >= 0x4E00 && character <= 0x9FA5) ||
           (character >= 0xAC00 && character <= 0xD7A3);
}

/* Return the bytes of a character beyond ASCII that is printed, 0 where it is another. */
static int
printed_bytes(const unsigned char *text, const char *end)
{
    Py_ssize_t left = (const unsigned char *)end - text;
    uint32_t character = 0;
    int size = text[0] >= 0xC2 && text[0] <= 0xDF ? 2 : text[0] >= 0xE0 && text[0] <= 0xEF ? 3 : 0;
    if (!size || size > left)
        return 0;
    character = text[0] & (size == 2 ? 0x1F : 0x0F);
    for (int i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        character = character << 6 | (text[i] & 0x3F);
    }
    return (size == 2 || character >= 0x800) && is_printed(character) ? size : 0;
}

static int
digit_of(char text)
{
    return text >= '0' && text <= '9'   ? text - '0'
           : text >= 'a' && text <= 'f' ? text - 'a' + 10
           : text >= 'A' && text <= 'F' ? text - 'A' + 10
                                        : -1;
}

/* Write the character that four hexadecimal digits stand for, if it is printed and beyond ASCII. */
static int
put_escaped(Buffer *out, const char *digits, const char *end)
{
    uint32_t character = 0;
    if (end - digits < 4)
        return 0;
    for (int i = 0; i < 4; i++) {
        int digit = digit_of(digits[i]);
        if (digit < 0)
            return 0;
        character = character << 4 | (uint32_t)digit;
    }
    if (!is_printed(character))
        return 0;
    if (character >= 0x800)
        out->data[out->size++] = (char)(0xE0 | character >> 12);
    out->data[out->size++] = (char)(character >= 0x800 ? 0x80 | (character >> 6 & 0x3F) : 0xC0 | character >> 6);
    out->data[out->size++] = (char)(0x80 | (character & 0x3F));
    return 1;
}

/* Write one unit of a text that needs no cleaning; return the bytes that it took, 0 where it does. */
static int
put_unit(Buffer *out, const char *at, const char *end)
{
    if (*at == '\\') {
        if (at + 1 == end)
            return 0;
        if (at[1] == '"' || at[1] == '\\')
            put(out, at, 2);
        else if (at[1] == '/')
            put(out, at + 1, 1);
        else
            return at[1] == 'u' && put_escaped(out, at + 2, end) ? 6 : 0;
        return 2;
    }
    /* An ampersand may begin an entity, unless a blank follows. */
    if (*at == '&' && (at + 1 == end || at[1] != ' '))
        return 0;
    if ((unsigned char)*at < 0x80) {
        put(out, at, 1);
        return 1;
    }
    int size = printed_bytes((const unsigned char *)at, end);
    put(out, at, size);
    return size;
}

/* Of ASCII what is itself wherever it stands: all that is printed, but for the blank and what has a meaning. */
static int
is_plain(char letter)
{
    return letter > 0x20 && letter < 0x7F && letter != '"' && letter != '&' && letter != '\\';
}

/* Write a text, in quotation marks, as cleaning would leave it; return its bytes, -1 where that would change it. */
static int64_t
put_text(Buffer *out, Span value)
{
    size_t begun = out->size + 1;
    char last = ' ';
    if (value.end - value.at < 2 || *value.at != '"')
        return -1;
    PUT(out, "\"");
    for (const char *at = value.at + 1, *end = value.end - 1; at < end;) {
        const char *run = at;
        while (at < end && is_plain(*at))
            at++;
        if (at > run) {
            put(out, run, at - run);
            last = at[-1];
            continue;
        }
        if ((unsigned char)*at < 0x20 || *at == 0x7F || (*at == ' ' && last == ' '))
            return -1;
        int size = put_unit(out, at, end);
        if (!size)
            return -1;
        last = *at;
        at += size;
    }
    if (out->size > begun && last == ' ')
        return -1;
    PUT(out, "\"");
    return (int64_t)(out->size - 1 - begun);
}

/* The same for one that may be missing or empty, for which null is written. */
static int
put_optional(Buffer *out, Span value)
{
    size_t begun = out->size;
    int64_t size = is_null(&value) ? 0 : put_text(out, value);
    if (!size) {
        out->size = begun;
        PUT(out, "null");
    }
    return size >= 0;
}

static void
put_number(Buffer *out, int64_t number)
{
    char digits[MAX_DIGITS + 1];
    int size = 0;
    do {
        digits[size++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (size)
        put(out, &digits[--size], 1);
}

/* Read a whole number, -1 for null or one below 0; return whether it is one. */
static int
read_number(const Span *value, int64_t *number)
{
    *number = -1;
    if (is_null(value))
        return 1;
    const char *at = value->at;
    int is_negative = *at == '-';
    at += is_negative;
    int64_t size = value->end - at, found = 0;
    if (size < 1 || size > MAX_DIGITS || (*at == '0' && (size > 1 || is_negative)))
        return 0;
    for (; at < value->end; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        found = 10 * found + *at - '0';
    }
    *number = is_negative ? -1 : found;
    return 1;
}

/* Write a number from *least* on, null for any other. */
static int
put_mark(Buffer *out, const Span *value, int64_t least)
{
    int64_t number;
    if (!read_number(value, &number))
        return 0;
    if (number >= least)
        put_number(out, number);
    else
        PUT(out, "null");
    return 1;
}

static int
put_flag(Buffer *out, const Span *value)
{
    if (!is_null(value) && !is_text(value, "true") && !is_text(value, "false"))
        return 0;
    if (value->at)
        put(out, value->at, value->end - value->at);
    else
        PUT(out, "null");
    return 1;
}

static int
read_digits(const char *at, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return -1;
        number = 10 * number + at[i] - '0';
    }
    return number;
}

static int
days_of(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Write a moment that is written as records have it: 2021-12-09T07:49:00Z. */
static int
put_moment(Buffer *out, Span value)
{
    static const char form[] = "\"dddd-dd-ddTdd:dd:ddZ\"";
    if (is_null(&value)) {
        PUT(out, "null");
        return 1;
    }
    if (value.end - value.at != sizeof form - 1)
        return 0;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? value.at[i] < '0' || value.at[i] > '9' : value.at[i] != form[i])
            return 0;
    int year = read_digits(value.at + 1, 4), month = read_digits(value.at + 6, 2), day = read_digits(value.at + 9, 2);
    if (!year || !month || month > 12 || !day || day > days_of(year, month) || read_digits(value.at + 12, 2) > 23 ||
        read_digits(value.at + 15, 2) > 59 || read_digits(value.at + 18, 2) > 59)
        return 0;
    put(out, value.at, value.end - value.at);
    return 1;
}

/* URLs. */

static int
is_alphanumeric(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

/* As in the expression for plain URLs in urls.py. */
static int
is_in_path(char letter)
{
    return letter == '!' || (letter >= '$' && letter <= ';') || letter == '=' || (letter >= '@' && letter <= '[') ||
           letter == ']' || letter == '_' || (letter >= 'a' && letter <= 'z') || letter == '~';
}

typedef struct {
    Span whole;
    Span host;
    Span path;
} Url;

/* Read a URL that browsers would change nothing in, and that asks for nothing behind its path. */
static int
read_url(Span value, Url *url)
{
    if (value.end - value.at < 2 || *value.at != '"' || value.end - value.at > MAX_URL)
        return 0;
    url->whole = (Span){value.at + 1, value.end - 1};
    const char *at = url->whole.at, *end = url->whole.end;
    size_t scheme = end - at >= 8 && !memcmp(at, "https://", 8) ? 8 : end - at >= 7 && !memcmp(at, "http://", 7) ? 7 : 0;
    if (!scheme)
        return 0;
    url->host.at = at += scheme;
    while (at < end && (is_alphanumeric(*at) || *at == '.' || *at == '-'))
        at++;
    url->host.end = url->path.at = at;
    if (url->host.at == at || !is_alphanumeric(*url->host.at) || !is_alphanumeric(at[-1]) ||
        (at < end && *at != '/' && *at != '#'))
        return 0;
    while (at < end && is_in_path(*at))
        at++;
    url->path.end = at;
    if (at < end && *at++ != '#')
        return 0;
    while (at < end && (is_in_path(*at) || *at == '?'))
        at++;
    return at == end;
}

static void
lower_text(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] += text[i] >= 'A' && text[i] <= 'Z' ? 'a' - 'A' : 0;
}

/* Write the host of a URL as the domain of whoever publishes there. */
static size_t
put_host(char *into, const Url *url)
{
    size_t size = url->host.end - url->host.at;
    memcpy(into, url->host.at, size);
    lower_text(into, size);
    if (size > 4 && !memcmp(into, "www.", 4)) {
        size -= 4;
        memmove(into, into + 4, size);
    }
    return size;
}

/* Return the hash of the canonical URL. */
static uint64_t
hash_url(const Url *url)
{
    char canonical[MAX_URL];
    size_t size = put_host(canonical, url);
    const char *end = url->path.end;
    while (end > url->path.at && end[-1] == '/')
        end--;
    memcpy(canonical + size, url->path.at, end - url->path.at);
    return blake2b(canonical, size + (end - url->path.at));
}

/* Find the URL that counts, once all were checked. */
static int
find_url(const Span *values, Url *url)
{
    Url checked;
    int is_found = 0;
    for (int key = AMP; key <= WEB; key++) {
        if (is_null(&values[key]) || is_text(&values[key], "\"\""))
            continue;
        if (!read_url(values[key], &checked))
            return 0;
        if (key > CDN_AMP) {
            *url = checked;
            is_found = 1;
        }
    }
    return is_found;
}

/* Parts of an article. */

static void
put_id(Buffer *out, uint64_t hash)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < MARK; i++, hash >>= 8) {
        put(out, &digits[hash >> 4 & 15], 1);
        put(out, &digits[hash & 15], 1);
    }
}

static int
put_provider(Buffer *out, Span value, const Url *url)
{
    Span values[PROVIDER_KEYS];
    if (!value.at || !take_object(&value, provider_keys, PROVIDER_KEYS, values))
        return 0;
    PUT(out, "[");
    if (!values[NAME].at || put_text(out, values[NAME]) <= 0)
        return 0;
    PUT(out, ",");
    size_t begun = out->size;
    int64_t size = is_null(&values[DOMAIN]) ? 0 : put_text(out, values[DOMAIN]);
    char *domain = out->data + begun + 1;
    if (size < 0)
        return 0;
    for (int64_t i = 0; i < size; i++)
        if ((unsigned char)domain[i] >= 0x80 || domain[i] == '\\')
            return 0;
    if (size) {
        lower_text(domain, size);
        if (size >= 4 && !memcmp(domain, "www.", 4))
            memmove(domain, domain + 4, size -= 4);
    } else
        size = put_host(domain, url);
    out->data[begun] = '"';
    out->size = begun + 1 + size;
    PUT(out, "\"]");
    return 1;
}

/* Tell whether a topic was written before, and remember it if not; one too many counts as such, and is noticed. */
static int
is_repeated(Span *written, int count, Span topic)
{
    for (int i = 0; i < count; i++)
        if (is_text_of(&topic, written[i].at, written[i].end - written[i].at))
            return 1;
    written[count] = topic;
    return 0;
}

static int
put_topics(Buffer *out, Span list)
{
    Span written[MAX_TOPICS + 1], item;
    int count = 0, is_more = 0;
    PUT(out, "[");
    while (!is_null(&list) && (is_more = take_item(&list, &item)) > 0) {
        size_t begun = out->size;
        if (is_null(&item))
            continue;
        if (count)
            PUT(out, ",");
        size_t first = out->size;
        int64_t size = put_text(out, item);
        if (size < 0 || count == MAX_TOPICS)
            return 0;
        if (!size || is_repeated(written, count, (Span){out->data + first, out->data + out->size}))
            out->size = begun;
        else
            count++;
    }
    PUT(out, "]");
    return is_more == 0;
}

/* Write a picture if it has a URL; return whether it is right. */
static int
put_picture(Buffer *out, Span picture, int *is_written)
{
    Span values[IMAGE_KEYS];
    Url url;
    int64_t number;
    if (!take_object(&picture, image_keys, IMAGE_KEYS, values) || !read_number(&values[WIDTH], &number) ||
        !read_number(&values[HEIGHT], &number))
        return 0;
    if (is_null(&values[URL]) || is_text(&values[URL], "\"\""))
        return 1;
    if (!read_url(values[URL], &url))
        return 0;
    if (*is_written)
        return 1;
    PUT(out, "[");
    put(out, values[URL].at, values[URL].end - values[URL].at);
    PUT(out, ",");
    put_mark(out, &values[WIDTH], 1);
    PUT(out, ",");
    put_mark(out, &values[HEIGHT], 1);
    PUT(out, "]");
    *is_written = 1;
    return 1;
}

/* Write the first picture that has a URL, once all were checked. */
static int
put_image(Buffer *out, Span list)
{
    Span item;
    int is_written = 0, is_more = 0;
    while (!is_null(&list) && (is_more = take_item(&list, &item)) > 0)
        if (!is_null(&item) && !put_picture(out, item, &is_written))
            return 0;
    if (!is_written)
        PUT(out, "null");
    return is_more == 0;
}

static int
put_title(Buffer *out, Span value)
{
    return value.at && put_text(out, value) > 0;
}

static int
put_excerpt(Buffer *out, Span value)
{
    if (!is_null(&value))
        return put_text(out, value) >= 0;
    PUT(out, "\"\"");
    return 1;
}

/* Write the record of an article, a seed's own or one that it is related to; return whether that could be done. */
static int
put_record(Buffer *out, const Span *values, int is_own)
{
    static const Span none = {NULL, NULL};
    Url url;
    if (!find_url(values, &url))
        return 0;
    PUT(out, "[\"");
    put_id(out, hash_url(&url));
    PUT(out, "\",\"");
    put(out, url.whole.at, url.whole.end - url.whole.at);
    PUT(out, "\",");
#define THEN(is_put)                                                                                                   \
    if (!(is_put))                                                                                                     \
        return 0;                                                                                                      \
    PUT(out, ",");
    THEN(put_title(out, values[TITLE]))
    THEN(put_excerpt(out, values[EXCERPT]))
    THEN(put_provider(out, values[PROVIDER], &url))
    THEN(put_moment(out, values[PUBLISHED_AT]))
    THEN(put_optional(out, values[TYPE]))
    THEN(put_optional(out, values[CATEGORY]))
    THEN(put_topics(out, values[TOPICS]))
    THEN(put_mark(out, &values[QUALITY], 0))
    THEN(put_mark(out, is_own ? &values[HEAT] : &none, 0))
    THEN(put_flag(out, is_own ? &values[PUBLISHED] : &none))
    if (!put_image(out, values[IMAGES]))
        return 0;
    PUT(out, "]");
    return 1;
}

/* All lines. */

typedef struct {
    /* The records, with commas between them, where each begins, and their fingerprints. */
    Buffer records;
    Buffer starts;
    Buffer marks;
    /* Of each seed its line, the place of its article, and how many it is related to; the places of these. */
    Buffer seeds;
    Buffer related;
    /* The number of each line that is left, where it begins and ends. */
    Buffer others;
    /* The place of each record plus one, by its fingerprint; their number is a power of two. */
    uint32_t *places;
    size_t slots;
    /* A record was not written for want of memory. */
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

/* Make the slots more than twice as many as the records. */
static int
spread_out(Lines *lines)
{
    uint32_t count = RECORDS(lines);
    if (lines->slots > 2 * ((size_t)count + 1))
        return 1;
    size_t slots = lines->slots ? 4 * lines->slots : 1 << 12;
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
    return 1;
}

/* Return the place of a record that was just written behind the others: of one that is the same, or its own.
 *
 * What was written for a line that is left after all is forgotten, but for its slots: these name a place that there is
 * not, or one that another record has by now. */
static uint32_t
place_of(Lines *lines, size_t start, size_t size, uint64_t mark)
{
    uint32_t count = RECORDS(lines);
    size_t slot = mark & (lines->slots - 1);
    for (; lines->places[slot] && lines->places[slot] <= count; slot = (slot + 1) & (lines->slots - 1)) {
        uint32_t place = lines->places[slot] - 1;
        size_t other = start_of(lines, place), end = start_of(lines, place + 1) - 1;
        if (place + 1 == count)
            end = start - 1;
        if (end - other == size && !memcmp(lines->records.data + other, lines->records.data + start, size))
            return place;
    }
    lines->places[slot] = count + 1;
    return count;
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
    else {
        uint32_t first = (uint32_t)start;
        lines->is_full |= !PUSH(&lines->marks, mark) || !PUSH(&lines->starts, first);
    }
    return place;
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
        lines->is_full |= !PUSH(&lines->related, number);
        count++;
    }
    return is_more == 0 ? count : -1;
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
    uint32_t seed[3] = {number, (uint32_t)own, (uint32_t)related};
    lines->is_full |= !PUSH(&lines->seeds, seed);
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
    /* A record takes its article's text, its host once more, and fewer bytes besides than no article can do without. */
    if (!make_room(&lines->records, 4 * size + 512))
        return 0;
    if (size <= MAX_LINE && add_seed(lines, line, number))
        return !lines->is_full;
    lines->records.size = before.records.size;
    lines->starts.size = before.starts.size;
    lines->marks.size = before.marks.size;
    lines->related.size = before.related.size;
    uint32_t other[3] = {number, (uint32_t)(line.at - content), (uint32_t)(line.end - content)};
    return !lines->is_full && PUSH(&lines->others, other);
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
        result = Py_BuildValue("(NNNNN)", bytes_of(&lines.records), bytes_of(&lines.marks), bytes_of(&lines.seeds),
                               bytes_of(&lines.related), bytes_of(&lines.others));
    else
        PyErr_NoMemory();
    Buffer *const all[] = {&lines.records, &lines.starts, &lines.marks, &lines.seeds, &lines.related, &lines.others};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->data);
    free(lines.places);
    return result;
}
