#include "base/require.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

void require_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "meantime: %s:%d: this must hold and does not: %s\n", file, line, condition);
	log_flush();
	abort();
}
