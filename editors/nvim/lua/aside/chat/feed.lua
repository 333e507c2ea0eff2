-- The events of the running turns, put together in their order. Pure: events in, what became of them out.

local M = {}

---@class aside.Feed
---@field turn string
---@field next integer The number that the next event has to have.
---@field events table[] What came, in order.
---@field ended boolean

---@class aside.ChatEvent
---@field session string
---@field turn string
---@field n integer
---@field event table

-- Adds an event: `new` begins a turn, or begins it again; `more` goes on; `old` came before; `gap` says that something is missing.
---@param feeds table<string, aside.Feed> By session.
---@param params aside.ChatEvent
---@return 'new'|'more'|'old'|'gap'
function M.add(feeds, params)
  local feed = feeds[params.session]
  if params.n == 0 then
    feed = { turn = params.turn, next = 0, events = {}, ended = false }
    feeds[params.session] = feed
  elseif not feed or feed.turn ~= params.turn or params.n > feed.next then
    return 'gap'
  elseif params.n < feed.next then
    return 'old'
  end
  feed.next = params.n + 1
  table.insert(feed.events, params.event)
  feed.ended = feed.ended or params.event.type == 'end'
  return params.n == 0 and 'new' or 'more'
end

return M
