/* The annotations of access: which roles may call an endpoint, what PostgreSQL is told of them, and which parameters come
 * from them. */
#include "handlers/sql/draft.h"

#include "exchange/route_pattern.h"

static void note_need(struct parser *parser, unsigned line)
{
	unsigned *first = &parser->draft.endpoint.identity_line;

	if (*first == 0 || line < *first)
		*first = line;
}

/* Takes one off a list. Returns whether another is to follow, be it nothing. */
static bool take_item(struct text *rest, struct text *item)
{
	bool has_more = rest->length > 0 && memchr(rest->at, ',', rest->length) != NULL;

	*item = sql_trim(text_cut_at(rest, ','));
	return has_more;
}

bool sql_read_roles(struct parser *parser, const struct note *note)
{
	if (!access_read_roles(note->value, &parser->set->arena, &parser->draft.endpoint.access))
		return false;
	note_need(parser, note->line);
	return true;
}

bool sql_read_public(struct parser *parser, const struct note *note)
{
	parser->draft.endpoint.access.is_public = true;
	return note->value.length == 0 || text_equal(note->value, TEXT("true"));
}

static bool *setting_named(struct endpoint_settings *settings, struct text name)
{
	const struct {
		const char *name;
		bool *flag;
	} all[] = {{"claims", &settings->claims},
		   {"headers", &settings->headers},
		   {"method", &settings->method},
		   {"path", &settings->path}};

	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++)
		if (text_equal(name, text_of(all[i].name)))
			return all[i].flag;
	return NULL;
}

bool sql_is_setting(struct text name)
{
	struct endpoint_settings none = {0};

	return setting_named(&none, name) != NULL;
}

bool sql_read_settings(struct parser *parser, const struct note *note)
{
	struct endpoint_settings *settings = &parser->draft.endpoint.settings;
	struct text rest = note->value, name;
	bool has_more, *flag;

	do {
		has_more = take_item(&rest, &name);
		flag = setting_named(settings, name);
		if (flag == NULL || *flag)
			return false;
		*flag = true;
	} while (has_more);
	if (settings->claims)
		note_need(parser, note->line);
	return true;
}

bool sql_read_rate(struct parser *parser, const struct note *note)
{
	struct rate_limit *rate = &parser->draft.endpoint.rate;

	if (!rate_limit_read(note->value, &parser->set->arena, rate))
		return false;
	if (rate->by != LIMIT_BY_ADDRESS)
		note_need(parser, note->line);
	return true;
}

/* Header lines have their names in lower case. */
static const char *keep_name(struct parser *parser, enum source_kind kind, struct text name)
{
	char *kept = arena_copy(&parser->set->arena, name);

	for (char *c = kept; kind == SOURCE_HEADER && *c != '\0'; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
	return kept;
}

/* A claim's path may have blanks within quotes. */
static struct text take_name(struct text *rest)
{
	struct text name = {rest->at, 0};
	bool is_quoted = false;

	while (name.length < rest->length && (is_quoted || !sql_is_space(rest->at[name.length]))) {
		if (rest->at[name.length] == '"')
			is_quoted = !is_quoted;
		else if (rest->at[name.length] == '\\' && is_quoted && name.length + 1 < rest->length)
			name.length++;
		name.length++;
	}
	*rest = sql_trim((struct text){rest->at + name.length, rest->length - name.length});
	return name;
}

/* `claims sub`, `Claim sub`, `claim.sub`, `jwt sub`: as a default it would let the client give what was to be proved. */
static bool is_nearly_source(struct text word)
{
	static const char *const words[] = {"claim", "header", "cookie", "address", "jwt", "if-match"};

	for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
		struct text begin = text_cut_to(word, strlen(words[i])), rest;

		if (!text_equal_nocase(begin, text_of(words[i])))
			continue;
		rest = (struct text){word.at + begin.length, word.length - begin.length};
		if (rest.length == 0 || text_equal_nocase(rest, TEXT("s")) || !sql_continues_name(rest.at[0]))
			return true;
	}
	return false;
}

bool sql_take_source(struct parser *parser, struct text *rest, struct source *source)
{
	struct text behind = *rest, word = sql_take_word(&behind), name = {NULL, 0};
	enum source_kind kind = SOURCE_CLAIM;

	while (kind < SOURCE_KIND_COUNT && !text_equal(word, text_of(sql_source_word(kind))))
		kind++;
	if (kind == SOURCE_KIND_COUNT)
		return !is_nearly_source(word);
	if (kind != SOURCE_ADDRESS && kind != SOURCE_IF_MATCH) {
		name = take_name(&behind);
		if (!sql_source_name_is_valid(kind, name))
			return false;
		source->name = keep_name(parser, kind, name);
	}
	source->kind = kind;
	*rest = behind;
	return true;
}

static void check_source(struct parser *parser, unsigned index)
{
	const struct endpoint *endpoint = &parser->draft.endpoint;
	const struct db_parameter *parameter = &parser->draft.parameters[index];
	enum source_kind kind = parser->draft.sources[index].kind;

	if (kind == SOURCE_CLAIM)
		note_need(parser, parameter->line);
	if (route_has_parameter(endpoint->path, parameter->name))
		complain(parser, parameter->line, "{%s} is in the path, so the client gives it; it cannot come from %s",
			 parameter->name, sql_source_word(kind));
	if (kind == SOURCE_IF_MATCH)
		sql_check_if_match(parser, parameter->line);
}

void sql_check_access(struct parser *parser)
{
	const struct draft *draft = &parser->draft;

	if (draft->endpoint.access.is_public && draft->lines[ANNOTATION_ROLES] > 0)
		complain(parser, draft->lines[ANNOTATION_ROLES],
			 "`-- roles:` and `-- public`: what any client may call has no roles");
	if (draft->endpoint.work != NULL && draft->lines[ANNOTATION_SETTINGS] > 0)
		complain(parser, draft->lines[ANNOTATION_SETTINGS],
			 "`-- settings:` and `-- work:`: the SQL of a work does not run, so nothing reads them");
	for (unsigned i = 0; i < draft->parameter_count; i++)
		if (draft->sources[i].kind != SOURCE_CLIENT)
			check_source(parser, i);
}

const struct source *sql_keep_sources(struct parser *parser)
{
	const struct draft *draft = &parser->draft;
	size_t bytes = draft->parameter_count * sizeof(*draft->sources);

	for (unsigned i = 0; i < draft->parameter_count; i++)
		if (draft->sources[i].kind != SOURCE_CLIENT)
			return memcpy(arena_alloc(&parser->set->arena, bytes), draft->sources, bytes);
	return NULL;
}
