-- `:checkhealth aside`: what this editor has, whether the server starts, and what the server says of itself.

local M = {}

local TIMEOUT = 20000

---@param health { checks: table[] }
local function of_server(health)
  for _, check in ipairs(health.checks) do
    local line = require('aside.text').one_line(('%s: %s'):format(check.name, check.detail), 500)
    local step = type(check.next) == 'string' and { check.next } or nil
    if check.result == 'bad' then
      vim.health.error(line, step)
    elseif check.result == 'note' then
      vim.health.warn(line, step)
    else
      vim.health.ok(line)
    end
  end
end

---@return boolean
local function program()
  local cmd = require('aside.lsp').resolved().cmd
  if type(cmd) ~= 'table' then
    vim.health.info('the server is started by a function of your settings')
    return true
  end
  local path = vim.fn.exepath(cmd[1])
  if path == '' then
    local steps =
      { 'install `aside` and put it on PATH', 'or name it: `vim.g.aside = { cmd = { "/path/to/aside", "lsp" } }`' }
    vim.health.error(('the program `%s` is not there'):format(cmd[1]), steps)
    return false
  end
  local ok, done = pcall(function()
    return vim.system({ path, '--version' }, { text = true }):wait(TIMEOUT)
  end)
  if not ok or done.code ~= 0 then
    vim.health.error(('`%s` does not run'):format(path), { 'run `' .. path .. ' --version` in a terminal' })
    return false
  end
  vim.health.ok(('%s: %s'):format(path, vim.trim(done.stdout)))
  return true
end

function M.check()
  vim.health.start('aside: this editor')
  if vim.fn.has('nvim-0.10') == 0 then
    return vim.health.error('Neovim 0.10 or newer is needed')
  end
  vim.health.ok('Neovim ' .. tostring(vim.version()))
  local native = require('aside.lsp').has_native_ghost()
  vim.health.ok(native and 'ghost text: by Neovim itself' or 'ghost text: by extmarks')
  for _, problem in ipairs(require('aside.config').problems()) do
    vim.health.warn(problem, { 'see `:h aside-options`' })
  end
  vim.health.start('aside: the program')
  if not program() then
    return
  end
  vim.health.start('aside: the server')
  local clients = vim.lsp.get_clients({ name = 'aside' })
  local client = clients[1]
  for _, root in ipairs(require('aside.crash').given_up(clients)) do
    local steps = { 'see `:Aside log`', 'open a file there anew (`:edit`) to start it again' }
    vim.health.error(('the server for %s kept ending and is left alone'):format(root), steps)
  end
  if not client then
    vim.health.info('no server runs: it starts with the first file')
    return
  end
  for _, one in ipairs(clients) do
    local count = vim.tbl_count(one.attached_buffers)
    vim.health.ok(('runs for %s, with %d files'):format(one.config.root_dir, count))
  end
  local sync = require('aside.lsp').has_config() and client.request_sync
    or function(_, ...)
      return client.request_sync(...)
    end
  local answer = sync(client, 'aside/health', vim.empty_dict(), TIMEOUT)
  if answer and answer.result then
    of_server(answer.result)
  else
    vim.health.error('the server does not answer', { 'see `:Aside log`' })
  end
end

return M
