/* Articles in JSON, as seeds have them and as records have them. */

#ifndef LEDE_ARTICLES_H
#define LEDE_ARTICLES_H

#include "values.h"

/* The keys that an article may have, or its seed; of the URLs, the last one that is given counts. */
enum { TITLE, EXCERPT, PUBLISHED_AT, PROVIDER, TOPICS, TYPE, CATEGORY, QUALITY, HEAT, PUBLISHED, IMAGES, RELATED, REMOVED, AMP,
       CDN_AMP, WEBSITE, ORIGINAL, WEB, NAME_TOO, STARTED_AT, SECURED, KEYS };
extern const Key keys[KEYS];

/* Write the record of an article, a seed's own or one that it is related to; return whether that could be done. */
int
put_record(Buffer *out, const Span *values, int is_own);

#endif
