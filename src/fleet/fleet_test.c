/* fleet_test.c - imports, names, and what is made of promises and results. */
#include "base/test.h"

#include "fleet/fleet.h"
#include "fleet/store_int.h"

#include <string.h>

TEST(quantities_are_those_of_kubernetes)
{
    static const struct {
        const char *text;
        u64 bytes;
    } good[] = {
        {"128974848", 128974848},
        {"129e6", 129000000},
        {"129M", 129000000},
        {"123Mi", 123 * MIB},
        {"128974848000m", 128974848},
        {"1.5Gi", 3 * GIB / 2},
        {"1k", 1000},
        {"0", 0},
        {"1E", 1000000000000000000u},
        {"1e3", 1000},
    };
    static const char *const bad[] = {"",   "-1",           "Mi",     "1mi", "1 Mi",
                                      "1e", "99999999999E", "1.5.5G", "nan"};
    u64 bytes;

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_int_equal(import_quantity(good[i].text, &bytes), 0);
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_not_equal(import_quantity(bad[i], &bytes), 0);
}

static void import_string(struct promises *p, const char *text)
{
    struct err e = {0};

    assert_int_equal(import_text(text, strlen(text), "", p, &e), 0);
    promises_settle(p);
}

TEST(pods_stand_for_their_deployment)
{
    struct promises p = {0};

    import_string(
        &p,
        "{\"kind\":\"List\",\"items\":["
        "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"namespace\":\"a\"},\"spec\":{"
        "\"replicas\":5,"
        "\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\"}]}}}},"
        "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"idle\",\"namespace\":\"a\"},\"spec\":{"
        "\"replicas\":2,"
        "\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\"}]}}}},"
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-5f7-x1\",\"namespace\":\"a\",\"labels\":"
        "{\"pod-template-hash\":\"5f7\"},\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":"
        "\"web-5f7\"}]},"
        "\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"app\",\"resources\":{\"limits\":"
        "{\"memory\":\"64Mi\"}}}],\"initContainers\":[{\"name\":\"init\"},{\"name\":\"side\","
        "\"restartPolicy\":"
        "\"Always\"}]}},"
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"done\",\"namespace\":\"a\"},\"status\":{"
        "\"phase\":"
        "\"Succeeded\"},\"spec\":{\"containers\":[{\"name\":\"app\"}]}}]}");
    assert_int_equal(p.items.count, 3);
    assert_string_equal(p.items.items[0].workload, "idle");
    assert_int_equal(p.items.items[0].replicas, 2);
    assert_string_equal(p.items.items[1].workload, "web");
    assert_string_equal(p.items.items[1].container, "app");
    assert_int_equal(p.items.items[1].replicas, 1);
    assert_int_equal(p.items.items[1].limit_bytes, 64 * MIB);
    assert_string_equal(p.items.items[2].container, "side");
    promises_done(&p);
}

TEST(units_that_are_active_are_taken)
{
    struct promises p = {0};

    import_string(&p,
                  "Id=web@1.service\nMemoryMax=1073741824\nMemoryHigh=infinity\nMemoryLow=4096\n"
                  "Slice=system.slice\nActiveState=active\n\n"
                  "MemoryMax=5\nId=dead.service\nActiveState=inactive\n\n"
                  "Id=x.socket\nMemoryMax=5\n");
    assert_int_equal(p.items.count, 1);
    assert_int_equal(p.items.items[0].limit_bytes, GIB);
    assert_int_equal(p.items.items[0].high_bytes, STORE_NONE);
    assert_int_equal(p.items.items[0].request_bytes, 4096);
    promises_done(&p);
}

TEST(names_go_from_the_exact_to_the_image)
{
    static const char *const want[] = {"a/web/app", "web/app", "a/web", "web", "app", "shop"};
    struct promise p = {.source = (char *)"kubernetes",
                        .namespace = (char *)"a",
                        .workload = (char *)"web",
                        .container = (char *)"app",
                        .image = (char *)"host:5000/team/shop:1.2@sha256:00"};
    struct promise_names names;

    promise_names(&p, &names);
    assert_int_equal(names.nr, ARRAY_SIZE(want));
    for (unsigned i = 0; i < names.nr; i++)
        assert_string_equal(names.text[i], want[i]);
    p = (struct promise){.source = (char *)"systemd",
                         .namespace = (char *)"system.slice",
                         .workload = (char *)"web@1.service",
                         .container = (char *)"",
                         .image = (char *)""};
    promise_names(&p, &names);
    assert_string_equal(names.text[names.nr - 2], "web@1");
    assert_string_equal(names.text[names.nr - 1], "web");
}

/* --- with a store --- */

static char path[64];

static struct store_result a_result(const char *service, const char *recording, u64 need, u64 at)
{
    return (struct store_result){
        .service = service,
        .verb = "size",
        .program = "p",
        .version = "v",
        .host = "",
        .kernel = "",
        .recorded_at = "",
        .recording = recording,
        .recording_hash = recording,
        .settings = "swap=0\n",
        .outcome = "found",
        .complete = true,
        .peak_bytes = need * 2,
        .need_bytes = need,
        .need_high_bytes = need + need / 20,
        .survives_bytes = need / 2,
        .max_bytes = need + need / 10,
        .high_bytes = STORE_NONE,
        .stored_at = at,
        .document = "{}",
    };
}

static void put(struct store *s, struct store_result r)
{
    struct err e = {0};

    assert_int_equal(store_put_results(s, &r, 1, &e), 0);
}

static const struct fleet_row *row_of(const struct fleet *f, const char *workload)
{
    vec_for_each (&f->rows, row)
        if (strcmp(row->workload, workload) == 0)
            return row;
    return NULL;
}

static int make_path(void **state)
{
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/highwater-fleet-XXXXXX");
    fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

TEST_WITH(fleet_of_units_is_judged, make_path, remove_path)
{
    static const struct {
        const char *unit;
        enum fleet_risk risk;
    } want[] = {
        {"killed.service", FLEET_KILLED},      {"slow.service", FLEET_SLOW},
        {"high.service", FLEET_SLOW},          {"tight.service", FLEET_TIGHT},
        {"fits.service", FLEET_FITS},          {"free.service", FLEET_NO_LIMIT},
        {"other.service", FLEET_NOT_MEASURED},
    };
    struct promises p = {0};
    struct promise_maps maps = {0};
    struct store *s;
    struct fleet f;
    struct err e = {0};

    if (!db_is_there)
        skip();
    assert_int_equal(store_open(path, STORE_WRITE, &s, &e), 0);
    for (unsigned i = 0; i < 6; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%.*s", (int)strcspn(want[i].unit, "."), want[i].unit);
        put(s, a_result(name, "r1", 1000, 5));
    }
    /* The larger need of two recordings counts, other settings and an earlier result of a recording
     * do not. */
    put(s, a_result("fits", "r2", 1500, 4));
    struct store_result other = a_result("fits", "r2", 9000, 3);
    other.version = "older";
    put(s, other);
    other = a_result("fits", "r3", 8000, 2);
    other.settings = "swap=1G\n";
    put(s, other);
    put(s, a_result("nowhere", "r1", 7, 1));
    import_string(&p, "Id=killed.service\nMemoryMax=499\n\nId=slow.service\nMemoryMax=999\n\n"
                      "Id=high.service\nMemoryMax=2000\nMemoryHigh=900\n\nId=tight.service\n"
                      "MemoryMax=1049\n\nId=fits.service\nMemoryMax=2000\n\nId=free.service\n\n"
                      "Id=other.service\nMemoryMax=1\n");
    assert_int_equal(store_put_promises(s, &p, &maps, &e), 0);
    assert_int_equal(store_put_promises(s, &p, &maps, &e), 0); /* takes the place of the first */
    assert_int_equal(fleet_read(s, FLEET_BY_RISK, &f, &e), 0);
    assert_int_equal(f.rows.count, 8);
    for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
        assert_int_equal(row_of(&f, want[i].unit)->risk, want[i].risk);
    assert_int_equal(row_of(&f, "fits.service")->service->need_bytes, 1500);
    assert_int_equal(row_of(&f, "fits.service")->waste_bytes, 500);
    assert_int_equal(vec_last(&f.rows).risk, FLEET_NOT_DEPLOYED);
    assert_int_equal(f.total.promised_bytes, 499 + 999 + 2000 + 1049 + 2000 + 1);
    assert_int_equal(f.total.needed_bytes, 5 * 1000 + 1500);
    assert_int_equal(f.total.at_risk, 4);
    fleet_done(&f);
    promises_done(&p);
    store_close(s);
}

TEST_WITH(older_store_is_migrated_with_its_results, make_path, remove_path)
{
    struct store *s;
    struct db *db;
    struct fleet f;
    struct err e = {0};
    u64 version = 0;

    if (!db_is_there)
        skip();
    assert_int_equal(db_open(path, true, NULL, &db, &e), 0);
    assert_int_equal(store_migrate(db, 1, &e), 0);
    s = &(struct store){db};
    put(s, a_result("web", "r1", 1000, 1));
    assert_int_equal(db_number(db, "PRAGMA user_version", &version, &e), 0);
    assert_int_equal(version, 1);
    db_close(db);
    assert_int_equal(store_open(path, STORE_READ, &s, &e), 0);
    assert_int_equal(db_number(s->db, "PRAGMA user_version", &version, &e), 0);
    assert_int_equal(version, nr_store_migrations);
    assert_int_equal(fleet_read(s, FLEET_BY_NAME, &f, &e), 0);
    assert_int_equal(f.services.count, 1);
    assert_int_equal(f.services.items[0].need_bytes, 1000);
    fleet_done(&f);
    store_close(s);
}

/* Byte by byte: it is opened, or refused with one line; nothing is trusted. */
TEST_WITH(damaged_store_is_told, make_path, remove_path)
{
    struct store *s;
    struct err e = {0};
    unsigned refused = 0;
    FILE *file;
    long size;

    if (!db_is_there)
        skip();
    assert_int_equal(store_open(path, STORE_WRITE, &s, &e), 0);
    put(s, a_result("web", "r1", 1000, 1));
    store_close(s);
    file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    for (long at = 0; at < size; at += at < 200 ? 1 : 97) {
        struct fleet f;
        int byte;

        fseek(file, at, SEEK_SET);
        byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0xff, file);
        fflush(file);
        err_clear(&e);
        s = NULL;
        if (store_open(path, STORE_READ, &s, &e) || fleet_read(s, FLEET_BY_RISK, &f, &e)) {
            refused++;
            assert_true(e.text[0] != '\0' && !strchr(e.text, '\n'));
        } else {
            fleet_done(&f);
        }
        store_close(s);
        fseek(file, at, SEEK_SET);
        fputc(byte, file);
        fflush(file);
    }
    fclose(file);
    assert_true(refused > 20);
}

TEST_MAIN()
