# room(db/values SOURCES batch... USES LIB...): the folder as the static library db_values; sources are without .c.
function(room folder)
	cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;USES")
	string(REPLACE / _ target ${folder})
	list(TRANSFORM ROOM_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/${folder}/)
	list(TRANSFORM ROOM_SOURCES APPEND .c)
	add_library(${target} STATIC ${ROOM_SOURCES})
	target_link_libraries(${target} PUBLIC ${ROOM_USES})
endfunction()
