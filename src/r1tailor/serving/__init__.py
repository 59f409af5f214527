"""A version at work: a gateway that speaks OpenAI's API, with keys, limits, an audit log and pages.

::

    refusals    what a request is refused with: a status and OpenAI's error JSON
    keys        who may ask: keys, hashed at rest, with users and roles
    sessions    the cookie of pages, signed; CSRF tokens
    access      who a request comes from; wrappers for handlers
    limits      how much a key may ask, and all of them together
    middleware  sizes, times, host names, headers, request ids
    engine      what answers: asks, pieces, the protocol of engines
    local, endpoint, gguf       the engines
    served      the version at work, and the switch to another one
    gateway     one request through an engine: channels, limits, audit
    openai_requests, openai_api what OpenAI's API asks and is answered
    warnings    the early warnings of a market domain
    audit       what the log keeps
    context, app                what routes share; all of it put together
    pages, login                HTML, rendered on the server
    texts, shown                the texts of pages in two languages; an answer as people read it
    chat                        the page that asks, and takes corrections
    feedback/                   corrections: kept, reviewed, exported
    study/                      people compare two subjects, blinded
    run         the process: TLS, signals, draining

Nothing here imports torch before a model is opened.
"""
