#include "identity/digest.h"

#include "base/require.h"

#include <openssl/evp.h>
#include <pthread.h>

static EVP_MD *sha256;

/* Looked up once: each time it would cost a lock that all threads share. */
static void look_up(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	REQUIRE(sha256 != NULL);
}

void digest_sha256(struct text text, uint8_t digest[static DIGEST_BYTES])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, look_up);
	REQUIRE(EVP_Digest(text.at, text.length, digest, NULL, sha256, NULL) == 1);
}
