/* containers.c - state, end and limit of containers in words, for a text that has no figure of what
 * they use.
 *
 * Exit codes: what is above 128 is a signal's number plus 128; 137 is signal 9, of which
 * rule_sigkill.c tells.
 */
#include "diagnose/containers.h"

#include "base/strbuf.h"
#include "base/units.h"

#include <stdio.h>
#include <string.h>

#define BY_SIGNAL 128

/* "worker-1" of compose's own lines is "app-worker-1" of the runtime. */
static bool is_short_of(const char *name, const char *scope)
{
    size_t len = strlen(name), all = strlen(scope);

    return len >= 3 && all > len && strcmp(scope + all - len, name) == 0 &&
           strchr("-_/", scope[all - len - 1]);
}

const struct container_view *container_find(const struct snapshot *s, const char *scope)
{
    vec_for_each (&s->containers, c)
        if (scope && (strcmp(c->scope, scope) == 0 || is_short_of(scope, c->scope)))
            return c;
    return !scope && s->containers.count == 1 ? s->containers.items : NULL;
}

static bool has_ended(const struct container_view *c)
{
    return known(c->exit_code) && c->exit_code != 0;
}

/* How much it has to say: an end with an error, a loop, restarts, a limit. */
static unsigned worth(const struct container_view *c)
{
    return (has_ended(c) ? 8u : 0) + (strstr(c->state, "BackOff") ? 4u : 0) +
           (known(c->restarts) && c->restarts ? 2u : 0) + (known(c->limit) ? 1u : 0);
}

static void say_end(const struct container_view *c, struct strbuf *out)
{
    unsigned long long code = c->exit_code;

    if (code == BY_SIGNAL + 9)
        strbuf_append(out, "was ended by signal 9 (exit code 137)");
    else if (code == BY_SIGNAL + 15)
        strbuf_append(out, "was asked to end (SIGTERM, exit code 143)");
    else if (code > BY_SIGNAL && code < BY_SIGNAL + 65)
        strbuf_printf(out, "was ended by signal %llu (exit code %llu)", code - BY_SIGNAL, code);
    else
        strbuf_printf(out, "ended by itself (exit code %llu) and was not killed", code);
}

bool containers_headline(const struct snapshot *s, char *buf, size_t size)
{
    const struct container_view *c = NULL;
    char text[UNITS_TEXT_MAX];
    struct strbuf out;
    bool loops;

    vec_for_each (&s->containers, at)
        if ((worth(at) || *at->state) && (!c || worth(at) > worth(c)))
            c = at;
    if (!c)
        return false;
    loops = strstr(c->state, "BackOff") != NULL;
    strbuf_init(&out);
    strbuf_append(&out, c->scope + (*c->scope == '/'));
    if (has_ended(c))
        strbuf_append(&out, " "), say_end(c, &out);
    else if (loops)
        strbuf_printf(&out, " ends and is started again and again (%s)", c->state);
    else if (*c->state)
        strbuf_printf(&out, " is %s", *c->state == 'R' ? "running" : c->state);
    else
        strbuf_append(&out, " is shown without its state");
    if (known(c->restarts) && c->restarts)
        strbuf_printf(&out, "%s %s time%s", loops && !has_ended(c) ? "," : ", was started again",
                      format_count(text, c->restarts), c->restarts == 1 ? "" : "s");
    if (c->killed_told && !c->killed && !has_ended(c))
        strbuf_append(&out, ", and no kill at its limit is told");
    if (known(c->limit))
        strbuf_printf(&out, "; its limit is %s", format_bytes(text, c->limit));
    else if (!loops || has_ended(c))
        strbuf_append(&out, "; a limit of it is not in this text");
    if (known(c->request) && c->request != c->limit)
        strbuf_printf(&out, ", its request %s", format_bytes(text, c->request));
    if (loops && !has_ended(c))
        strbuf_append(&out,
                      "; why it ends, Last State of \"kubectl describe pod\" says (OOMKilled, "
                      "or an exit code)");
    else
        strbuf_append(&out, "; what it uses is not in this text");
    snprintf(buf, size, "%s", out.text);
    strbuf_done(&out);
    return true;
}
