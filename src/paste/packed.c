/* packed.c - which bytes compressed files and archives begin with. */
#include "paste/unpack.h"

#include <string.h>

const char *unpack_kind(const char *head, size_t len)
{
    static const struct {
        const char *bytes;
        size_t len, at;
        const char *name;
    } magics[] = {
        {"\x1f\x8b", 2, 0, "gzip"},
        {"\xfd"
         "7zXZ",
         5, 0, "xz"},
        {"\x28\xb5\x2f\xfd", 4, 0, "zstd"},
        {"BZh", 3, 0, "bzip2"},
        {"\x04\x22\x4d\x18", 4, 0, "lz4"},
        {"PK\x03\x04", 4, 0, "zip"},
        {"ustar", 5, 257, "tar"},
        {"\x1f\x9d", 2, 0, "compress"},
        {"\x5d\x00\x00", 3, 0, "lzma"},
        {"070701", 6, 0, "cpio"},
        {"7z\xbc\xaf", 4, 0, "7-Zip"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(magics); i++)
        if (len >= magics[i].at + magics[i].len &&
            memcmp(head + magics[i].at, magics[i].bytes, magics[i].len) == 0)
            return magics[i].name;
    return NULL;
}
