// The plain level: each kernel as its formula reads, in scalar loops. The fast levels are tested
// against it. Sums that would lose digits run in double, so that it is also the more exact.
#include <float.h>
#include <math.h>
#include <string.h>

#include "levels.h"
#include "plain/products.h"
#include "plain/reduced.h"
#include "plain/dots.h"
#include "plain/mixed.h"
#include "plain/rows.h"
#include "plain/gates.h"
#include "plain/recurrent.h"
#include "plain/dropout.h"
#include "plain/attention.h"
#include "plain/narrow.h"
#include "plain/elements.h"
#include "plain/classes.h"
#include "plain/strings.h"
#include "plain/merging.h"
// Cutting is tested against the scanners of `Tokenization`, and the other loops over text are
// scalar where a level has no vectors for them.
#include "vectors/cutting.h"
#include "vectors/starts.h"
#include "vectors/keys.h"
#include "vectors/lookup.h"
#include "vectors/minhash.h"

#define LEVEL plain
#include "table.h"

#undef LEVEL
#define LEVEL plainMixed
#define MIXED
#include "table.h"
