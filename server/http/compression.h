/* compression.h - a response in a content coding that its client accepts, and whether the client has it already.
 *
 * What is small is coded on the loop. The rest is coded on a pool of its own, so that no other request waits for it. What
 * finds no place there, or is not coded soon, is sent as it is. A stream is coded part by part, and each part can be read
 * when it comes.
 *
 * Life:    http_compression_apply() before each part -> http_compression_end(). Of the loop: http_compression_begin() ->
 *          http_compression_sweep()* -> http_compression_close() -> http_compression_cleanup().
 * Owner:   the reply. While a computation is under way its exchange is the pool's.
 * Thread:  the loop.
 * Limits:  HTTP_COMPRESSION_WAITING_MAX responses wait for a thread. Of a loop's streams HTTP_COMPRESSION_STREAMS_MAX are
 *          coded at a time.
 */
#pragma once

#include "server/http/border.h"

enum {
	HTTP_COMPRESSED_BYTES_MIN = 1024, /* below it the head outweighs what is saved */
	HTTP_COMPRESSION_STREAMS_MAX = 16,
};

/* A response without a Content-Length is coded whatever the size of its parts is. Of one with conditions the tag is
 * another for each coding. */
static inline bool http_compression_is_due(const struct exchange *x)
{
	return x->response.body.length >= HTTP_COMPRESSED_BYTES_MIN || x->response.is_streamed ||
	       x->response.is_conditional;
}

/* Codes the response, or the part of it, that is ready. Then, now or later, it is sent. */
NOT_INLINED void http_compression_apply(struct http_reply *reply);
/* Adds Vary and Content-Encoding, where the response could be coded and where it is; ETag and Last-Modified. */
void http_compression_add_fields(struct http_reply *reply);
/* The reply is over. */
void http_compression_end(struct http_reply *reply);

void http_compression_begin(struct http_loop *http);
/* Ends the waiting of those that have waited long enough. */
void http_compression_sweep(struct http_loop *http);
void http_compression_close(struct http_loop *http);
void http_compression_cleanup(struct http_loop *http);
