/* names.c - three octal digits behind a backslash. */
#include "mount/names.h"

#include <stdio.h>
#include <string.h>

void names_escape(struct strbuf *out, const char *name)
{
    for (; *name; name++) {
        if (strchr(" \t\n\\", *name))
            strbuf_printf(out, "\\%03o", (unsigned)(unsigned char)*name);
        else
            strbuf_appendc(out, *name);
    }
}

void names_unescape(char *name)
{
    char *to = name;

    for (const char *at = name; *at; to++) {
        unsigned byte;

        if (at[0] == '\\' && strspn(at + 1, "01234567") >= 3 && sscanf(at + 1, "%3o", &byte) == 1 &&
            byte && byte < 256) {
            *to = (char)byte;
            at += 4;
        } else {
            *to = *at++;
        }
    }
    *to = '\0';
}
