-- The options: defaults, `vim.g.aside`, and what was given to `setup`, the last one first. Both are optional.

---@class aside.Options
---@field enabled? boolean Start the server for files by itself. Default: true.
---@field cmd? string[] The server. Default: `{ 'aside', 'lsp' }`.
---@field exclude? string[] File types that the server is not attached to. Default: none.
---@field max_bytes? integer Larger buffers are left alone. Default: 2 MiB.
---@field settings? table Settings of the server, as in docs/settings.md. Default: none.
---@field ghost? aside.GhostOptions
---@field chat? aside.ChatOptions

---@class aside.GhostOptions
---@field enabled? boolean Show ghost text. Default: true.
---@field debounce? integer Milliseconds of quiet before the server is asked, before Neovim 0.12. Default: 75.

---@class aside.ChatOptions
---@field width? number Columns of the conversation's window, or a share of the screen below 1. Default: 0.4.
---@field height? integer Lines of the window to ask in. Default: 5.

local M = {}

---@type aside.Options
local defaults = {
  enabled = true,
  cmd = { 'aside', 'lsp' },
  exclude = {},
  max_bytes = 2 * 1024 * 1024,
  settings = {},
  ghost = { enabled = true, debounce = 75 },
  chat = { width = 0.4, height = 5 },
}

---@type aside.Options
local given = {}

---@param options table
---@param known table
---@param path string
---@param problems string[]
local function check(options, known, path, problems)
  for name, value in pairs(options) do
    local default = known[name]
    local full = path .. tostring(name)
    if default == nil then
      table.insert(problems, ('there is no option `%s`'):format(full))
    elseif type(value) ~= type(default) then
      table.insert(problems, ('`%s` is a %s, not a %s'):format(full, type(default), type(value)))
    elseif type(default) == 'table' and next(default) and not vim.islist(default) then
      check(value, default, full .. '.', problems)
    end
  end
end

-- What is wrong with the options; such an option keeps its default.
---@return string[]
function M.problems()
  local problems = {}
  for name, options in pairs({ ['vim.g.aside'] = vim.g.aside or {}, setup = given }) do
    if type(options) == 'table' then
      check(options, defaults, '', problems)
    else
      table.insert(problems, ('`%s` is a table, not a %s'):format(name, type(options)))
    end
  end
  table.sort(problems)
  return problems
end

---@param into table
---@param options table
local function merge(into, options)
  for name, value in pairs(options) do
    local known = into[name]
    if type(known) == type(value) then
      if type(known) == 'table' and next(known) and not vim.islist(known) then
        merge(known, value)
      else
        into[name] = value
      end
    end
  end
end

-- The options as they are now.
---@return aside.Options
function M.get()
  local options = vim.deepcopy(defaults)
  merge(options, type(vim.g.aside) == 'table' and vim.g.aside or {})
  merge(options, given)
  return options
end

---@param options? aside.Options
function M.set(options)
  given = type(options) == 'table' and options or {}
end

return M
