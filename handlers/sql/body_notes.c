/* `-- body: json | rows | raw`: how the request's body reaches the SQL. */
#include "handlers/sql/draft.h"

#include "exchange/route_pattern.h"

bool sql_read_body(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.body_line = note->line;
	for (enum body_kind kind = BODY_FIELDS + 1; kind < BODY_KIND_COUNT; kind++)
		if (text_equal(note->value, text_of(whole_body_word(kind)))) {
			parser->draft.endpoint.body = kind;
			return true;
		}
	return false;
}

void sql_check_body(struct parser *parser)
{
	struct draft *draft = &parser->draft;
	const struct endpoint *endpoint = &draft->endpoint;
	const struct db_parameter *parameter =
	    sql_find_parameter(draft->parameters, draft->parameter_count, TEXT("body"));
	unsigned line = endpoint->body_line;

	if (endpoint->body == BODY_FIELDS)
		return;
	if (endpoint->method == HTTP_GET)
		complain(parser, line, "`-- body:` is for POST, PUT, PATCH and DELETE; a GET has no body");
	else if (endpoint->work != NULL)
		complain(parser, line, "`-- body:` and `-- work:`: a work takes the fields of a JSON object");
	else if (parameter == NULL)
		complain(parser, line, "`-- body:` makes the body the parameter :body, which the SQL does not use");
	else if (route_has_parameter(endpoint->path, "body"))
		complain(parser, line, "`-- body:` makes the body the parameter :body, which the path has");
	else if (draft->sources[parameter - draft->parameters].kind != SOURCE_CLIENT)
		complain(parser, line, "`-- body:` makes the body the parameter :body, which has another source");
}
