-- What is told about the server: `status`, `doctor`, `log`, `lock`.

local client_of = require('aside.client')
local tell = require('aside.tell')
local text_of = require('aside.text')

local M = {}

---@param name string
---@param lines string[]
local function page(name, lines)
  local buf = vim.api.nvim_create_buf(false, true)
  pcall(vim.api.nvim_buf_set_name, buf, 'aside://' .. name)
  vim.bo[buf].bufhidden, vim.bo[buf].modeline = 'wipe', false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.tbl_map(text_of.printable, lines))
  vim.bo[buf].modifiable = false
  vim.api.nvim_open_win(buf, true, { split = 'below', win = 0, height = math.min(#lines + 1, 20) })
end

---@param role? { model?: string, detail?: string, hint?: string }
---@return string
local function role_words(role)
  role = text_of.value(role) or {}
  return text_of.value(role.model) or tell.sentence(role.detail or 'none', text_of.value(role.hint))
end

---@param status table
---@param client vim.lsp.Client
---@return string[]
local function status_lines(status, client)
  local vault = status.vault or {}
  local locked = text_of.value(vault.locked)
  local lines = {
    ('aside %s for %s'):format(status.version, client.config.root_dir),
    'chat: ' .. role_words((status.roles or {}).chat),
    'completion: ' .. role_words((status.roles or {}).complete),
    'keys: ' .. (locked and tell.sentence(locked.message, locked.hint) or (vault.backend or '') .. ', open'),
  }
  local empty = text_of.value(status.lastEmpty)
  if empty then
    table.insert(lines, 'last empty completion: ' .. tell.sentence(empty.message, empty.hint))
  end
  local broken = text_of.value((status.sessions or {}).error)
  if broken then
    table.insert(lines, 'conversations: ' .. tell.sentence(broken, text_of.value(status.sessions.hint)))
  end
  for _, problem in ipairs((status.settings or {}).problems or {}) do
    table.insert(lines, 'settings: ' .. problem)
  end
  return lines
end

function M.status()
  client_of.ask('aside/status', {}, function(status, client)
    tell.say(table.concat(status_lines(status, client), '\n'))
  end)
end

function M.doctor()
  client_of.ask('aside/health', {}, function(health)
    local lines = {}
    for _, check in ipairs(health.checks) do
      table.insert(lines, ('%-4s  %s: %s'):format(check.result, check.name, check.detail))
      local step = text_of.value(check.next)
      if step then
        table.insert(lines, '      -> ' .. step)
      end
    end
    page('doctor', lines)
  end)
end

function M.lock()
  client_of.ask('aside/vault/lock', {}, function()
    tell.say('the keys are locked')
  end)
end

---@param path? string
local function open_log(path)
  if not path or not vim.uv.fs_stat(path) then
    return tell.warn('there is no log yet')
  end
  local modeline = vim.o.modeline
  vim.o.modeline = false
  vim.cmd.split({ vim.fn.fnameescape(path), mods = { keepalt = true } })
  vim.o.modeline = modeline
  vim.bo.readonly, vim.bo.autoread = true, true
  vim.cmd.normal({ 'G', bang = true })
end

-- The server's log. One that does not run cannot be asked where it is: then it is the last one that was named, else Neovim's own
-- log, which has what the server said at its end.
function M.log()
  if not client_of.find() then
    return open_log(require('aside.statusline').log() or vim.lsp.log.get_filename())
  end
  client_of.ask('aside/status', {}, function(status)
    open_log(text_of.value(status.log))
  end)
end

return M
