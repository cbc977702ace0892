/* Reading records, and writing them as what the API sends. */

#include "records.h"
#include "values.h"

/* Bytes of all keys, and of what stands between them. */
#define KEY_BYTES 256
#define UNDATED INT64_MAX
#define ID_DIGITS 16

int
take_values(Span list, Span *values, int count)
{
    Span more;
    for (int i = 0; i < count; i++)
        if (take_item(&list, &values[i]) != 1)
            return 0;
    return take_item(&list, &more) == 0;
}

int
take_record(Span *list, Record *record)
{
    Span item;
    int is_more = take_item(list, &item);
    if (is_more != 1)
        return is_more;
    return take_values(item, record->parts, PARTS) &&
                   take_values(record->parts[PUBLISHER], record->publisher, PUBLISHER_PARTS)
               ? 1
               : -1;
}

static int
put_character(Buffer *buffer, uint32_t character)
{
    char bytes[3] = {(char)(0xE0 | character >> 12), (char)(0x80 | (character >> 6 & 0x3F)),
                     (char)(0x80 | (character & 0x3F))};
    if (character >= 0xD800 && character < 0xE000)
        return 0;
    if (character < 0x80)
        bytes[2] = (char)character;
    else if (character < 0x800)
        bytes[1] = (char)(0xC0 | character >> 6);
    int size = character < 0x80 ? 1 : character < 0x800 ? 2 : 3;
    put(buffer, bytes + 3 - size, size);
    return 1;
}

/* Write what an escape stands for; return the bytes that it takes, 0 where it is none. */
static int
put_unescaped(Buffer *buffer, const char *at, const char *end)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t character = 0;
    const char *found = at + 1 < end ? memchr(escapes, at[1], sizeof escapes - 1) : NULL;
    if (found)
        return put_character(buffer, (uint32_t)meant[found - escapes]) ? 2 : 0;
    if (end - at < 6 || at[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        int digit = digit_of(at[i]);
        if (digit < 0)
            return 0;
        character = character << 4 | (uint32_t)digit;
    }
    return put_character(buffer, character) ? 6 : 0;
}

Span
plain_text(Span value, Buffer *buffer)
{
    static const Span none = {NULL, NULL};
    if (value.end - value.at < 2 || *value.at != '"')
        return none;
    Span inner = {value.at + 1, value.end - 1};
    if (!memchr(inner.at, '\\', inner.end - inner.at))
        return inner;
    size_t begun = buffer->size;
    while (inner.at < inner.end) {
        int size = 1;
        if (*inner.at == '\\') {
            if (!(size = put_unescaped(buffer, inner.at, inner.end)))
                return none;
        } else
            put(buffer, inner.at, 1);
        inner.at += size;
    }
    return (Span){buffer->data + begun, buffer->data + buffer->size};
}

#define KEY(out, key, value)                                                                                           \
    do {                                                                                                               \
        PUT(out, "\"" key "\":");                                                                                      \
        put(out, (value).at, (value).end - (value).at);                                                                \
    } while (0)
#define NEXT(out, key, value)                                                                                          \
    do {                                                                                                               \
        PUT(out, ",");                                                                                                 \
        KEY(out, key, value);                                                                                          \
    } while (0)

static int
put_picture(Buffer *out, Span picture)
{
    Span values[PICTURE_PARTS];
    PUT(out, ",\"image\":");
    if (is_text(&picture, "null")) {
        PUT(out, "null");
        return 1;
    }
    if (!take_values(picture, values, PICTURE_PARTS))
        return 0;
    PUT(out, "{");
    KEY(out, "url", values[PICTURE_URL]);
    NEXT(out, "width", values[PICTURE_WIDTH]);
    NEXT(out, "height", values[PICTURE_HEIGHT]);
    PUT(out, "}");
    return 1;
}

int
put_article(Buffer *out, const Record *record)
{
    const Span *parts = record->parts;
    if (!make_room(out, (size_t)(parts[PICTURE].end - parts[ID].at) + KEY_BYTES))
        return 0;
    PUT(out, "{");
    KEY(out, "url", parts[ADDRESS]);
    NEXT(out, "title", parts[HEADLINE]);
    NEXT(out, "excerpt", parts[SUMMARY]);
    PUT(out, ",\"provider\":{");
    KEY(out, "name", record->publisher[PUBLISHER_NAME]);
    NEXT(out, "domain", record->publisher[PUBLISHER_DOMAIN]);
    PUT(out, "}");
    NEXT(out, "type", parts[KIND]);
    NEXT(out, "category", parts[SECTION]);
    NEXT(out, "topics", parts[SUBJECTS]);
    NEXT(out, "quality", parts[MARK_OF_QUALITY]);
    NEXT(out, "heat", parts[MARK_OF_HEAT]);
    NEXT(out, "is_published", parts[IS_PUBLISHED]);
    if (!put_picture(out, parts[PICTURE]))
        return 0;
    PUT(out, "}");
    return 1;
}

int
read_id(Span value, uint64_t *id)
{
    *id = 0;
    if (value.end - value.at != ID_DIGITS + 2)
        return 0;
    for (int i = 1; i <= ID_DIGITS; i++) {
        int digit = digit_of(value.at[i]);
        if (digit < 0)
            return 0;
        *id = *id << 4 | (uint64_t)digit;
    }
    return 1;
}

/* Return the days from 1970 to a date of the Gregorian calendar: whole cycles of 400 years, and years that begin in
 * March, so that the day that leap years have more is their last. */
static int64_t
days_to(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t cycle = (year >= 0 ? year : year - 399) / 400, of_cycle = year - 400 * cycle;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 146097 * cycle + 365 * of_cycle + of_cycle / 4 - of_cycle / 100 + of_year - 719468;
}

static int64_t
digits_at(const char *at, int count)
{
    int64_t number = 0;
    for (int i = 0; i < count; i++)
        number = 10 * number + at[i] - '0';
    return number;
}

int
read_age(Span value, int64_t *age)
{
    static const char form[] = "\"dddd-dd-ddTdd:dd:dd";
    const char *at = value.at + sizeof form - 1;
    int64_t micros = 0, unit = 1000000;
    *age = UNDATED;
    if (is_text(&value, "null"))
        return 1;
    if (value.end - value.at < (Py_ssize_t)sizeof form + 1 || memcmp(value.end - 2, "Z\"", 2) != 0)
        return 0;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? value.at[i] < '0' || value.at[i] > '9' : value.at[i] != form[i])
            return 0;
    if (at < value.end - 2 && *at++ != '.')
        return 0;
    for (; at < value.end - 2; at++) {
        if (*at < '0' || *at > '9' || unit == 1)
            return 0;
        unit /= 10;
        micros += unit * (*at - '0');
    }
    at = value.at + 1;
    int64_t days = days_to(digits_at(at, 4), digits_at(at + 5, 2), digits_at(at + 8, 2));
    int64_t seconds = 60 * (60 * (24 * days + digits_at(at + 11, 2)) + digits_at(at + 14, 2)) + digits_at(at + 17, 2);
    *age = ~(1000000 * seconds + micros);
    return 1;
}
