#include "pack.h"

#include <string.h>

void qkr_pack(char *out, const double *numbers, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &numbers[i], sizeof bits);
    for (size_t byte = 0; byte < 8; byte++, bits >>= 8)
      *out++ = (char)(bits & 0xff);
  }
}

double qkr_unpack(const char *bytes)
{
  uint64_t bits = 0;
  double number;
  for (size_t byte = 8; byte-- > 0;)
    bits = bits << 8 | (unsigned char)bytes[byte];
  memcpy(&number, &bits, sizeof number);
  return number;
}

void qkr_pack_policy(char out[QKR_POLICY_BYTES], const qk_policy *policy)
{
  const double numbers[QKR_POLICY_NUMBERS] = {
      policy->mode,         (double)policy->max_active, (double)policy->max_waiting,
      (double)policy->rate, policy->rate_window_ms,     policy->ready_ms,
      policy->active_ms,    policy->max_extends,        policy->idle_ms,
      policy->eager,        policy->clock_step_ms,      policy->lanes};
  qkr_pack(out, numbers, QKR_POLICY_NUMBERS);
}

/* A whole number from 0 to max? */
static int fits(double number, double max)
{
  return number >= 0 && number <= max && number == (double)(uint64_t)number;
}

int qkr_unpack_policy(const char *bytes, size_t len, qk_policy *out)
{
  double at[QKR_POLICY_NUMBERS];
  if (len != QKR_POLICY_BYTES)
    return QK_ESTATE;
  for (size_t i = 0; i < QKR_POLICY_NUMBERS; i++) {
    int wide = i >= 1 && i <= 3;
    at[i] = qkr_unpack(bytes + 8 * i);
    if (!fits(at[i], wide ? 9007199254740991.0 : UINT32_MAX))
      return QK_ESTATE;
  }
  qk_policy_init(out);
  out->mode = (uint32_t)at[0];
  out->max_active = (uint64_t)at[1];
  out->max_waiting = (uint64_t)at[2];
  out->rate = (uint64_t)at[3];
  out->rate_window_ms = (uint32_t)at[4];
  out->ready_ms = (uint32_t)at[5];
  out->active_ms = (uint32_t)at[6];
  out->max_extends = (uint32_t)at[7];
  out->idle_ms = (uint32_t)at[8];
  out->eager = (uint32_t)at[9];
  out->clock_step_ms = (uint32_t)at[10];
  out->lanes = (uint32_t)at[11];
  return QK_OK;
}
