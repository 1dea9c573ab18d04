-- Push webhooks, each with an identifier of its own, over many projects. Arguments: path, token, projects, run.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  path, token, projects, run = args[1], args[2], tonumber(args[3]), args[4]
  sent = 0
  headers = {
    ["Content-Type"] = "application/json",
    ["X-Gitlab-Event"] = "Push Hook",
    ["X-Gitlab-Token"] = token,
  }
end

function request()
  sent = sent + 1
  headers["Idempotency-Key"] = run .. "-" .. number .. "-" .. sent
  local body = string.format('{"object_kind":"push","event_name":"push","project_id":%d,"ref":"refs/heads/main"}', 1 + sent % projects)
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
