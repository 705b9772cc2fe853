#include "domain/state.h"

#define TEXT(name, text) text,
#define NAME(name)       #name,

static const char *const state_texts[] = {DOMAIN_STATES(TEXT)};
static const char *const reason_texts[] = {DOMAIN_REASONS(TEXT)};
static const char *const event_texts[] = {DOMAIN_EVENTS(NAME)};
static const char *const verb_texts[] = {DOMAIN_VERBS(TEXT)};

const char *domain_state_text(DomainState state)
{
        return (unsigned) state < _DOMAIN_STATE_MAX ? state_texts[state] : "?";
}

const char *domain_reason_text(DomainReason reason)
{
        return (unsigned) reason < _DOMAIN_REASON_MAX ? reason_texts[reason] : "?";
}

const char *domain_event_text(DomainEventKind kind)
{
        return (unsigned) kind < _DOMAIN_EVENT_MAX ? event_texts[kind] : "?";
}

const char *domain_verb_text(DomainVerb verb)
{
        return (unsigned) verb < _VERB_MAX ? verb_texts[verb] : "?";
}
