# Warnings for every target, -Werror where a test asks for it, hardening in release, sanitizers by name.
set(MEANTIME_SANITIZE "" CACHE STRING "address (with undefined), thread, or fuzzer")
option(MEANTIME_WERROR "warnings are errors" OFF)

if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wimplicit-fallthrough
	-Wstrict-prototypes -Wmissing-prototypes -Werror=format-security)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
	add_compile_options(-Wno-gnu-statement-expression -Wno-gnu-zero-variadic-macro-arguments)
endif()
add_compile_options(-fno-strict-overflow -fno-delete-null-pointer-checks -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(MEANTIME_WERROR)
	add_compile_options(-Werror)
endif()

# The header of libh2o checks that it is used as the library was built.
add_compile_definitions(_GNU_SOURCE)

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g")
if(MEANTIME_SANITIZE STREQUAL "address")
	add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
elseif(MEANTIME_SANITIZE STREQUAL "thread")
	add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
	add_link_options(-fsanitize=thread)
elseif(MEANTIME_SANITIZE STREQUAL "fuzzer")
	add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
	include(CheckIPOSupported)
	check_ipo_supported(RESULT MEANTIME_LTO OUTPUT ignored)
	set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${MEANTIME_LTO})
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fstack-protector-strong
		-fcf-protection=full)
	# clang has it from 16 on
	include(CheckCCompilerFlag)
	check_c_compiler_flag(-ftrivial-auto-var-init=zero MEANTIME_INITIALIZES)
	if(MEANTIME_INITIALIZES)
		add_compile_options(-ftrivial-auto-var-init=zero)
	endif()
	# link-time optimization compiles once more, and would write down where
	add_link_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed)
endif()
