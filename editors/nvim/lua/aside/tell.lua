-- What the person is told: short sentences by `vim.notify`. Text of models and servers is made harmless first.

local text = require('aside.text')

local M = {}

local told = {} ---@type table<string, true>

---@param message string
---@param level? integer
function M.say(message, level)
  local lines = vim.tbl_map(text.printable, text.lines(message))
  vim.notify('Aside: ' .. table.concat(lines, '\n'), level or vim.log.levels.INFO)
end

---@param message string
function M.warn(message)
  M.say(message, vim.log.levels.WARN)
end

-- Says it unless it was said under this name already.
---@param name string
---@param message string
function M.once(name, message)
  if not told[name] then
    told[name] = true
    M.warn(message)
  end
end

-- A message and its next step as sentences.
---@param message string
---@param hint? string
---@return string
function M.sentence(message, hint)
  if type(hint) ~= 'string' or hint == '' then
    return message
  end
  return ('%s: %s'):format(message, hint)
end

-- An error of the server, with its next step.
---@param err { message?: string, data?: { message?: string, hint?: string } }
function M.failure(err)
  local data = type(err.data) == 'table' and err.data or {}
  M.warn(M.sentence(data.message or err.message or 'the server failed', data.hint))
end

return M
