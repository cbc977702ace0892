/* URLs in which browsers would change nothing but blanks. */

#ifndef LEDE_URLS_H
#define LEDE_URLS_H

#include "json.h"

#define MAX_URL 2048

typedef struct {
    Span whole;
    Span host;
    Span path;
    Span query;
    /* Where the others are if something had to be changed; so it must not be copied. */
    char encoded[3 * MAX_URL];
} Url;

/* Read such a URL, in its quotation marks; return whether it is one. */
int
read_url(Span value, Url *url);
/* Make letters of ASCII small. */
void
lower_text(char *text, size_t size);
/* Write the host of a URL as the domain of whoever publishes there; return its size. */
size_t
put_host(char *into, const Url *url);
/* Return the hash of the canonical URL, as in search/urls.py. */
uint64_t
hash_url(const Url *url);

#endif
