#include "fetch/values/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/percent.h"
#include "fetch/values/entity.h"
#include "fetch/values/html.h"

/* clang-format off */
static const struct charset charsets[] = {
	{CHARSET_UTF_8, NULL, "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8"},
	{CHARSET_UTF_16LE, NULL, "utf-16 utf-16le csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff"},
	{CHARSET_UTF_16BE, NULL, "utf-16be unicodefffe"},
	{CHARSET_WINDOWS_1252, NULL,
		"windows-1252 cp1252 x-cp1252 ascii us-ascii ansi_x3.4-1968 latin1 l1 csisolatin1 iso-8859-1 iso8859-1 iso88591 "
		"iso_8859-1 iso_8859-1:1987 iso-ir-100 cp819 ibm819 x-user-defined"},
	{CHARSET_BY_ICONV, "CP1250", "windows-1250 cp1250 x-cp1250"},
	{CHARSET_BY_ICONV, "CP1251", "windows-1251 cp1251 x-cp1251"},
	{CHARSET_BY_ICONV, "CP1253", "windows-1253 cp1253 x-cp1253"},
	{CHARSET_BY_ICONV, "CP1254", "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 "
		"iso-ir-148 latin5 l5 csisolatin5"},
	{CHARSET_BY_ICONV, "CP1255", "windows-1255 cp1255 x-cp1255"},
	{CHARSET_BY_ICONV, "CP1256", "windows-1256 cp1256 x-cp1256"},
	{CHARSET_BY_ICONV, "CP1257", "windows-1257 cp1257 x-cp1257"},
	{CHARSET_BY_ICONV, "CP1258", "windows-1258 cp1258 x-cp1258"},
	{CHARSET_BY_ICONV, "CP874", "windows-874 dos-874 tis-620 iso-8859-11 iso8859-11 iso885911"},
	{CHARSET_BY_ICONV, "ISO-8859-2", "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 iso-ir-101 latin2 l2 "
		"csisolatin2"},
	{CHARSET_BY_ICONV, "ISO-8859-3", "iso-8859-3 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 iso-ir-109 latin3 l3 "
		"csisolatin3"},
	{CHARSET_BY_ICONV, "ISO-8859-4", "iso-8859-4 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 iso-ir-110 latin4 l4 "
		"csisolatin4"},
	{CHARSET_BY_ICONV, "ISO-8859-5", "iso-8859-5 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 iso-ir-144 cyrillic "
		"csisolatincyrillic"},
	{CHARSET_BY_ICONV, "ISO-8859-6", "iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 iso-ir-127 arabic "
		"asmo-708 ecma-114 csisolatinarabic csiso88596e csiso88596i iso-8859-6-e iso-8859-6-i"},
	{CHARSET_BY_ICONV, "ISO-8859-7", "iso-8859-7 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 iso-ir-126 greek greek8 "
		"ecma-118 elot_928 csisolatingreek sun_eu_greek"},
	{CHARSET_BY_ICONV, "ISO-8859-8", "iso-8859-8 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 iso-ir-138 hebrew visual "
		"csisolatinhebrew csiso88598e iso-8859-8-e csiso88598i iso-8859-8-i logical"},
	{CHARSET_BY_ICONV, "ISO-8859-10", "iso-8859-10 iso8859-10 iso885910 iso-ir-157 latin6 l6 csisolatin6"},
	{CHARSET_BY_ICONV, "ISO-8859-13", "iso-8859-13 iso8859-13 iso885913"},
	{CHARSET_BY_ICONV, "ISO-8859-14", "iso-8859-14 iso8859-14 iso885914"},
	{CHARSET_BY_ICONV, "ISO-8859-15", "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 csisolatin9"},
	{CHARSET_BY_ICONV, "ISO-8859-16", "iso-8859-16"},
	{CHARSET_BY_ICONV, "KOI8-R", "koi8-r koi8 koi koi8_r cskoi8r"},
	{CHARSET_BY_ICONV, "KOI8-U", "koi8-u koi8-ru"},
	{CHARSET_BY_ICONV, "IBM866", "ibm866 866 cp866 csibm866"},
	{CHARSET_BY_ICONV, "MACINTOSH", "macintosh mac x-mac-roman csmacintosh"},
	{CHARSET_BY_ICONV, "MAC-CYRILLIC", "x-mac-cyrillic x-mac-ukrainian"},
	{CHARSET_BY_ICONV, "GB18030", "gb18030 gbk gb2312 gb_2312 gb_2312-80 x-gbk chinese csgb2312 csiso58gb231280 "
		"iso-ir-58"},
	{CHARSET_BY_ICONV, "BIG5-HKSCS", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
	{CHARSET_BY_ICONV, "CP932", "shift_jis shift-jis sjis x-sjis windows-31j ms932 ms_kanji csshiftjis"},
	{CHARSET_BY_ICONV, "EUC-JP-MS", "euc-jp x-euc-jp cseucpkdfmtjapanese"},
	{CHARSET_BY_ICONV, "ISO-2022-JP", "iso-2022-jp csiso2022jp"},
	{CHARSET_BY_ICONV, "CP949", "euc-kr windows-949 ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean cseuckr "
		"csksc56011987 iso-ir-149"},
};
/* clang-format on */

const struct charset *charset_of_kind(enum charset_kind kind)
{
	const struct charset *charset = charsets;

	while (charset->kind != kind)
		charset++;
	return charset;
}

static bool has_label(const struct charset *charset, struct text label)
{
	const char *at = charset->labels;

	for (;;) {
		size_t length = strcspn(at, " ");

		if (text_equal_nocase(label, (struct text){at, length}))
			return true;
		if (at[length] == '\0')
			return false;
		at += length + 1;
	}
}

const struct charset *charset_of_label(struct text label)
{
	while (label.length > 0 && html_is_space(label.at[0]))
		label = (struct text){label.at + 1, label.length - 1};
	while (label.length > 0 && html_is_space(label.at[label.length - 1]))
		label.length--;
	for (size_t i = 0; i < ARRAY_LENGTH(charsets); i++)
		if (has_label(&charsets[i], label))
			return &charsets[i];
	return NULL;
}

const struct charset *charset_of_bom(struct text page)
{
	if (text_begins_with(page, TEXT("\xef\xbb\xbf")))
		return charset_of_kind(CHARSET_UTF_8);
	if (text_begins_with(page, TEXT("\xff\xfe")))
		return charset_of_kind(CHARSET_UTF_16LE);
	return text_begins_with(page, TEXT("\xfe\xff")) ? charset_of_kind(CHARSET_UTF_16BE) : NULL;
}

size_t charset_put_utf8(uint32_t point, char out[CHARSET_POINT_BYTES_MAX])
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

static size_t windows_1252_to_utf8(struct text text, char *out)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length; i++)
		length += charset_put_utf8(entity_windows_1252((uint8_t)text.at[i]), out + length);
	return length;
}

/* The bytes of the character that begins with `first`, if one begins so, else 1. */
static size_t announced_length(uint8_t first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 1;
}

static size_t mended_utf8(struct text text, bool is_cut, char *out)
{
	size_t length = 0, announced;

	for (size_t at = 0; at < text.length; at += announced) {
		announced = announced_length((uint8_t)text.at[at]);
		if (announced > text.length - at) {
			if (is_cut)
				break;
			announced = 1;
		}
		if (utf8_is_valid((struct text){text.at + at, announced})) {
			memcpy(out + length, text.at + at, announced);
			length += announced;
		} else {
			announced = 1;
			length += charset_put_utf8(ENTITY_REPLACEMENT, out + length);
		}
	}
	return length;
}

/* iconv until the end of the text. Whatever iconv says, a turn of the loop takes a byte or ends it. */
static size_t converted(iconv_t iconv_state, struct text text, bool is_cut, char *out)
{
	char *from = (char *)(uintptr_t)text.at, *to = out; /* iconv does not write there */
	size_t left = text.length, room = text.length * CHARSET_GROWTH_MAX, written;

	while (left > 0 && iconv(iconv_state, &from, &left, &to, &room) == (size_t)-1) {
		if (errno == E2BIG || (errno == EINVAL && is_cut))
			break;
		/* a character may still be held back: it goes first */
		iconv(iconv_state, NULL, NULL, &to, &room);
		if (left == 0 || room < CHARSET_GROWTH_MAX)
			break;
		from++;
		left--;
		written = charset_put_utf8(ENTITY_REPLACEMENT, to);
		to += written;
		room -= written;
	}
	iconv(iconv_state, NULL, NULL, &to, &room);
	return (size_t)(to - out);
}

size_t charset_to_utf8(const struct charset *charset, struct text text, bool is_cut, char *out)
{
	iconv_t iconv_state;
	size_t length;

	if (charset->kind == CHARSET_UTF_8)
		return mended_utf8(text, is_cut, out);
	if (charset->kind != CHARSET_BY_ICONV ||
	    (iconv_state = iconv_open("UTF-8", charset->iconv_name)) == (iconv_t)-1)
		return windows_1252_to_utf8(text, out);
	length = converted(iconv_state, text, is_cut, out);
	iconv_close(iconv_state);
	return length;
}

size_t charset_add_utf16(struct charset_utf16 *utf16, uint8_t byte, char out[2 * CHARSET_POINT_BYTES_MAX])
{
	uint32_t point;
	uint16_t high = utf16->high;
	size_t length = 0;

	utf16->has_first = !utf16->has_first;
	if (utf16->has_first) {
		utf16->first = byte;
		return 0;
	}
	point = utf16->is_big_endian ? (uint32_t)utf16->first << 8 | byte : (uint32_t)byte << 8 | utf16->first;
	utf16->high = 0;
	if (high != 0 && point >= 0xdc00 && point <= 0xdfff)
		return charset_put_utf8(0x10000 + ((uint32_t)(high - 0xd800) << 10) + (point - 0xdc00), out);
	if (high != 0) /* alone */
		length = charset_put_utf8(ENTITY_REPLACEMENT, out);
	if (point >= 0xd800 && point <= 0xdbff) {
		utf16->high = (uint16_t)point;
		return length;
	}
	if (point >= 0xdc00 && point <= 0xdfff)
		point = ENTITY_REPLACEMENT;
	return length + charset_put_utf8(point, out + length);
}
