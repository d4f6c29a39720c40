# Makes a C file of the migrations: cmake -DFOLDER=... -DOUTPUT=... -P embed.cmake
# A file is called NN_name.sql, and the numbers are 01, 02 and so on: a number is never used for another migration.

set(code "/* Made by migrations/embed.cmake. */\n#include \"queue/migrations.h\"\n\n")
set(rows "")
set(number 0)
file(GLOB files "${FOLDER}/*.sql")
foreach(file ${files})
	math(EXPR number "${number} + 1")
	get_filename_component(name ${file} NAME_WE)
	string(REGEX MATCH "^0*([0-9]+)_([a-z_]+)$" is_named "${name}")
	if(NOT is_named OR NOT CMAKE_MATCH_1 EQUAL number)
		message(FATAL_ERROR "${file}: migration ${number} was expected here, called NN_name.sql")
	endif()
	string(APPEND rows "\t{${number}, \"${CMAKE_MATCH_2}\", sql_${number}},\n")
	file(READ ${file} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
	string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
	string(APPEND code "static const char sql_${number}[] = {\n${bytes}0};\n")
endforeach()
string(APPEND code "\nconst struct queue_migration queue_migrations[] = {\n${rows}};\n"
	"const unsigned queue_migration_count = ${number};\n")
file(WRITE "${OUTPUT}" "${code}")
