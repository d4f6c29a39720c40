/* key_set_fixture.h - sets of keys, taken and refused. */
#pragma once

#include "identity/key_set.h"

#include "base/buffer.h"
#include "identity/base64url.h"
#include "lib/jose.h"
#include "lib/jose_vectors.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static inline const char *names_of(algorithm_set set)
{
	static char names[100];

	names[0] = '\0';
	for (unsigned i = 0; i < ALGORITHM_COUNT; i++)
		if (algorithm_is_in(&algorithms[i], set))
			sprintf(names + strlen(names), "%s%s", names[0] == '\0' ? "" : " ", algorithms[i].name);
	return names;
}

#define SECRET_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
