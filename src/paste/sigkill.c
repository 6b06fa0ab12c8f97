/* sigkill.c - what those who start programs say when signal 9 ended one: one row a sentence.
 *
 * The signal is what the OOM killer sends, and so do others. None of these sentences knows who sent
 * it: that is told, and no more.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define EVENTS_MAX 1024
#define WORDS_MAX  240

struct sentence {
    const char *has, *also; /* both stand in the line; also: NULL for nothing */
    /* What stands around its name; NULL: it is not told. name_after "": it begins the line. */
    const char *name_after, *name_until;
};

static const struct sentence sentences[] = {
    {"failed liveness probe", "will be ", "ontainer ", " failed"},
    {"failed to exit within", "container=", "container=", " "},
    {"failed to exit within", "using the force", "ontainer ", " failed"},
    {"timed out. Killing", "State '", "", ": State"},
    {"exited with code 137", NULL, "", " exited with"},
    {"code 137", NULL, NULL, NULL},
    {"code: 137", NULL, NULL, NULL},
    {"Container: 137", NULL, NULL, NULL},
    {"xit code is 137", NULL, NULL, NULL},
    {"xited with 137", NULL, NULL, NULL},
    {"xit status 137", NULL, NULL, NULL},
    {"xit status: 137", NULL, NULL, NULL},
    {"exitCode: 137", NULL, NULL, NULL},
    {"\"exitCode\": 137", NULL, NULL, NULL},
    {"exitCode=137", NULL, NULL, NULL},
    {"exit-code=137", NULL, NULL, NULL},
    {"errno 137", "npm", NULL, NULL},
    {"Error 137", "make", NULL, NULL},
    {"code=killed, status=9/KILL", NULL, "", ": Main process exited"},
    {"(signal: 9, SIGKILL", NULL, NULL, NULL},
    {"was terminated by signal 9", "(PID ", NULL, NULL}, /* PostgreSQL */
    {"terminated by signal 9", NULL, NULL, NULL},
    {"Killed signal terminated program ", NULL, "terminated program ", "\n"},
    {"internal compiler error: Killed (program ", NULL, "(program ", ")"},
    {"WORKER TIMEOUT", "(pid:", NULL, NULL},
    {"was sent SIGKILL!", NULL, NULL, NULL},
    {"signal 9 (SIGKILL)", NULL, NULL, NULL},
    {"died, killed by signal 9", NULL, NULL, NULL},
    {"killed by signal 9", NULL, NULL, NULL},
    {"killed by SIGKILL", NULL, NULL, NULL},
    {"signal: killed", NULL, NULL, NULL},        /* Go */
    {"SIGKILL (Forced quit)", NULL, NULL, NULL}, /* fish */
    {": line ", " Killed  ", " Killed  ", "\n"}, /* bash: "./run.sh: line 3: 812 Killed   ./x" */
};

const char *sigkill_sign(unsigned sentence)
{
    return sentence < ARRAY_SIZE(sentences) ? sentences[sentence].has : NULL;
}

/* "nohup /usr/sbin/mysqld --basedir=/usr": the program that a shell started, without its
 * directory. */
static struct span program_of(struct span command)
{
    static const char *const starters[] = {"nohup", "env", "exec", "time", "nice", "sudo", "("};
    struct span word = {command.at, command.at};
    bool starter = true;

    while (starter && span_take_word(&command, &word)) {
        starter = memchr(word.at, '=', span_len(word)) != NULL;
        for (unsigned i = 0; i < ARRAY_SIZE(starters); i++)
            starter |= span_is(word, starters[i]);
    }
    for (const char *at = word.at; at < word.end; at++)
        if (*at == '/' && at + 1 < word.end)
            word.at = at + 1;
    return word;
}

/* "web_1 exited with code 137" of compose: one word. */
static struct span name_of(const struct sentence *s, struct span line)
{
    struct span none = {line.at, line.at}, name;
    const char *from, *until;

    if (!s->name_after)
        return none;
    from = *s->name_after ? span_find(line, s->name_after) : line.at;
    if (!from)
        return none;
    from += strlen(s->name_after);
    until = span_find((struct span){from, line.end}, s->name_until);
    name = span_trim((struct span){from, until ? until : line.end});
    if (strcmp(s->name_after, " Killed  ") == 0)
        name = program_of(name);
    return span_len(name) > 63 || memchr(name.at, ' ', span_len(name)) ? none : name;
}

void sigkill_push(struct paste *p, const char *who, const char *scope, struct span words,
                  struct klog_place place)
{
    struct log_event event;

    if (p->s.log.count >= EVENTS_MAX)
        return;
    log_event_init(&event, LOG_SIGKILLED);
    event.stamp.place = event.kill = place;
    snprintf(event.killer, sizeof(event.killer), "%s", who);
    if (scope && *scope)
        event.task_memcg = xstrdup(scope);
    words = span_trim(words);
    if (span_len(words) > WORDS_MAX)
        words.end = words.at + WORDS_MAX;
    event.words = span_dup(words);
    vec_push(&p->s.log, event);
}

bool sigkill_is(struct span message)
{
    for (unsigned i = 0; i < ARRAY_SIZE(sentences); i++)
        if (span_find(message, sentences[i].has) &&
            (!sentences[i].also || span_find(message, sentences[i].also)))
            return true;
    return false;
}

bool sigkill_take(struct paste *p, struct span message, struct klog_place place)
{
    struct span line = span_trim(message);

    for (unsigned i = 0; i < ARRAY_SIZE(sentences); i++) {
        const struct sentence *s = &sentences[i];
        char name[64] = "";

        if (!span_find(line, s->has) || (s->also && !span_find(line, s->also)))
            continue;
        span_copy(name_of(s, line), name, sizeof(name));
        sigkill_push(p, "", name, line, place);
        return true;
    }
    return false;
}
