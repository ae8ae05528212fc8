-- Posts each signed request of the file once, in order; counts answers with 202, and all others.
local path, key = os.getenv("PUSH_PATH"), os.getenv("CLIENT_KEY")
local workers = {}

function setup(thread) table.insert(workers, thread) end

function init()
  requests, sent, accepted, refused, short = {}, 0, 0, 0, 0
  for line in io.lines(os.getenv("REQUESTS")) do
    local timestamp, nonce, signature, once, body = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
    requests[#requests + 1] = wrk.format("POST", path, {
      ["Content-Type"] = "application/json", ["X-Key"] = key, ["X-Timestamp"] = timestamp,
      ["X-Nonce"] = nonce, ["X-Signature"] = signature, ["Idempotency-Key"] = once,
    }, body)
  end
end

function request()
  sent = sent + 1
  if sent > #requests then short = 1 wrk.thread:stop() sent = #requests end
  return requests[sent]
end

function response(status, headers, body)
  if status == 202 then accepted = accepted + 1 else refused = refused + 1 end
end

function done(summary, latency)
  local accepted, refused, short = 0, 0, 0
  for _, worker in ipairs(workers) do
    accepted, refused = accepted + worker:get("accepted"), refused + worker:get("refused")
    short = short + worker:get("short")
  end
  io.write(string.format("rps=%.1f accepted=%d refused=%d p50=%.2f p99=%.2f short=%d\n",
    summary.requests / (summary.duration / 1e6), accepted, refused,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, short))
end
