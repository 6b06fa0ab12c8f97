/* types.h - the words every room speaks: fixed-width integers and a few macros.
 *
 * Never: knows a memory-management word. Page numbers and addresses are named by the rooms that own
 *        them.
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* Nanoseconds of virtual time, or a length of it. */
typedef u64 ns_t;

#define NS_PER_US ((ns_t)1000)
#define NS_PER_MS ((ns_t)1000000)
#define NS_PER_S  ((ns_t)1000000000)

#define KIB ((u64)1 << 10)
#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)
#define TIB ((u64)1 << 40)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Each argument is evaluated once, and compared and returned in the type that C converts both to.
 * Not for constant expressions. */
#define MIN(a, b)           CHOOSE_(a, <, b, __COUNTER__)
#define MAX(a, b)           CHOOSE_(a, >, b, __COUNTER__)
#define CLAMP(x, low, high) MIN(MAX(x, low), high)

#define CHOOSE_(a, op, b, n) CHOOSE__(a, op, b, n)
/* The comparison that is never made lets the compiler warn about one of signed with unsigned. */
#define CHOOSE__(a, op, b, n)                                           \
    __extension__({                                                     \
        __typeof__(1 ? (a) : (b)) choose_a##n = (a), choose_b##n = (b); \
        if (0)                                                          \
            (void)((a)op(b));                                           \
        choose_a##n op choose_b##n ? choose_a##n : choose_b##n;         \
    })

#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))

/* To a multiple of `to`, which need not be a power of two and is evaluated twice or more: give a
 * value, not a call. */
#define ROUND_DOWN(x, to) ((x) / (to) * (to))
#define ROUND_UP(x, to)   (DIV_ROUND_UP(x, to) * (to))

#define BIT(n)     (1u << (n))
#define BIT_ULL(n) ((u64)1 << (n))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define HW_PRINTF(format_arg, first_arg) __attribute__((format(printf, format_arg, first_arg)))
#define HW_UNUSED                        __attribute__((unused))

/* A place no input can reach. Aborts when it is reached all the same. */
#define hw_unreachable()            \
    do {                            \
        assert(0 && "unreachable"); \
        __builtin_unreachable();    \
    } while (0)

/* Position of the highest set bit. pre: x > 0 */
static inline unsigned log2_floor(u64 x)
{
    return 63u - (unsigned)__builtin_clzll(x);
}

/* Smallest n with 2^n >= x. pre: x > 0 */
static inline unsigned log2_ceil(u64 x)
{
    return x == 1 ? 0 : log2_floor(x - 1) + 1;
}

#endif
