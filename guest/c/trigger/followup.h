/* Followup triggers in C that listen to webhooks: short names over the generated fu.h, and helpers.
 *
 * Write one function, fu_receive, and build it with `followup plugin build`. Every call runs in an instance
 * of its own that is thrown away afterwards, so nothing needs to be freed.
 */
#ifndef FOLLOWUP_H
#define FOLLOWUP_H

#include "error.h"
#include "json.h"
#include "text.h"

typedef fu_trigger_trigger_context_t fu_context;
typedef fu_trigger_trigger_event_t fu_event;
typedef exports_fu_webhook_request_t fu_request;
typedef exports_fu_webhook_outcome_t fu_outcome;

/* Yours: turns a request into events. True: `outcome` has them, or none. False: `error` says why not. Where
 * the manifest declares a verification scheme, the host has checked the request already. */
bool fu_receive(const fu_context *context, const fu_request *request, fu_outcome *outcome, fu_error *error);

/* ---- what came ---- */

fu_string fu_body(const fu_request *request);
/* The first value of a header; its name in lower case. */
bool fu_header(const fu_request *request, const char *name, fu_string *value);
/* The first value of a query parameter. */
bool fu_param(const fu_request *request, const char *name, fu_string *value);

/* ---- the events it becomes ---- */

/* More than one request will ever hold; a further event ends the call. */
#define FU_EVENTS_MAX 64

/* The same dedupe key twice is one event. Then name the contact by exactly one of the three below. */
fu_event *fu_bring(fu_outcome *outcome, fu_string dedupe_key, const char *kind, int64_t occurred_at);
void fu_from_email(fu_event *event, fu_string email);
/* The foreign system's id. */
void fu_from_external(fu_event *event, fu_string id);
/* What the host wrote behind a link of a mail (`fu`). */
void fu_from_token(fu_event *event, fu_string token);
/* A field of the contact that the sender told. */
void fu_field(fu_event *event, const char *name, fu_string value);
/* The event's data: a JSON object as text. */
void fu_data(fu_event *event, fu_string json);

/* ---- the answer: without one the host answers 202 ---- */

void fu_respond(fu_outcome *outcome, uint16_t status, fu_string body);

#endif
