/* Telling whether what nobody reads is JSON. What is answered no may still be: whoever asked has it looked at closer. */

#include "plain.h"

#include "characters.h"

#define MAX_DIGITS 15

static int
is_plain_string(Span value)
{
    const char *at = value.at + 1, *end = value.end - 1;
    while (at < end) {
        uint32_t character;
        int size = *at == '\\' && at[1] && strchr("\"\\/bfnrt", at[1]) ? 2
                   : *at == '\\'                                       ? read_escaped(at, end, &character)
                   : (unsigned char)*at < 0x80                         ? (unsigned char)*at >= 0x20
                                                                       : read_character(at, end, &character);
        if (!size)
            return 0;
        at += size;
    }
    return at == end;
}

static int
take_digits(Span *value)
{
    const char *begun = value->at;
    while (value->at < value->end && *value->at >= '0' && *value->at <= '9')
        value->at++;
    return value->at > begun && value->at - begun <= MAX_DIGITS;
}

static int
is_plain_number(Span value)
{
    value.at += *value.at == '-';
    const char *first = value.at;
    if (!take_digits(&value) || (*first == '0' && value.at - first > 1))
        return 0;
    if (value.at < value.end && *value.at == '.') {
        value.at++;
        if (!take_digits(&value))
            return 0;
    }
    return value.at == value.end;
}

static int
is_plain_list(Span list, int depth)
{
    Span item;
    int is_more;
    while ((is_more = take_item(&list, &item)) > 0)
        if (!is_plain_value(item, depth))
            return 0;
    return is_more == 0;
}

int
is_plain_value(Span value, int depth)
{
    Unread keys;
    switch (*value.at) {
    case '"':
        return is_plain_string(value);
    case '[':
        return depth && is_plain_list(value, depth - 1);
    case '{':
        return depth && take_object(&value, NULL, 0, NULL, &keys, depth - 1) && value.at == value.end;
    default:
        return is_text(&value, "null") || is_text(&value, "true") || is_text(&value, "false") || is_plain_number(value);
    }
}
