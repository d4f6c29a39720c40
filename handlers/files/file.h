/* file.h - answers with the files of a folder.
 *
 * Life:    constant while requests are served.
 * Thread:  any.
 * Limits:  a file of any size costs one buffer of FILE_PART_BYTES.
 */
#pragma once

#include "exchange/router.h"
#include "base/text.h"

struct folder;

/* What a route of files has as its data. */
struct file_site {
	struct folder *folder;
	struct text cache_control,
	    policy; /* values of Cache-Control and Content-Security-Policy; empty: no such line */
};

/* GET of any path: the file of that name, or 404. */
step_fn file_get;
