/* sqlstate.h - what an SQLSTATE means for a client: one table.
 *
 * Source: PostgreSQL 15, Appendix A (error codes).
 */
#pragma once

#include "base/error.h"

enum error error_from_sqlstate(const char *sqlstate);
