/* wire.h - numbers in files of our own: little-endian, and varints (unsigned LEB128, at most
 * WIRE_VARINT_MAX bytes).
 *
 * Never: trusts what it reads: a varint that is cut or longer than 64 bits is none.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include "base/types.h"

#define WIRE_VARINT_MAX 10u

static inline void wire_put_u16(u8 *at, u16 v)
{
    at[0] = (u8)v;
    at[1] = (u8)(v >> 8);
}

static inline void wire_put_u32(u8 *at, u32 v)
{
    wire_put_u16(at, (u16)v);
    wire_put_u16(at + 2, (u16)(v >> 16));
}

static inline void wire_put_u64(u8 *at, u64 v)
{
    wire_put_u32(at, (u32)v);
    wire_put_u32(at + 4, (u32)(v >> 32));
}

static inline u16 wire_get_u16(const u8 *at)
{
    return (u16)(at[0] | at[1] << 8);
}

static inline u32 wire_get_u32(const u8 *at)
{
    return (u32)wire_get_u16(at) | (u32)wire_get_u16(at + 2) << 16;
}

static inline u64 wire_get_u64(const u8 *at)
{
    return (u64)wire_get_u32(at) | (u64)wire_get_u32(at + 4) << 32;
}

/* Writes at most WIRE_VARINT_MAX bytes; returns how many. */
static inline unsigned wire_put_varint(u8 *at, u64 v)
{
    unsigned n = 0;

    while (v >= 0x80) {
        at[n++] = (u8)(v | 0x80);
        v >>= 7;
    }
    at[n++] = (u8)v;
    return n;
}

/* The byte after the varint; NULL when it is cut or longer than 64 bits. */
static inline const u8 *wire_get_varint(const u8 *at, const u8 *end, u64 *ret)
{
    u64 value = 0;

    for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
        u8 byte = *at++;

        if (shift == 63 && byte > 1)
            return NULL;
        value |= (u64)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = value;
            return at;
        }
    }
    return NULL;
}

static inline u64 wire_zigzag(s64 v)
{
    return (u64)v << 1 ^ (u64)(v >> 63);
}

static inline s64 wire_unzigzag(u64 v)
{
    return (s64)(v >> 1) ^ -(s64)(v & 1);
}

#endif
