/* Records of articles, as search/records.py writes them: lists of their fields in JSON. */

#ifndef LEDE_RECORDS_H
#define LEDE_RECORDS_H

#include "json.h"

enum { ID, ADDRESS, HEADLINE, SUMMARY, PUBLISHER, MOMENT, KIND, SECTION, SUBJECTS, MARK_OF_QUALITY, MARK_OF_HEAT,
       IS_PUBLISHED, PICTURE, PARTS };
enum { PUBLISHER_NAME, PUBLISHER_DOMAIN, PUBLISHER_PARTS };
enum { PICTURE_URL, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_PARTS };

typedef struct {
    Span parts[PARTS];
    Span publisher[PUBLISHER_PARTS];
} Record;

/* Take a list of exactly so many values; return whether it is one. */
int
take_values(Span list, Span *values, int count);
/* Take the next record of a list; return 1, 0 at its end, and -1 where it is none. */
int
take_record(Span *list, Record *record);
/* Return what a text in quotation marks says; where it has escapes that is put behind the buffer, which must have the
 * room. A text that is none, or holds half a character, has no beginning. */
Span
plain_text(Span value, Buffer *buffer);
/* Write an article as the API sends it, but for its id and moment; return whether it is right. */
int
put_article(Buffer *out, const Record *record);
/* Read an article's id as a number of the same order; return whether it is one. */
int
read_id(Span value, uint64_t *id);
/* Read a moment to microseconds before 1970, less one; none to the largest number. Return whether it is one. */
int
read_age(Span value, int64_t *age);

#endif
