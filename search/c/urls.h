/* URLs that browsers would change nothing in. */

#ifndef LEDE_URLS_H
#define LEDE_URLS_H

#include "json.h"

typedef struct {
    Span whole;
    Span host;
    Span path;
    Span query;
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
