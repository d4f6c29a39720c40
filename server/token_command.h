/* token_command.h - `meantime token`: signs a token for development.
 *
 * Errors:  said on stderr, without key material.
 */
#pragma once

/* The words behind the command's own. Returns the exit status. */
int token_command(int argc, char **argv);
