/* prefix_date.c - dates and times of day, in the forms in which loggers write them. */
#include "paste/prefix_int.h"

#include <time.h>

/* Exactly n digits at the front. */
bool date_take_digits(struct span *s, unsigned n, int *ret)
{
    int value = 0;

    if (span_len(*s) < n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(s->at[i]))
            return false;
        value = value * 10 + (s->at[i] - '0');
    }
    s->at += n;
    *ret = value;
    return true;
}

bool date_take_char(struct span *s, char c)
{
    if (span_empty(*s) || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* ".123456" or ",123", after a second. */
u64 date_take_fraction(struct span *s)
{
    u64 us = 0;
    unsigned digits = 0;

    if (span_len(*s) < 2 || (*s->at != '.' && *s->at != ',') || !is_digit(s->at[1]))
        return 0;
    for (s->at++; !span_empty(*s) && is_digit(*s->at); s->at++) {
        if (digits < 6) {
            us = us * 10 + (u64)(*s->at - '0');
            digits++;
        }
    }
    for (; digits < 6; digits++)
        us *= 10;
    return us;
}

/* "05:57:48.123", "05:57". */
bool moment_take_clock(struct span *s, struct moment *m)
{
    struct span rest = *s;

    span_skip_blanks(&rest);
    if (!date_take_digits(&rest, 2, &m->hour) || !date_take_char(&rest, ':') ||
        !date_take_digits(&rest, 2, &m->minute))
        return false;
    m->second = 0;
    if (date_take_char(&rest, ':')) {
        if (!date_take_digits(&rest, 2, &m->second))
            return false;
        m->us = date_take_fraction(&rest);
    }
    if (m->hour > 23 || m->minute > 59 || m->second > 60)
        return false;
    *s = rest;
    return true;
}

static void take_offset(struct span *s, struct moment *m)
{
    struct span rest = *s;
    int hours, minutes = 0, sign;

    if (span_empty(rest))
        return;
    if (*rest.at == 'Z' && (span_len(rest) == 1 || rest.at[1] == ' ' || rest.at[1] == ']')) {
        s->at++;
        return;
    }
    span_skip_blanks(&rest);
    if (span_empty(rest) || (*rest.at != '+' && *rest.at != '-'))
        return;
    sign = *rest.at++ == '-' ? -1 : 1;
    if (!date_take_digits(&rest, 2, &hours))
        return;
    date_take_char(&rest, ':');
    date_take_digits(&rest, 2, &minutes);
    m->offset_minutes = sign * (hours * 60 + minutes);
    *s = rest;
}

/* "2024-09-03T05:57:48,123456+08:00", "2024-09-03 05:57:48", "2024/09/03 05:57:48". */
bool moment_take_iso(struct span *s, struct moment *m)
{
    struct span rest = *s;
    char separator;

    if (!date_take_digits(&rest, 4, &m->year) || m->year < 1970 || m->year > 2200 ||
        span_empty(rest))
        return false;
    separator = *rest.at;
    if ((separator != '-' && separator != '/') || !date_take_char(&rest, separator) ||
        !date_take_digits(&rest, 2, &m->month) || !date_take_char(&rest, separator) ||
        !date_take_digits(&rest, 2, &m->day) ||
        (!date_take_char(&rest, 'T') && !date_take_char(&rest, ' ')) ||
        !moment_take_clock(&rest, m) || m->month < 1 || m->month > 12)
        return false;
    take_offset(&rest, m);
    *s = rest;
    return true;
}

/* Months as people's locales print them: the first letters that tell them apart, lower case. */
static const struct {
    const char *name;
    int month;
} months[] = {
    {"jan", 1},  {"ene", 1},  {"gen", 1},  {"янв", 1},  {"sty", 1},  {"led", 1},  {"feb", 2},
    {"fev", 2},  {"fév", 2},  {"фев", 2},  {"lut", 2},  {"úno", 2},  {"mar", 3},  {"mär", 3},
    {"mrz", 3},  {"мар", 3},  {"maa", 3},  {"mrt", 3},  {"bře", 3},  {"apr", 4},  {"abr", 4},
    {"avr", 4},  {"апр", 4},  {"kwi", 4},  {"dub", 4},  {"may", 5},  {"mai", 5},  {"maj", 5},
    {"mag", 5},  {"mei", 5},  {"мая", 5},  {"май", 5},  {"kvě", 5},  {"juin", 6}, {"jun", 6},
    {"giu", 6},  {"июн", 6},  {"cze", 6},  {"čer", 6},  {"juil", 7}, {"jul", 7},  {"lug", 7},
    {"июл", 7},  {"lip", 7},  {"čec", 7},  {"aug", 8},  {"aoû", 8},  {"ago", 8},  {"авг", 8},
    {"sie", 8},  {"srp", 8},  {"sep", 9},  {"set", 9},  {"сен", 9},  {"wrz", 9},  {"zář", 9},
    {"oct", 10}, {"okt", 10}, {"ott", 10}, {"out", 10}, {"окт", 10}, {"paź", 10}, {"říj", 10},
    {"nov", 11}, {"ноя", 11}, {"lis", 11}, {"dec", 12}, {"dez", 12}, {"déc", 12}, {"dic", 12},
    {"дек", 12}, {"gru", 12}, {"pro", 12},
};

/* "Sep", "sept.", "9月"; a word of letters is a month when it begins like one. */
static bool take_month(struct span *s, int *ret)
{
    struct span rest = *s, word;
    u64 number;

    if (!span_take_word(&rest, &word) || span_len(word) > 14)
        return false;
    if (is_digit(*word.at)) {
        if (!span_take_u64(&word, &number) || number < 1 || number > 12 ||
            (!span_begins(word, "月") && !span_begins(word, "월")))
            return false;
        *ret = (int)number;
        /* "9月3日" without a blank is none that a log has. */
        *s = rest;
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(months); i++) {
        size_t len;

        if ((*word.at | 0x20) != (*months[i].name | 0x20))
            continue;
        len = strlen(months[i].name);
        if (span_len(word) >= len && strncasecmp(word.at, months[i].name, len) == 0) {
            /* "Feb15" of dmesg -e: the day stands behind the name. */
            while (!span_empty(word) && !is_digit(*word.at))
                word.at++;
            if (!span_empty(word))
                rest.at = word.at;
            *ret = months[i].month;
            *s = rest;
            return true;
        }
    }
    return false;
}

/* "Sep  3 05:57:48", "3 Sep 05:57:48", "3. Sep", each with a year before or behind, or none. */
bool moment_take_month(struct span *s, struct moment *m)
{
    struct span rest = *s;
    u64 number;

    span_skip_blanks(&rest);
    if (span_len(rest) > 5 && date_take_digits(&rest, 4, &m->year)) {
        if (m->year < 1970 || m->year > 2200 || !date_take_char(&rest, ' '))
            return false;
    } else {
        m->year = 0;
        rest = *s;
    }
    if (take_month(&rest, &m->month)) {
        if (!span_take_u64(&rest, &number) || number < 1 || number > 31)
            return false;
        m->day = (int)number;
    } else {
        if (!span_take_u64(&rest, &number) || number < 1 || number > 31)
            return false;
        m->day = (int)number;
        date_take_char(&rest, '.');
        if (!take_month(&rest, &m->month))
            return false;
    }
    date_take_char(&rest, ',');

    struct span year = rest;

    span_skip_blanks(&year);
    if (m->year == 0 && date_take_digits(&year, 4, &m->year) && m->year >= 1970 && m->year < 2200 &&
        !span_empty(year) && *year.at == ' ')
        rest = year;
    if (!moment_take_clock(&rest, m))
        return false;
    *s = rest;
    return true;
}

/* Days since 1970 of a civil date. */
static s64 days_of(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

    return (s64)timegm(&tm) / 86400;
}

u64 moment_wall_us(const struct moment *m)
{
    s64 seconds = days_of(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 +
                  m->second - m->offset_minutes * 60;

    return seconds < 0 ? UNKNOWN_US : (u64)seconds * 1000000 + m->us;
}

/* A weekday before a date, in whatever language: a short word. */
static bool skip_weekday(struct span *s)
{
    struct span rest = *s, word;

    if (!span_take_word(&rest, &word) || span_len(word) > 12 || is_digit(*word.at))
        return false;
    *s = rest;
    span_skip_blanks(s);
    return true;
}

/* A zone's name behind a date: "UTC", "CEST". */
static void skip_zone(struct span *s)
{
    struct span rest = *s, word;

    if (!span_take_word(&rest, &word) || span_len(word) < 2 || span_len(word) > 5)
        return;
    for (const char *at = word.at; at < word.end; at++)
        if (*at < 'A' || *at > 'Z')
            return;
    *s = rest;
}

bool moment_take_text(struct span *s, struct moment *m)
{
    struct span rest = *s;
    int year;

    *m = (struct moment){0};
    if (moment_take_iso(&rest, m)) {
        *s = rest;
        return true;
    }
    *m = (struct moment){0};
    if (!moment_take_month(&rest, m)) {
        rest = *s;
        *m = (struct moment){0};
        if (!skip_weekday(&rest))
            return false;
        if (moment_take_iso(&rest, m)) {
            skip_zone(&rest);
            *s = rest;
            return true;
        }
        *m = (struct moment){0};
        if (!moment_take_month(&rest, m))
            return false;
    }
    skip_zone(&rest);

    struct span behind = rest;

    span_skip_blanks(&behind);
    if (m->year == 0 && date_take_digits(&behind, 4, &year) && year >= 1970 && year < 2200 &&
        (span_empty(behind) || is_blank(*behind.at))) {
        m->year = year;
        rest = behind;
    }
    *s = rest;
    return true;
}
