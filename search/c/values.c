/* What a text, a number or a moment must be to be written as it is. */

#include "characters.h"
#include "values.h"

#define MAX_DIGITS 9

/* Of ASCII what is itself wherever it stands: all that is printed, but for the blank and what has a meaning. */
static int
is_plain(char letter)
{
    return letter > 0x20 && letter < 0x7F && letter != '"' && letter != '&' && letter != '\\';
}

static int
is_letter_or_digit(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

/* Tell whether an ampersand may begin an entity: no name of one begins with anything but two letters or digits. */
static int
is_entity(const char *at, const char *end)
{
    for (int i = 1; i < 3; i++) {
        /* What an escape stands for is not looked at. */
        if (at + i == end || !(is_letter_or_digit(at[i]) || at[i] == '#' || at[i] == '\\'))
            return 0;
        if (at[i] == '\\')
            return at + i + 1 == end || at[i + 1] == 'u';
    }
    return 1;
}

/* Write one unit of a text as cleaning would leave it; return the bytes that it took, 0 where that is not known here. */
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
            return put_escaped(out, at, end);
        return 2;
    }
    if (*at == '&' && is_entity(at, end))
        return put_entity(out, at, end);
    if ((unsigned char)*at < 0x80) {
        put(out, at, 1);
        return 1;
    }
    int size = printed_bytes(at, end);
    put(out, at, size);
    return size;
}

/* Return the bytes of a blank, or of what counts as such; 0 where there is none. */
static int
blank_bytes(const char *at, const char *end)
{
    if (*at == ' ')
        return 1;
    if (*at == '\\' && end - at > 1 && strchr("ntrbf", at[1]) && at[1])
        return 2;
    return other_blank_bytes(at, end);
}

int64_t
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
        int size = blank_bytes(at, end);
        if (size) {
            put(out, " ", last != ' ');
            last = ' ';
        } else {
            size = (unsigned char)*at < 0x20 || *at == 0x7F ? 0 : put_unit(out, at, end);
            last = *at;
        }
        if (!size)
            return -1;
        at += size;
    }
    if (out->size > begun && last == ' ')
        out->size--;
    PUT(out, "\"");
    return (int64_t)(out->size - 1 - begun);
}

int
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

void
put_number(Buffer *out, uint64_t number)
{
    char digits[20];
    int size = 0;
    do {
        digits[size++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (size)
        put(out, &digits[--size], 1);
}

int
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

int
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

int
is_flag(const Span *value)
{
    return is_null(value) || is_text(value, "true") || is_text(value, "false");
}

int
put_flag(Buffer *out, const Span *value)
{
    if (!is_flag(value))
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

int
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

