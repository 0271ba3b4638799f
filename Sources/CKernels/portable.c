// Vectors of four floats, which every 64-bit processor has: SSE2, NEON.
#define LEVEL portable
#define W 4
#define MR 6
#include "vectors/level.h"
