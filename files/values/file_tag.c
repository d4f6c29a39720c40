#include "files/values/file_tag.h"

#include <inttypes.h>
#include <stdio.h>

bool file_tag_is_strong(const struct file_facts *facts, int64_t now_s)
{
	return facts->modified_s < now_s - FILE_RESTS_S || facts->modified_s > now_s + FILE_RESTS_S;
}

void file_tag_write(char out[static FILE_TAG_BYTES], const struct file_facts *facts)
{
	snprintf(out, FILE_TAG_BYTES, "%" PRIx64 "-%" PRIx64 ".%" PRIx32 "-%" PRIx64, facts->bytes,
		 (uint64_t)facts->modified_s, facts->modified_ns, facts->number);
}
