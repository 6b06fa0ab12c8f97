/* amount.c - figures in few columns. */
#include "top/amount.h"

#include "base/units.h"
#include "observe/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

char *amount_bytes(char buf[AMOUNT_MAX], u64 bytes)
{
    static const char units[] = "KMGTPE";
    double value = (double)bytes;
    int unit = -1;

    if (!known(bytes) || bytes == NO_LIMIT) {
        snprintf(buf, AMOUNT_MAX, "%s", known(bytes) ? "max" : "-");
        return buf;
    }
    if (bytes < KIB) {
        snprintf(buf, AMOUNT_MAX, bytes ? "%" PRIu64 "B" : "%" PRIu64, bytes);
        return buf;
    }
    while (value >= 1023.5 && units[unit + 1]) {
        value /= 1024;
        unit++;
    }
    snprintf(buf, AMOUNT_MAX, value < 99.95 ? "%.1f%c" : "%.0f%c", value, units[unit]);
    return buf;
}

char *amount_count(char buf[AMOUNT_MAX], double count)
{
    static const char units[] = "kMGTPE";
    double value = fabs(count);
    const char *sign = count < 0 ? "-" : "";
    int unit = -1;

    if (isnan(count)) {
        snprintf(buf, AMOUNT_MAX, "-");
        return buf;
    }
    if (value < 999.5) {
        bool fraction = value > 0 && value < 9.95 && value != floor(value);

        snprintf(buf, AMOUNT_MAX, fraction ? "%s%.1f" : "%s%.0f", sign, value);
        return buf;
    }
    while (value >= 999.5 && units[unit + 1]) {
        value /= 1000;
        unit++;
    }
    snprintf(buf, AMOUNT_MAX, value < 99.95 ? "%s%.1f%c" : "%s%.0f%c", sign, MIN(value, 9999),
             units[unit]);
    return buf;
}

char *amount_percent(char buf[AMOUNT_MAX], double percent)
{
    if (isnan(percent))
        snprintf(buf, AMOUNT_MAX, "-");
    else
        snprintf(buf, AMOUNT_MAX, percent < 99.95 ? "%.1f" : "%.0f", MIN(percent, 99999));
    return buf;
}

char *amount_byte_rate(char buf[AMOUNT_MAX], double bytes_per_s)
{
    char text[UNITS_TEXT_MAX];

    if (isnan(bytes_per_s))
        snprintf(buf, AMOUNT_MAX, "-");
    else
        snprintf(buf, AMOUNT_MAX, "%.20s/s", format_bytes(text, (u64)CLAMP(bytes_per_s, 0, 1e19)));
    return buf;
}

char *amount_time(char buf[AMOUNT_MAX], u64 us)
{
    u64 s = us / 1000000;

    if (!known(us))
        snprintf(buf, AMOUNT_MAX, "-");
    else if (s < 60)
        snprintf(buf, AMOUNT_MAX, "%u s", (unsigned)s);
    else if (s < 3600)
        snprintf(buf, AMOUNT_MAX, "%u min %02u s", (unsigned)(s / 60), (unsigned)(s % 60));
    else if (s < 86400)
        snprintf(buf, AMOUNT_MAX, "%u h %02u min", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
    else
        snprintf(buf, AMOUNT_MAX, "%" PRIu64 " d %u h", s / 86400, (unsigned)(s / 3600 % 24));
    return buf;
}
