/* URLs, as search/urls.py reads them. */

#include "urls.h"

#include "blake2b.h"
#include "characters.h"

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

/* Write a URL without the blanks around it, and others as a browser sends them; return its end. */
static const char *
encode_blanks(Span text, char *into)
{
    while (text.at < text.end && *text.at == ' ')
        text.at++;
    while (text.at < text.end && text.end[-1] == ' ')
        text.end--;
    for (; text.at < text.end; text.at++) {
        if (*text.at == ' ')
            memcpy(into, "%20", 3);
        else
            *into = *text.at;
        into += *text.at == ' ' ? 3 : 1;
    }
    return into;
}

/* Find where a path ends, in which characters beyond ASCII that are printed stay as they are. */
static const char *
end_of_path(const char *at, const char *end)
{
    int size = 1;
    while (at < end && size) {
        size = (unsigned char)*at < 0x80 ? is_in_path(*at) : printed_bytes(at, end);
        at += size;
    }
    return at;
}

int
read_url(Span value, Url *url)
{
    if (value.end - value.at < 2 || *value.at != '"' || value.end - value.at > MAX_URL)
        return 0;
    url->whole = (Span){value.at + 1, value.end - 1};
    if (memchr(url->whole.at, ' ', url->whole.end - url->whole.at)) {
        url->whole.end = encode_blanks(url->whole, url->encoded);
        url->whole.at = url->encoded;
    }
    const char *at = url->whole.at, *end = url->whole.end;
    size_t scheme = end - at >= 8 && !memcmp(at, "https://", 8) ? 8 : end - at >= 7 && !memcmp(at, "http://", 7) ? 7 : 0;
    if (!scheme)
        return 0;
    url->host.at = at += scheme;
    while (at < end && (is_alphanumeric(*at) || *at == '.' || *at == '-'))
        at++;
    url->host.end = url->path.at = at;
    if (url->host.at == at || !is_alphanumeric(*url->host.at) || !is_alphanumeric(at[-1]) ||
        (at < end && *at != '/' && *at != '?' && *at != '#'))
        return 0;
    url->path.end = at = end_of_path(at, end);
    at += at < end && *at == '?';
    url->query.at = at;
    while (at < end && (is_in_path(*at) || *at == '?'))
        at++;
    url->query.end = at;
    if (at < end && *at++ != '#')
        return 0;
    while (at < end && (is_in_path(*at) || *at == '?'))
        at++;
    return at == end;
}

void
lower_text(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] += text[i] >= 'A' && text[i] <= 'Z' ? 'a' - 'A' : 0;
}

size_t
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

/* Tell whether a parameter says where a reader came from. */
static int
is_tracking(const char *at, const char *end)
{
    static const Key known[] = {NAMED("gbraid"), NAMED("wbraid"), NAMED("igshid"), NAMED("mc_cid"), NAMED("mc_eid"),
                                 NAMED("mkt_tok"), NAMED("_hsenc"), NAMED("_hsmi"), NAMED("_ga"), NAMED("ref_src"),
                                 NAMED("cmpid")};
    char name[3 * MAX_URL];
    Py_ssize_t size = 0;
    while (at + size < end && (is_alphanumeric(at[size]) || at[size] == '_'))
        size++;
    if (at + size < end && at[size] != '=')
        return 0;
    memcpy(name, at, size);
    lower_text(name, size);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (size == known[i].size && !memcmp(name, known[i].text, size))
            return 1;
    return (size >= 4 && (!memcmp(name, "utm_", 4) || !memcmp(name + size - 4, "clid", 4))) ||
           (size >= 5 && !memcmp(name + size - 5, "clkid", 5));
}

/* Write the parameters that say what is read; return their size. */
static size_t
put_query(char *into, const Url *url)
{
    char *out = into;
    for (const char *at = url->query.at; at < url->query.end;) {
        const char *end = memchr(at, '&', url->query.end - at);
        end = end ? end : url->query.end;
        if (end > at && !is_tracking(at, end)) {
            char mark = out == into ? '?' : '&';
            *out++ = mark;
            memcpy(out, at, end - at);
            out += end - at;
        }
        at = end + 1;
    }
    return out - into;
}

uint64_t
hash_url(const Url *url)
{
    char canonical[3 * MAX_URL];
    size_t size = put_host(canonical, url);
    const char *end = url->path.end;
    while (end > url->path.at && end[-1] == '/')
        end--;
    memcpy(canonical + size, url->path.at, end - url->path.at);
    size += end - url->path.at;
    return blake2b(canonical, size + put_query(canonical + size, url));
}
