/* Characters of texts in JSON that cleaning leaves as they are, however they are written. */

#ifndef LEDE_CHARACTERS_H
#define LEDE_CHARACTERS_H

#include "json.h"

/* Read a character beyond ASCII; return its bytes, 0 where it is none. */
int
read_character(const char *at, const char *end, uint32_t *character);
/* Read the character that an escape with a number stands for, or two; return the bytes that they took, 0 where it is
 * none. */
int
read_escaped(const char *at, const char *end, uint32_t *character);
/* Return the bytes of a blank beyond ASCII, or of whatever cleaning makes one of, be it an escape or an entity; else 0. */
int
other_blank_bytes(const char *at, const char *end);
/* Return the bytes of a character beyond ASCII that is printed, 0 where it is another. */
int
printed_bytes(const char *at, const char *end);
/* Write the character that an escape stands for, or two, if it is printed and beyond ASCII; return the bytes that they
 * took, else 0. */
int
put_escaped(Buffer *out, const char *at, const char *end);
/* Write the character that an entity stands for, if it is a common one that is printed, as JSON has it; return the
 * bytes that it took, else 0. */
int
put_entity(Buffer *out, const char *at, const char *end);

#endif
