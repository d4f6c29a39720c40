/* survey.h - looks through a folder for what requests will not find there: for `meantime check`.
 *
 * Thread:  one; it blocks, and takes as long as the folder is large.
 * Limits:  SURVEY_ENTRIES_MAX entries and SURVEY_DEPTH_MAX folders deep are looked at.
 */
#pragma once

enum { SURVEY_ENTRIES_MAX = 100000, SURVEY_DEPTH_MAX = 32, SURVEY_WHY_BYTES = 4200 };

/* Of an entry that is not served: why, as "Permission denied". The name is UTF-8 on one line. */
typedef void survey_fn(const char *name, const char *why);

/* Calls `say` for each file or folder that is not served, but for those that a dot hides; or for `path` itself. */
void survey(const char *path, survey_fn *say);
