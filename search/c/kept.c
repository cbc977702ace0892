/* Records of articles, each kept once. */

#include "kept.h"

#include "articles.h"
#include "blake2b.h"
#include "records.h"

#include <stdlib.h>

/* Of an article's id, with its quotation marks. */
#define ID_SIZE 18

/* Return where a record begins, or would if it were the next. */
static size_t
start_of(const Kept *kept, uint32_t place)
{
    uint32_t start;
    if (place == RECORDS(kept))
        return kept->records.size + (place ? 1 : 0);
    memcpy(&start, kept->starts.data + sizeof start * place, sizeof start);
    return start;
}

/* Give all records new slots. */
static int
give_slots(Kept *kept, size_t slots)
{
    uint32_t count = RECORDS(kept);
    uint32_t *places = calloc(slots, sizeof *places);
    if (!places)
        return 0;
    free(kept->places);
    kept->places = places;
    kept->slots = slots;
    for (uint32_t place = 0; place < count; place++) {
        uint64_t mark;
        memcpy(&mark, kept->marks.data + MARK * (size_t)place, MARK);
        size_t slot = mark & (slots - 1);
        while (places[slot])
            slot = (slot + 1) & (slots - 1);
        places[slot] = place + 1;
    }
    kept->is_given_anew = 1;
    return 1;
}

/* Make the slots more than twice as many as the records. */
static int
spread_out(Kept *kept)
{
    if (kept->slots > 2 * ((size_t)RECORDS(kept) + 1))
        return 1;
    return give_slots(kept, kept->slots ? 4 * kept->slots : 1 << 12);
}

/* Return the place of a record that was just written behind the others: of one that is the same, or its own. */
static uint32_t
place_of(Kept *kept, size_t start, size_t size, uint64_t mark)
{
    uint32_t count = RECORDS(kept);
    size_t slot = mark & (kept->slots - 1);
    for (; kept->places[slot]; slot = (slot + 1) & (kept->slots - 1)) {
        uint32_t place = kept->places[slot] - 1;
        size_t other = start_of(kept, place), end = start_of(kept, place + 1) - 1;
        if (place + 1 == count)
            end = start - 1;
        if (end - other == size && !memcmp(kept->records.data + other, kept->records.data + start, size))
            return place;
    }
    kept->places[slot] = count + 1;
    kept->is_full |= !PUSH(&kept->given, slot);
    return count;
}

/* Note what is known of the last record, which is new. */
static int
add_known(Kept *kept, size_t start, Span moment, uint64_t mark)
{
    static const char none[] = "null";
    const char *id_at = kept->records.data + start + 1;
    uint32_t first = (uint32_t)start;
    uint64_t id;
    int64_t age;
    if (!moment.at)
        moment = (Span){none, none + sizeof none - 1};
    return read_id((Span){id_at, id_at + ID_SIZE}, &id) && read_age(moment, &age) && PUSH(&kept->marks, mark) &&
           PUSH(&kept->starts, first) && PUSH(&kept->ids, id) && PUSH(&kept->ages, age);
}

int64_t
add_record(Kept *kept, const Span *values, int is_own)
{
    size_t begun = kept->records.size, start = start_of(kept, RECORDS(kept));
    if (!spread_out(kept)) {
        kept->is_full = 1;
        return -1;
    }
    if (begun)
        PUT(&kept->records, ",");
    if (!put_record(&kept->records, values, is_own)) {
        kept->records.size = begun;
        return -1;
    }
    size_t size = kept->records.size - start;
    uint64_t mark = blake2b(kept->records.data + start, size);
    uint32_t place = place_of(kept, start, size, mark);
    if (place < RECORDS(kept))
        kept->records.size = begun;
    else
        kept->is_full |= !add_known(kept, start, values[PUBLISHED_AT], mark);
    return kept->is_full ? -1 : (int64_t)place;
}

void
begin_line(Kept *kept)
{
    kept->given.size = 0;
    kept->is_given_anew = 0;
}

int
take_back(Kept *kept, const Kept *before)
{
    const size_t *given = ITEMS(kept->given, size_t);
    kept->records.size = before->records.size;
    kept->starts.size = before->starts.size;
    kept->ids.size = before->ids.size;
    kept->ages.size = before->ages.size;
    kept->marks.size = before->marks.size;
    if (kept->is_given_anew)
        return give_slots(kept, kept->slots);
    for (size_t i = COUNT(kept->given, size_t); i > 0; i--)
        kept->places[given[i - 1]] = 0;
    return 1;
}

void
free_kept(Kept *kept)
{
    Buffer *const all[] = {&kept->records, &kept->starts, &kept->ids, &kept->ages, &kept->marks, &kept->given};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->data);
    free(kept->places);
}
