/* zstd_legacy.c - frames of zstd before 0.8 (2016) are refused. libzstd.a brings a decoder for each
 * of 0.5, 0.6 and 0.7, 80 KiB that parse what others wrote and that nothing needs: the linker takes
 * a member of the archive only for what nobody has defined.
 *
 * Mirrors: lib/legacy/zstd_v05.h to zstd_v07.h of libzstd 1.5: the functions that its decoder
 * calls. What another libzstd calls besides makes the linker take the member after all, and say
 * that a name is defined twice.
 */
#include <stddef.h>
#include <zstd_errors.h>

/* Not NULL, which would be a lack of memory. */
static char no_decoder;

#define REFUSED ((size_t)-ZSTD_error_version_unsupported)

/* clang-format off */
#define REFUSE(v)                                                                                                      \
    void *ZSTD##v##_createDCtx(void);                                                                                  \
    size_t ZSTD##v##_freeDCtx(void *dctx);                                                                             \
    size_t ZSTD##v##_decompress_usingDict(void *dctx, void *to, size_t capacity, const void *from, size_t size,        \
                                          const void *dictionary, size_t dictionary_size);                             \
    size_t ZSTD##v##_getFrameParams(void *params, const void *from, size_t size);                                      \
    void ZSTD##v##_findFrameSizeInfoLegacy(const void *from, size_t size, size_t *compressed, unsigned long long *bound); \
    void *ZBUFF##v##_createDCtx(void);                                                                                 \
    size_t ZBUFF##v##_freeDCtx(void *dctx);                                                                            \
    size_t ZBUFF##v##_decompressInitDictionary(void *dctx, const void *dictionary, size_t size);                       \
    size_t ZBUFF##v##_decompressContinue(void *dctx, void *to, size_t *capacity, const void *from, size_t *size);      \
                                                                                                                       \
    void *ZSTD##v##_createDCtx(void) { return &no_decoder; }                                                           \
    size_t ZSTD##v##_freeDCtx(void *dctx) { (void)dctx; return 0; }                                                    \
    size_t ZSTD##v##_decompress_usingDict(void *dctx, void *to, size_t capacity, const void *from, size_t size,        \
                                          const void *dictionary, size_t dictionary_size)                              \
    {                                                                                                                  \
        (void)dctx, (void)to, (void)capacity, (void)from, (void)size, (void)dictionary, (void)dictionary_size;         \
        return REFUSED;                                                                                                \
    }                                                                                                                  \
    size_t ZSTD##v##_getFrameParams(void *params, const void *from, size_t size)                                       \
    {                                                                                                                  \
        (void)params, (void)from, (void)size;                                                                          \
        return REFUSED;                                                                                                \
    }                                                                                                                  \
    void ZSTD##v##_findFrameSizeInfoLegacy(const void *from, size_t size, size_t *compressed, unsigned long long *bound) \
    {                                                                                                                  \
        (void)from, (void)size;                                                                                        \
        *compressed = REFUSED;                                                                                         \
        *bound = ~1ULL; /* ZSTD_CONTENTSIZE_ERROR */ /* lint: within a macro */                                        \
    }                                                                                                                  \
    void *ZBUFF##v##_createDCtx(void) { return &no_decoder; }                                                          \
    size_t ZBUFF##v##_freeDCtx(void *dctx) { (void)dctx; return 0; }                                                   \
    size_t ZBUFF##v##_decompressInitDictionary(void *dctx, const void *dictionary, size_t size)                        \
    {                                                                                                                  \
        (void)dctx, (void)dictionary, (void)size;                                                                      \
        return REFUSED;                                                                                                \
    }                                                                                                                  \
    size_t ZBUFF##v##_decompressContinue(void *dctx, void *to, size_t *capacity, const void *from, size_t *size)       \
    {                                                                                                                  \
        (void)dctx, (void)to, (void)capacity, (void)from, (void)size;                                                  \
        return REFUSED;                                                                                                \
    }

REFUSE(v05)
REFUSE(v06)
REFUSE(v07)
/* clang-format on */
