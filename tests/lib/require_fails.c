/* A REQUIRE() that does not hold fails the test it stands in, instead of ending the whole program; where one is
 * expected, expect_assert_failure() catches it. In the test's own thread only. */
#include "base/require.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

_Noreturn void require_failed(const char *condition, const char *file, int line)
{
	mock_assert(0, condition, file, line);
	abort();
}
