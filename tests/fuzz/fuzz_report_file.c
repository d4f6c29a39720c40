/* Any bytes as a saved report: it is read, or refused with words that name the file; and what was read can be written.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/require.h"
#include "loadgen/report/report_formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct report report;
	char *none[] = {NULL}, file[64], why[512] = "", *text;
	int fd = memfd_create("report", 0);

	REQUIRE(write(fd, bytes, length) == (ssize_t)length);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	report_init(&report, "diff", 0, none);
	if (report_read_json(&report, file, why, sizeof(why)) != 0) {
		REQUIRE(strncmp(why, file, strlen(file)) == 0);
	} else {
		text = report_json(&report);
		REQUIRE(text != NULL && text[0] == '{');
		free(text);
	}
	report_cleanup(&report);
	close(fd);
	return 0;
}
