#include "identity/key_source.h"

#include "base/json_scan.h"
#include "base/memory.h"
#include "identity/api_keys.h"
#include "identity/digest.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { ARRAY_DEPTH_MAX = 16 };

/* An editor ends a file with a line break; it is not of the secret. */
static struct text without_line_break(struct text text)
{
	if (text.length > 0 && text.at[text.length - 1] == '\n')
		text.length--;
	if (text.length > 0 && text.at[text.length - 1] == '\r')
		text.length--;
	return text;
}

static bool begins_with(struct text text, const char *start)
{
	return text.length >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

static bool is_der(const unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes;
	EVP_PKEY *pkey;
	X509 *certificate;

	if (length == 0 || bytes[0] != 0x30) /* a sequence */
		return false;
	pkey = d2i_PUBKEY(NULL, &at, (long)length);
	at = bytes;
	if (pkey == NULL)
		pkey = d2i_AutoPrivateKey(NULL, &at, (long)length);
	at = bytes;
	if (pkey == NULL)
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)length);
	at = bytes;
	certificate = d2i_X509(NULL, &at, (long)length);
	EVP_PKEY_free(pkey);
	X509_free(certificate);
	ERR_clear_error();
	return pkey != NULL || certificate != NULL;
}

/* PEM without its first and last line: what some consoles show as "public key". */
static bool is_der_as_base64(struct text text)
{
	EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
	unsigned char *bytes = memory_alloc(text.length + 3);
	int length = 0, more = 0;
	bool is_found = false;

	EVP_DecodeInit(context);
	if (EVP_DecodeUpdate(context, bytes, &length, (const unsigned char *)text.at, (int)text.length) >= 0 &&
	    EVP_DecodeFinal(context, bytes + length, &more) == 1)
		is_found = is_der(bytes, (size_t)(length + more));
	ERR_clear_error();
	EVP_ENCODE_CTX_free(context);
	OPENSSL_cleanse(bytes, text.length);
	free(bytes);
	return is_found;
}

/* Printable ASCII and white space. A secret of random bytes has others. */
static bool is_ascii(struct text text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] > '~' || (text.at[i] < ' ' && strchr("\t\r\n", text.at[i]) == NULL))
			return false;
	return true;
}

static bool has_any(struct text text, const char *characters)
{
	for (size_t i = 0; i < text.length; i++)
		if (strchr(characters, text.at[i]) != NULL)
			return true;
	return false;
}

static unsigned count_of(struct text text, char c)
{
	unsigned count = 0;

	for (size_t i = 0; i < text.length; i++)
		count += text.at[i] == c;
	return count;
}

/* SECRET=...; base64 has its = at the end. */
static bool is_assignment(struct text text)
{
	size_t length = 0;

	while (length < text.length && (isalnum((unsigned char)text.at[length]) || text.at[length] == '_'))
		length++;
	return length > 0 && length + 1 < text.length && text.at[length] == '=' && text.at[length + 1] != '=';
}

/* NAME SHA256 ROLE */
static bool is_line_of_api_keys(struct text text)
{
	struct text rest = text, digest;

	(void)text_cut_at(&rest, ' ');
	digest = text_cut_at(&rest, ' ');
	return rest.length > 0 && digest.length == 2 * DIGEST_BYTES &&
	       strspn(digest.at, "0123456789abcdef") >= digest.length;
}

/* A page, a file of API keys, a token: what is no secret would be taken for one. */
static const char *find_text_that_is_none(struct text text)
{
	if (!is_ascii(text))
		return NULL;
	if (has_any(text, "\r\n"))
		return "this is a text of several lines";
	if (begins_with(text, "<"))
		return "this is a page";
	if (is_line_of_api_keys(text))
		return "this is a line of API keys";
	if (begins_with(text, "eyJ") && count_of(text, '.') == 2)
		return "this is a token";
	if (begins_with(text, API_KEY_PREFIX))
		return "this is an API key";
	if (begins_with(text, "\"") || begins_with(text, "'"))
		return "this is in quotes";
	return is_assignment(text) ? "this is a name with a value" : NULL;
}

/* A key that is public would be a secret that everyone knows. */
static const char *find_other_form(struct text text)
{
	size_t end;

	if (is_der((const unsigned char *)text.at, text.length))
		return "this is a key as DER";
	if (is_der_as_base64(text))
		return "this is PEM without its first and last line";
	if (begins_with(text, "ssh-") || begins_with(text, "ecdsa-sha2-") || begins_with(text, "---- BEGIN SSH2"))
		return "this is a key of OpenSSH";
	if (begins_with(text, "http://") || begins_with(text, "https://"))
		return "this is a URL";
	if (begins_with(text, "\xef\xbb\xbf") || begins_with(text, "\xff\xfe") || begins_with(text, "\xfe\xff"))
		return "this begins with a byte order mark";
	if (begins_with(text, "[") && json_scan_value(text, ARRAY_DEPTH_MAX, &end))
		return "this is a JSON array";
	return find_text_that_is_none(without_line_break(text));
}

void key_source_read_secret(struct key_source *source)
{
	const char *other = find_other_form(source->text);
	struct key key;

	if (other != NULL)
		diagnostics_add(source->diagnostics, source->file, 0,
				"%s; expected a JWK set, PEM, or a raw secret of 32 bytes or more", other);
	else
		key_source_add(source, &key, key_of_secret(&key, without_line_break(source->text)), "the raw secret");
}
