/* Records of articles, each kept once, with what is known of them. */

#ifndef LEDE_KEPT_H
#define LEDE_KEPT_H

#include "json.h"

#define MARK 8

typedef struct {
    /* The records, with commas between them, where each begins, their ids and ages as numbers, and fingerprints. */
    Buffer records;
    Buffer starts;
    Buffer ids;
    Buffer ages;
    Buffer marks;
    /* The place of each record plus one, by its fingerprint; their number is a power of two. */
    uint32_t *places;
    size_t slots;
    /* Slots that the records of the line got, to be taken back if it is left after all; they are of no use any more
     * where all were given anew meanwhile. */
    Buffer given;
    int is_given_anew;
    /* Something was not written for want of memory; what is there does not fit together any more. */
    int is_full;
} Kept;

#define RECORDS(kept) ((uint32_t)((kept)->marks.size / MARK))

/* Write the record of an article, if there is none like it; return its place, -1 where it cannot be written. There must
 * be room for it. */
int64_t
add_record(Kept *kept, const Span *values, int is_own);
/* Begin to note what a line gives. */
void
begin_line(Kept *kept);
/* Forget the records since *before*, of a line that is left after all; return whether there was the memory. */
int
take_back(Kept *kept, const Kept *before);
void
free_kept(Kept *kept);

#endif
