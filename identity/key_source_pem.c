#include "identity/key_source.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

struct block {
	char *label, *header; /* of libcrypto */
	unsigned char *bytes;
	long length;
};

static EVP_PKEY *read_certificate(const struct block *block)
{
	const unsigned char *at = block->bytes;
	X509 *certificate = d2i_X509(NULL, &at, block->length);
	EVP_PKEY *pkey = certificate != NULL ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return pkey;
}

static EVP_PKEY *read_public(const struct block *block)
{
	const unsigned char *at = block->bytes;

	return d2i_PUBKEY(NULL, &at, block->length);
}

static EVP_PKEY *read_public_rsa(const struct block *block)
{
	const unsigned char *at = block->bytes;

	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, block->length);
}

static EVP_PKEY *read_private(const struct block *block)
{
	const unsigned char *at = block->bytes;

	return d2i_AutoPrivateKey(NULL, &at, block->length);
}

static const struct form {
	const char *label;
	EVP_PKEY *(*read)(const struct block *block);
	bool is_private;
} forms[] = {
    {"PUBLIC KEY", read_public, false},         {"CERTIFICATE", read_certificate, false},
    {"RSA PUBLIC KEY", read_public_rsa, false}, {"PRIVATE KEY", read_private, true},
    {"RSA PRIVATE KEY", read_private, true},    {"EC PRIVATE KEY", read_private, true},
};

static const struct form *find_form(const char *label)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++)
		if (strcmp(forms[i].label, label) == 0)
			return &forms[i];
	return NULL;
}

/* Returns what is wrong, or NULL. */
static const char *read_key(const struct block *block, enum key_use use, struct key *key)
{
	const struct form *form = find_form(block->label);
	EVP_PKEY *pkey;

	if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0 || block->header[0] != '\0')
		return "the key is encrypted; expected one that needs no password";
	if (form == NULL)
		return use == KEYS_FOR_SIGNING ? "expected a private key" : "expected a public key or a certificate";
	if (form->is_private && use == KEYS_FOR_VERIFYING)
		return "this is a private key; expected its public key, as \"openssl pkey -pubout\" writes it";
	if (!form->is_private && use == KEYS_FOR_SIGNING)
		return "this signs nothing; expected a private key";
	pkey = form->read(block);
	ERR_clear_error();
	return pkey == NULL ? "what stands between the lines is no such key" : key_of_pkey(key, pkey, form->is_private);
}

/* The parameters that `openssl ecparam -genkey` writes in front of a key say nothing more. */
static void read_block(struct key_source *source, const struct block *block, unsigned number)
{
	struct key key;

	if (strcmp(block->label, "EC PARAMETERS") != 0)
		key_source_add(source, &key, read_key(block, source->use, &key),
			       arena_printf(&source->set->arena, "PEM block %u", number));
	OPENSSL_free(block->label);
	OPENSSL_free(block->header);
	OPENSSL_clear_free(block->bytes, (size_t)block->length);
}

void key_source_read_pem(struct key_source *source)
{
	BIO *in = BIO_new_mem_buf(source->text.at, (int)source->text.length);
	struct block block;
	unsigned number = 1;

	for (; in != NULL && PEM_read_bio(in, &block.label, &block.header, &block.bytes, &block.length) == 1; number++)
		read_block(source, &block, number);
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		diagnostics_add(source->diagnostics, source->file, 0, "PEM block %u is damaged", number);
	ERR_clear_error();
	BIO_free(in);
}
