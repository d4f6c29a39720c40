#include "base/buffer.h"

#include <stdio.h>

char *buffer_reserve_slow(struct buffer *buffer, size_t bytes)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 256;

	while (capacity - buffer->length <= bytes)
		capacity *= 2;
	if (buffer->bytes == NULL)
		buffer->bytes = arena_alloc(buffer->arena, capacity);
	else
		buffer->bytes = arena_grow(buffer->arena, buffer->bytes, buffer->capacity, capacity - buffer->capacity);
	buffer->capacity = capacity;
	return buffer->bytes + buffer->length;
}

char *buffer_scratch(struct buffer *buffer, size_t bytes)
{
	if (buffer->scratch_capacity < bytes) {
		buffer->scratch_capacity = 2 * bytes;
		buffer->scratch = arena_alloc(buffer->arena, buffer->scratch_capacity);
	}
	return buffer->scratch;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(NULL, 0, format, values);
	va_end(values);
	va_start(values, format);
	vsnprintf(buffer_reserve(buffer, (size_t)length + 1), (size_t)length + 1, format, values);
	va_end(values);
	buffer->length += (size_t)length;
}
