#ifndef QUERN_CZLIB_SHIM_H
#define QUERN_CZLIB_SHIM_H

#include <zlib.h>

#endif
