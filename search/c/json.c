/* Taking values of JSON, one behind the other, out of a text. */

#include "json.h"

#include "plain.h"

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

/* Keep a key that is not read; tell whether it is plain, there for the first time, and not one too many. */
static int
keep_unread(Unread *unread, Span key)
{
    for (const char *at = key.at; at < key.end; at++)
        if (*at < 0x20 || *at > 0x7E || *at == '\\')
            return 0;
    for (int i = 0; i < unread->count; i++)
        if (is_text_of(&key, unread->keys[i].at, unread->keys[i].end - unread->keys[i].at))
            return 0;
    if (unread->count == MAX_UNREAD)
        return 0;
    unread->keys[unread->count++] = key;
    return 1;
}

static int
find_key(const Key *names, int count, const Span *key)
{
    int which = 0;
    while (which < count && !is_text_of(key, names[which].text, names[which].size))
        which++;
    return which;
}

int
take_object(Span *text, const Key *names, int count, Span *values, Unread *unread, int depth)
{
    Span key, value;
    for (int i = 0; i < count; i++)
        values[i] = (Span){NULL, NULL};
    unread->count = 0;
    if (!take(text, '{'))
        return 0;
    if (take(text, '}'))
        return 1;
    do {
        if (!take_string(text, &key) || !take(text, ':') || !take_value(text, &value))
            return 0;
        int which = find_key(names, count, &key);
        if (which == count ? !is_plain_value(value, depth) || !keep_unread(unread, key) : values[which].at != NULL)
            return 0;
        if (which < count)
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

