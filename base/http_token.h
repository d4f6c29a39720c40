/* http_token.h - which characters a token of HTTP is made of (RFC 9110 5.6.2).
 *
 * Thread:  any.
 */
#pragma once

/* Returns the character itself, in lower case, where it may stand in a token; else a blank. */
static inline char http_token_char(char c)
{
	static const char tokens[] = "                "
				     "                "
				     " ! #$%&'  *+ -. "
				     "0123456789      "
				     " abcdefghijklmno"
				     "pqrstuvwxyz   ^_"
				     "`abcdefghijklmno"
				     "pqrstuvwxyz | ~ ";
	_Static_assert(sizeof(tokens) == 128 + 1, "one character each of ASCII");

	return (unsigned char)c < 128 ? tokens[(unsigned char)c] : ' ';
}
