/* Values of JSON, written once more as records have them. What writes them returns 0, or a size below 0, where they are
 * not plain: what they mean then is not for a pass to say. There must be room for as much as they take. */

#ifndef LEDE_VALUES_H
#define LEDE_VALUES_H

#include "json.h"

#define PUT(out, text) put(out, text, sizeof(text) - 1)

/* Write a text, in quotation marks, as cleaning would leave it; return its bytes, -1 where that is not known here. */
int64_t
put_text(Buffer *out, Span value);
/* The same for one that may be missing or empty, for which null is written. */
int
put_optional(Buffer *out, Span value);
void
put_number(Buffer *out, uint64_t number);
/* Read a whole number, -1 for null or one below 0; return whether it is one. */
int
read_number(const Span *value, int64_t *number);
/* Write a number from *least* on, null for any other. */
int
put_mark(Buffer *out, const Span *value, int64_t least);
/* Tell whether a value is true, false, null or missing. */
int
is_flag(const Span *value);
/* Write true, false or null. */
int
put_flag(Buffer *out, const Span *value);
/* Write a moment that is written as records have it: 2021-12-09T07:49:00Z. */
int
put_moment(Buffer *out, Span value);

#endif
