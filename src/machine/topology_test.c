/* topology_test.c - what is said of nodes, and what follows from it. What is refused:
 * workload/scenario_test.c. */
#include "machine/topology.h"

#include "base/test.h"

static struct topology_spec spec;
static struct topology t;

static void settle(struct topology_want want)
{
    struct err e = {0};
    unsigned nid;

    if (topology_init(&t, &spec, &want, &nid, &e))
        fail_msg("%s", e.text);
}

static void say(unsigned nid, const char *key, const char *value)
{
    struct err e = {0};

    if (topology_spec_set(&spec, nid, key, value, &e))
        fail_msg("%s", e.text);
}

TEST(one_node_has_everything)
{
    spec = (struct topology_spec){0};
    settle((struct topology_want){.nr_nodes = 1, .nr_cpus = 3, .ram_bytes = 1000 * MIB});
    assert_int_equal(t.nr_nodes, 1);
    assert_int_equal(t.ram_bytes[0], 1000 * MIB);
    assert_int_equal(t.cpus[0], 7);
    assert_int_equal(t.distance[0][0], 10);
}

TEST(shares_are_equal_and_the_last_node_has_the_rest)
{
    spec = (struct topology_spec){0};
    settle((struct topology_want){
        .nr_nodes = 3, .nodes_given = true, .nr_cpus = 6, .ram_bytes = 1000 * MIB});
    assert_int_equal(t.ram_bytes[0], 320 * MIB);
    assert_int_equal(t.ram_bytes[1], 320 * MIB);
    assert_int_equal(t.ram_bytes[2], 360 * MIB);
    assert_int_equal(t.cpus[0], 0x03);
    assert_int_equal(t.cpus[2], 0x30);
    assert_int_equal(t.cpu_nid[3], 1);
    assert_int_equal(t.distance[1][2], 20);
}

TEST(each_node_has_a_cpu_where_their_number_is_not_given)
{
    spec = (struct topology_spec){0};
    settle((struct topology_want){
        .nr_nodes = 64, .nodes_given = true, .nr_cpus = 2, .ram_bytes = 2 * TIB});
    assert_int_equal(t.nr_cpus, 64);
    for (unsigned nid = 0; nid < 64; nid++)
        assert_int_equal(t.cpus[nid], BIT_ULL(nid));
}

TEST(fewer_cpus_than_nodes_leave_nodes_of_memory_alone)
{
    spec = (struct topology_spec){0};
    settle((struct topology_want){.nr_nodes = 64,
                                  .nodes_given = true,
                                  .nr_cpus = 1,
                                  .cpus_given = true,
                                  .ram_bytes = 2 * TIB});
    assert_int_equal(t.nr_nodes, 64);
    assert_int_equal(t.cpus[0], 1);
    assert_int_equal(t.cpus[63], 0);
}

TEST(what_is_said_of_nodes_makes_the_machine)
{
    spec = (struct topology_spec){0};
    say(0, "ram", "8G");
    say(0, "cpus", "0-1,4");
    say(1, "ram", "4G");
    say(1, "cpus", "2-3");
    say(2, "ram", "32G");
    say(0, "distance", "10 21 31");
    settle((struct topology_want){.nr_nodes = 1, .nr_cpus = 2, .ram_bytes = 4 * GIB});
    assert_int_equal(t.nr_nodes, 3);
    assert_int_equal(t.nr_cpus, 5);
    assert_int_equal(topology_ram_bytes(&t), 44 * GIB);
    assert_int_equal(t.cpu_nid[4], 0);
    assert_false(topology_has_cpus(&t, 2));
    assert_int_equal(t.distance[0][2], 31);
    assert_int_equal(t.distance[2][0], 31); /* the way back */
    assert_int_equal(t.distance[1][2], 20);
}

TEST_MAIN()
