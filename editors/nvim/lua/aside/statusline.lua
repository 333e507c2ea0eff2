-- A few words for a status line: what answers, and what is in the way. Kept up to date by the server; reading it costs nothing.

local client_of = require('aside.client')
local text = require('aside.text')

local M = {}

---@class aside.Seen
---@field complete? string The model for ghost text.
---@field locked? boolean
---@field wrong? string Why completions do not come.

local seen = {} ---@type table<integer, aside.Seen>
local log ---@type string?

-- The path of the server's log, as a server said it last.
---@return string?
function M.log()
  return log
end

---@param client vim.lsp.Client
local function look(client)
  client_of.request(client, 'aside/status', {}, function(status)
    local complete = text.value((status.roles or {}).complete) or {}
    log = text.value(status.log) or log
    local one = seen[client.id] or {}
    one.complete = text.value(complete.model)
    one.locked = text.value((status.vault or {}).locked) ~= nil
    one.wrong = one.wrong or text.value(complete.code)
    seen[client.id] = one
    vim.cmd.redrawstatus()
  end, function() end)
end

-- A server was attached.
---@param client vim.lsp.Client
function M.attached(client)
  if not seen[client.id] then
    seen[client.id] = {}
    look(client)
  end
end

-- `aside/status/changed` came.
---@param id integer
---@param change { what: string, reason?: { code: string, message: string } }
function M.changed(id, change)
  local client = vim.lsp.get_client_by_id(id)
  if not client then
    return
  end
  local one = seen[id] or {}
  seen[id] = one
  local reason = text.value(change.reason)
  if change.what ~= 'vault' then
    one.wrong = reason and reason.code or nil
  end
  look(client)
end

-- Asked only of what is loaded: what was not used is not busy.
---@param module string
---@return boolean
local function is_busy(module)
  local loaded = package.loaded[module]
  return loaded ~= nil and loaded.is_busy()
end

-- The words: empty without a server.
---@return string
function M.text()
  local client = vim.lsp.get_clients({ name = 'aside', bufnr = 0 })[1]
  if not client then
    return ''
  end
  local one = seen[client.id] or {}
  local words = { 'aside' }
  if is_busy('aside.chat') or is_busy('aside.edit') then
    table.insert(words, 'answering')
  end
  if one.locked then
    table.insert(words, 'locked')
  elseif one.wrong then
    table.insert(words, one.wrong)
  elseif one.complete then
    table.insert(words, one.complete)
  end
  return text.for_bar(table.concat(words, ' '), 60)
end

return M
