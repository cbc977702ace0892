/* JSON that is looked at where it stands. */

#ifndef LEDE_JSON_H
#define LEDE_JSON_H

#include "arrays.h"

/* Some of a text. */
typedef struct {
    const char *at;
    const char *end;
} Span;

typedef struct {
    const char *text;
    Py_ssize_t size;
} Key;

#define NAMED(text) {text, sizeof(text) - 1}

static inline void
skip_blanks(Span *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t' || *text->at == '\r'))
        text->at++;
}

static inline int
take(Span *text, char wanted)
{
    skip_blanks(text);
    if (text->at == text->end || *text->at != wanted)
        return 0;
    text->at++;
    return 1;
}

static inline int
is_text_of(const Span *value, const char *wanted, Py_ssize_t size)
{
    return value->end - value->at == size && !memcmp(value->at, wanted, size);
}

#define is_text(value, wanted) is_text_of(value, wanted, sizeof(wanted) - 1)

static inline int
is_null(const Span *value)
{
    return !value->at || is_text(value, "null");
}

/* Return what a hexadecimal digit stands for, -1 where it is none. */
static inline int
digit_of(char text)
{
    return text >= '0' && text <= '9'   ? text - '0'
           : text >= 'a' && text <= 'f' ? text - 'a' + 10
           : text >= 'A' && text <= 'F' ? text - 'A' + 10
                                        : -1;
}

/* Take a string, and return what is between its quotation marks; escapes stay as they are. */
int
take_string(Span *text, Span *found);
/* Take a value of whatever kind, quotation marks and brackets included; what it is will be seen when it is read. */
int
take_value(Span *text, Span *found);
/* Lists and objects in one another, in what is not read of an article. */
#define MAX_UNREAD_DEPTH 2
/* Keys of an object that are not read; one that has more is taken for unusual. */
#define MAX_UNREAD 16

typedef struct {
    Span keys[MAX_UNREAD];
    int count;
} Unread;

/* Take an object with some of these keys, each once at most; the values of those that are missing stay empty. What else
 * it holds must be there once and be JSON for certain, with as many lists and objects in one another at most. */
int
take_object(Span *text, const Key *names, int count, Span *values, Unread *unread, int depth);
/* Take the next value of a list, which begins with its bracket; return 1, 0 at its end, and -1 where it is none. */
int
take_item(Span *list, Span *item);

#endif
