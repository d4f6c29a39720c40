#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_inside(const void *at, const char *memory, size_t bytes)
{
	return (const char *)at >= memory && (const char *)at < memory + bytes;
}

static void uses_up_the_first_bytes_before_malloc(void **state)
{
	_Alignas(16) char first[64];
	struct arena arena;
	void *pieces[4], *beyond;

	(void)state;
	arena_init(&arena, first, sizeof(first));
	for (int i = 0; i < 4; i++) {
		pieces[i] = arena_alloc(&arena, 16);
		assert_ptr_equal(pieces[i], first + 16 * i);
	}
	assert_null(arena.blocks);
	beyond = arena_alloc(&arena, 1);
	assert_false(is_inside(beyond, first, sizeof(first)));
	assert_non_null(arena.blocks);
	arena_cleanup(&arena);
}

static void every_piece_is_aligned_for_any_type(void **state)
{
	char unaligned[1024];
	struct arena arena;

	(void)state;
	for (size_t shift = 0; shift < 16; shift++) {
		arena_init(&arena, unaligned + shift, sizeof(unaligned) - shift);
		for (size_t bytes = 1; bytes < 40; bytes++) {
			void *piece = arena_alloc(&arena, bytes);

			assert_int_equal((uintptr_t)piece % 16, 0);
			memset(piece, 0xff, bytes);
		}
		arena_cleanup(&arena);
	}
}

static void pieces_do_not_overlap(void **state)
{
	enum { COUNT = 2000 };
	struct arena arena;
	unsigned char *pieces[COUNT];

	(void)state;
	arena_init(&arena, NULL, 0);
	for (unsigned i = 0; i < COUNT; i++) {
		pieces[i] = arena_alloc(&arena, i % 97 + 1);
		memset(pieces[i], (int)(i % 251), i % 97 + 1);
	}
	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned at = 0; at < i % 97 + 1; at++)
			assert_int_equal(pieces[i][at], i % 251);
	arena_cleanup(&arena);
}

static void first_bytes_too_few_to_align_are_left_alone(void **state)
{
	_Alignas(16) char first[32];
	struct arena arena;

	(void)state;
	memset(first, 7, sizeof(first));
	arena_init(&arena, first + 1, 3);
	memset(arena_alloc(&arena, 1), 9, 1);
	for (unsigned i = 0; i < sizeof(first); i++)
		assert_int_equal(first[i], 7);
	arena_cleanup(&arena);
}

static void a_piece_larger_than_a_block_is_whole(void **state)
{
	enum { BYTES = 1 << 20 };
	struct arena arena;
	char *large, *small;

	(void)state;
	arena_init(&arena, NULL, 0);
	small = arena_alloc(&arena, 8);
	memset(small, 1, 8);
	large = arena_alloc(&arena, BYTES);
	memset(large, 2, BYTES);
	memset(arena_alloc(&arena, 8), 3, 8);
	assert_int_equal(small[7], 1);
	assert_int_equal(large[0], 2);
	assert_int_equal(large[BYTES - 1], 2);
	arena_cleanup(&arena);
}

static void zeroed_memory_is_zero_after_use(void **state)
{
	_Alignas(16) char first[64];
	struct arena arena;
	const char *zeroed;

	(void)state;
	arena_init(&arena, first, sizeof(first));
	memset(arena_alloc(&arena, 64), 0xff, 64);
	arena_reset(&arena);
	zeroed = arena_alloc_zeroed(&arena, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(zeroed[i], 0);
}

static void the_newest_piece_grows_where_it_stands(void **state)
{
	_Alignas(16) char first[64];
	struct arena arena;
	char *piece;

	(void)state;
	arena_init(&arena, first, sizeof(first));
	piece = arena_alloc(&arena, 10);
	assert_ptr_equal(arena_grow(&arena, piece, 10, 30), piece);
	assert_ptr_equal(arena_alloc(&arena, 1), first + 48);
	arena_cleanup(&arena);
}

static void only_the_newest_piece_stays_and_only_within_its_block(void **state)
{
	_Alignas(16) char first[96];
	struct arena arena;
	char *older, *moved, *beyond;

	(void)state;
	arena_init(&arena, first, sizeof(first));
	older = arena_alloc(&arena, 16);
	memcpy(older, "older than others", 16);
	arena_alloc(&arena, 16);
	moved = arena_grow(&arena, older, 16, 1);
	assert_ptr_equal(moved, first + 32);
	assert_memory_equal(moved, "older than other", 16);
	assert_ptr_equal(arena_grow(&arena, moved, 32, 32), moved);
	assert_ptr_equal(arena.next, arena.end);
	beyond = arena_grow(&arena, moved, 64, 1);
	assert_false(is_inside(beyond, first, sizeof(first)));
	assert_memory_equal(beyond, "older than other", 16);
	arena_cleanup(&arena);
}

/* Its block is made longer, wherever it stands among the blocks: nothing is left behind. */
static void a_large_piece_grows_with_its_block(void **state)
{
	enum { BYTES = 1 << 20 };
	struct arena arena;
	char *large, *small;

	(void)state;
	arena_init(&arena, NULL, 0);
	large = arena_alloc(&arena, BYTES);
	memset(large, 'a', BYTES);
	large = arena_grow(&arena, large, BYTES, BYTES);
	assert_ptr_equal(arena.next, arena.end);
	assert_ptr_equal(arena.end, large + 2 * BYTES);
	small = arena_alloc(&arena, 8);
	memset(small, 's', 8);
	large = arena_grow(&arena, large, 2 * BYTES, 6 * BYTES);
	memset(large + BYTES, 'b', 7 * BYTES);
	memset(arena_alloc(&arena, 8), 't', 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(small[i], 's');
	assert_int_equal(large[0], 'a');
	assert_int_equal(large[BYTES - 1], 'a');
	assert_int_equal(large[8 * BYTES - 1], 'b');
	assert_ptr_not_equal(arena.end, large + 8 * BYTES);
	arena_reset(&arena);
	assert_null(arena.blocks);
	arena_cleanup(&arena);
}

/* Others stand in its block. */
static void a_piece_as_large_as_a_block_moves(void **state)
{
	enum { BYTES = 16 * 1024 };
	struct arena arena;
	char *piece, *small;

	(void)state;
	arena_init(&arena, NULL, 0);
	small = arena_alloc(&arena, 16);
	memset(small, 's', 16);
	piece = arena_alloc(&arena, BYTES - 16);
	memset(piece, 'p', BYTES - 16);
	piece = arena_grow(&arena, piece, BYTES - 16, BYTES);
	assert_false(is_inside(piece, small, BYTES));
	for (unsigned i = 0; i < BYTES - 16; i++)
		assert_int_equal(piece[i], 'p');
	small = arena_grow(&arena, small, 16, BYTES);
	assert_int_equal(small[15], 's');
	arena_cleanup(&arena);
}

static void copies_end_in_nul(void **state)
{
	struct arena arena;
	const char *copy;

	(void)state;
	arena_init(&arena, NULL, 0);
	assert_string_equal(arena_copy(&arena, (struct text){"abcdef", 3}), "abc");
	assert_string_equal(arena_copy(&arena, (struct text){NULL, 0}), "");
	copy = arena_copy(&arena, (struct text){"a\0b", 3});
	assert_memory_equal(copy, "a\0b\0", 4);
	arena_cleanup(&arena);
}

static void printf_writes_all_of_it(void **state)
{
	struct arena arena;
	char *string;

	(void)state;
	arena_init(&arena, NULL, 0);
	assert_string_equal(arena_printf(&arena, "%s is %d", "x", -7), "x is -7");
	string = arena_printf(&arena, "%020000d", 1);
	assert_int_equal(strlen(string), 20000);
	assert_int_equal(string[19999], '1');
	arena_cleanup(&arena);
}

static void after_reset_it_starts_over(void **state)
{
	_Alignas(16) char first[32];
	struct arena arena;

	(void)state;
	arena_init(&arena, first, sizeof(first));
	for (int round = 0; round < 3; round++) {
		assert_ptr_equal(arena_alloc(&arena, 32), first);
		for (int i = 0; i < 100; i++)
			memset(arena_alloc(&arena, 1000), 0xee, 1000);
		arena_reset(&arena);
		assert_null(arena.blocks);
	}
	arena_cleanup(&arena);
}

static void reset_keeps_one_block_for_the_next_time_and_no_large_one(void **state)
{
	struct arena arena;
	const void *kept;

	(void)state;
	arena_init(&arena, NULL, 0);
	arena_alloc(&arena, 1 << 20);
	arena_reset(&arena);
	assert_null(arena.spare);
	kept = arena_alloc(&arena, 100);
	arena_alloc(&arena, 1 << 20);
	arena_reset(&arena);
	assert_ptr_equal(arena_alloc(&arena, 1), kept);
	assert_null(arena.spare);
	arena_cleanup(&arena);
	assert_null(arena.spare);
	assert_null(arena.blocks);
}

static void all_zero_is_an_empty_arena(void **state)
{
	struct arena arena = {0};

	(void)state;
	memset(arena_alloc(&arena, 100), 1, 100);
	arena_cleanup(&arena);
	arena_cleanup(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uses_up_the_first_bytes_before_malloc),
	    cmocka_unit_test(every_piece_is_aligned_for_any_type),
	    cmocka_unit_test(pieces_do_not_overlap),
	    cmocka_unit_test(first_bytes_too_few_to_align_are_left_alone),
	    cmocka_unit_test(a_piece_larger_than_a_block_is_whole),
	    cmocka_unit_test(zeroed_memory_is_zero_after_use),
	    cmocka_unit_test(the_newest_piece_grows_where_it_stands),
	    cmocka_unit_test(only_the_newest_piece_stays_and_only_within_its_block),
	    cmocka_unit_test(a_large_piece_grows_with_its_block),
	    cmocka_unit_test(a_piece_as_large_as_a_block_moves),
	    cmocka_unit_test(copies_end_in_nul),
	    cmocka_unit_test(printf_writes_all_of_it),
	    cmocka_unit_test(after_reset_it_starts_over),
	    cmocka_unit_test(reset_keeps_one_block_for_the_next_time_and_no_large_one),
	    cmocka_unit_test(all_zero_is_an_empty_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
