/* hosts.h - with which of several hosts a connect begins.
 *
 * libpq tries one host after the other, and leaves it to its caller to give up on one that does not answer. The caller has
 * one limit for the whole connect. So what is given up while it connects makes those after it begin with the next host.
 *
 * Owner:   the returned text is the caller's.
 * Thread:  any.
 */
#pragma once

unsigned db_hosts_first(void);
/* A connect that began with that one was given up. Of several that were, one counts. */
void db_hosts_note_silence(unsigned first);
/* Returns the list, as libpq takes it, from that one on; NULL: as it stands. */
char *db_hosts_from(const char *list, unsigned first);
