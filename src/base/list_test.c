/* list_test.c - order, moves, splices and safe iteration, shown as strings of letters. */
#include "base/list.h"

#include "base/test.h"

struct letter {
    char c;
    struct list_head link;
};

struct fixture {
    struct list_head head;
    struct letter letters[5]; /* a b c d e */
    char text[8];
};

/* A list with the first n letters. */
static void fill(struct fixture *f, unsigned n)
{
    list_init(&f->head);
    for (unsigned i = 0; i < 5; i++) {
        f->letters[i].c = (char)('a' + i);
        list_init(&f->letters[i].link);
        if (i < n)
            list_add_tail(&f->letters[i].link, &f->head);
    }
}

/* "abc" from the front; asserts that the way back is the mirror image. */
static const char *show(struct fixture *f, struct list_head *head)
{
    struct letter *letter;
    size_t n = 0, back;

    list_for_each_entry (letter, head, link)
        f->text[n++] = letter->c;
    f->text[n] = '\0';
    back = n;
    list_for_each_entry_reverse (letter, head, link)
        assert_int_equal(letter->c, f->text[--back]);
    assert_int_equal(back, 0);
    assert_int_equal(list_count(head), n);
    return f->text;
}

TEST(add_goes_to_the_front_and_add_tail_to_the_back)
{
    struct fixture f;

    fill(&f, 0);
    assert_true(list_empty(&f.head));
    list_add(&f.letters[0].link, &f.head);
    list_add(&f.letters[1].link, &f.head);
    list_add_tail(&f.letters[2].link, &f.head);
    assert_string_equal(show(&f, &f.head), "bac");
    assert_true(list_is_last(&f.letters[2].link, &f.head));
    assert_int_equal(list_first_entry(&f.head, struct letter, link)->c, 'b');
    assert_int_equal(list_last_entry(&f.head, struct letter, link)->c, 'c');
}

TEST(deleting_twice_does_nothing)
{
    struct fixture f;

    fill(&f, 3);
    list_del(&f.letters[1].link);
    list_del(&f.letters[1].link);
    assert_true(list_empty(&f.letters[1].link));
    assert_string_equal(show(&f, &f.head), "ac");
}

TEST(moves_keep_the_others_in_order)
{
    struct fixture f;

    fill(&f, 4);
    list_move_tail(&f.letters[1].link, &f.head);
    assert_string_equal(show(&f, &f.head), "acdb");
}

TEST(splice_takes_all_in_order)
{
    struct fixture f;
    struct list_head other;

    fill(&f, 3);
    list_init(&other);
    list_splice(&other, &f.head);
    list_add_tail(&f.letters[3].link, &other);
    list_add_tail(&f.letters[4].link, &other);
    list_splice(&other, &f.head);
    assert_true(list_empty(&other));
    assert_string_equal(show(&f, &f.head), "deabc");
    list_splice_tail(&f.head, &other);
    list_add(&f.letters[0].link, (list_del(&f.letters[0].link), &f.head));
    list_splice_tail(&f.head, &other);
    assert_true(list_empty(&f.head));
    assert_string_equal(show(&f, &other), "debca");
}

TEST(body_of_for_each_safe_may_delete)
{
    struct fixture f;
    struct letter *letter, *after;

    fill(&f, 5);
    list_for_each_entry_safe (letter, after, &f.head, link)
        if (letter->c % 2)
            list_del(&letter->link);
    assert_string_equal(show(&f, &f.head), "bd");
}

TEST_MAIN()
