#include "loadgen/report/html.h"

#include <math.h>
#include <string.h>

void html_text(FILE *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* Three digits that count: 0.123, 1.23, 12.3, 123. */
static int decimals_of(double value)
{
	return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

void html_milliseconds(FILE *out, double milliseconds)
{
	if (!isfinite(milliseconds))
		fputs("–", out);
	else if (milliseconds >= 999.5)
		fprintf(out, "%.*f s", decimals_of(milliseconds / 1e3), milliseconds / 1e3);
	else if (milliseconds >= 0.9995)
		fprintf(out, "%.*f ms", decimals_of(milliseconds), milliseconds);
	else
		fprintf(out, "%.0f µs", milliseconds * 1e3);
}

void html_amount(FILE *out, double amount)
{
	char digits[64];
	size_t length;

	if (!isfinite(amount)) {
		fputs("–", out);
		return;
	}
	if (fabs(amount) < 99.95 && fabs(amount - round(amount)) > 1e-9) {
		fprintf(out, "%.*f", decimals_of(fabs(amount)), amount);
		return;
	}
	snprintf(digits, sizeof(digits), "%.0f", fmin(fmax(amount, -1e18), 1e18));
	length = strlen(digits);
	for (size_t i = 0; i < length; i++) {
		fputc(digits[i], out);
		if (digits[i] != '-' && i + 1 < length && (length - i - 1) % 3 == 0)
			fputc(',', out);
	}
}
