-- Sends the requests of a file in turn (method, path and body, apart by tabs), and prints one line of JSON at the end.
local requests, next_one, once = {}, 0, false

function init(arguments)
   once = arguments[2] == "once"
   for line in io.lines(arguments[1]) do
      local method, path, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      requests[#requests + 1] = wrk.format(method, path, nil, body ~= "" and body or nil)
   end
end

function request()
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
      '{"requests": %d, "microseconds": %d, "bytes": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
      summary.requests, summary.duration, summary.bytes, failed.status,
      failed.connect + failed.read + failed.write + failed.timeout,
      latency:percentile(50), latency:percentile(99)
   ))
end
