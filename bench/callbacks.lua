-- Posts each push of the file once, in order; counts encrypted answers, and all others.
local path = os.getenv("CALLBACK_PATH")
local workers = {}

function setup(thread) table.insert(workers, thread) end

function init()
  pushes, sent, accepted, refused, short = {}, 0, 0, 0, 0
  for line in io.lines(os.getenv("PUSHES")) do
    local query, body = line:match("^(.-)\t(.*)$")
    pushes[#pushes + 1] = wrk.format("POST", path .. "?" .. query, {["Content-Type"] = "text/xml"}, body)
  end
end

function request()
  sent = sent + 1
  if sent > #pushes then short = 1 wrk.thread:stop() sent = #pushes end
  return pushes[sent]
end

function response(status, headers, body)
  if status == 200 and body:find("Encrypt", 1, true) then accepted = accepted + 1 else refused = refused + 1 end
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
