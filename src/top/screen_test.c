/* screen_test.c - unit tests of top/screen*.c: what is on each screen, letter by letter.
 *
 * The wanted texts are in src/top/screens. After a change that is meant, HIGHWATER_GOLDEN=1
 * build/top-screen_test writes the new ones there.
 */
#include "top/screen.h"

#include "base/test.h"
#include "diagnose/diagnose.h"
#include "diagnose/needed.h"
#include "top/fixture_testing.h"

#include <locale.h>
#include <string.h>
#include <time.h>

#define SCREENS "src/top/screens"

static struct snapshot before, now;
static struct model model;
static struct diagnosis diagnosis;
static struct ui ui;

static void add_evidence(struct finding *f, const char *name, const char *value,
                         const char *threshold)
{
    struct evidence e = {.number = 1};

    snprintf(e.name, sizeof(e.name), "%s", name);
    snprintf(e.value, sizeof(e.value), "%s", value);
    snprintf(e.threshold, sizeof(e.threshold), "%s", threshold);
    snprintf(e.where, sizeof(e.where), "/sys/fs/cgroup/system.slice/db.service/memory.stat");
    vec_push(&f->evidence, e);
}

static void add_finding(enum severity severity, const char *scope, const char *title)
{
    struct finding f = {.severity = severity, .confidence = CONF_HIGH, .title = xstrdup(title)};

    snprintf(f.scope, sizeof(f.scope), "%s", scope);
    if (severity == SEV_WARNING) {
        add_evidence(&f, "workingset_refault_file", "2,000 pages/s", "over 100 pages/s");
        add_evidence(&f, "memory.pressure some avg10", "12.3 %", "");
    }
    vec_push(&diagnosis.findings.items, f);
}

static void add_need(struct need need)
{
    need.low_seen = need.low;
    need.high_seen = need.high;
    vec_push(&diagnosis.needs, need);
}

/* What the machine, the database (group 3) and the web server (4) need. */
static void add_needs(void)
{
    add_need((struct need){.group = GROUP_NONE,
                           .low = 9 * GIB,
                           .high = 11 * GIB,
                           .current = 14 * GIB,
                           .without_inactive = 12 * GIB,
                           .without_file = 8 * GIB,
                           .lost = NAN,
                           .refaults = NAN});
    add_need((struct need){.group = 3,
                           .low = 6 * GIB,
                           .high = UNKNOWN,
                           .current = 6 * GIB,
                           .without_inactive = 5 * GIB,
                           .without_file = 3 * GIB,
                           .state = NEED_SHORT,
                           .lost = 12.3,
                           .refaults = 2500});
    add_need((struct need){.group = 4,
                           .low = 904 * MIB,
                           .high = 960 * MIB,
                           .current = GIB,
                           .without_inactive = 960 * MIB,
                           .without_file = 924 * MIB,
                           .lost = 0,
                           .refaults = 0});
}

static int set_up(void **state)
{
    struct gap gap = {.what = "whether something leaks", .why = "it takes 30 s of observation"};

    (void)state;
    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 1);
    diagnosis = (struct diagnosis){.verdict = VERDICT_WARNING};
    snprintf(diagnosis.headline, sizeof(diagnosis.headline),
             "/system.slice/db.service needs again what it evicts");
    add_finding(SEV_WARNING, "/system.slice/db.service", "2,000 pages/s are read again");
    add_finding(SEV_GOOD, "host", "Swap holds 1.0 GiB that nobody wants back");
    vec_push(&diagnosis.findings.gaps, gap);
    add_needs();
    model_init(&model);
    model.is_live = true;
    model_update(&model, NULL, &before, NULL);
    model_update(&model, &before, &now, &diagnosis);
    ui_init(&ui);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ui_done(&ui);
    model_done(&model);
    findings_done(&diagnosis.findings);
    vec_done(&diagnosis.needs);
    snapshot_done(&before);
    snapshot_done(&now);
    return 0;
}

/* The text of src/top/screens/NAME.txt. */
static char *golden_read(const char *name)
{
    char path[128];
    struct strbuf text;
    FILE *file;
    int c;

    snprintf(path, sizeof(path), SCREENS "/%s.txt", name);
    file = fopen(path, "r");
    if (!file)
        fail_msg("%s cannot be read; tests run in the repository's first folder", path);
    strbuf_init(&text);
    while ((c = getc(file)) != EOF)
        strbuf_appendc(&text, (char)c);
    fclose(file);
    return strbuf_steal(&text);
}

static void golden_write(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), SCREENS "/%s.txt", name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect_screen(int width, int height, bool utf8, const char *name)
{
    struct strbuf out;
    struct grid g;

    grid_init(&g, width, height, (struct look){.utf8 = utf8});
    screen_draw(&g, &model, &ui);
    grid_check(&g);
    strbuf_init(&out);
    grid_render_text(&g, &out);
    if (getenv("HIGHWATER_GOLDEN")) {
        golden_write(name, out.text);
    } else {
        char *want = golden_read(name);

        assert_string_equal(out.text, want);
        free(want);
    }
    strbuf_done(&out);
    grid_done(&g);
}

#define EXPECT(width, height, utf8, name) expect_screen(width, height, utf8, #name)

TEST_WITH(the_overview_shows_an_economy, set_up, tear_down)
{
    EXPECT(80, 24, true, overview_80x24);
    EXPECT(132, 40, true, overview_132x40);
    EXPECT(80, 24, false, overview_ascii);
}

TEST_WITH(huge_pages_are_shown_where_there_are_any, set_up, tear_down)
{
    now.meminfo[MI_ANON_PAGES] = 4 * GIB;
    now.meminfo[MI_ANON_HUGE_PAGES] = 3 * GIB;
    before.vmstat[THP_FAULT_ALLOC] = before.vmstat[THP_FAULT_FALLBACK] = 0;
    before.vmstat[THP_SPLIT_PAGE] = before.vmstat[THP_COLLAPSE_ALLOC] = 5;
    now.vmstat[THP_FAULT_ALLOC] = 1200;
    now.vmstat[THP_FAULT_FALLBACK] = 30;
    now.vmstat[THP_SPLIT_PAGE] = 5;
    now.vmstat[THP_COLLAPSE_ALLOC] = 7;
    model_update(&model, &before, &now, &diagnosis);
    EXPECT(80, 24, true, overview_huge_80x24);
    EXPECT(132, 40, true, overview_huge_132x40);
}

TEST_WITH(cgroups_are_a_tree, set_up, tear_down)
{
    ui_press(&ui, &model, '2');
    EXPECT(80, 24, true, cgroups_80x24);
    EXPECT(132, 40, true, cgroups_132x40);
    EXPECT(80, 24, false, cgroups_ascii);
    ui_press(&ui, &model, 't');
    ui_press(&ui, &model, '/');
    ui_press(&ui, &model, 'd');
    EXPECT(80, 10, true, cgroups_filtered);
}

TEST_WITH(a_group_shows_its_memory_and_the_limits_above_it, set_up, tear_down)
{
    ui_press(&ui, &model, '2');
    ui_press(&ui, &model, UI_KEY_DOWN);
    ui_press(&ui, &model, UI_KEY_DOWN);
    ui_press(&ui, &model, UI_KEY_DOWN);
    ui_press(&ui, &model, UI_KEY_ENTER);
    EXPECT(80, 34, true, group_80x34);
    /* It is gone at the next sample. */
    now.cgroups.items[3].path[1] = 'x';
    model_update(&model, &before, &now, &diagnosis);
    EXPECT(40, 5, true, group_gone);
}

TEST_WITH(processes_are_by_size, set_up, tear_down)
{
    ui_press(&ui, &model, '3');
    EXPECT(80, 24, true, processes_80x24);
    EXPECT(132, 40, true, processes_132x40);
}

TEST_WITH(zones_stand_against_their_watermarks, set_up, tear_down)
{
    ui_press(&ui, &model, '4');
    EXPECT(80, 24, true, zones_80x24);
    EXPECT(132, 40, true, zones_132x40);
}

TEST_WITH(slabs_show_their_growth, set_up, tear_down)
{
    ui_press(&ui, &model, '5');
    EXPECT(80, 24, true, slab_80x24);
    EXPECT(132, 40, true, slab_132x40);
}

/* All of these, in this order. The texts of rules are not this room's. */
static void expect_words(int width, int height, const char *const *words)
{
    struct strbuf out;
    struct grid g;
    const char *at;

    grid_init(&g, width, height, (struct look){.utf8 = true});
    screen_draw(&g, &model, &ui);
    grid_check(&g);
    strbuf_init(&out);
    grid_render_text(&g, &out);
    at = out.text;
    for (; *words; words++) {
        at = strstr(at, *words);
        if (!at)
            fail_msg("no '%s' where it should be:\n%s", *words, out.text);
    }
    strbuf_done(&out);
    grid_done(&g);
}

/* A program that calls itself so is none. */
TEST_WITH(a_node_shows_what_its_threads_use, set_up, tear_down)
{
    static const char *const words[] = {"Node 0", "kswapd 25.0 %", "Node 1", NULL};
    struct snapshot *both[] = {&before, &now};

    for (unsigned i = 0; i < 2; i++) {
        for (u32 node = 0; node < 2; node++) {
            char comm[16];

            snprintf(comm, sizeof(comm), "kswapd%u", node);
            fixture_process(both[i], 60 + node, comm, 0, 1);
            vec_last(&both[i]->processes).ppid = node == 0 ? 2 : 1;
            vec_last(&both[i]->processes).cpu_us = i * 250000;
        }
    }
    model_update(&model, NULL, &before, NULL);
    model_update(&model, &before, &now, &diagnosis);
    ui_press(&ui, &model, '4');
    expect_words(132, 40, words);
}

TEST_WITH(a_finding_shows_its_evidence, set_up, tear_down)
{
    static const char *const words[] = {"warning, confidence high",
                                        "/system.slice/db.service",
                                        "2,000 pages/s are read again",
                                        "Evidence",
                                        "workingset_refault_file",
                                        "2,000 pages/s  (over 100 pages/s)",
                                        "/sys/fs/cgroup/system.slice/db.service/memory.stat",
                                        "memory.pressure some avg10",
                                        "12.3 %",
                                        "What it means",
                                        "What to look at next",
                                        NULL};

    ui_press(&ui, &model, UI_KEY_DOWN);
    ui_press(&ui, &model, UI_KEY_ENTER);
    assert_true(ui.detail);
    expect_words(80, 40, words);
    ui_press(&ui, &model, 'q');
    ui_press(&ui, &model, UI_KEY_END);
    ui_press(&ui, &model, UI_KEY_ENTER);
    EXPECT(80, 9, true, gap_80x9);
}

TEST_WITH(captures_have_a_time_line, set_up, tear_down)
{
    model.is_live = false;
    model.nr_instants = 5;
    model.instant = 2;
    model.first_wall_us = now.wall_us - 2000000;
    model.last_wall_us = now.wall_us + 2000000;
    model.source = "shop.hwc";
    ui.paused = true;
    EXPECT(80, 12, true, capture_80x12);
}

TEST_WITH(small_screens_lose_the_least_first, set_up, tear_down)
{
    EXPECT(40, 12, true, overview_40x12);
    EXPECT(20, 5, true, overview_20x5);
    EXPECT(19, 5, true, too_small);
}

/* A jump to an instant that cannot be read ends like this; the reason stands in the last line. */
TEST_WITH(a_model_without_a_snapshot_is_drawn, set_up, tear_down)
{
    ui_press(&ui, &model, '2');
    model_forget(&model);
    ui_press(&ui, &model, UI_KEY_DOWN);
    ui_press(&ui, &model, UI_KEY_ENTER);
    ui_note(&ui, "its bytes do not decode");
    EXPECT(40, 5, true, nothing_40x5);
}

TEST_WITH(help_explains_the_screen_it_is_over, set_up, tear_down)
{
    ui_press(&ui, &model, '5');
    ui_press(&ui, &model, '?');
    EXPECT(60, 24, true, help_60x24);
}

TEST_WITH(what_could_not_be_read_says_why, set_up, tear_down)
{
    vec_reset(&now.slabs);
    now.parts[PART_SLABINFO] = (struct part_status){.state = PART_DENIED, .why = "needs root"};
    now.parts[PART_PRESSURE_MEMORY] =
        (struct part_status){.state = PART_UNSUPPORTED, .why = "switched off (psi=1)"};
    now.meminfo[MI_MEM_TOTAL] = UNKNOWN;
    model_update(&model, &before, &now, &diagnosis);
    EXPECT(80, 24, true, overview_unknown);
    ui_press(&ui, &model, '5');
    EXPECT(60, 6, true, slab_unknown);
}

/* No size and no screen may draw outside or leave half a character. */
TEST_WITH(every_size_is_drawn_without_harm, set_up, tear_down)
{
    struct grid g;

    model.nr_instants = 3;
    for (int width = 1; width < 140; width += 3) {
        for (int height = 1; height < 45; height += 2) {
            grid_init(&g, width, height,
                      (struct look){.utf8 = width % 2 == 0, .blocks = height % 2});
            for (u32 key = '1'; key <= '5'; key++) {
                ui_press(&ui, &model, key);
                screen_draw(&g, &model, &ui);
                grid_check(&g);
                ui_press(&ui, &model, '?');
                screen_draw(&g, &model, &ui);
                grid_check(&g);
                ui_press(&ui, &model, 'q');
            }
            ui_press(&ui, &model, '1');
            ui_press(&ui, &model, UI_KEY_ENTER);
            screen_draw(&g, &model, &ui);
            grid_check(&g);
            grid_done(&g);
        }
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    tzset();
    return tests_run(NULL, NULL);
}
