#include "people.h"

void people_id(char id[PEOPLE_ID_SIZE], uint32_t who)
{
  id[0] = 'u';
  for (int i = 11; i > 0; i--) {
    id[i] = (char)('0' + who % 10);
    who /= 10;
  }
  id[12] = '\0';
}

/* SplitMix64: Steele, Lea and Flood 2014. */
uint32_t people_random(uint64_t turn, uint32_t below)
{
  uint64_t mixed = (turn + 1) * UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)(((mixed ^ (mixed >> 31)) >> 32) * below >> 32);
}
