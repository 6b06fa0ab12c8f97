/* touched_test.c - every page of a folio counts once, until the folio goes. */
#include "base/test.h"
#include "space/touched.h"

TEST(pages_count_once_and_go_with_their_folio)
{
    struct touched t;

    touched_init(&t);
    for (unsigned i = 0; i < HPAGE_PMD_NR; i += 2) {
        touched_mark(&t, 512, i);
        touched_mark(&t, 512, i);
    }
    touched_mark(&t, 0, 511);
    assert_int_equal(t.pages, 257);
    assert_int_equal(touched_count(&t, 512), 256);
    touched_drop(&t, 512);
    touched_drop(&t, 1024); /* never used */
    assert_int_equal(t.pages, 1);
    assert_int_equal(touched_count(&t, 512), 0);
    touched_mark(&t, 512, 3); /* another folio of the same frames */
    assert_int_equal(touched_count(&t, 512), 1);
    touched_done(&t);
}

TEST_MAIN()
