# Huge pages that the host of the recording had not are told, and the program plays without, as it did there.
$ highwater trace dump $TOP/tests/trace/no-pool.hwt | grep hugetlb
> 1 5 hugetlb_refused @2 1073741824 12
> 1 5 hugetlb_refused @3 2147483648 12
> 1 5 hugetlb_refused @4 1048576 22
$ highwater trace info $TOP/tests/trace/no-pool.hwt | grep '^no pool'
> no pool         MAP_HUGETLB of up to 2.0 GiB refused (ENOMEM, 3 times): the host had too few huge pages
$ highwater trace info --format json $TOP/tests/trace/no-pool.hwt | python3 -c "import json, sys; print(json.load(sys.stdin)['hugetlb_refused'])"
> {'times': 3, 'bytes': 2147483648, 'error': 'ENOMEM'}
$ highwater run $TOP/tests/trace/no-pool.hwt | grep '^Outcome'
>~ Outcome   completed .*
