#include "handlers/sql/draft.h"

#include "base/percent.h"
#include "exchange/route_pattern.h"

/* A parameter in braces, or text as it is after percent-decoding. */
static bool is_segment(struct text segment)
{
	if (route_is_parameter(segment))
		return segment.at[segment.length - 1] == '}' && sql_is_parameter_name(route_parameter_name(segment));
	return segment.length > 0 && route_is_literal(segment);
}

/* How other routers write a parameter, or whatever follows: :id, <id>, <int:id>, [id], *, *rest, rest*, rest...,
 * {id:int}, {id?}, {id}.json. */
static bool is_parameter_elsewhere(struct text segment)
{
	const char *last = segment.at + segment.length - 1;

	if (segment.length == 0)
		return false;
	return strchr(":<[*", *segment.at) != NULL || strchr(">]*", *last) != NULL ||
	       memchr(segment.at, '{', segment.length) != NULL || memchr(segment.at, '}', segment.length) != NULL ||
	       (segment.length >= 3 && memcmp(last - 2, "...", 3) == 0);
}

/* The name in such a segment: behind a brace, behind the type of <int:id>; "name" when there is none. */
static struct text name_within(struct text segment)
{
	const char *end = segment.at + segment.length, *mark = memchr(segment.at, '{', segment.length);
	struct text name;

	if (mark == NULL && *segment.at == '<')
		mark = memrchr(segment.at, ':', segment.length);
	name = (struct text){mark != NULL ? mark : segment.at, 0};
	while (name.at < end && !sql_begins_name(*name.at))
		name.at++;
	while (name.at + name.length < end && sql_continues_name(name.at[name.length]))
		name.length++;
	return name.length > 0 && name.length <= NAME_BYTES_MAX ? name : TEXT("name");
}

static void complain_of_parameter(struct parser *parser, unsigned line, struct text segment)
{
	struct text name = name_within(segment);

	complain(parser, line,
		 "the path segment \"%.*s\" is no parameter; write {%.*s}, which is one whole segment of the path: "
		 "text that is never empty and holds no /",
		 TEXT_ARGS(sql_shown(segment)), TEXT_ARGS(name));
}

/* The ? of a query string, not that of {id?} or :id?. */
static bool has_query(struct text path)
{
	const char *question = memchr(path.at, '?', path.length), *end = path.at + path.length;

	return question != NULL && question + 1 < end && question[1] != '}' && question[1] != '/';
}

static void complain_of_path(struct parser *parser, unsigned line, struct text path)
{
	complain(parser, line,
		 "the path \"%.*s\" must be / or segments that each begin with /: plain text without %% ? # \" "
		 "\\, not . or .., or a whole {parameter}",
		 TEXT_ARGS(sql_shown(path)));
}

bool sql_check_path(struct parser *parser, unsigned line, struct text path)
{
	struct text rest = path, segment;

	if (text_equal(path, TEXT("/")))
		return true;
	if (path.at[0] != '/') {
		complain_of_path(parser, line, path);
		return false;
	}
	if (has_query(path)) {
		complain(parser, line,
			 "the path \"%.*s\" must end before its ?: what the SQL names and the path does not is taken "
			 "from the query string",
			 TEXT_ARGS(sql_shown(path)));
		return false;
	}
	while (route_take_segment(&rest, &segment)) {
		bool is_foreign = is_parameter_elsewhere(segment);

		if (is_segment(segment) && (route_is_parameter(segment) || !is_foreign))
			continue;
		if (is_foreign)
			complain_of_parameter(parser, line, segment);
		else
			complain_of_path(parser, line, path);
		return false;
	}
	return true;
}

/* $id is a good literal, as in OData's /$metadata, where the SQL has no :id to be filled from it. */
static void check_literals(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	struct text path = text_of(draft->endpoint.path), segment;

	while (route_take_segment(&path, &segment))
		if (segment.length > 1 && segment.at[0] == '$' &&
		    sql_find_parameter(draft->parameters, draft->parameter_count,
				       (struct text){segment.at + 1, segment.length - 1}) != NULL)
			complain_of_parameter(parser, draft->endpoint.route_line, segment);
}

void sql_check_path_parameters(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	struct text path = text_of(draft->endpoint.path), segment;
	uint64_t in_path = 0;

	_Static_assert(DB_PARAMETERS_MAX <= 64, "one bit for each parameter");
	while (route_take_segment(&path, &segment)) {
		struct db_parameter *parameter;
		uint64_t bit;

		if (!route_is_parameter(segment))
			continue;
		parameter =
		    sql_find_parameter(draft->parameters, draft->parameter_count, route_parameter_name(segment));
		if (parameter == NULL) {
			complain(parser, draft->endpoint.route_line, "the SQL does not use the path parameter %.*s",
				 TEXT_ARGS(sql_shown(segment)));
			continue;
		}
		bit = UINT64_C(1) << (parameter - draft->parameters);
		if (in_path & bit)
			complain(parser, draft->endpoint.route_line, "the path holds {%s} twice", parameter->name);
		else if (parameter->has_default)
			complain(parser, parameter->line,
				 "the path parameter %s cannot have a default: it is always there", parameter->name);
		in_path |= bit;
	}
	check_literals(parser);
}
