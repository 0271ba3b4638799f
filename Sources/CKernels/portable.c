// Vectors of four, which every 64-bit processor has: SSE2, NEON.
#define W 4
#define MR 6
#define TABLE qk_portable_table
#include "vectors/level.h"
