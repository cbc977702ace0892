/* Articles to records. */

#include "articles.h"

#include "plain.h"
#include "urls.h"

#define MAX_TOPICS 16
/* Hexadecimal digits of an id, in pairs. */
#define ID_BYTES 8

const Key keys[KEYS] = {NAMED("title"),     NAMED("excerpt"),     NAMED("publishedDateTime"),
                                NAMED("provider"),  NAMED("topics"),      NAMED("type"),
                                NAMED("category"),  NAMED("quality"),     NAMED("heat"),
                                NAMED("published"), NAMED("images"),      NAMED("related"),
                                NAMED("removed"),   NAMED("ampWebUrl"),   NAMED("cdnAmpWebUrl"),
                                NAMED("website"),   NAMED("originalUrl"), NAMED("webUrl"),
                                NAMED("name"),      NAMED("startDateTime"), NAMED("secured")};
enum { NAME, DOMAIN, PROVIDER_KEYS };
static const Key provider_keys[PROVIDER_KEYS] = {NAMED("name"), NAMED("domain")};
enum { URL, WIDTH, HEIGHT, IMAGE_KEYS };
static const Key image_keys[IMAGE_KEYS] = {NAMED("url"), NAMED("width"), NAMED("height")};

/* Find the URL that counts, once all were checked. */
static int
find_url(const Span *values, Url *url)
{
    Url unused;
    int is_found = 0;
    for (int key = AMP; key <= WEB; key++) {
        if (is_null(&values[key]) || is_text(&values[key], "\"\""))
            continue;
        if (!read_url(values[key], key > CDN_AMP ? url : &unused))
            return 0;
        is_found |= key > CDN_AMP;
    }
    return is_found;
}

static void
put_id(Buffer *out, uint64_t hash)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ID_BYTES; i++, hash >>= 8) {
        put(out, &digits[hash >> 4 & 15], 1);
        put(out, &digits[hash & 15], 1);
    }
}

static int
put_provider(Buffer *out, Span value, const Url *url)
{
    Span values[PROVIDER_KEYS];
    Unread unread;
    if (!value.at || !take_object(&value, provider_keys, PROVIDER_KEYS, values, &unread, MAX_UNREAD_DEPTH))
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
    if (size)
        lower_text(domain, size);
    else
        size = put_host(domain, url);
    if (size >= 4 && !memcmp(domain, "www.", 4))
        memmove(domain, domain + 4, size -= 4);
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
    Unread unread;
    Url url;
    int64_t number;
    if (!take_object(&picture, image_keys, IMAGE_KEYS, values, &unread, MAX_UNREAD_DEPTH) ||
        !read_number(&values[WIDTH], &number) || !read_number(&values[HEIGHT], &number))
        return 0;
    if (is_null(&values[URL]) || is_text(&values[URL], "\"\""))
        return 1;
    if (!read_url(values[URL], &url))
        return 0;
    if (*is_written)
        return 1;
    PUT(out, "[\"");
    put(out, url.whole.at, url.whole.end - url.whole.at);
    PUT(out, "\",");
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

/* Tell whether what counts of a seed's own article only is plain, and what counts nowhere: all of it must be JSON. */
static int
is_rest_plain(const Span *values)
{
    int64_t heat;
    int is_secret_plain = !values[SECURED].at || is_plain_value(values[SECURED], MAX_UNREAD_DEPTH);
    return read_number(&values[HEAT], &heat) && is_flag(&values[PUBLISHED]) && is_secret_plain;
}

int
put_record(Buffer *out, const Span *values, int is_own)
{
    static const Span none = {NULL, NULL};
    Url url;
    /* Of events, which are few. */
    if (!is_null(&values[NAME_TOO]) || !is_null(&values[STARTED_AT]))
        return 0;
    if (!find_url(values, &url) || !is_rest_plain(values))
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

