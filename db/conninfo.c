#include "db/conninfo.h"

#include "base/compiler.h"

#include <stdio.h>

static unsigned add(struct db_conninfo *info, unsigned count, const char *keyword, const char *value)
{
	info->keywords[count] = keyword;
	info->values[count] = value;
	return count + 1;
}

void db_conninfo_fill(struct db_conninfo *info, const struct db_settings *settings, const struct db_found *found)
{
	/* Before `dbname`: defaults that the user's string may change. After it: what the program relies on. GSS would
	 * cost a round trip; a dead peer of an idle connection is noticed within 11 s. */
	static const char *const defaults[][2] = {
	    {"gssencmode", "disable"}, {"keepalives_idle", "5"},     {"keepalives_interval", "2"},
	    {"keepalives_count", "3"}, {"tcp_user_timeout", "5000"}, {"fallback_application_name", "meantime"},
	};
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++)
		count = add(info, count, defaults[i][0], defaults[i][1]);
	/* where libpq blocks; it counts in seconds, and takes less than 2 as 2 */
	snprintf(info->connect_seconds, sizeof(info->connect_seconds), "%u",
		 (settings->connect_timeout_ms + 999) / 1000);
	count = add(info, count, "connect_timeout", info->connect_seconds);
	count = add(info, count, "dbname", settings->conninfo);
	count = add(info, count, "client_encoding", "UTF8");
	if (found != NULL) {
		count = add(info, count, "host", found->host);
		count = add(info, count, "hostaddr", found->hostaddr);
	}
	if (found != NULL && found->port != NULL)
		count = add(info, count, "port", found->port);
	add(info, count, NULL, NULL);
}
