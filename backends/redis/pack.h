/* Numbers as the scripts read them: doubles in little-endian order (struct.unpack '<d'). Every number below
 * 2^53 is exact. */
#ifndef QKR_PACK_H
#define QKR_PACK_H

#include <stddef.h>
#include <stdint.h>

#include <qk.h>

#define QKR_POLICY_NUMBERS 12
#define QKR_POLICY_BYTES (QKR_POLICY_NUMBERS * 8)

/* Write n numbers to out, which takes 8 n bytes. */
void qkr_pack(char *out, const double *numbers, size_t n);
double qkr_unpack(const char *bytes);

/* A policy as the scripts keep it. */
void qkr_pack_policy(char out[QKR_POLICY_BYTES], const qk_policy *policy);
/* QK_OK; QK_ESTATE if that is no policy. */
int qkr_unpack_policy(const char *bytes, size_t len, qk_policy *out);

#endif
