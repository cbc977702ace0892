/* Taking values of JSON, one behind the other, out of a text. */

#include "json.h"

int
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

/* Take what is between a bracket and its other one. */
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

int
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

int
take_object(Span *text, const Key *names, int count, Span *values)
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

int
take_item(Span *list, Span *item)
{
    int is_first = take(list, '[');
    if (take(list, ']'))
        return list->at == list->end ? 0 : -1;
    if (!is_first && !take(list, ','))
        return -1;
    return take_value(list, item) ? 1 : -1;
}

