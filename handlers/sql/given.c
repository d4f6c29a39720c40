/* `:name?`: was the parameter given? In the SQL it is a parameter of its own, with the name `name?`, and a boolean. */
#include "handlers/sql/draft.h"

#include "exchange/route_pattern.h"

/* Behind the question mark stands what can stand behind a value, so that it is no operator of jsonb: `:doc?'key'` and
 * `:doc?|:keys` are. */
bool sql_asks_given(const struct sql_scanner *scanner)
{
	const char *at = scanner->at;

	if (at == scanner->end || *at != '?')
		return false;
	at++;
	return at == scanner->end || sql_is_space(*at) || strchr("),;]", *at) != NULL;
}

/* Returns the name of the parameter that is asked for; length 0: `parameter` asks for none. */
static struct text asked_for(const struct db_parameter *parameter)
{
	size_t length = strlen(parameter->name);

	return (struct text){parameter->name, parameter->name[length - 1] == '?' ? length - 1 : 0};
}

static void check_given(struct parser *parser, struct db_parameter *given)
{
	struct draft *draft = &parser->draft;
	struct text name = asked_for(given);
	struct db_parameter *parameter = sql_find_parameter(draft->parameters, draft->parameter_count, name);

	if (parameter == NULL) {
		complain(parser, given->line, "`:%s` asks whether :%.*s was given, and the SQL does not use it",
			 given->name, TEXT_ARGS(name));
		return;
	}
	if (draft->sources[parameter - draft->parameters].kind != SOURCE_CLIENT ||
	    (draft->endpoint.path != NULL && route_has_parameter(draft->endpoint.path, parameter->name))) {
		complain(parser, given->line, "`:%s` is for what a client may leave out, and :%s is none of it",
			 given->name, parameter->name);
		return;
	}
	draft->sources[given - draft->parameters] = (struct source){SOURCE_GIVEN, parameter->name};
	/* so it may be left out */
	parameter->has_default = true;
}

void sql_check_given(struct parser *parser)
{
	struct draft *draft = &parser->draft;

	for (unsigned i = 0; i < draft->parameter_count; i++)
		if (asked_for(&draft->parameters[i]).length > 0)
			check_given(parser, &draft->parameters[i]);
}
