/* file_type.h - the media type of a file, by the suffix of its name.
 *
 * Thread:  any.
 */
#pragma once

/* Returns the value of Content-Type; text is UTF-8, and what is not known is application/octet-stream. */
const char *file_type_of(const char *name);
