/* anonymise_int.h - the names that are known, and where lines say them. */
#ifndef REPORT_ANONYMISE_INT_H
#define REPORT_ANONYMISE_INT_H

#include "base/hash.h"
#include "base/vec.h"
#include "observe/span.h"
#include "paste/prefix.h"
#include "report/anonymise.h"

enum name_kind {
    KIND_HOST,
    KIND_UUID,
    KIND_ID,
    KIND_IP,
    KIND_MAC,
    KIND_USER,
    KIND_POD,
    KIND_SPACE,
    KIND_CONTAINER,
    KIND_IMAGE,
    KIND_SERIAL,
    KIND_GROUP, /* of a capture: no word of a text is one */
    NR_KINDS
};

struct name {
    enum name_kind kind;
    unsigned number; /* from 1, of its kind */
    char *text;
};

/* A name that its line shows to be one: replaced here even when it is a word that others use as
 * well. */
struct said {
    struct span at;
    unsigned name; /* an index into names */
};

struct column {
    enum name_kind kind;
    size_t offset;  /* in the line, in characters */
    unsigned field; /* or this word of it */
};
#define COLUMNS_MAX 6u

/* A key of YAML whose value is the block below it. */
struct key_block {
    size_t indent;
    u8 kind; /* of the names in it; NR_KINDS: none */
};

struct anonymiser {
    VEC(struct name) names;
    struct u64map index;    /* of names, by hash and kind */
    struct u64map programs; /* hashes of what is known to be a program's name */
    size_t longest;
    unsigned count[NR_KINDS];
    VEC(struct said) said; /* of the line that was learned last */

    /* where the text is */
    struct prefix_log dates;
    struct column columns[COLUMNS_MAX];
    unsigned nr_columns, nr_fields; /* columns with names; words of the head */
    /* of a description: how far "Containers:" is indented, plus 1; 0: not within */
    size_t containers;
    size_t container; /* ... and the names below it */
    bool host_next;   /* the line is what `hostname` printed */
    u8 objects[64];   /* of JSON, from the outermost: what a "name" within is; NR_KINDS: nothing */
    unsigned nr_objects; /* open; may be more than are kept */
    struct key_block blocks[32];
    unsigned nr_blocks;
    bool of_node; /* the object's kind is Node */
    /* an object of a kind that is not known, of this depth plus 1: its name, and whether a sibling
     * says that it is a container */
    unsigned bare_depth;
    char bare_name[128]; /* of its own, as lines go; "": none so far, or one that is too long */
    bool bare_container;
};

/* The index of this name, which is taken when it is new; UINT_MAX when there are too many. */
unsigned anonymiser_name(struct anonymiser *a, enum name_kind kind, const char *text, size_t len);

/* A hash that grows by a byte, and what it finds. */
#define NAME_HASH_START 0xcbf29ce484222325u
static inline u64 name_hash_add(u64 hash, char c)
{
    return (hash ^ (unsigned char)c) * 0x100000001b3u;
}
const struct name *anonymiser_find(const struct anonymiser *a, u64 hash, const char *text,
                                   size_t len);

/* What this line says the names of are. `rest`: the text behind it. */
void anonymiser_learn_line(struct anonymiser *a, struct span line, struct span rest);

/* ... behind a key that says so. */
void anonymiser_learn_pairs(struct anonymiser *a, struct span line);
/* This word is a name, unless it is one that everybody has. */
void anonymiser_learn_word(struct anonymiser *a, enum name_kind kind, struct span word);
/* The same of what a value begins with; a pod may have its namespace before it. */
void anonymiser_learn_value(struct anonymiser *a, enum name_kind kind, struct span value);

/* What this line says as a row of a table, as its head, or within a description by kubectl. */
void anonymiser_learn_table(struct anonymiser *a, struct span line);
void anonymiser_learn_description(struct anonymiser *a, struct span line, struct span rest);
/* The name that a text begins with, up to what cannot be of a name. An image has more in it. */
struct span anonymiser_value(struct span line, bool image);

/* "web1.corp.example": a name of the network by its end. */
bool is_domain(struct span word);
/* "db.service" */
bool is_unit_name(struct span word);

static inline bool is_one_of(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(word, list[i]))
            return true;
    return false;
}
#define IS_ONE_OF(word, list) is_one_of(word, list, ARRAY_SIZE(list))

static inline bool is_alnum_ascii(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool is_word(char c)
{
    return is_alnum_ascii(c) || c == '_';
}

static inline bool is_name(char c)
{
    return is_word(c) || c == '-' || c == '.';
}

#endif
