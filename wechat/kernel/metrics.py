"""The counters and histograms of all processes; ``exposition`` serves them to Prometheus."""

from prometheus_client import Counter, Histogram

from wechat.kernel import counter_files

counter_files.use_allocated_files()

REQUESTS = Counter("wechat_requests", "Requests answered", ["path", "method", "status"])
REQUEST_SECONDS = Histogram(
    "wechat_request_seconds",
    "From a request to the end of its answer, by the first part of its path, but for callbacks",
    ["area"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

OVERLOADED = Counter(
    "wechat_overloaded", "Requests refused at once because they would have waited too long", ["door"]
)

CALLBACKS = Counter("wechat_callbacks", "Callbacks by what became of them", ["account", "outcome"])
REFUSED = Counter("wechat_callbacks_refused", "Callbacks refused", ["account", "reason"])
ANSWER_SECONDS = Histogram(
    "wechat_callback_seconds",
    "From request to answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3.5, 5),
)
BATCH_ROWS = Histogram(
    "wechat_callback_batch_rows", "Rows a commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)

API_CALLS = Counter("wechat_api_calls", "Calls to the platform", ["api", "outcome"])
API_SECONDS = Histogram("wechat_api_seconds", "Length of a call to the platform", ["api"])
TOKENS_FETCHED = Counter("wechat_tokens_fetched", "Access tokens and tickets fetched", ["token"])
TOKENS_REFUSED = Counter(
    "wechat_tokens_refused", "Those that the platform refused before their time", ["token"]
)

SENDS = Counter("wechat_sends", "Attempts to send a message, by what became of them", ["kind", "outcome"])
WEBHOOKS = Counter("wechat_webhooks", "Attempts to tell a business system", ["outcome"])

TURN_SECONDS = Histogram(
    "wechat_work_turn_seconds",
    "Length of a turn of background work",
    ["work"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 60),
)
WORK_ROWS = Counter("wechat_work_rows", "Rows of work that were taken", ["work"])
CLOCK_WRONG = Counter("wechat_clock_wrong", "Looks of a worker at its clock that found it to be wrong")
