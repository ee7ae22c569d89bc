-- Sends the requests of a file in turn (method, path and body, separated by tabs); prints one line of JSON at the end.
local requests, next_one, once, thread = {}, 0, false, nil
sent = 0

function setup(only)
   thread = only
end

function init(arguments)
   once = arguments[2] == "once"
   for line in io.lines(arguments[1]) do
      local method, path, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      requests[#requests + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
   end
end

function request()
   sent = sent + 1
   next_one = next_one + 1
   if next_one > #requests then
      if once then
         wrk.thread:stop()
         return requests[#requests]
      end
      next_one = 1
   end
   return requests[next_one]
end

function done(summary, latency)
   local failed = summary.errors
   io.write(string.format(
      '{"requests": %d, "sent": %d, "microseconds": %d, "bytes": %d, "refused": %d, "broken": %d, '
         .. '"p50": %d, "p99": %d}\n',
      summary.requests, thread:get("sent"), summary.duration, summary.bytes, failed.status,
      failed.connect + failed.read + failed.write + failed.timeout,
      latency:percentile(50), latency:percentile(99)
   ))
end
