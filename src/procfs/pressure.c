/* pressure.c - /proc/pressure/{cpu,io,memory}: the pressure of the root group. */
#include "procfs/procfs.h"

static void render(const struct system *s, enum psi_res res, struct strbuf *out)
{
    psi_render(&s->groups.root->psi, res, true, s->clock.now, out);
}

void render_pressure_cpu(const struct system *s, struct strbuf *out)
{
    render(s, PSI_CPU, out);
}

void render_pressure_io(const struct system *s, struct strbuf *out)
{
    render(s, PSI_IO, out);
}

void render_pressure_memory(const struct system *s, struct strbuf *out)
{
    render(s, PSI_MEM, out);
}
