#include "handlers/queue/queue_request.h"

#include "handlers/queue/fields.h"
#include "handlers/sql/input.h"
#include "handlers/sql/whole_body.h"
#include "queue/values/queue_name.h"

struct queue_order *queue_request_order(struct exchange *x, enum order_errand errand, enum step *step)
{
	struct queue_order *order;
	struct text name = x->request.match.values[QUEUE_PATH_NAME];

	if (!queue_name_is_valid(name)) {
		*step = respond_problem(x, ERROR_BAD_INPUT, "\"%s\" is no name of a queue: %s was expected",
					sql_input_shown(&x->arena, name), queue_name_expected);
		return NULL;
	}
	order = arena_alloc_zeroed(&x->arena, sizeof(*order));
	order->errand = errand;
	order->queue = name;
	x->state = order;
	return order;
}

bool queue_request_takes_body(struct exchange *x, bool may_be_lines, enum step *step)
{
	bool is_taken = whole_body_takes(BODY_JSON, x->request.content_type) ||
			(may_be_lines && whole_body_is_lines(x->request.content_type));

	if (x->request.coding.length == 0 && is_taken)
		return true;
	*step = respond_problem(x, ERROR_UNSUPPORTED_MEDIA_TYPE, "the body must be %s%s, without a Content-Encoding",
				whole_body_types(BODY_JSON), may_be_lines ? " or application/x-ndjson" : "");
	return false;
}

bool queue_request_takes_no_query(struct exchange *x, enum step *step)
{
	if (x->request.query.length > 0)
		*step = respond_problem(x, ERROR_BAD_INPUT, "this request takes no parameters in the query string");
	return x->request.query.length == 0;
}

bool queue_request_id(struct exchange *x, int64_t *id, enum step *step)
{
	struct text text = x->request.match.values[QUEUE_PATH_ID];
	bool is_id = text.length > 0 && field_read_integer(text, 1, JOB_ID_MAX, id);

	if (!is_id)
		*step = respond_problem(x, ERROR_BAD_INPUT, "\"%s\" in the path is no id of a job",
					sql_input_shown(&x->arena, text));
	return is_id;
}
