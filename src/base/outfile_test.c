/* outfile_test.c - a file appears whole or not at all. */
#include "base/outfile.h"
#include "base/strbuf.h"
#include "base/test.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/outfile_test.XXXXXX";

static char *in_folder(const char *name)
{
    struct strbuf s;

    strbuf_init(&s);
    strbuf_printf(&s, "%s/%s", folder, name);
    return strbuf_steal(&s);
}

static unsigned count_files(void)
{
    DIR *dir = opendir(folder);
    unsigned n = 0;

    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void assert_content(const char *path, const char *want)
{
    char text[64] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(text, want);
}

static int make_folder(void **state HW_UNUSED)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX"); /* lint: a constant of the same length */
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state HW_UNUSED)
{
    DIR *dir = opendir(folder);

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
    return rmdir(folder);
}

static void a_written_file_is_whole_and_readable(void **state HW_UNUSED)
{
    char *path = in_folder("a");
    mode_t mask = umask(022);
    struct stat st;

    assert_int_equal(outfile_write(path, "hello", 5, NULL), 0);
    umask(mask);
    assert_content(path, "hello");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(count_files(), 1);
    free(path);
}

static void the_old_content_stays_until_the_commit(void **state HW_UNUSED)
{
    char *path = in_folder("a");
    struct outfile o;

    assert_int_equal(outfile_write(path, "old", 3, NULL), 0);
    assert_int_equal(outfile_open(&o, path, NULL), 0);
    fputs("new", o.stream);
    fflush(o.stream);
    assert_content(path, "old");
    assert_int_equal(outfile_commit(&o, NULL), 0);
    assert_content(path, "new");
    assert_int_equal(count_files(), 1);
    free(path);
}

static void an_aborted_file_leaves_nothing_behind(void **state HW_UNUSED)
{
    char *path = in_folder("a");
    struct outfile o;

    assert_int_equal(outfile_open(&o, path, NULL), 0);
    fputs("half", o.stream);
    outfile_abort(&o);
    outfile_abort(&o);
    assert_int_equal(count_files(), 0);
    free(path);
}

static void a_missing_folder_is_an_error_with_the_path(void **state HW_UNUSED)
{
    char *path = in_folder("missing/a");
    struct err e = {0};

    assert_int_equal(outfile_write(path, "x", 1, &e), -ENOENT);
    assert_string_equal(e.file, path);
    free(path);
}

static void a_full_device_is_an_error(void **state HW_UNUSED)
{
    struct err e = {0};

    assert_int_equal(outfile_write("/dev/full", "x", 1, &e), -ENOSPC);
    assert_string_equal(e.text, "cannot write: No space left on device");
    assert_int_equal(outfile_write("/dev/null", "x", 1, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_written_file_is_whole_and_readable, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_old_content_stays_until_the_commit, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_aborted_file_leaves_nothing_behind, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_missing_folder_is_an_error_with_the_path, make_folder,
                                        remove_folder),
        cmocka_unit_test(a_full_device_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
