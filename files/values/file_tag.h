/* file_tag.h - what the content of a file is known by: its entity tag.
 *
 * It is made of size, time of the last change to the nanosecond, and inode. A file that was replaced has another inode, one
 * that was written has another time. So the tag is strong, once the file has rested for FILE_RESTS_S. Before that, another
 * write may bear the same time, and the file has no tag. A sibling in a coding has a tag of its own.
 *
 * Thread:  any.
 */
#pragma once

#include "files/values/file_order.h"

enum {
	FILE_TAG_BYTES = 16 + 1 + 16 + 1 + 8 + 1 + 16 + 1,
	FILE_RESTS_S = 2, /* the coarsest clock of a file system counts in twos */
};

/* Whether another change would be seen in the time. */
bool file_tag_is_strong(const struct file_facts *facts, int64_t now_s);
/* Writes it without quotes, with a NUL. */
void file_tag_write(char out[static FILE_TAG_BYTES], const struct file_facts *facts);
