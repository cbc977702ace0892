/* Which characters are printed, and how they may be written. */

#include "characters.h"

/* Characters beyond ASCII that are printed, and no blanks: some that surely are, in whatever version of Unicode. */
static const uint32_t printed[][2] = {
    {0xA1, 0xAC},     {0xAE, 0x377},    {0x3A3, 0x52F},   {0x591, 0x5C7},   {0x5D0, 0x5EA},   {0x61D, 0x6DC},
    {0x6DE, 0x70D},   {0x8E3, 0x983},   {0xE01, 0xE3A},   {0xE3F, 0xE5B},   {0x1E00, 0x1F15}, {0x2010, 0x2027},
    {0x2030, 0x205E}, {0x20A0, 0x20BF}, {0x2100, 0x218B}, {0x2190, 0x2426}, {0x2460, 0x2B73}, {0x3001, 0x303F},
    {0x3041, 0x3096}, {0x3099, 0x30FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FA5}, {0xAC00, 0xD7A3}, {0xFE00, 0xFE0F},
    {0xFF01, 0xFFBE}, {0x1F300, 0x1F6C5}, {0x1F910, 0x1F9FF}, {0x20000, 0x2A6D6}};

static int
is_printed(uint32_t character)
{
    size_t range = 0;
    while (range < sizeof printed / sizeof *printed && character > printed[range][1])
        range++;
    return range < sizeof printed / sizeof *printed && character >= printed[range][0];
}

/* Tell whether a character beyond ASCII counts as a blank, or cleaning makes one of it. */
static int
is_other_blank(uint32_t character)
{
    return (character >= 0x80 && character <= 0xA0) || character == 0x1680 ||
           (character >= 0x2000 && character <= 0x200B) || character == 0x2028 || character == 0x2029 ||
           character == 0x202F || character == 0x205F || character == 0x3000 || character == 0xFEFF;
}

int
read_character(const char *at, const char *end, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *text = (const unsigned char *)at;
    int size = text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    *character = text[0] & (0x7F >> size);
    if (text[0] < 0xC2 || text[0] > 0xF4 || size > end - at)
        return 0;
    for (int i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        *character = *character << 6 | (text[i] & 0x3F);
    }
    int is_surrogate = *character >= 0xD800 && *character < 0xE000;
    return *character < least[size] || *character > 0x10FFFF || is_surrogate ? 0 : size;
}

int
printed_bytes(const char *at, const char *end)
{
    uint32_t character;
    int size = read_character(at, end, &character);
    return size && is_printed(character) ? size : 0;
}

/* Write a character beyond ASCII. */
static void
put_character(Buffer *out, uint32_t character)
{
    int more = character >= 0x10000 ? 3 : character >= 0x800 ? 2 : 1;
    out->data[out->size++] = (char)((0xF00 >> (more + 1) & 0xFF) | character >> 6 * more);
    while (more--)
        out->data[out->size++] = (char)(0x80 | (character >> 6 * more & 0x3F));
}

/* Read the number behind an escape; return whether it is one. */
static int
read_escape(const char *at, const char *end, uint32_t *number)
{
    *number = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return 0;
    for (int i = 2; i < 6; i++) {
        int digit = digit_of(at[i]);
        if (digit < 0)
            return 0;
        *number = *number << 4 | (uint32_t)digit;
    }
    return 1;
}

int
read_escaped(const char *at, const char *end, uint32_t *character)
{
    uint32_t low;
    if (!read_escape(at, end, character))
        return 0;
    if (*character < 0xD800 || *character >= 0xE000)
        return 6;
    if (*character >= 0xDC00 || !read_escape(at + 6, end, &low) || low < 0xDC00 || low >= 0xE000)
        return 0;
    *character = 0x10000 + ((*character - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

int
put_escaped(Buffer *out, const char *at, const char *end)
{
    uint32_t character;
    int size = read_escaped(at, end, &character);
    if (!size || !is_printed(character))
        return 0;
    put_character(out, character);
    return size;
}

/* Those that news is full of. */
static const struct {
    Key name;
    uint32_t character;
} entities[] = {{NAMED("&amp;"), '&'},      {NAMED("&quot;"), '"'},     {NAMED("&apos;"), '\''},    {NAMED("&lt;"), '<'},
                {NAMED("&gt;"), '>'},       {NAMED("&lsquo;"), 0x2018}, {NAMED("&rsquo;"), 0x2019}, {NAMED("&ldquo;"), 0x201C},
                {NAMED("&rdquo;"), 0x201D}, {NAMED("&ndash;"), 0x2013}, {NAMED("&mdash;"), 0x2014}, {NAMED("&hellip;"), 0x2026}};

/* Read an entity by its number, if it is of few digits; return its bytes, 0 where it is none. */
static int
read_numbered(const char *at, const char *end, uint32_t *character)
{
    const char *digit = at + 2;
    *character = 0;
    if (end - at < 4 || at[1] != '#')
        return 0;
    for (; digit < end && digit - at < 8 && *digit >= '0' && *digit <= '9'; digit++)
        *character = 10 * *character + (uint32_t)(*digit - '0');
    return digit > at + 2 && digit < end && *digit == ';' ? (int)(digit + 1 - at) : 0;
}

int
other_blank_bytes(const char *at, const char *end)
{
    static const Key nbsp = NAMED("&nbsp;");
    uint32_t character = 0;
    int size;
    if (*at == '&' && end - at >= nbsp.size && !memcmp(at, nbsp.text, nbsp.size))
        return (int)nbsp.size;
    if ((unsigned char)*at >= 0x80)
        size = read_character(at, end, &character);
    else
        size = *at == '&' ? read_numbered(at, end, &character) : read_escaped(at, end, &character);
    /* By their numbers some control characters are printed ones of another encoding. */
    return size && is_other_blank(character) && (*at != '&' || character >= 0xA0) ? size : 0;
}

int
put_entity(Buffer *out, const char *at, const char *end)
{
    uint32_t character;
    int size = read_numbered(at, end, &character);
    for (size_t i = 0; !size && i < sizeof entities / sizeof *entities; i++)
        if (end - at >= entities[i].name.size && !memcmp(at, entities[i].name.text, entities[i].name.size)) {
            size = (int)entities[i].name.size;
            character = entities[i].character;
        }
    if (!size || (character > '~' ? !is_printed(character) : character <= ' '))
        return 0;
    if (character == '"' || character == '\\')
        put(out, "\\", 1);
    if (character > '~')
        put_character(out, character);
    else
        out->data[out->size++] = (char)character;
    return size;
}
