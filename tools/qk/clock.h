/* What time it is. */
#ifndef QK_CLOCK_H
#define QK_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void); /* monotonic */
int64_t clock_now_us(void); /* monotonic */
int64_t clock_unix_ms(void);

#endif
