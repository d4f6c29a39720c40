/* migrations.h - the migrations that this program knows: queue/migrations/NN_name.sql, made part of it by embed.cmake.
 *
 * Thread:  any; constant.
 */
#pragma once

struct queue_migration {
	unsigned number; /* 1, 2 and so on */
	const char *name;
	const char *sql; /* one statement or several */
};

extern const struct queue_migration queue_migrations[]; /* by their numbers */
extern const unsigned queue_migration_count;
