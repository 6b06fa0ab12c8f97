/* pressure.c - pressure stall information of the machine or of a group.
 *
 *   some avg10=0.12 avg60=0.05 avg300=0.01 total=123456
 *   full avg10=0.00 avg60=0.00 avg300=0.00 total=0          not for cpu before 5.13
 *
 * With PSI compiled in and off, the file is there and reading it says EOPNOTSUPP.
 */
#include "observe/reading_int.h"

static bool parse_line(struct span line, struct psi_line *psi)
{
    struct psi_line got = {0};

    if (!span_take(&line, "avg10=") || !span_take_hundredths(&line, &got.avg10) ||
        !span_take(&line, "avg60=") || !span_take_hundredths(&line, &got.avg60) ||
        !span_take(&line, "avg300=") || !span_take_hundredths(&line, &got.avg300) ||
        !span_take(&line, "total=") || !span_take_u64(&line, &got.total_us))
        return false;
    *psi = got;
    return true;
}

unsigned parse_pressure(struct span text, struct psi_view *psi)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        if (span_take(&line, "some "))
            found += parse_line(line, &psi->some);
        else if (span_take(&line, "full "))
            found += parse_line(line, &psi->full);
    }
    return found;
}

const enum part psi_parts[NR_PSI_RESOURCES] = {
    [PSI_IO] = PART_PRESSURE_IO,
    [PSI_MEM] = PART_PRESSURE_MEMORY,
    [PSI_CPU] = PART_PRESSURE_CPU,
};

static void read_resource(struct reading *r, enum psi_res resource)
{
    enum part part = psi_parts[resource];
    struct span text;
    int rc = reading_file(r, part_names[part] + 1, FILE_MAX_SMALL, &text);

    reading_mark(r, part, rc);
    if (rc == 0 && parse_pressure(text, &r->s->psi[resource]) == 0)
        reading_mark_why(r, part, PART_BAD, "not in the form this file has");
}

void read_pressure_cpu(struct reading *r)
{
    read_resource(r, PSI_CPU);
}

void read_pressure_io(struct reading *r)
{
    read_resource(r, PSI_IO);
}

void read_pressure_memory(struct reading *r)
{
    read_resource(r, PSI_MEM);
}
