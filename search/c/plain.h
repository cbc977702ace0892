/* Values of JSON that nobody reads, which must be JSON all the same. */

#ifndef LEDE_PLAIN_H
#define LEDE_PLAIN_H

#include "json.h"

/* Tell whether a value that was taken is JSON for certain, with as many lists and objects in one another at most. */
int
is_plain_value(Span value, int depth);

#endif
