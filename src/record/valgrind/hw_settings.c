/* hw_settings.c - what the program is told of memory when it starts, by argument and variable.
 *
 * Copyright (C) 2026 the highwater developers
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Told are the arguments and variables of trace/runtimes.def and nothing else: the others are
 * nobody's business. The initial stack is: argc, argv..., 0, envp..., 0.
 */
#include "hw_tool.h"

#include <stdbool.h>

extern const HChar *VG_(args_the_exename);

struct option {
    const HChar *program; /* NULL: any */
    const HChar *text;
};

static const struct option options[] = {
#define RUNTIME_OPTION(id, program, text, decides) {program, text},
#include "trace/runtimes.def"
#undef RUNTIME_OPTION
};

struct variable {
    const HChar *name;
    Bool words;
};

static const struct variable variables[] = {
#define RUNTIME_ENV(id, name, words, decides) {name, words},
#include "trace/runtimes.def"
#undef RUNTIME_ENV
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static Bool begins(const HChar *text, const HChar *with)
{
    return VG_(strncmp)(text, with, VG_(strlen)(with)) == 0;
}

/* An option of two arguments: "-c shared_buffers=" before the blank and behind it. */
static Bool is_pair(const struct option *o, const HChar *arg, const HChar *next)
{
    const HChar *blank = VG_(strchr)(o->text, ' ');
    SizeT first = blank != NULL ? (SizeT)(blank - o->text) : 0;

    return blank != NULL && next != NULL && VG_(strlen)(arg) == first &&
           VG_(strncmp)(arg, o->text, first) == 0 && begins(next, blank + 1);
}

static void tell(struct thread *t, const HChar *first, const HChar *blank, const HChar *second)
{
    HChar text[256];

    VG_(snprintf)(text, sizeof(text), "%s%s%s", first, blank, second);
    hw_emit_op(t, HWT_OP_SETTING, 0, NULL, text);
}

static void tell_argument(struct thread *t, const HChar *arg, const HChar *next)
{
    const HChar *program = VG_(basename)(VG_(args_the_exename));

    for (UInt i = 0; i < NR(options); i++) {
        const struct option *o = &options[i];

        if (o->program != NULL && VG_(strcmp)(program, o->program) != 0)
            continue;
        if (is_pair(o, arg, next)) {
            tell(t, arg, " ", next);
            return;
        }
        if (VG_(strchr)(o->text, ' ') == NULL && begins(arg, o->text) &&
            arg[VG_(strlen)(o->text)] != '\0') {
            tell(t, arg, "", "");
            return;
        }
    }
}

static Bool is_known_word(const HChar *word)
{
    for (UInt i = 0; i < NR(options); i++)
        if (options[i].program == NULL && VG_(strchr)(options[i].text, ' ') == NULL &&
            begins(word, options[i].text))
            return True;
    return False;
}

/* "JAVA_TOOL_OPTIONS=-Xmx64m -Dx=y": the known words of it. */
static void tell_words(struct thread *t, const HChar *name, const HChar *value)
{
    HChar kept[256];
    UInt len = 0;

    while (*value != '\0') {
        UInt n = 0;

        while (value[n] != '\0' && value[n] != ' ' && value[n] != '\t')
            n++;
        if (n > 0 && is_known_word(value) && len + n + 2 < sizeof(kept)) {
            if (len > 0)
                kept[len++] = ' ';
            VG_(memcpy)(kept + len, value, n);
            len += n;
        }
        value += n + (value[n] != '\0');
    }
    kept[len] = '\0';
    if (len > 0)
        tell(t, name, "=", kept);
}

static void tell_variable(struct thread *t, const HChar *entry)
{
    for (UInt i = 0; i < NR(variables); i++) {
        const struct variable *v = &variables[i];
        SizeT len = VG_(strlen)(v->name);

        if (!begins(entry, v->name) || entry[len] != '=' || entry[len + 1] == '\0')
            continue;
        if (v->words)
            tell_words(t, v->name, entry + len + 1);
        else
            tell(t, v->name, "=", entry + len + 1);
        return;
    }
}

void hw_settings_initial(struct thread *t)
{
    const UWord *p = (const UWord *)VG_(get_SP)(t->tid);
    UWord argc = *p++;

    if (hw_channel == NULL || hw_channel->no_settings)
        return;
    for (UWord i = 1; i < argc; i++)
        tell_argument(t, (const HChar *)p[i], (const HChar *)p[i + 1]);
    for (p += argc + 1; *p != 0; p++)
        tell_variable(t, (const HChar *)*p);
}
