/* units.c - sizes and times as text, and back.
 *
 * Decimal fractions are kept as an integer over a power of ten, so "0.1G" means the same on every
 * host.
 */
#include "base/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* Digits after the point beyond these are beyond any unit and are cut off. */
#define FRACTION_DIGITS_MAX 15

struct unit {
    const char *name;
    u64 factor;
};

static const struct unit size_units[] = {
    {"", 1},    {"B", 1},   {"K", KIB},        {"M", MIB},
    {"G", GIB}, {"T", TIB}, {"P", TIB * 1024}, {"E", TIB *MIB},
};

static const struct unit duration_units[] = {
    {"", NS_PER_S},         {"ns", 1},
    {"us", NS_PER_US},      {"ms", NS_PER_MS},
    {"s", NS_PER_S},        {"m", 60 * NS_PER_S},
    {"min", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
};

/* A decimal number is whole + fraction / scale. */
struct decimal {
    u64 whole;
    u64 fraction, scale;
};

/* Read "12", "12.5" or ".5" from *text on, and step past it, also when it is too large
 * (-ERANGE). */
static int read_decimal(const char **text, struct decimal *ret)
{
    const char *at = *text;
    struct decimal number = {.scale = 1};
    unsigned digits = 0;
    bool too_large = false;

    for (; isdigit((unsigned char)*at); at++, digits++) {
        if (__builtin_mul_overflow(number.whole, 10, &number.whole) ||
            __builtin_add_overflow(number.whole, (u64)(*at - '0'), &number.whole))
            too_large = true;
    }
    if (*at == '.') {
        unsigned fraction_digits = 0;

        for (at++; isdigit((unsigned char)*at); at++, digits++) {
            if (fraction_digits++ >= FRACTION_DIGITS_MAX)
                continue;
            number.fraction = number.fraction * 10 + (u64)(*at - '0');
            number.scale *= 10;
        }
    }
    if (!digits)
        return -EINVAL;
    *text = at;
    *ret = number;
    return too_large ? -ERANGE : 0;
}

/* number * factor, rounded down. */
static int scale_decimal(const struct decimal *number, u64 factor, u64 *ret)
{
    u128 result = (u128)number->whole * factor + (u128)number->fraction * factor / number->scale;

    if (result > UINT64_MAX)
        return -ERANGE;
    *ret = (u64)result;
    return 0;
}

/* The size unit that `text` names: "m", "M", "MB" and "MiB" are one. */
static const struct unit *find_size_unit(const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
        const struct unit *unit = &size_units[i];
        size_t length = strlen(unit->name);

        if (!strcasecmp(text, unit->name))
            return unit;
        if (unit->factor > 1 && !strncasecmp(text, unit->name, length) &&
            (!strcasecmp(text + length, "B") || !strcasecmp(text + length, "iB")))
            return unit;
    }
    return NULL;
}

int parse_size(const char *text, u64 *ret_bytes, struct err *e)
{
    const char *at = text;
    struct decimal number;
    const struct unit *unit;
    u64 bytes;
    int code = read_decimal(&at, &number);

    if (code == -EINVAL)
        return err_set(e, code, "'%s' is not a size; write a number and K, M, G or T, such as 96M",
                       text);
    unit = find_size_unit(at);
    if (!unit)
        return err_set(e, -EINVAL, "unknown unit '%s' in size '%s'; want K, M, G or T", at, text);
    if (code || scale_decimal(&number, unit->factor, &bytes))
        return err_set(e, -ERANGE, "size '%s' does not fit in 64 bits", text);
    *ret_bytes = bytes;
    return 0;
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9'   ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
           : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                  : 16;
}

/* The base that a number's beginning tells, which is skipped when it is 0x. */
static unsigned take_base(const char **at)
{
    if ((*at)[0] != '0')
        return 10;
    if (((*at)[1] | 0x20) != 'x' || digit_of((*at)[2]) >= 16)
        return 8;
    *at += 2;
    return 16;
}

int parse_kernel_size(const char *text, u64 *ret_bytes)
{
    static const char suffixes[] = "KMGTPE";
    const char *at = text, *suffix;
    unsigned base = take_base(&at);
    u64 bytes = 0;

    for (; digit_of(*at) < base; at++)
        bytes = bytes * base + digit_of(*at);
    suffix = *at ? strchr(suffixes, *at & ~0x20) : NULL;
    if (suffix && *suffix) {
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);

        bytes <<= shift;
        at++;
    }
    if (*at)
        return -EINVAL;
    *ret_bytes = bytes;
    return 0;
}

/* Digits up to something else, which *text is left at. */
static int take_digits(const char **text, unsigned base, u64 *ret)
{
    const char *at = *text;
    bool too_large = false;
    u64 number = 0;

    if (base == 0)
        base = take_base(&at);
    if (digit_of(*at) >= base)
        return -EINVAL;
    for (; digit_of(*at) < base; at++) {
        too_large |= number > (UINT64_MAX - digit_of(*at)) / base;
        number = number * base + digit_of(*at);
    }
    *text = at;
    *ret = number;
    return too_large ? -ERANGE : 0;
}

int parse_kernel_u64(const char *text, unsigned base, u64 *ret)
{
    const char *at = text + (*text == '+');
    u64 number;
    int rc = take_digits(&at, base, &number);

    if (rc != -EINVAL && *at)
        rc = -EINVAL;
    if (rc == 0)
        *ret = number;
    return rc;
}

#define SYSCTL_DIGITS_MAX 20

int parse_kernel_sysctl(const char *text, u64 *ret)
{
    const char *at = text + strspn(text, " \t\n"), *begin = at;
    u64 number;

    if (take_digits(&at, 0, &number) || at - begin > SYSCTL_DIGITS_MAX ||
        (*at && !strchr(" \t\n", *at)))
        return -EINVAL;
    *ret = number;
    return 0;
}

int parse_kernel_bool(const char *text, bool *ret)
{
    char first = text[0] | 0x20, second = *text ? text[1] | 0x20 : 0;

    if (first == 'y' || first == 't' || text[0] == '1' || (first == 'o' && second == 'n'))
        *ret = true;
    else if (first == 'n' || first == 'f' || text[0] == '0' || (first == 'o' && second == 'f'))
        *ret = false;
    else
        return -EINVAL;
    return 0;
}

int parse_duration(const char *text, ns_t *ret_ns, struct err *e)
{
    const char *at = text;
    struct decimal number;
    ns_t ns;
    int code = read_decimal(&at, &number);

    if (code == -EINVAL)
        return err_set(e, code,
                       "'%s' is not a duration; write a number and ns, us, ms, s, min or h", text);
    for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++) {
        if (strcmp(at, duration_units[i].name) != 0)
            continue;
        if (code || scale_decimal(&number, duration_units[i].factor, &ns))
            return err_set(e, -ERANGE, "duration '%s' does not fit in 64 bits of nanoseconds",
                           text);
        *ret_ns = ns;
        return 0;
    }
    return err_set(e, -EINVAL, "unknown unit '%s' in duration '%s'; want ns, us, ms, s, min or h",
                   at, text);
}

int parse_u64(const char *text, u64 *ret, struct err *e)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    char *end;
    u64 number;

    if (!isxdigit((unsigned char)text[hex ? 2 : 0]))
        return err_set(e, -EINVAL, "'%s' is not a whole number", text);
    errno = 0;
    number = strtoull(text, &end, hex ? 16 : 10);
    if (end == text || *end)
        return err_set(e, -EINVAL, "'%s' is not a whole number", text);
    if (errno == ERANGE)
        return err_set(e, -ERANGE, "'%s' does not fit in 64 bits", text);
    *ret = number;
    return 0;
}

int parse_f64(const char *text, double *ret, struct err *e)
{
    char *end;
    double number;

    if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '.')
        return err_set(e, -EINVAL, "'%s' is not a number", text);
    number = strtod(text, &end);
    if (end == text || *end || strpbrk(text, "xXpP"))
        return err_set(e, -EINVAL, "'%s' is not a number", text);
    if (!isfinite(number))
        return err_set(e, -ERANGE, "'%s' is too large for a number", text);
    *ret = number;
    return 0;
}

/* Bytes in parts of 2^10, 2^20 ..., rounded to nearest. */
static u64 parts_of(u64 bytes, size_t unit, u64 parts)
{
    unsigned shift = 10 * (unsigned)(unit + 1);

    return (u64)(((u128)bytes * parts + (BIT_ULL(shift) >> 1)) >> shift);
}

/* near: tenths may be off by one part in so many; else it is told in hundredths. */
static char *format_near(char buf[UNITS_TEXT_MAX], u64 bytes, u64 near)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    u64 tenths, hundredths;
    size_t unit = 0;
    u128 told, off;

    if (bytes < KIB) {
        snprintf(buf, UNITS_TEXT_MAX, "%llu B", (unsigned long long)bytes);
        return buf;
    }
    /* One unit up when it rounds to 1024.0. */
    while (parts_of(bytes, unit, 10) >= 10240 && unit + 1 < ARRAY_SIZE(names))
        unit++;
    tenths = parts_of(bytes, unit, 10);
    hundredths = parts_of(bytes, unit, 100);
    told = ((u128)tenths << (10 * (unit + 1))) / 10;
    off = told > bytes ? told - bytes : bytes - told;
    if (off * near <= bytes)
        snprintf(buf, UNITS_TEXT_MAX, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                 (unsigned long long)(tenths % 10), names[unit]);
    else
        snprintf(buf, UNITS_TEXT_MAX, "%llu.%02llu %s", (unsigned long long)(hundredths / 100),
                 (unsigned long long)(hundredths % 100), names[unit]);
    return buf;
}

char *format_bytes(char buf[UNITS_TEXT_MAX], u64 bytes)
{
    return format_near(buf, bytes, 1);
}

char *format_limit(char buf[UNITS_TEXT_MAX], u64 bytes)
{
    return format_near(buf, bytes, 200);
}

void format_two_bytes(char a_text[UNITS_TEXT_MAX], u64 a, char b_text[UNITS_TEXT_MAX], u64 b)
{
    u64 unit = a % KIB || b % KIB ? 1 : KIB;
    const char *name = unit == KIB ? "KiB" : "B";

    format_limit(a_text, a);
    format_limit(b_text, b);
    if (a == b || strcmp(a_text, b_text) != 0)
        return;
    snprintf(a_text, UNITS_TEXT_MAX, "%llu %s", (unsigned long long)(a / unit), name);
    snprintf(b_text, UNITS_TEXT_MAX, "%llu %s", (unsigned long long)(b / unit), name);
}

char *format_size(char buf[UNITS_TEXT_MAX], u64 bytes)
{
    size_t best = 0;

    for (size_t i = 0; i < ARRAY_SIZE(size_units); i++)
        if (bytes && bytes % size_units[i].factor == 0 && size_units[i].factor > 1)
            best = i;
    snprintf(buf, UNITS_TEXT_MAX, "%llu%s", (unsigned long long)(bytes / size_units[best].factor),
             size_units[best].name);
    return buf;
}

/* ns in units of `unit` with three significant digits, for 1 <= ns / unit < 1000 or so. */
static void format_three_digits(char buf[UNITS_TEXT_MAX], ns_t ns, ns_t unit, const char *name)
{
    unsigned decimals = ns < 10 * unit ? 2 : ns < 100 * unit ? 1 : 0;

    snprintf(buf, UNITS_TEXT_MAX, "%.*f %s", (int)decimals, (double)ns / (double)unit, name);
}

char *format_ns(char buf[UNITS_TEXT_MAX], ns_t ns)
{
    /* Each limit is where three digits would round up into the next unit. */
    if (ns < NS_PER_US) {
        snprintf(buf, UNITS_TEXT_MAX, "%llu ns", (unsigned long long)ns);
    } else if (ns < NS_PER_MS - NS_PER_US / 2) {
        format_three_digits(buf, ns, NS_PER_US, "us");
    } else if (ns < NS_PER_S - NS_PER_MS / 2) {
        format_three_digits(buf, ns, NS_PER_MS, "ms");
    } else if (ns < 60 * NS_PER_S - NS_PER_S / 20) {
        snprintf(buf, UNITS_TEXT_MAX, "%.*f s", ns < 10 * NS_PER_S ? 2 : 1, (double)ns / 1e9);
    } else {
        u64 seconds = (ns + NS_PER_S / 2) / NS_PER_S;

        if (seconds < 3600)
            snprintf(buf, UNITS_TEXT_MAX, "%llu min %02llu s", (unsigned long long)(seconds / 60),
                     (unsigned long long)(seconds % 60));
        else
            snprintf(buf, UNITS_TEXT_MAX, "%llu h %02llu min", (unsigned long long)(seconds / 3600),
                     (unsigned long long)(seconds / 60 % 60));
    }
    return buf;
}

char *format_count(char buf[UNITS_TEXT_MAX], u64 count)
{
    char digits[UNITS_TEXT_MAX];
    size_t length = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            buf[out++] = ',';
        buf[out++] = digits[i];
    }
    buf[out] = '\0';
    return buf;
}

char *format_short_count(char buf[UNITS_TEXT_MAX], u64 n)
{
    static const char units[] = " kMGT";
    double value = (double)n;
    unsigned unit = 0;

    while (value >= 999.5 && unit + 2 < sizeof(units)) {
        value /= 1000;
        unit++;
    }
    if (unit == 0)
        snprintf(buf, UNITS_TEXT_MAX, "%" PRIu64, n);
    else
        snprintf(buf, UNITS_TEXT_MAX, value < 9.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
    return buf;
}
