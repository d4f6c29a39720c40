/* key_command.h - `meantime key`: makes an API key.
 *
 * Errors:  said on stderr.
 */
#pragma once

/* The words behind the command's own. Returns the exit status. */
int key_command(int argc, char **argv);
