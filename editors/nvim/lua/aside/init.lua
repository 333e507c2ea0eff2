-- What your own settings call: everything of it works without `setup`.

local M = {}

-- Sets options; `vim.g.aside` does the same.
---@param options? aside.Options
function M.setup(options)
  require('aside.config').set(options)
end

-- Accepts the ghost text. Gives false when there is none, so that a key can do something else then.
---@return boolean
function M.accept()
  return require('aside.ghost').accept('all')
end

-- Accepts the next word of the ghost text, like `accept`.
---@return boolean
function M.accept_word()
  return require('aside.ghost').accept('word')
end

-- Accepts the next line of the ghost text, like `accept`.
---@return boolean
function M.accept_line()
  return require('aside.ghost').accept('line')
end

-- Hides the ghost text until more is typed. Gives false when there is none.
---@return boolean
function M.dismiss()
  return require('aside.ghost').dismiss()
end

-- A few words for a status line; empty where no server is attached. Never waits.
---@return string
function M.statusline()
  return require('aside.statusline').text()
end

return M
