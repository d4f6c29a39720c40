/* migrate_command.h - `meantime migrate`: makes and upgrades the tables of the queue.
 *
 * Errors:  said on stderr, without what a connection string may hold.
 */
#pragma once

/* The words behind the command's own. Returns the exit status. */
int migrate_command(int argc, char **argv);
