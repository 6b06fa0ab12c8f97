/* over_time_test.c - however many moments come in, few are left, with the first, the last and the
 * peak among them. */
#include "base/test.h"

#include "report/json_put.h"
#include "report/over_time.h"

#include <string.h>

TEST(peaks_survive_any_number_of_moments)
{
    const u64 nr = 100000, peak = 77777;
    struct over_time o;
    ns_t next = 0;
    s64 most = 0;

    over_time_init(&o, 2, 1);
    for (u64 i = 0; i < nr; i++) {
        u64 held = i == peak ? 1000 : i % 7;
        s64 values[2] = {(s64)held, (s64)i};

        if (i % o.every != 0 && i != peak && i != nr - 1)
            continue;
        over_time_add(&o, i, held, values);
    }
    assert_true(o.times.count <= OVER_TIME_MAX);
    assert_true(o.times.count > OVER_TIME_MAX / 2);
    assert_int_equal(o.times.items[0], 0);
    assert_int_equal(vec_last(&o.times), nr - 1);
    for (size_t i = 0; i < o.times.count; i++) {
        assert_true(i == 0 || o.times.items[i] > next);
        next = o.times.items[i];
        most = MAX(most, o.values.items[2 * i]);
        assert_int_equal(o.values.items[2 * i + 1], o.times.items[i]);
    }
    assert_int_equal(most, 1000);
    assert_int_equal(o.every, 256);
    over_time_done(&o);
}

TEST(unknown_is_null_and_a_column_is_one_line)
{
    const s64 first[2] = {5, -1}, second[2] = {OVER_TIME_UNKNOWN, 7};
    json_object *doc = json_new_object();
    struct strbuf text;
    struct over_time o;

    over_time_init(&o, 2, 1);
    over_time_add(&o, 10, 0, first);
    over_time_add(&o, 20, 0, second);
    json_put(doc, "at", over_time_times(&o));
    json_put(doc, "a", over_time_column(&o, 0));
    json_put(doc, "b", over_time_column(&o, 1));
    strbuf_init(&text);
    json_document(doc, &text);
    assert_string_equal(text.text,
                        "{\n  \"at\": [10, 20],\n  \"a\": [5, null],\n  \"b\": [-1, 7]\n}\n");
    strbuf_done(&text);
    over_time_done(&o);
}

TEST_MAIN()
